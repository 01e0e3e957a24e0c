"""A decision of another application: in time, too late, twice, and none at all."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from shared.calls.actions import HangUp, Play, RequestDecision
from shared.calls.capabilities import next_timer_at
from shared.calls.capabilities.routing import StepDecided
from shared.calls.effect import effect_id
from shared.calls.event import Event, own
from tests.calls.driver import CALL, at
from tests.calls.plans.driver import PlannedCall
from tests.golden import event

LOOKUP: dict[str, dict[str, Any]] = {
    "lookup": {"type": "decide", "choices": ["vip", "bye"], "seconds": 5, "otherwise": "sorry"},
    "vip": {"type": "play", "prompt": {"file": "https://audio/vip.wav"}, "then": "bye"},
    "sorry": {"type": "play", "prompt": {"file": "https://audio/sorry.wav"}, "then": "bye"},
    "bye": {"type": "hangUp"},
}
REQUEST = RequestDecision("lookup.1", ("vip", "bye"), 5)
VIP, SORRY = Play("plan", "https://audio/vip.wav"), Play("plan", "https://audio/sorry.wav")


def decision(choice: str, after: float, visit: str = "lookup.1") -> Event:
    return own(f"{CALL}/plan/{visit}/decided {choice}", at(after), StepDecided(visit, choice, "the holder of a key"))


def waiting() -> PlannedCall:
    return PlannedCall(LOOKUP).connect()


def test_the_decision_is_requested_once() -> None:
    call = waiting()
    assert call.asked == [REQUEST]
    call.accepted(1.1)
    assert call.call.effects == ()
    assert call.wake(3).asked == []
    assert call.where == "lookup.1"


def test_the_choice_leads_on() -> None:
    call = waiting().accepted(1.1).receive(decision("vip", 2))
    assert call.way == [("lookup.1", "decided"), ("vip.1", "")]
    assert call.asked == [VIP]


def test_a_choice_can_come_before_the_response_to_the_publication() -> None:
    assert waiting().receive(decision("bye", 1.05)).asked == [HangUp()]


def test_without_a_choice_the_deadline_decides_and_wakes_the_call_in_time() -> None:
    call = waiting().accepted(1.1)
    assert next_timer_at(call.call) == at(6)
    assert call.wake(5.9).where == "lookup.1"
    assert call.wake(6).way == [("lookup.1", "no decision within 5 s"), ("sorry.1", "")]
    assert call.asked == [SORRY]


def test_a_choice_after_the_deadline_stands_in_the_timeline_and_changes_nothing() -> None:
    call = waiting().accepted(1.1).wake(6).accepted(6.1)
    way = call.way
    assert call.receive(decision("vip", 6.2)).way == way
    assert call.asked == []
    texts = [entry.text for entry in call.call.timeline if entry.type == "StepDecided"]
    assert texts == ["lookup.1: vip, by the holder of a key"]


def test_of_two_choices_the_first_is_kept() -> None:
    call = waiting().accepted(1.1).receive(decision("vip", 2)).receive(decision("bye", 3))
    assert (call.where, call.asked) == ("vip.1", [])


def test_a_choice_that_the_step_does_not_offer_is_ignored() -> None:
    call = waiting().accepted(1.1).receive(decision("sorry", 2))
    assert call.where == "lookup.1"
    assert call.wake(6).where == "sorry.1"


def test_a_choice_for_another_visit_is_ignored() -> None:
    call = waiting().accepted(1.1).receive(decision("vip", 2, "lookup.2"))
    assert call.where == "lookup.1"


def test_a_publication_that_fails_for_good_leads_on_at_once() -> None:
    call = waiting().fails(1.1, 401)
    assert call.way[0] == ("lookup.1", "the decision could not be requested")
    assert call.asked == [SORRY]


def test_a_publication_that_fails_is_tried_again() -> None:
    call = waiting().fails(1.1, 503)
    assert (call.where, call.asked) == ("lookup.1", [])
    assert call.wake(3.2).asked == [REQUEST]


def test_the_caller_leaves_before_the_decision() -> None:
    people = [{"identifier": {"rawId": "4:+1"}, "isMuted": False, "isOnHold": False}]
    call = waiting().accepted(1.1)
    call.receive(event("participants_updated", 2, sequenceNumber=1, participants=people))
    call.receive(event("participants_updated", 3, sequenceNumber=2, participants=[]))
    call.receive(decision("vip", 3.1))
    assert call.way == [("lookup.1", "the caller has left")]
    assert VIP not in call.open


def test_a_repeated_choice_changes_nothing() -> None:
    call = waiting().accepted(1.1).receive(decision("vip", 2)).accepted(2.1)
    before = call.call
    assert call.receive(decision("vip", 2.5)).call == before


@pytest.mark.parametrize("order", list(permutations((decision("vip", 2), decision("bye", 3)))))
def test_which_choice_is_known_does_not_depend_on_the_order(order: tuple[Event, ...]) -> None:
    call = waiting().accepted(1.1)
    for each in order:
        call.receive(each, now=4)
    assert call.call.routing.chosen["lookup.1"].choice == "vip"


def test_another_visit_is_another_request() -> None:
    again = LOOKUP | {"lookup": LOOKUP["lookup"] | {"choices": ["sorry", "bye"]}}
    again["sorry"] = LOOKUP["sorry"] | {"then": "lookup"}
    call = PlannedCall(again).connect().accepted(1.1).receive(decision("sorry", 2)).accepted(2.1)
    first = effect_id(CALL, "plan/lookup.1/request")
    call.reports("play_completed", 3, "sorry.1/play 1")
    assert call.asked == [RequestDecision("lookup.2", ("sorry", "bye"), 5)]
    assert call.effects[0].id != first
    call.accepted(3.1).receive(decision("bye", 4))
    assert call.where == "lookup.2"
    assert call.receive(decision("bye", 5, "lookup.2")).asked == [HangUp()]

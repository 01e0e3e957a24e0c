"""The way of a call through its plan."""

from __future__ import annotations

from typing import Any

from shared.calls.actions import HangUp, Play, Recognize, TransferCall
from shared.calls.capabilities import next_timer_at
from shared.calls.effect import effect_id
from shared.calls.event import OperationRequested, own
from tests.calls.driver import ANNOUNCED, CALL, at, step_event, timer
from tests.calls.plans.driver import PlannedCall
from tests.golden import event

MENU: dict[str, dict[str, Any]] = {
    "menu": {"type": "menu", "prompt": {"text": "Press 1."}, "keys": {"1": "hello"}, "tries": 2, "otherwise": "bye"},
    "hello": {"type": "play", "prompt": {"file": "https://audio/hello.wav"}, "then": "bye"},
    "bye": {"type": "hangUp"},
}
ROUND: dict[str, dict[str, Any]] = {
    "menu": {"type": "menu", "prompt": {"text": "Press 1."}, "keys": {"1": "menu"}, "tries": 1, "otherwise": "menu"}
}


def test_the_plan_begins_when_the_call_connects() -> None:
    call = PlannedCall(MENU)
    assert call.call.routing.visits == ()
    assert call.connect().asked == [Recognize("4:+1", "keys", source="Press 1.")]
    assert call.where == "menu.1"


def test_the_plan_begins_after_the_announcement_of_the_recording() -> None:
    call = PlannedCall(MENU, ANNOUNCED).connect()
    assert call.call.routing.visits == ()
    call.receive(event("recording_active", 2)).receive(step_event("play_completed", 6, "announcement"))
    assert call.where == "menu.1"


def test_an_announcement_that_does_not_come_delays_the_plan_for_eight_seconds() -> None:
    call = PlannedCall(MENU, ANNOUNCED).connect(1)
    assert next_timer_at(call.call) == at(9)
    assert call.wake(8.9).call.routing.visits == ()
    assert call.wake(9).where == "menu.1"


def test_a_plan_begins_at_once_if_the_call_cannot_be_recorded() -> None:
    call = PlannedCall(MENU, ANNOUNCED).connect()
    call.receive(event("start_recording_failed", 2, resultInformation={"code": 403, "subCode": 0, "message": ""}))
    assert call.where == "menu.1"


def test_a_key_leads_on() -> None:
    call = PlannedCall(MENU).connect().accepted(1.1).presses(["one"], 5, "menu.1/try 1")
    assert call.where == "hello.1"
    assert call.asked == [Play("plan", "https://audio/hello.wav")]
    call.accepted(5.1).reports("play_completed", 8, "hello.1/play 1")
    assert (call.where, call.asked) == ("bye.1", [HangUp()])


def test_the_menu_is_asked_again_and_then_goes_on() -> None:
    call = PlannedCall(MENU).connect().accepted(1.1).presses(["nine"], 5, "menu.1/try 1")
    assert call.asked == [Recognize("4:+1", "keys", source="Press 1.")]
    call.accepted(5.1).reports("recognize_failed", 12, "menu.1/try 2")
    assert call.way == [("menu.1", "no choice in 2 tries"), ("bye.1", "")]


def test_an_outcome_that_was_acted_on_is_not_revised() -> None:
    """Silence is taken for a failure; the key that is reported later is in the timeline, and changes nothing."""
    menu = {**MENU, "menu": {**MENU["menu"], "tries": 1}}
    call = PlannedCall(menu).connect().accepted(1.1).reports("recognize_failed", 6, "menu.1/try 1")
    way = call.way
    call.accepted(6.1).presses(["one"], 7, "menu.1/try 1")
    assert call.way == way
    assert [entry.type for entry in call.call.timeline].count("RecognizeCompleted") == 1


def test_a_repeated_event_changes_nothing() -> None:
    call = PlannedCall(MENU).connect().accepted(1.1).presses(["one"], 5, "menu.1/try 1").accepted(5.1)
    before = call.call
    assert call.presses(["one"], 5, "menu.1/try 1").receive(timer(6)).call == before


def test_the_steps_stand_in_the_timeline() -> None:
    call = PlannedCall(MENU).connect().accepted(1.1).presses(["one"], 5, "menu.1/try 1")
    texts = [entry.text for entry in call.call.timeline if entry.type == "StepReached"]
    assert texts == ["menu.1", "hello.1, after menu.1: pressed 1"]


def test_a_plan_that_goes_round_in_circles_ends() -> None:
    call = PlannedCall(ROUND).connect()
    for n in range(1, 21):
        call.accepted(10 * n).presses(["one"], 10 * n + 5, f"menu.{n}/try 1")
    assert call.way[-1] == ("menu.20", "the plan goes round in circles")
    assert call.asked == [HangUp()]


def test_a_command_that_moves_the_call_ends_its_plan() -> None:
    call = PlannedCall(MENU).connect().accepted(1.1)
    transfer = own(effect_id(CALL, "c"), at(2), OperationRequested(TransferCall("4:+1555"), "user supervisor"))
    call.receive(transfer)
    assert call.way == [("menu.1", "a command has taken the call over")]
    assert call.presses(["one"], 3, "menu.1/try 1").way == [("menu.1", "a command has taken the call over")]


def test_the_call_ends_when_the_caller_has_left() -> None:
    people = [{"identifier": {"rawId": "4:+1"}, "isMuted": False, "isOnHold": False}]
    call = PlannedCall(MENU).connect().accepted(1.1)
    call.receive(event("participants_updated", 2, sequenceNumber=1, participants=people))
    call.receive(event("participants_updated", 3, sequenceNumber=2, participants=[]))
    assert call.way == [("menu.1", "the caller has left")]
    assert HangUp() in call.asked


def test_a_caller_who_leaves_by_a_transfer_does_not_end_the_call() -> None:
    plan: dict[str, dict[str, Any]] = {
        "sales": {"type": "transfer", "to": {"number": "+4930123"}, "otherwise": "bye"},
        "bye": {"type": "hangUp"},
    }
    people = [{"identifier": {"rawId": "4:+1"}, "isMuted": False, "isOnHold": False}]
    call = PlannedCall(plan).connect()
    assert call.asked == [TransferCall("4:+4930123")]
    call.accepted(1.1).receive(event("participants_updated", 2, sequenceNumber=1, participants=people))
    call.receive(event("participants_updated", 3, sequenceNumber=2, participants=[]))
    assert (call.where, call.asked) == ("sales.1", [])
    call.reports("call_transfer_accepted", 4, "sales.1/transfer")
    assert (call.way, call.asked) == ([("sales.1", "transferred")], [])

"""Calls that an agent makes on behalf of a resource account: the callee is added, once."""

from __future__ import annotations

from typing import Any

from shared.calls.actions import AddParticipant, CancelMedia, HangUp, Play
from shared.calls.capabilities.on_behalf_of import CAPABILITY, CalledOnBehalf, not_reached
from shared.calls.event import own
from shared.calls.policy import CallPolicy
from tests.calls.driver import CallDriver, answered, at, incoming, step_event
from tests.golden import event

AGENT, CALLEE, OTHER = "4:+1", "4:+4930123", "4:+4930124"  # the driver's caller stands for the agent
TONE = "https://contoso.example/ring.wav"
ADD = AddParticipant(CALLEE, 60)


def connected(*callees: str, ring_tone: str = "") -> CallDriver:
    call = CallDriver(CallPolicy(record=False)).receive(incoming())
    called = CalledOnBehalf(callees=callees or (CALLEE,), ring_tone=ring_tone)
    return call.receive(own("on behalf", at(0), called)).receive(answered()).receive(event("call_connected", 1))


def present(call: CallDriver, number: int, *people: str) -> CallDriver:
    participants: list[Any] = [{"identifier": {"rawId": each}, "isMuted": False, "isOnHold": False} for each in people]
    return call.receive(event("participants_updated", number, sequenceNumber=number, participants=participants))


def test_the_callee_is_added_once() -> None:
    call = connected()
    assert call.asked == [ADD]
    call.done(1.1).receive(event("call_connected", 1))
    assert call.asked == []
    call.receive(step_event("add_participant_succeeded", 9, "add callee 1"))
    assert (call.asked, call.open) == ([], [])


def test_the_call_ends_if_the_callee_is_not_reached() -> None:
    call = connected().done(1.1)
    assert call.receive(step_event("add_participant_failed", 9, "add callee 1")).asked == [HangUp()]


def test_the_call_ends_when_the_callee_leaves() -> None:
    call = present(connected().done(1.1), 2, AGENT, CALLEE)
    call.receive(step_event("add_participant_succeeded", 3, "add callee 1"))
    assert present(call, 9, AGENT).asked == [HangUp()]


def test_the_call_ends_when_the_agent_leaves() -> None:
    call = present(connected().done(1.1), 2, AGENT)
    assert present(call, 9, CALLEE).asked == [HangUp()]


def test_a_callee_who_is_in_the_call_counts_more_than_a_failure_that_was_reported() -> None:
    call = present(connected().done(1.1), 2, AGENT, CALLEE)
    assert call.receive(step_event("add_participant_failed", 9, "add callee 1")).asked == []


def test_an_ordinary_call_adds_no_one() -> None:
    call = CallDriver(CallPolicy(record=False)).receive(incoming()).receive(answered())
    assert call.receive(event("call_connected", 1)).asked == []


def test_several_callees_are_added_and_the_call_goes_on_with_one_of_them() -> None:
    call = connected(CALLEE, OTHER)
    assert call.asked == [ADD, AddParticipant(OTHER, 60)] or call.asked == [AddParticipant(OTHER, 60), ADD]
    call.receive(step_event("add_participant_failed", 5, "add callee 1"))
    assert HangUp() not in call.asked
    present(call, 6, AGENT, OTHER)
    call.receive(step_event("add_participant_succeeded", 6, "add callee 2"))
    assert HangUp() not in call.asked
    assert present(call, 9, AGENT).asked == [HangUp()]


def test_the_call_ends_when_no_callee_is_reached_and_says_why() -> None:
    call = connected(CALLEE, OTHER)
    call.receive(step_event("add_participant_failed", 5, "add callee 1"))
    assert call.receive(step_event("add_participant_failed", 6, "add callee 2")).asked == [HangUp()]
    call.receive(event("call_disconnected", 7))
    reason = not_reached(call.call, call.call.on_behalf_of)
    assert reason is not None
    assert reason.code == event("add_participant_failed", 5).data.codes[0]


def test_the_agent_hears_the_ring_tone_until_a_callee_is_there() -> None:
    call = connected(ring_tone=TONE)
    tone = next(effect for effect in call.effects if isinstance(effect.action, Play))
    assert tone.action == Play("play 1", TONE, (AGENT,), loop=True)
    assert "hears nothing" not in call.call.timeline[1].text
    call.receive(event("play_started", 2, operationContext=tone.id))
    present(call, 5, AGENT, CALLEE)
    assert [type(action) for action in call.asked] == [CancelMedia]
    call.receive(event("play_canceled", 6, operationContext=tone.id))
    assert call.asked == []


def test_a_call_without_a_ring_tone_says_that_the_agent_hears_nothing() -> None:
    assert CAPABILITY.describe(CalledOnBehalf(callees=(CALLEE,))).endswith("RING_TONE is empty")


def test_a_call_whose_callee_cannot_be_read_ends() -> None:
    called = own("on behalf", at(0), CalledOnBehalf(callees=()))
    call = CallDriver(CallPolicy(record=False)).receive(incoming()).receive(called).receive(answered())
    assert call.receive(event("call_connected", 1)).asked == [HangUp()]

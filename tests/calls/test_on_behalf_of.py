"""Calls that an agent makes on behalf of a resource account: the callee is added, once."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from shared.calls.actions import AddParticipant, HangUp
from shared.calls.policy import CallPolicy
from tests.calls.driver import CallDriver, answered, incoming, step_event
from tests.golden import event

AGENT, CALLEE = "4:+1", "4:+4930123"  # the driver's caller stands for the agent
ADD = AddParticipant(CALLEE, 60)


def connected() -> CallDriver:
    called = incoming()
    call = CallDriver(CallPolicy(record=False)).receive(replace(called, data=replace(called.data, on_behalf_of=CALLEE)))
    return call.receive(answered()).receive(event("call_connected", 1))


def present(call: CallDriver, number: int, *people: str) -> CallDriver:
    participants: list[Any] = [{"identifier": {"rawId": each}, "isMuted": False, "isOnHold": False} for each in people]
    return call.receive(event("participants_updated", number, sequenceNumber=number, participants=participants))


def test_the_callee_is_added_once() -> None:
    call = connected()
    assert call.asked == [ADD]
    call.done(1.1).receive(event("call_connected", 1))
    assert call.asked == []
    call.receive(step_event("add_participant_succeeded", 9, "add callee"))
    assert (call.asked, call.open) == ([], [])


def test_the_call_ends_if_the_callee_is_not_reached() -> None:
    call = connected().done(1.1)
    assert call.receive(step_event("add_participant_failed", 9, "add callee")).asked == [HangUp()]


def test_the_call_ends_when_the_callee_leaves() -> None:
    call = present(connected().done(1.1), 2, AGENT, CALLEE)
    call.receive(step_event("add_participant_succeeded", 3, "add callee"))
    assert present(call, 9, AGENT).asked == [HangUp()]


def test_the_call_ends_when_the_agent_leaves() -> None:
    call = present(connected().done(1.1), 2, AGENT)
    assert present(call, 9, CALLEE).asked == [HangUp()]


def test_a_callee_who_is_in_the_call_counts_more_than_a_failure_that_was_reported() -> None:
    call = present(connected().done(1.1), 2, AGENT, CALLEE)
    assert call.receive(step_event("add_participant_failed", 9, "add callee")).asked == []


def test_an_ordinary_call_adds_no_one() -> None:
    call = CallDriver(CallPolicy(record=False)).receive(incoming()).receive(answered())
    assert call.receive(event("call_connected", 1)).asked == []

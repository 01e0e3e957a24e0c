"""DTMF tones: sent once for each command, with their outcome."""

from __future__ import annotations

from shared.calls.actions import SendDtmf
from shared.calls.event import Event, OperationRequested, own
from shared.calls.operations import MOST_REQUESTED, OutcomeStatus
from shared.calls.policy import CallPolicy
from tests.calls.driver import CallDriver, at, connected
from tests.golden import event

ID = "7a0c53a0-0000-5000-8000-000000000001"
PIN = SendDtmf(target="4:+12065551212", tones="12#")
UNRECORDED = CallPolicy(record=False)


def requested(after: float = 2) -> Event:
    return own(ID, at(after), OperationRequested(PIN, "8:orgid:supervisor"))


def completed(after: float) -> Event:
    return event("send_dtmf_completed", after, operationContext=ID)


def test_a_command_is_performed_once_and_its_outcome_ends_it() -> None:
    call = connected(UNRECORDED).receive(requested())
    assert call.asked == [PIN]
    assert call.receive(requested(), now=3).asked == []
    assert call.receive(completed(4)).open == []
    outcome = call.call.operations.outcome(ID)
    assert outcome is not None
    assert outcome.status is OutcomeStatus.SUCCEEDED


def test_an_outcome_that_comes_before_its_command_is_the_same_outcome() -> None:
    early = connected(UNRECORDED).receive(completed(4)).receive(requested(), now=5)
    late = connected(UNRECORDED).receive(requested()).receive(completed(4))
    assert early.asked == []
    assert early.call.operations == late.call.operations


def test_commands_beyond_the_limit_are_dropped_with_their_outcomes() -> None:
    call = connected(UNRECORDED)
    for n in reversed(range(MOST_REQUESTED + 2)):
        call.receive(event("send_dtmf_completed", 3 + n, operationContext=f"{ID}{n:03}", id=f"done {n}"))
        call.receive(own(f"{ID}{n:03}", at(2 + n), OperationRequested(PIN, "8:orgid:supervisor")))
    earliest = {f"{ID}{n:03}" for n in range(MOST_REQUESTED)}
    assert call.call.operations.requested.keys() == earliest
    assert call.call.operations.outcomes.keys() == earliest
    assert call.call.operations.unknown == {}


def test_the_source_of_a_command_is_in_the_timeline_once() -> None:
    call = connected(UNRECORDED).receive(requested()).receive(requested(), now=9).call
    assert [entry.type for entry in call.timeline].count("OperationRequested") == 1
    assert call.operations.requested[ID].by == "8:orgid:supervisor"


def test_a_transient_failure_is_retried_and_a_final_one_is_not() -> None:
    call = connected(UNRECORDED).receive(requested()).fails(3, 503)
    assert call.wake(10).asked == [PIN]
    assert call.fails(11, 400, 8501 + 22).open == []
    assert call.wake(100).asked == []


def test_a_command_on_a_call_that_has_ended_is_not_performed() -> None:
    call = connected(UNRECORDED).receive(event("call_disconnected", 1.5)).receive(requested())
    assert call.asked == []


def test_no_command_is_sent_before_the_call_is_connected() -> None:
    call = CallDriver(UNRECORDED).receive(requested(0.5))
    assert call.asked == []
    assert call.receive(event("call_connected", 1)).asked == [PIN]

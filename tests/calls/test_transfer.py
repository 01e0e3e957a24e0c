"""Transfer: to whom and when, and what ends with it."""

from __future__ import annotations

from datetime import timedelta

from shared.calls import commands
from shared.calls.actions import FetchCallState, TransferCall
from shared.calls.capabilities import CAPABILITIES, command_outcome, next_check_at
from shared.calls.event import ActionPerformed, OperationRequested, own
from shared.calls.operations import OutcomeStatus
from shared.calls.policy import CallPolicy
from shared.calls.state import CallState
from tests.calls.driver import CallDriver, at, connected, fetched
from tests.golden import event

UNRECORDED = CallPolicy(record=False)
ID = "7a0c53a0-0000-5000-8000-000000000001"
CALLER = "4:+12065551212"
OBJECT_ID = "66666666-7777-8888-9999-aaaaaaaaaaaa"
AGENT = f"8:acs:ac5e0000-0000-4000-8000-000000000001_11111111-2222-3333-4444-555555555555_{OBJECT_ID}"
COLUMNS = next(each.columns for each in CAPABILITIES if each.name == "transfer")


def transferred(after: float = 10, policy: CallPolicy | None = None) -> CallDriver:
    driver = connected(policy or UNRECORDED)
    driver.receive(own(ID, at(2), OperationRequested(TransferCall(AGENT), "user supervisor")))
    return driver.receive(event("call_transfer_accepted", after, operationContext=ID))


def status(driver: CallDriver) -> OutcomeStatus | None:
    outcome = command_outcome(driver.call, ID)
    return outcome.status if outcome else None


def test_the_part_names_the_target_the_transferee_and_the_time() -> None:
    driver = transferred()
    last = driver.call.transfer.last
    assert last is not None
    assert (last.target, last.transferee, last.at) == (AGENT, CALLER, at(10))
    assert COLUMNS(driver.call, driver.call.transfer) == {"transferred_at": at(10)}
    assert status(driver) is OutcomeStatus.SUCCEEDED


def test_a_transfer_that_fails_leaves_the_call_as_it_was() -> None:
    driver = connected(UNRECORDED)
    driver.receive(own(ID, at(2), OperationRequested(TransferCall(AGENT), "user supervisor"))).done(3)
    assert status(driver) is OutcomeStatus.PROGRESSED
    driver.receive(event("call_transfer_failed", 30, operationContext=ID))
    assert (status(driver), driver.open) == (OutcomeStatus.FAILED, [])
    assert (driver.call.state, driver.call.transfer.last) == (CallState.CONNECTED, None)
    assert COLUMNS(driver.call, driver.call.transfer) == {"transferred_at": None}


def test_the_timeline_says_what_ends_with_the_transfer_and_names_no_number() -> None:
    texts = [entry.text for entry in transferred().call.timeline[-2:]]
    assert texts == [
        f"TransferCall (to agent {OBJECT_ID}), by user supervisor",
        f"a phone number to agent {OBJECT_ID}: its control and its recording end here",
    ]


def test_the_recording_of_a_transferred_call_has_stopped_though_no_event_says_so() -> None:
    driver = connected().receive(event("recording_active", 2))
    driver.receive(event("call_transfer_accepted", 10)).receive(event("call_disconnected", 11))
    assert driver.recording == ("stopped", None)
    assert driver.open == []
    driver.receive(event("recording_file", 20))
    assert [type(each).__name__ for each in driver.asked] == ["ArchiveChunk"]


def test_a_call_whose_end_is_not_reported_after_a_transfer_is_fetched_soon_and_once() -> None:
    driver = transferred()
    assert next_check_at(driver.call) == at(30)
    assert driver.wake(29).asked == []
    assert driver.wake(31).asked == [FetchCallState()]
    assert driver.receive(fetched("gone", 32)).call.state is CallState.ENDED
    assert driver.open == []


def test_a_call_that_goes_on_without_the_transferee_is_fetched_once() -> None:
    driver = transferred().wake(31).receive(fetched("connected", 32))
    assert (driver.call.state, driver.open) == (CallState.CONNECTED, [])
    check_at = next_check_at(driver.call)
    assert check_at is not None
    assert check_at - at(32) > timedelta(minutes=10)


def test_no_state_is_fetched_for_a_call_that_ended_or_went_on() -> None:
    assert transferred().receive(event("call_disconnected", 11)).wake(60).asked == []
    assert transferred().receive(event("participants_updated", 31)).wake(60).asked == []


def test_the_outcome_of_a_transfer_is_awaited_shortly_after_the_call_has_ended() -> None:
    driver = connected(UNRECORDED)
    driver.receive(own(ID, at(2), OperationRequested(TransferCall(AGENT), "user supervisor")))
    driver.receive(event("call_disconnected", 11))
    assert not commands.can_come_late(driver.call, ID, command_outcome(driver.call, ID), at(11.5)), "never accepted"
    driver.receive(own(f"{ID}/done", at(11.2), ActionPerformed(ID, TransferCall(AGENT))))
    assert commands.can_come_late(driver.call, ID, command_outcome(driver.call, ID), at(11.5))
    assert not commands.can_come_late(driver.call, ID, command_outcome(driver.call, ID), at(15))
    driver.receive(event("call_transfer_accepted", 10, operationContext=ID), now=12)
    assert status(driver) is OutcomeStatus.SUCCEEDED


def test_a_second_transfer_waits_for_the_outcome_of_the_first_one() -> None:
    other, second = "7a0c53a0-0000-5000-8000-000000000002", TransferCall("4:+12065550199")
    driver = connected(UNRECORDED)
    driver.receive(own(ID, at(2), OperationRequested(TransferCall(AGENT), "user supervisor"))).done(2.5)
    assert driver.receive(own(other, at(3), OperationRequested(second, "user other"))).asked == []
    assert driver.receive(event("call_transfer_failed", 30, operationContext=ID)).asked == [second]

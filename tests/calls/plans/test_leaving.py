"""The steps by which a call leaves this app."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from shared.calls.actions import FetchCallState, HangUp, TransferCall
from shared.calls.plans.leaving import TransferStep
from shared.calls.state import CallState
from tests.calls.driver import timer
from tests.calls.plans.driver import PlannedCall
from tests.golden import event

AGENT = "0000c0de-0000-4000-8000-000000000001"
BYE: dict[str, Any] = {"type": "hangUp"}
TO = "+4930123456"


def of(**to: str) -> dict[str, dict[str, Any]]:
    return {"away": {"type": "transfer", "to": to or {"number": TO}, "otherwise": "bye"}, "bye": BYE}


def people(call: PlannedCall, after: float, *raw_ids: str) -> PlannedCall:
    present = [{"identifier": {"rawId": raw_id}} for raw_id in raw_ids]
    return call.receive(event("participants_updated", after, sequenceNumber=int(after * 10), participants=present))


def test_the_transferee_is_named_where_several_are_in_the_call() -> None:
    assert PlannedCall(of()).connect().asked == [TransferCall(f"4:{TO}")]
    call = people(PlannedCall(of()), 0.9, "4:+1", "4:+1555")
    assert call.connect().asked == [TransferCall(f"4:{TO}", "4:+1")]


def test_a_transfer_that_fails_leads_on() -> None:
    call = PlannedCall(of()).connect().accepted(1.1).reports("call_transfer_failed", 5, "away.1/transfer")
    assert call.way == [("away.1", "the transfer failed"), ("bye.1", "")]


def test_a_transfer_ends_the_plan_and_the_row_waits_for_nothing_more() -> None:
    """The end of the call can be lost. Its state is fetched then, and no part of the plan is open."""
    call = people(PlannedCall(of()).connect().accepted(1.1), 2, "4:+1")
    call.reports("call_transfer_accepted", 5, "away.1/transfer")
    people(call, 5.1)
    assert call.way == [("away.1", "transferred")]
    assert call.open == []
    assert call.receive(timer(26)).asked == [FetchCallState()]


def test_the_caller_who_leaves_with_the_transfer_has_not_hung_up() -> None:
    """ParticipantsUpdated overtakes CallTransferAccepted."""
    call = people(PlannedCall(of()).connect().accepted(1.1), 2, "4:+1")
    assert HangUp() not in people(call, 4.9).asked
    call.reports("call_transfer_accepted", 5, "away.1/transfer")
    assert call.way == [("away.1", "transferred")]
    assert call.asked == []


def test_the_caller_who_leaves_before_a_transfer_that_fails_has_hung_up() -> None:
    call = people(PlannedCall(of()).connect().accepted(1.1), 2, "4:+1")
    people(call, 4.9).reports("call_transfer_failed", 5, "away.1/transfer")
    assert call.way[0] == ("away.1", "the caller has left")
    assert call.asked == [HangUp()]


def test_the_call_can_end_before_the_transfer_is_reported() -> None:
    call = PlannedCall(of()).connect().accepted(1.1).receive(event("call_disconnected", 5))
    call.reports("call_transfer_accepted", 5.1, "away.1/transfer")
    assert call.call.state is CallState.ENDED
    assert call.open == []


def test_a_call_is_not_transferred_to_its_own_account() -> None:
    call = PlannedCall(of(account=AGENT))
    call.call = replace(call.call, lifecycle=replace(call.call.lifecycle, callee=f"28:orgid:{AGENT}"))
    assert call.connect().asked == [HangUp()]
    assert call.way[0] == ("away.1", "the target is the account of the call itself")


def test_a_call_whose_tenant_is_not_known_is_not_transferred_to_an_agent() -> None:
    call = PlannedCall(of(agent=AGENT)).connect()
    assert call.way[0] == ("away.1", "the tenant of the agent is not known")


def test_a_call_is_not_transferred_to_a_group() -> None:
    step = msgspec.convert(of(group="sales")["away"], TransferStep)
    assert step.problems() == {"to.group": "a call cannot be transferred to a group: use ring"}


def test_the_call_hangs_up_once() -> None:
    call = PlannedCall({"bye": BYE}).connect()
    assert call.asked == [HangUp()]
    assert call.accepted(1.1).receive(timer(5)).asked == []

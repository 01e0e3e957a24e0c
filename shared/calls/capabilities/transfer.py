"""Transfer of a participant to an agent, a number or another resource account.

With the participant goes its leg: the app no longer controls it, and ACS's recording does not follow it. A call that
has no other participant ends so, and its CallDisconnected can be lost: without an event the call's state is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from shared.calls.actions import FetchCallState, TransferCall
from shared.calls.call import BaseCall
from shared.calls.capability import Capability
from shared.calls.effect import Wanted
from shared.calls.event import CallbackPayload, Event, Fact, Identifier, OperationRequested
from shared.calls.identities import described
from shared.calls.joins import bounded
from shared.calls.operations import OutcomeStatus
from shared.calls.state import CallState

MOST_TRANSFERS = 20
TIME_TO_END = timedelta(seconds=20)  # from CallTransferAccepted until CallDisconnected is considered lost


class CallTransferAccepted(CallbackPayload, frozen=True, kw_only=True):
    transfer_target: Identifier | None = None
    transferee: Identifier | None = None


class CallTransferFailed(CallbackPayload, frozen=True, kw_only=True):
    pass


class Transfer(Struct, frozen=True, omit_defaults=True):
    """A transfer that was accepted: raw ids, as far as ACS reported them."""

    at: datetime
    target: str | None = None
    transferee: str | None = None


class Transfers(Struct, frozen=True, omit_defaults=True):
    """``accepted`` is by the id of the event; the app's control of the transferee, and its recording, ended then."""

    accepted: dict[str, Transfer] = {}

    @property
    def last(self) -> Transfer | None:
        return max(self.accepted.values(), key=lambda each: (each.at, each.target or ""), default=None)


def fold(part: Transfers, event: Event) -> Transfers:
    data = event.data
    if not isinstance(data, CallTransferAccepted):
        return part
    transfer = Transfer(event.at, _raw_id(data.transfer_target), _raw_id(data.transferee))
    accepted = bounded(part.accepted | {event.id: transfer}, MOST_TRANSFERS, lambda each: each.at)
    return Transfers(dict(sorted(accepted.items())))


def _raw_id(identifier: Identifier | None) -> str | None:
    return identifier.raw_id if identifier else None


def wanted(call: BaseCall, part: Transfers, now: datetime) -> Iterator[Wanted]:
    for check_at in deadlines(call, part):
        if now >= check_at:
            yield Wanted(f"fetch state after transfer {check_at.isoformat()}", FetchCallState())


def deadlines(call: BaseCall, part: Transfers) -> Iterator[datetime]:
    """When the state is fetched, unless an event comes after that time."""
    if part.last is None or call.state is not CallState.CONNECTED or call.call_connection_id is None:
        return
    check_at = part.last.at + TIME_TO_END
    if call.last_event_at is None or call.last_event_at < check_at:
        yield check_at


def columns(call: BaseCall, part: Transfers) -> dict[str, Any]:
    return {"transferred_at": part.last.at if part.last else None}


def describe(data: Fact) -> str:
    match data:
        case CallTransferAccepted(transfer_target=Identifier(raw_id=target), transferee=Identifier(raw_id=transferee)):
            return f"{described(transferee)} to {described(target)}: its control and its recording end here"
        case CallTransferAccepted():
            return "control of the participant and its recording end here"
        case OperationRequested(action=TransferCall(target=target, transferee=str(transferee))):
            return f"{described(transferee)} to {described(target)}"
        case OperationRequested(action=TransferCall(target=target)):
            return f"to {described(target)}"
    return ""


CAPABILITY = Capability(
    name="transfer",
    part=Transfers,
    payloads={"CallTransferAccepted": CallTransferAccepted, "CallTransferFailed": CallTransferFailed},
    outcomes={CallTransferAccepted: OutcomeStatus.SUCCEEDED, CallTransferFailed: OutcomeStatus.FAILED},
    fold=fold,
    wanted=wanted,
    deadlines=deadlines,
    columns=columns,
    describe=describe,
)

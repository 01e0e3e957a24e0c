"""Outbound calls: dialled once, or not at all. What has become of a request whose response is lost is learnt from
events; if none comes, the call has failed and says that its outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.actions import CreateCall, Play
from shared.calls.call import BaseCall
from shared.calls.capability import Capability
from shared.calls.effect import Wanted, effect_id
from shared.calls.event import ActionFailed, ActionPerformed, CallRequested, Event, Fact, TimerFired
from shared.calls.identities import described
from shared.calls.policy import resource_account
from shared.calls.state import CallState

CREATE, GREETING = "create call", "greeting"  # steps
LONGEST_SETUP = timedelta(minutes=3)
AMBIGUOUS = frozenset({408, 500, 502, 503, 504})  # ACS may have dialled nevertheless


class CallCreated(ActionPerformed, frozen=True, kw_only=True):
    """ACS accepted the request. The response can lack the ids."""

    call_connection_id: str | None = None
    correlation_id: str | None = None


class Outbound(Struct, frozen=True, omit_defaults=True):
    """``account`` and ``target`` are raw ids. ``greeting``: as ``Play`` takes it; empty for none."""

    requested_at: datetime | None = None
    account: str = ""
    target: str = ""
    greeting: str = ""


def fold(part: Outbound, event: Event) -> Outbound:
    match event.data:
        case CallRequested(account=account, target=target, greeting=greeting):
            return replace(part, requested_at=event.at, account=account, target=target, greeting=greeting)
    return part


def implied_state(call: BaseCall, part: Outbound, event: Event, now: datetime) -> CallState:
    match event.data:
        case CallRequested():
            return CallState.DIALING
        case ActionFailed(action=CreateCall(), code=code) as failed if not failed.silent and code not in AMBIGUOUS:
            return CallState.FAILED if _is_over(call, CREATE) else CallState.NEW
        case TimerFired() if call.state is CallState.DIALING and part.requested_at is not None:
            return CallState.FAILED if now >= part.requested_at + LONGEST_SETUP else CallState.NEW
    return CallState.NEW


def wanted(call: BaseCall, part: Outbound, _: datetime) -> Iterator[Wanted]:
    if part.requested_at is None:
        return
    if call.state is CallState.DIALING and call.call_connection_id is None and not _is_over(call, CREATE):
        yield Wanted(CREATE, CreateCall(part.target, resource_account(part.account) or ""))
    if call.state is CallState.CONNECTED and part.greeting and not _is_over(call, GREETING):
        yield Wanted(GREETING, Play(GREETING, part.greeting))


def deadlines(call: BaseCall, part: Outbound) -> Iterator[datetime]:
    if call.state is CallState.DIALING and part.requested_at is not None:
        yield part.requested_at + LONGEST_SETUP


def _is_over(call: BaseCall, step: str) -> bool:
    return call.operations.is_over(effect_id(call.id, step))


def describe(data: Fact) -> str:
    match data:
        case CallRequested(target=target, requested_by=by):
            return f"to {described(target)}, by {by}"
    return ""


CAPABILITY = Capability(
    name="outbound",
    part=Outbound,
    steps=lambda *_: (CREATE, GREETING),
    fold=fold,
    implied_state=implied_state,
    wanted=wanted,
    deadlines=deadlines,
    describe=describe,
)

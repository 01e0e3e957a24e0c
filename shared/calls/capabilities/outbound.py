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
from shared.calls.joins import earliest
from shared.calls.operations import Outcome, OutcomeStatus
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
            first = earliest(part.requested_at, event.at)
            return replace(part, requested_at=first, account=account, target=target, greeting=greeting)
    return part


def implied_state(call: BaseCall, part: Outbound, event: Event, now: datetime) -> CallState:
    match event.data:
        case CallRequested():
            return CallState.DIALING
        case ActionFailed(action=CreateCall(), code=code, silent=silent) if not silent and code not in AMBIGUOUS:
            return CallState.FAILED
        case ActionFailed(action=CreateCall()) | TimerFired() if _awaits_events(call) and is_late(part, now):
            return CallState.FAILED
    return CallState.NEW


def _awaits_events(call: BaseCall) -> bool:
    """Whether the call is not dialled any more, and only an event can say what has become of it."""
    return call.state is CallState.DIALING and _is_over(call, CREATE)


def is_late(part: Outbound, now: datetime) -> bool:
    """Whether ACS would have given up on a call that was dialled when it was requested."""
    return part.requested_at is not None and now >= part.requested_at + LONGEST_SETUP


def wanted(call: BaseCall, part: Outbound, _: datetime) -> Iterator[Wanted]:
    if part.requested_at is None:
        return
    if call.state is CallState.DIALING and not _is_over(call, CREATE):
        yield Wanted(CREATE, CreateCall(part.target, resource_account(part.account) or ""))
    if call.state is CallState.CONNECTED and part.greeting and not _is_over(call, GREETING):
        yield Wanted(GREETING, Play(GREETING, part.greeting))


def deadlines(call: BaseCall, part: Outbound) -> Iterator[datetime]:
    if _awaits_events(call) and part.requested_at is not None:
        yield part.requested_at + LONGEST_SETUP


def failure(call: BaseCall) -> Outcome | None:
    """Why the call was not dialled, or why it is not known whether it was; None if ACS has dialled it."""
    outcome = call.operations.outcome(effect_id(call.id, CREATE))
    return outcome if outcome is not None and outcome.status is OutcomeStatus.FAILED else None


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

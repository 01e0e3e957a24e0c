"""The lifecycle of a call: it rings, is answered, connects and ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.calls import emergency
from shared.calls.actions import FetchCallState
from shared.calls.call import BaseCall
from shared.calls.capability import Capability
from shared.calls.effect import Wanted
from shared.calls.event import CallbackPayload, CallRequested, Event, Fact, Identifier, Payload, TimerFired
from shared.calls.identities import Kind, kind_of
from shared.calls.joins import best, earliest, known, latest
from shared.calls.outbox import Happened
from shared.calls.policy import CallPolicy
from shared.calls.state import CallState

# A call rings for 30 seconds (azure-docs, "Lowest latency best practices for Teams Phone extensibility").
RING_WINDOW = timedelta(seconds=30)
GRACE = timedelta(seconds=5)

# After so long without an event, the call's state is fetched from ACS.
IDLE_TIMEOUTS: Mapping[CallState, timedelta] = MappingProxyType(
    {CallState.ANSWERED: timedelta(minutes=1), CallState.CONNECTED: timedelta(minutes=15)}
)
# After so long without an event, a call without a connection id, whose state cannot be fetched, has failed.
CONNECTION_TIMEOUT = timedelta(minutes=5)

LONGEST_COLUMN = 300  # characters

GONE = "gone"  # stands for 404
GONE_STATES = frozenset({"disconnected", "disconnecting", GONE})  # of CallConnectionState


class Decision(StrEnum):
    ANSWER = "answer"
    REJECT = "reject"
    TOO_LATE = "too late"  # the ring window is over
    NOT_OURS = "not ours"  # another application's resource account


# -- Events ------------------------------------------------------------------------------------------------------


class CustomContext(Struct, frozen=True, rename="camel"):
    """What a call brings along, if it was transferred or placed with it: headers by name."""

    voip_headers: dict[str, str] = {}
    sip_headers: dict[str, str] = {}


class IncomingCall(Payload, frozen=True, kw_only=True):
    """A ringing call. ``incoming_call_context`` is a secret: its holder can answer the call."""

    to: Identifier
    incoming_call_context: str
    from_: Identifier | None = msgspec.field(name="from", default=None)
    server_call_id: str | None = None
    correlation_id: str | None = None
    caller_display_name: str | None = None
    on_behalf_of_callee: Identifier | tuple[Identifier, ...] | None = None  # documented as one
    custom_context: CustomContext | None = None


class CallConnected(CallbackPayload, frozen=True, kw_only=True):
    pass


class CallDisconnected(CallbackPayload, frozen=True, kw_only=True):
    pass


class AnswerFailed(CallbackPayload, frozen=True, kw_only=True):
    """ACS accepted the answer, but could not set the call up."""


class CreateCallFailed(CallbackPayload, frozen=True, kw_only=True):
    """ACS accepted an outbound call, and it was not picked up, or could not be set up."""


class IncomingCallReceived(Fact, frozen=True, kw_only=True):
    """IncomingCall as the call keeps it: without the context, with the decision."""

    decision: Decision
    callee: str
    received_at: datetime
    caller: str | None = None
    caller_name: str | None = None
    server_call_id: str | None = None
    correlation_id: str | None = None
    tenant: str | None = None  # of the resource account; this and the next two from the directory
    callee_name: str | None = None
    callee_number: str | None = None

    is_sign_of_life: ClassVar[bool] = True


class CallAnswered(Fact, frozen=True, kw_only=True):
    """ACS accepted the answer."""

    sent_at: datetime
    answered_at: datetime
    call_connection_id: str | None = None
    server_call_id: str | None = None
    correlation_id: str | None = None

    in_timeline: ClassVar[bool] = False
    is_sign_of_life: ClassVar[bool] = True


class RequestRejected(Fact, frozen=True):
    """ACS refused to answer or to reject the call (``code/sub_code`` as in ``result_codes``)."""

    code: int
    sub_code: int
    message: str

    is_sign_of_life: ClassVar[bool] = True

    @property
    def codes(self) -> tuple[int, int]:
        return self.code, self.sub_code


class CallRejected(Fact, frozen=True):
    """ACS accepted that the call is rejected."""

    is_sign_of_life: ClassVar[bool] = True


class CallStateFetched(Fact, frozen=True):
    """The response to GET /callConnections/{id}: a CallConnectionState, or ``gone`` for 404."""

    state: str

    in_timeline: ClassVar[bool] = False
    is_sign_of_life: ClassVar[bool] = True


def decide(policy: CallPolicy, callee: str, called_at: datetime, now: datetime) -> Decision:
    """Whether to answer. An event older than the ring window is not answered: the call has stopped ringing. An agent
    who is invited rings at the agent's own client, even if ACS raises IncomingCall for it.
    """
    if not policy.includes(callee) or kind_of(callee) is Kind.AGENT:
        return Decision.NOT_OURS
    if now - called_at > RING_WINDOW:
        return Decision.TOO_LATE
    return Decision.ANSWER if policy.incoming == "answer" else Decision.REJECT


# -- The part of the call ----------------------------------------------------------------------------------------


class Result(Struct, frozen=True, omit_defaults=True):
    """The platform's result code for the end of a call, or for an answer that failed."""

    source_event: str
    code: int = 0
    sub_code: int = 0
    message: str = ""


class Lifecycle(Struct, frozen=True, omit_defaults=True):
    """Identities are raw ids (``28:orgid:…``, ``4:+…``). ``callee`` is the resource account and ``caller`` the other
    party, also of an outbound call.
    """

    caller: str | None = None
    caller_name: str | None = None
    callee: str | None = None
    tenant: str | None = None
    callee_name: str | None = None
    callee_number: str | None = None
    is_outbound: bool = False
    is_emergency: bool = False  # the call was answered as that of an emergency service
    called_at: datetime | None = None
    result: Result | None = None
    checked_at: datetime | None = None  # when the call's state was last fetched from ACS
    # By this app's clock: for latencies, never for decisions.
    received_at: datetime | None = None
    answer_sent_at: datetime | None = None
    answered_at: datetime | None = None


def fold(part: Lifecycle, event: Event) -> Lifecycle:
    match event.data:
        case IncomingCallReceived() as incoming:
            return _incoming(part, incoming, event.at)
        case CallConnected(operation_context=str(context)) if context.endswith(emergency.MARK):
            return replace(part, is_emergency=True)
        case CallAnswered() as answered:
            return replace(
                part,
                answer_sent_at=earliest(part.answer_sent_at, answered.sent_at),
                answered_at=earliest(part.answered_at, answered.answered_at),
            )
        case CallRequested() as requested:
            return _requested(part, requested, event.at)
        case RequestRejected() | CallDisconnected() | AnswerFailed() | CreateCallFailed():
            return replace(part, result=best(part.result, _result(event), _precedence))
        case CallStateFetched():
            return replace(part, checked_at=latest(part.checked_at, event.at))
    return part


def _incoming(part: Lifecycle, incoming: IncomingCallReceived, at: datetime) -> Lifecycle:
    return replace(
        part,
        caller=known(part.caller, incoming.caller),
        caller_name=known(part.caller_name, incoming.caller_name),
        callee=known(part.callee, incoming.callee),
        tenant=known(part.tenant, incoming.tenant),
        callee_name=known(part.callee_name, incoming.callee_name),
        callee_number=known(part.callee_number, incoming.callee_number),
        called_at=earliest(part.called_at, at),
        received_at=earliest(part.received_at, incoming.received_at),
    )


def _requested(part: Lifecycle, requested: CallRequested, at: datetime) -> Lifecycle:
    return replace(
        part,
        caller=requested.target,
        callee=requested.account,
        tenant=requested.tenant,
        callee_name=requested.account_name,
        callee_number=requested.account_number,
        is_outbound=True,
        called_at=earliest(part.called_at, at),
    )


def _result(event: Event) -> Result | None:
    data = event.data
    if isinstance(data, RequestRejected):
        return Result(event.type, *data.codes, data.message)
    if isinstance(data, CallbackPayload) and data.result_information is not None:
        return Result(event.type, *data.codes, data.message)
    return None


_RANKS = {AnswerFailed.__name__: 2, CreateCallFailed.__name__: 2, CallDisconnected.__name__: 1}


def _precedence(result: Result) -> tuple[int, str, int, int, str]:
    """Why the set-up failed takes precedence over how the call ended, and both over a refused request."""
    rank = _RANKS.get(result.source_event, 0)
    return rank, result.source_event, result.code, result.sub_code, result.message


# -- States ------------------------------------------------------------------------------------------------------

BY_DECISION: Mapping[Decision, CallState] = MappingProxyType(
    {
        Decision.ANSWER: CallState.RINGING,
        Decision.REJECT: CallState.RINGING,
        Decision.TOO_LATE: CallState.MISSED,
        Decision.NOT_OURS: CallState.NOT_OURS,
    }
)

# The state that each event implies. Any other callback implies ANSWERED: ACS sends none for calls that are not.
IMPLIED_STATE: Mapping[type[Fact], CallState] = MappingProxyType(
    {
        RequestRejected: CallState.REFUSED,
        CallRejected: CallState.REJECTED,
        CallAnswered: CallState.ANSWERED,
        AnswerFailed: CallState.FAILED,
        CreateCallFailed: CallState.FAILED,
        CallConnected: CallState.CONNECTED,
        CallDisconnected: CallState.ENDED,
    }
)


def implied_state(call: BaseCall, part: Lifecycle, event: Event, now: datetime) -> CallState:
    data = event.data
    match data:
        case IncomingCallReceived(decision=decision):
            return BY_DECISION[decision]
        case CallStateFetched(state=state):
            return _fetched(state)
        case TimerFired():
            return _timed_out(call, part, now)
    return IMPLIED_STATE.get(type(data)) or (CallState.ANSWERED if isinstance(data, CallbackPayload) else CallState.NEW)


def _fetched(state: str) -> CallState:
    if state in GONE_STATES:
        return CallState.ENDED
    return CallState.CONNECTED if state == "connected" else CallState.NEW


def _timed_out(call: BaseCall, part: Lifecycle, now: datetime) -> CallState:
    """MISSED after the ring window; FAILED if ACS accepted the answer without a connection id, and sent no event."""
    if call.state is CallState.RINGING and part.called_at is not None and now - part.called_at > RING_WINDOW:
        return CallState.MISSED
    silent = now - (call.last_event_at or now) >= CONNECTION_TIMEOUT
    unconnected = call.state is CallState.ANSWERED and call.call_connection_id is None
    return CallState.FAILED if unconnected and silent else CallState.NEW


# -- Wanted effects and deadlines --------------------------------------------------------------------------------


def wanted(call: BaseCall, part: Lifecycle, now: datetime) -> Iterator[Wanted]:
    check_at = _idle_check_at(call, part)
    if check_at is not None and now >= check_at:
        yield Wanted(f"fetch state {check_at.isoformat()}", FetchCallState())


def deadlines(call: BaseCall, part: Lifecycle) -> Iterator[datetime]:
    if call.state is CallState.RINGING and part.called_at is not None:
        yield part.called_at + RING_WINDOW + GRACE
    check_at = _idle_check_at(call, part)
    if check_at is not None:
        yield check_at
    elif call.state is CallState.ANSWERED and call.last_event_at is not None:
        yield call.last_event_at + CONNECTION_TIMEOUT


def _idle_check_at(call: BaseCall, part: Lifecycle) -> datetime | None:
    """When to fetch the state of a call from ACS; None if it cannot be fetched or need not be."""
    idle, since = IDLE_TIMEOUTS.get(call.state), latest(call.last_event_at, part.checked_at)
    if idle is None or since is None or call.call_connection_id is None:
        return None
    return since + idle


NOT_CONNECTED = frozenset({CallState.MISSED, CallState.REFUSED, CallState.REJECTED, CallState.FAILED})


def published(call: BaseCall, part: Lifecycle) -> Iterator[Happened]:
    if call.connected_at is not None:
        yield "CallConnected", call.connected_at
    has_failed = call.connected_at is None and CallState.FAILED in call.reached
    state = CallState.FAILED if has_failed else call.state
    if state is CallState.ENDED:
        yield "CallEnded", call.ended_at
    elif state in NOT_CONNECTED:
        yield f"CallNotConnected {state}", call.reached.get(state)


def columns(call: BaseCall, part: Lifecycle) -> dict[str, Any]:
    texts = ("caller", "caller_name", "callee", "callee_name", "callee_number", "tenant")
    cut = {name: (getattr(part, name) or "")[:LONGEST_COLUMN] or None for name in texts}
    return cut | {"called_at": part.called_at, "is_outbound": part.is_outbound or None}


def describe(data: Fact) -> str:
    match data:
        case CallConnected(operation_context=str(context)) if context.endswith(emergency.MARK):
            return f"{emergency.REASON}: no recording, no prompts"
    return ""


CAPABILITY = Capability(
    name="lifecycle",
    part=Lifecycle,
    payloads={
        "IncomingCall": IncomingCall,
        "CallConnected": CallConnected,
        "CallDisconnected": CallDisconnected,
        "AnswerFailed": AnswerFailed,
        "CreateCallFailed": CreateCallFailed,
    },
    fold=fold,
    implied_state=implied_state,
    wanted=wanted,
    deadlines=deadlines,
    published=published,
    columns=columns,
    describe=describe,
)

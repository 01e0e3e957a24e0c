"""A call: its data, its states and the table of its transitions.

The rules of the machine:

- A call is the fold of what is known about it. The same events give the same call, in every order and however
  often each comes: times are joined by the earliest, participants by the highest sequence number, states by rank.
- States are ranked, and a call only ever rises. An event proves a state; the call goes there unless it has
  risen further already. The last state, *ended*, absorbs everything.
- A call that has settled below *answered* (missed, refused, rejected, not ours) still rises when the platform
  proves that it was answered after all: the platform knows better than our clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from shared.calls.effects import Effect
from shared.calls.events import CallbackPayload, Event, Found, Rang
from shared.calls.policy import RING_WINDOW, Decision, Plan


class State(StrEnum):
    """In the order of their rank."""

    NEW = "new"
    RINGING = "ringing"
    NOT_OURS = "not ours"
    MISSED = "missed"
    REFUSED = "refused"  # ACS refused our answer
    REJECTED = "rejected"  # our policy is not to take calls
    ANSWERED = "answered"
    FAILED = "failed"  # answered, but the call could not be set up, or nothing was ever heard of it
    CONNECTED = "connected"
    ENDED = "ended"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {state: rank for rank, state in enumerate(State)}

OTHER_CALLBACK = "any other callback"  # ACS sends them about calls that were answered, and to who answered them

# What each event proves. An event that is not named here proves nothing about the call's state.
PROVES: Mapping[str, State] = MappingProxyType(
    {
        f"IncomingCall ({Decision.ANSWER})": State.RINGING,
        f"IncomingCall ({Decision.REJECT})": State.RINGING,
        f"IncomingCall ({Decision.TOO_LATE})": State.MISSED,
        f"IncomingCall ({Decision.NOT_OURS})": State.NOT_OURS,
        "Woken (rung out)": State.MISSED,
        "AnswerRefused": State.REFUSED,
        "Rejected": State.REJECTED,
        "Answered": State.ANSWERED,
        OTHER_CALLBACK: State.ANSWERED,
        "AnswerFailed": State.FAILED,
        "Woken (unheard)": State.FAILED,
        "CallConnected": State.CONNECTED,
        "Found (connected)": State.CONNECTED,
        "CallDisconnected": State.ENDED,
        "Found (gone)": State.ENDED,
    }
)

# The whole machine: (state, event) → state. The diagram in docs/calls.md is drawn from it.
TRANSITIONS: Mapping[tuple[State, str], State] = MappingProxyType(
    {(state, proof): max(state, proven, key=lambda s: s.rank) for state in State for proof, proven in PROVES.items()}
)

UNHEARD = timedelta(minutes=5)  # ACS gives a callback up before

GONE_STATES = frozenset({"disconnected", "disconnecting", "gone"})  # CallConnectionState, and our word for 404


def proof(call: Call, event: Event, now: datetime) -> str:
    """The event's name in the table of transitions."""
    match event.data:
        case Rang(decision=decision):
            return f"{event.type} ({decision})"
        case Found(state=found):
            return f"{event.type} ({'gone' if found in GONE_STATES else found})"
    rung_out = call.called_at is not None and now - call.called_at > RING_WINDOW
    if event.type == "Woken" and call.state is State.RINGING and rung_out:
        return "Woken (rung out)"
    if event.type == "Woken" and is_unheard(call, now):
        return "Woken (unheard)"
    if isinstance(event.data, CallbackPayload) and event.type not in PROVES:
        return OTHER_CALLBACK
    return event.type


def is_unheard(call: Call, now: datetime) -> bool:
    """Whether ACS accepted the answer without a connection's id, so that it can't be asked, and no callback came."""
    heard = call.measured.heard_at
    return (
        call.state is State.ANSWERED
        and call.call_connection_id is None
        and heard is not None
        and now >= heard + UNHEARD
    )


def next_state(state: State, proven_by: str) -> State:
    return TRANSITIONS.get((state, proven_by), state)


LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Result(Struct, frozen=True, omit_defaults=True, order=True):
    """How something went, in the platform's codes; ``told_by`` is the event that said so."""

    told_by: str
    code: int = 0
    sub_code: int = 0
    message: str = ""
    until: datetime = LONG_AGO  # until when ACS asked to be left alone


class Chunk(Struct, frozen=True, omit_defaults=True):
    """One file of a recording: where ACS keeps it for 24 hours, and where we keep it (``path``, ``length``)."""

    content: str
    metadata: str
    delete: str | None = None
    path: str | None = None
    length: int | None = None  # bytes
    lost: str | None = None  # why it could not be archived


class Recording(Struct, frozen=True, omit_defaults=True):
    """``inactive`` is said of a recording that has stopped and of one that is paused; the latest word counts."""

    started_at: datetime | None = None
    active_at: datetime | None = None  # when it was last said to be active
    stopped_at: datetime | None = None  # when it was last said to be inactive
    chunks: dict[str, Chunk] = {}  # by index

    @property
    def is_active(self) -> bool:
        return self.active_at is not None and (self.stopped_at is None or self.active_at > self.stopped_at)


class Entry(Struct, frozen=True, array_like=True):
    """A line of the timeline. ``received`` is when it reached us: the only part that differs between deliveries."""

    at: datetime
    id: str
    type: str
    text: str
    received: datetime


class Measured(Struct, frozen=True, omit_defaults=True):
    """When things reached this deployment; for latencies, never for decisions about the call's state."""

    received_at: datetime | None = None
    answer_sent_at: datetime | None = None
    answered_at: datetime | None = None
    connected_received_at: datetime | None = None
    heard_at: datetime | None = None  # the last time anything new was learned about the call


class Call(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call, as the row keeps it. Times are UTC; identities are raw ids (``28:orgid:…``, ``4:+…``)."""

    id: str
    plan: Plan = Plan()
    state: State = State.NEW
    caller: str | None = None
    caller_name: str | None = None
    callee: str | None = None
    tenant: str | None = None  # the Entra tenant of the callee; this and the next two as far as the directory knows
    callee_name: str | None = None
    callee_number: str | None = None
    on_behalf_of: str | None = None
    correlation_id: str | None = None
    server_call_id: str | None = None
    call_connection_id: str | None = None
    called_at: datetime | None = None
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    first_audio_at: datetime | None = None
    result: Result | None = None  # how the call ended, or why it was not answered
    participants: tuple[str, ...] = ()  # who is in the call now
    took_part: tuple[str, ...] = ()  # who has ever been
    participants_sequence: int = -1
    recordings: dict[str, Recording] = {}  # by recording id
    recording_failures: dict[str, Result] = {}  # by the id of the event that told
    announced: str | None = None  # "started", "played", or why not
    notified: str | None = None  # the same, for the notice that the call ends since it can't be recorded
    file_lost: str | None = None  # why no file of a recording came
    effects: tuple[Effect, ...] = ()
    timeline: tuple[Entry, ...] = ()
    measured: Measured = Measured()


class RecordingStatus(StrEnum):
    OFF = "off"  # not wanted, or there was no call to record
    STARTING = "starting"
    ACTIVE = "active"
    STOPPED = "stopped"  # its file is awaited
    ARCHIVED = "archived"
    NOT_RECORDED = "not recorded"
    LOST = "lost"  # it was recorded, but the file could not be had


def latencies(call: Call) -> dict[str, float]:
    """The phases of answering, in seconds, as far as they are known.

    They are the four that Microsoft names (azure-docs, "Lowest latency best practices for Teams Phone
    extensibility"): time to notify, to answer, to connect, to first audio.
    """
    m = call.measured
    phases = {
        "time to notify": (call.called_at, m.received_at),
        "time to answer": (m.received_at, m.answer_sent_at),
        "time to connect": (m.answer_sent_at, m.connected_received_at),
        "time to first audio": (call.connected_at, call.first_audio_at),
    }
    return {name: (end - start).total_seconds() for name, (start, end) in phases.items() if start and end}

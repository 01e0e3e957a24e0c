"""Telemetry: a log line for each event, which the workbook and the alerts query.

A line is a name and compact JSON, ``call.answered {"call":"…","correlation":"…","seconds":0.12}``. The Functions host
sends the worker's log lines to Application Insights (table ``traces``, column ``message``). No telemetry SDK is needed,
whose import would take longer than that of the whole app. ``infra/queries/`` reads the lines;
``tests/platform/test_telemetry.py`` and ``tests/infra/test_queries.py`` keep the two consistent.

Events are derived from a call before and after it was saved, so that a duplicate emits nothing. A process that dies
between the write and the log line leaves a gap: the row is complete, telemetry is not. ``call`` and ``correlation``
join the lines; all other fields have few distinct values. No line names a person.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import ClassVar

import msgspec
from msgspec import Struct

from shared.calls.capabilities import Call, latencies, recording_status
from shared.calls.capabilities.recording import RecordingStatus
from shared.calls.event import ActionFailed, Event

log = logging.getLogger("teams_phone.telemetry")

RECORDING_SETTLED = frozenset({RecordingStatus.ARCHIVED, RecordingStatus.NOT_RECORDED, RecordingStatus.LOST})
FAILURE = 400  # result codes are like those of HTTP: from here on they are errors


class TelemetryEvent(Struct, frozen=True):
    name: ClassVar[str]


class Phase(TelemetryEvent, frozen=True):
    """A phase of answering is known: how long it took, in seconds."""

    call: str
    correlation: str
    seconds: float


class Notified(Phase, frozen=True):
    name: ClassVar[str] = "call.notified"


class Answered(Phase, frozen=True):
    name: ClassVar[str] = "call.answered"


class Connected(Phase, frozen=True):
    name: ClassVar[str] = "call.connected"


class Heard(Phase, frozen=True):
    name: ClassVar[str] = "call.heard"


class CallSettled(TelemetryEvent, frozen=True):
    """A call has reached a state that is usually its last. It can still rise: the last line of a call counts."""

    name: ClassVar[str] = "call.settled"
    call: str
    correlation: str
    state: str
    code: int  # the platform's result; 0 if none is known
    sub_code: int
    seconds: float  # connected for how long; 0 if it never was


class RecordingSettled(TelemetryEvent, frozen=True):
    """A recording is archived, or will never be. The last line of a call counts."""

    name: ClassVar[str] = "recording.settled"
    call: str
    correlation: str
    status: str
    code: int  # why there is none; 0 if there is one, or no code is known
    sub_code: int


class StepFailed(TelemetryEvent, frozen=True):
    """ACS refused a request or reported a failure: an event's type or an effect's name, and the code."""

    name: ClassVar[str] = "step.failed"
    call: str
    correlation: str
    step: str
    code: int
    sub_code: int


class Quarantined(TelemetryEvent, frozen=True):
    """An event was quarantined. ``source`` is the function that could not handle it."""

    name: ClassVar[str] = "event.quarantined"
    source: str


class CallbackRefused(TelemetryEvent, frozen=True):
    """The response to a callback: 401 its token is not valid, 413 it is too large, 503 it cannot be accepted now."""

    name: ClassVar[str] = "callback.refused"
    status: int


class Swept(TelemetryEvent, frozen=True):
    """The sweep ran: a sign of life every minute. ``woken`` calls were overdue."""

    name: ClassVar[str] = "sweep.done"
    woken: int


TELEMETRY_EVENTS: tuple[type[TelemetryEvent], ...] = (
    Notified,
    Answered,
    Connected,
    Heard,
    CallSettled,
    RecordingSettled,
    StepFailed,
    Quarantined,
    CallbackRefused,
    Swept,
)
_PHASES: dict[str, type[Phase]] = {
    "time to notify": Notified,
    "time to answer": Answered,
    "time to connect": Connected,
    "time to first audio": Heard,
}


def emit(*events: TelemetryEvent) -> None:
    for event in events:
        log.info("%s %s", event.name, msgspec.json.encode(event).decode())


def changes(before: Call | None, after: Call, events: Iterable[Event]) -> Iterator[TelemetryEvent]:
    """The telemetry events of a write of ``after`` over ``before``; ``events`` are those that were folded."""
    ids = (after.id, after.correlation_id or "")
    known = latencies(before) if before else {}
    for phase, seconds in latencies(after).items():
        if phase not in known:
            yield _PHASES[phase](*ids, round(seconds, 3))
    if after.state.is_settled and (before is None or before.state is not after.state):
        result = after.lifecycle.result
        codes = (result.code, result.sub_code) if result else (0, 0)
        yield CallSettled(*ids, after.state.value, *codes, _connected_seconds(after))
    status = recording_status(after)[0]
    if status in RECORDING_SETTLED and (before is None or recording_status(before)[0] is not status):
        yield RecordingSettled(*ids, status.value, *_why(after, status))
    known_ids = {entry.id for entry in before.timeline} if before else set()
    for event in events:
        if event.id not in known_ids and (failure := _failure(event)):
            step, code, sub_code = failure
            yield StepFailed(*ids, step, code, sub_code)


def _connected_seconds(call: Call) -> float:
    if call.connected_at is None or call.ended_at is None:
        return 0.0
    return max(0.0, round((call.ended_at - call.connected_at).total_seconds(), 3))


def _why(call: Call, status: RecordingStatus) -> tuple[int, int]:
    if status is not RecordingStatus.NOT_RECORDED:
        return 0, 0
    worst = min(call.recording.failures.values(), default=None)
    return (worst.code, worst.sub_code) if worst else (0, 0)


def _failure(event: Event) -> tuple[str, int, int] | None:
    """The step that failed, and the codes; None if nothing failed."""
    code, sub_code = event.data.codes
    if isinstance(event.data, ActionFailed):
        return event.data.action.name, code, sub_code
    return (event.type, code, sub_code) if code >= FAILURE else None

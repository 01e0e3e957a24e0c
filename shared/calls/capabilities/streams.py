"""Media streaming and transcription: whether each runs. A call has them if it was answered with their options.

A stream that fails is started again in the same call, unless the catalogue of result codes says that it cannot succeed:
its receiver may have been replaced, or be starting.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shared.calls import commands
from shared.calls.actions import AnyAction, StartMediaStreaming, StartTranscription, UpdateTranscription
from shared.calls.call import BaseCall
from shared.calls.capability import Capability
from shared.calls.effect import Wanted, effect_id
from shared.calls.event import CallbackPayload, Event, Fact, Payload
from shared.calls.joins import best, bounded
from shared.calls.operations import OutcomeStatus
from shared.calls.result_codes import Disposition, look_up
from shared.calls.state import CallState
from shared.calls.timeline import in_words

LONGEST_DETAILS = 100  # characters; ACS writes one word
RETRY_DELAYS = (1.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)  # seconds; the last one again and again
RECENT = timedelta(minutes=5)  # a failure that is older does not slow the next retry down
MOST_FAILURES = 20  # of a stream, then it is given up

StreamName = Literal["media", "transcription"]


class MediaStreamingUpdate(Struct, frozen=True, rename="camel", kw_only=True):
    media_streaming_status_details: str | None = None


class TranscriptionUpdate(Struct, frozen=True, rename="camel", kw_only=True):
    transcription_status_details: str | None = None


class OfStreaming(CallbackPayload, frozen=True, kw_only=True):
    """The base of the events about media streaming."""

    media_streaming_update: MediaStreamingUpdate | None = None

    @property
    def details(self) -> str:
        update = self.media_streaming_update
        return ((update.media_streaming_status_details if update else None) or "")[:LONGEST_DETAILS]


class OfTranscription(CallbackPayload, frozen=True, kw_only=True):
    """The base of the events about transcription."""

    transcription_update: TranscriptionUpdate | None = None

    @property
    def details(self) -> str:
        update = self.transcription_update
        return ((update.transcription_status_details if update else None) or "")[:LONGEST_DETAILS]


class MediaStreamingStarted(OfStreaming, frozen=True, kw_only=True):
    pass


class MediaStreamingStopped(OfStreaming, frozen=True, kw_only=True):
    pass


class MediaStreamingFailed(OfStreaming, frozen=True, kw_only=True):
    pass


class TranscriptionStarted(OfTranscription, frozen=True, kw_only=True):
    pass


class TranscriptionStopped(OfTranscription, frozen=True, kw_only=True):
    pass


class TranscriptionUpdated(OfTranscription, frozen=True, kw_only=True):
    pass


class TranscriptionFailed(OfTranscription, frozen=True, kw_only=True):
    pass


class StreamState(StrEnum):
    INACTIVE = "inactive"
    ACTIVE = "active"
    FAILED = "failed"


STATES: dict[type[Payload], StreamState] = {
    MediaStreamingStarted: StreamState.ACTIVE,
    MediaStreamingStopped: StreamState.INACTIVE,
    MediaStreamingFailed: StreamState.FAILED,
    TranscriptionStarted: StreamState.ACTIVE,
    TranscriptionStopped: StreamState.INACTIVE,
    TranscriptionUpdated: StreamState.ACTIVE,
    TranscriptionFailed: StreamState.FAILED,
}
OUTCOMES = {StreamState.FAILED: OutcomeStatus.FAILED}


class Stream(Struct, frozen=True, omit_defaults=True):
    """The state that ACS reported last, and its word for the cause."""

    state: StreamState
    at: datetime
    details: str = ""


class StreamFailure(Struct, frozen=True, omit_defaults=True):
    stream: StreamName
    at: datetime
    code: int
    sub_code: int = 0


class Streams(Struct, frozen=True, omit_defaults=True):
    """``failures`` are by the id of the event that reported each."""

    media: Stream | None = None
    transcription: Stream | None = None
    failures: dict[str, StreamFailure] = {}

    def failures_of(self, name: StreamName) -> list[StreamFailure]:
        """Those of one stream, in order."""
        return sorted((each for each in self.failures.values() if each.stream == name), key=_age)


def fold(part: Streams, event: Event) -> Streams:
    match event.data:
        case OfStreaming() as data:
            part = replace(part, media=_latest(part.media, Stream(STATES[type(data)], event.at, data.details)))
            return _with_failure(part, "media", event)
        case OfTranscription() as data:
            stream = Stream(STATES[type(data)], event.at, data.details)
            return _with_failure(
                replace(part, transcription=_latest(part.transcription, stream)), "transcription", event
            )
    return part


def _latest(before: Stream | None, stream: Stream) -> Stream | None:
    return best(before, stream, lambda each: (each.at, each.state, each.details))


def _with_failure(part: Streams, name: StreamName, event: Event) -> Streams:
    if not isinstance(event.data, MediaStreamingFailed | TranscriptionFailed):
        return part
    code, sub_code = event.data.codes
    others = {id: each for id, each in part.failures.items() if each.stream != name}
    own = {id: each for id, each in part.failures.items() if each.stream == name}
    own |= {event.id: StreamFailure(name, event.at, code or 500, sub_code)}
    return replace(part, failures=others | bounded(own, MOST_FAILURES, _age))


def _age(failure: StreamFailure) -> datetime:
    return failure.at


# -- Retries -----------------------------------------------------------------------------------------------------


def wanted(call: BaseCall, part: Streams, _: datetime) -> Iterator[Wanted]:
    if call.state is not CallState.CONNECTED:
        return
    if _failed(part.media):
        yield from _retry(call, part, "media", StartMediaStreaming())
    if _failed(part.transcription):
        yield from _retry(call, part, "transcription", StartTranscription(_language(call)))


def _failed(stream: Stream | None) -> bool:
    return stream is not None and stream.state is StreamState.FAILED


def _retry(call: BaseCall, part: Streams, name: StreamName, action: AnyAction) -> Iterator[Wanted]:
    """Start the stream again, later after each of several failures in a row."""
    failures = part.failures_of(name)
    last, step = failures[-1], _step(name, len(failures))
    is_final = look_up(last.code, last.sub_code).disposition is Disposition.FINAL
    if is_final or len(failures) >= MOST_FAILURES or call.operations.is_over(effect_id(call.id, step)):
        return
    recent = sum(last.at - each.at < RECENT for each in failures)
    yield Wanted(step, action, RETRY_DELAYS[min(recent, len(RETRY_DELAYS)) - 1])


def _step(name: StreamName, attempt: int) -> str:
    return f"start {name} again {attempt}"


def steps(_: BaseCall, part: Streams) -> Iterator[str]:
    names: tuple[StreamName, ...] = ("media", "transcription")
    return (_step(name, n) for name in names for n in range(1, len(part.failures_of(name)) + 1))


def _language(call: BaseCall) -> str:
    """The language that a command has set last; empty for that of the setting."""
    requested = ((id, each.action) for id, each in commands.in_order(call) if not commands.has_failed(call, id))
    speaking = (each for _, each in requested if isinstance(each, StartTranscription | UpdateTranscription))
    return next((each.language for each in reversed([*speaking]) if each.language), "")


def describe(data: Fact) -> str:
    if isinstance(data, OfStreaming | OfTranscription):
        return "; ".join(each for each in (data.details, in_words(*data.codes)) if each)
    return ""


CAPABILITY = Capability(
    name="streams",
    part=Streams,
    payloads={each.__name__: each for each in STATES},
    outcomes={each: OUTCOMES.get(state, OutcomeStatus.SUCCEEDED) for each, state in STATES.items()},
    steps=steps,
    fold=fold,
    wanted=wanted,
    describe=describe,
)

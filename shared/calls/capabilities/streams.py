"""Media streaming and transcription: whether each runs. A call has them if it was answered with their options."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.capability import Capability
from shared.calls.event import CallbackPayload, Event, Fact, Payload
from shared.calls.joins import best
from shared.calls.operations import OutcomeStatus
from shared.calls.timeline import in_words

LONGEST_DETAILS = 100  # characters; ACS writes one word


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


class Streams(Struct, frozen=True, omit_defaults=True):
    media: Stream | None = None
    transcription: Stream | None = None


def fold(part: Streams, event: Event) -> Streams:
    match event.data:
        case OfStreaming() as data:
            return replace(part, media=_latest(part.media, Stream(STATES[type(data)], event.at, data.details)))
        case OfTranscription() as data:
            stream = Stream(STATES[type(data)], event.at, data.details)
            return replace(part, transcription=_latest(part.transcription, stream))
    return part


def _latest(before: Stream | None, stream: Stream) -> Stream | None:
    return best(before, stream, lambda each: (each.at, each.state, each.details))


def describe(data: Fact) -> str:
    if isinstance(data, OfStreaming | OfTranscription):
        return "; ".join(each for each in (data.details, in_words(*data.codes)) if each)
    return ""


CAPABILITY = Capability(
    name="streams",
    part=Streams,
    payloads={each.__name__: each for each in STATES},
    outcomes={each: OUTCOMES.get(state, OutcomeStatus.SUCCEEDED) for each, state in STATES.items()},
    fold=fold,
    describe=describe,
)

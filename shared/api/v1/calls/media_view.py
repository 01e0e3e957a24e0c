"""The media of a call, as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from shared.api.v1.calls.command import parameters_of
from shared.calls.capabilities import Call
from shared.calls.capabilities.dtmf import Tone, listened_to
from shared.calls.capabilities.streams import Stream
from shared.calls.media import MediaOperation, playing, waiting
from shared.platform.settings import Settings


class MediaOperationView(Struct, frozen=True, rename="camel"):
    """A prompt, music or a recognition. ``operation_id`` is null for one of the app itself, such as the announcement of
    the recording.
    """

    name: str
    operation_id: str | None
    parameters: dict[str, Any]


class StreamView(Struct, frozen=True, rename="camel"):
    """``disabled``: the app has no setting for the stream. ``details`` is ACS's word for the cause of the state."""

    state: Literal["disabled", "inactive", "active", "failed"]
    at: datetime | None = None
    details: str = ""


class ToneView(Struct, frozen=True, rename="camel"):
    """A key that was pressed; ``participant`` is a raw id, as far as it is known."""

    key: str
    participant: str | None
    sequence_id: int
    at: datetime


class MediaView(Struct, frozen=True, rename="camel"):
    """``playing`` is carried out now, ``waiting`` after it. ``listening``: the raw ids of the participants whose keys
    are reported; ``tones``: the keys, the earliest first.
    """

    playing: MediaOperationView | None
    waiting: tuple[MediaOperationView, ...]
    media_streaming: StreamView
    transcription: StreamView
    listening: tuple[str, ...]
    tones: tuple[ToneView, ...]


def media_of(settings: Settings, call: Call) -> MediaView:
    now = playing(call)
    return MediaView(
        playing=_operation(now) if now else None,
        waiting=tuple(_operation(each) for each in waiting(call)),
        media_streaming=_stream(call.streams.media, settings.media_streaming_url),
        transcription=transcription_of(settings, call),
        listening=tuple(listened_to(call)),
        tones=tuple(_tone(call, each) for each in call.dtmf.in_order),
    )


def transcription_of(settings: Settings, call: Call) -> StreamView:
    return _stream(call.streams.transcription, settings.transcription_url)


def _operation(operation: MediaOperation) -> MediaOperationView:
    return MediaOperationView(operation.action.name, operation.command, parameters_of(operation.action))


def _stream(stream: Stream | None, url: str | None) -> StreamView:
    if stream is None:
        return StreamView("inactive" if url else "disabled")
    return StreamView(stream.state.value, stream.at, stream.details)


def _tone(call: Call, tone: Tone) -> ToneView:
    requested = call.operations.requested.get(tone.operation)
    participant = getattr(requested.action, "target", None) if requested else None
    return ToneView(tone.key, participant, tone.sequence_id, tone.at)

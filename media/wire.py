"""The messages of ACS's WebSockets, as typed plain data.

Audio: azure-docs, ``communication-services/how-tos/call-automation/audio-streaming-quickstart.md``. Transcription:
``real-time-transcription-tutorial.md`` in the same folder, and messages in the tests of Microsoft's SDKs, which have
``duration`` too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from shared.calls.event import read

RATES = (16_000, 24_000)  # samples a second; 16 bits, one channel
SAMPLE = 2  # bytes
TICKS = 10_000_000  # a second; offsets and durations of transcriptions are in ticks of 100 ns


class Malformed(ValueError):
    """A message that cannot be understood. The text says why, and quotes nothing of it."""


class AudioMetadata(Struct, frozen=True, rename="camel"):
    """The first message of an audio socket. ``length`` is that of a frame, in bytes."""

    subscription_id: str
    sample_rate: int
    encoding: str = "PCM"
    channels: int = 1
    length: int = 640


class Frame(Struct, rename="camel", gc=False):
    """A frame of audio, 20 ms long as ACS sends it. ``data`` is decoded from Base64.

    ``missing``: seconds before it that never came. ``late``: it came after a later one, or twice. These two are not on
    the wire: the session sets them.
    """

    data: bytes
    timestamp: datetime
    participant_raw_id: str | None = field(default=None, name="participantRawID")
    silent: bool = False
    missing: float = 0.0
    late: bool = False

    @property
    def participant(self) -> str:
        """A raw id; empty for mixed audio."""
        return self.participant_raw_id or ""

    @property
    def at(self) -> float:
        """The time stamp, in seconds since 1970."""
        return self.timestamp.timestamp()

    @property
    def pcm(self) -> memoryview:
        """The samples, 16 bits each, as a view of ``data``."""
        return memoryview(self.data)


class DtmfData(Struct, frozen=True, rename="camel"):
    """A key that a participant pressed."""

    data: str


class AudioMessage(Struct, frozen=True, rename="camel", gc=False, tag_field="kind", tag="AudioData"):
    """The message of a frame."""

    audio_data: Frame


class MetadataMessage(Struct, frozen=True, rename="camel", tag_field="kind", tag="AudioMetadata"):
    audio_metadata: AudioMetadata


class DtmfMessage(Struct, frozen=True, rename="camel", tag_field="kind", tag="DtmfData"):
    dtmf_data: DtmfData


class TranscriptionMetadata(Struct, frozen=True, rename="camel"):
    """The first message of a transcription socket."""

    subscription_id: str
    locale: str = ""
    call_connection_id: str = ""


class Word(Struct, frozen=True, rename="camel"):
    """``offset`` and ``duration`` are in ticks."""

    text: str
    offset: int = 0
    duration: int = 0


class TranscriptionData(Struct, frozen=True, rename="camel"):
    """What a participant said. ``offset`` and ``duration`` are in ticks. ``result_status``: Final or Intermediate."""

    text: str
    offset: int
    duration: int = 0
    words: tuple[Word, ...] = ()
    participant: str = field(default="", name="participantRawID")
    confidence: float | None = None
    result_status: str = "Final"
    language_identified: str | None = None

    @property
    def is_final(self) -> bool:
        return self.result_status.lower() == "final"


class _Envelope(Struct, frozen=True, rename="camel"):
    kind: str
    transcription_data: Any = None
    transcription_metadata: Any = None


UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)  # raised for a message that is none


class _OfKind(Struct, frozen=True):
    kind: str


_KINDS = frozenset({"AudioData", "AudioMetadata", "DtmfData"})
audio_decoder = msgspec.json.Decoder(AudioMessage | MetadataMessage | DtmfMessage)
_kind = msgspec.json.Decoder(_OfKind)
_transcription = msgspec.json.Decoder(_Envelope)


def has_unknown_kind(text: bytes) -> bool:
    """Whether a message that cannot be read is one of a kind that ACS has added since: it is to be ignored."""
    try:
        return _kind.decode(text).kind not in _KINDS
    except UNREADABLE:
        return False


def transcription_message(text: bytes | str) -> TranscriptionMetadata | TranscriptionData | None:
    """A message of a transcription socket; None for a kind that is not known. Raises Malformed.

    It is read leniently: a field that is not needed and cannot be read is left out.
    """
    try:
        message = _transcription.decode(text)
        match message.kind:
            case "TranscriptionMetadata":
                return read(message.transcription_metadata, TranscriptionMetadata)[0]
            case "TranscriptionData":
                return read(message.transcription_data, TranscriptionData)[0]
    except UNREADABLE as error:
        raise Malformed(f"it is no message of a transcription: {type(error).__name__}") from None
    return None

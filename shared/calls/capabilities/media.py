"""What the media service has received of a call: its transcript, its audio, and who spoke how long.

The service (``media/``) publishes both events on the custom topic, with the type ``TeamsPhone.Media.{name}`` and the
attribute ``callid``. An event holds totals, so that it can be repeated, delayed and lost.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from shared.calls.capability import Capability
from shared.calls.event import MEDIA_PREFIX, CallbackPayload, Event, Fact, in_utc
from shared.calls.joins import best, bounded, earliest, known, latest

MOST_SOCKETS = 50  # whose audio a row keeps: a row has room for 1 MiB

Count = Annotated[int, Meta(ge=0, le=10**9)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]


class OfMedia(CallbackPayload, frozen=True, kw_only=True):
    """The base of both. They are no sign of life: a transcript is written to its end after the call has ended."""

    is_sign_of_life: ClassVar[bool] = False
    prefix: ClassVar[str] = MEDIA_PREFIX


class TranscriptWritten(OfMedia, frozen=True, kw_only=True):
    """``blob``, in the container of transcripts, has a JSON object in each line; ``captions``, a WebVTT file, is empty
    until it is written. The numbers are those of the whole blob.

    ``until``: the time of the last line. ``lines``: final results. ``gaps``: interruptions between two sockets.
    ``left_out``: results of the time in which the plan collected a secret.
    """

    blob: str
    started_at: datetime
    captions: str = ""
    until: datetime | None = None
    lines: Count = 0
    gaps: Count = 0
    left_out: Count = 0


class Talker(Struct, frozen=True, omit_defaults=True):
    """For how many seconds a participant spoke, and for how many of them another one did too."""

    participant: str  # a raw id; empty for mixed audio
    seconds: Seconds = 0.0
    overlap: Seconds = 0.0


class AudioFile(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A WAV file in the container of transcripts. ``participant`` is a raw id; empty for mixed audio."""

    blob: str
    started_at: datetime
    participant: str = ""
    seconds: Seconds = 0.0


class AudioReceived(OfMedia, frozen=True, kw_only=True):
    """The audio of one of ACS's subscriptions, so far. Durations are in seconds.

    ``silence``: no participant spoke; ``longest_silence``: at a stretch. ``missing``: audio that never came. ``late``:
    frames that came too late, or twice. ``dropped``: frames that a sink was too slow for.
    """

    subscription_id: str
    started_at: datetime
    until: datetime
    frames: Count = 0
    talkers: tuple[Talker, ...] = ()
    silence: Seconds = 0.0
    longest_silence: Seconds = 0.0
    files: tuple[AudioFile, ...] = ()
    missing: Seconds = 0.0
    late: Count = 0
    dropped: Count = 0


class Transcript(Struct, frozen=True, omit_defaults=True):
    """As ``TranscriptWritten``."""

    blob: str
    started_at: datetime
    captions: str | None = None
    until: datetime | None = None
    lines: int = 0
    gaps: int = 0
    left_out: int = 0


class Audio(Struct, frozen=True, omit_defaults=True):
    """As ``AudioReceived``."""

    started_at: datetime
    until: datetime
    frames: int = 0
    talkers: tuple[Talker, ...] = ()
    silence: float = 0.0
    longest_silence: float = 0.0
    files: tuple[AudioFile, ...] = ()
    missing: float = 0.0
    late: int = 0
    dropped: int = 0


class Media(Struct, frozen=True, omit_defaults=True):
    """``audio`` is by the id of ACS's subscription."""

    transcript: Transcript | None = None
    audio: dict[str, Audio] = field(default_factory=dict)


def fold(part: Media, event: Event) -> Media:
    match event.data:
        case TranscriptWritten() as data:
            return replace(part, transcript=_joined(part.transcript, _transcript(data)))
        case AudioReceived() as data:
            return replace(part, audio=_with_audio(part.audio, data))
    return part


def _transcript(data: TranscriptWritten) -> Transcript:
    until = in_utc(data.until) if data.until else None
    counts = data.lines, data.gaps, data.left_out
    return Transcript(data.blob, in_utc(data.started_at), data.captions or None, until, *counts)


def _joined(a: Transcript | None, b: Transcript) -> Transcript:
    if a is None:
        return b
    return Transcript(
        blob=min(a.blob, b.blob),
        started_at=earliest(a.started_at, b.started_at) or b.started_at,
        captions=known(a.captions, b.captions),
        until=latest(a.until, b.until),
        lines=max(a.lines, b.lines),
        gaps=max(a.gaps, b.gaps),
        left_out=max(a.left_out, b.left_out),
    )


def _with_audio(known_audio: dict[str, Audio], data: AudioReceived) -> dict[str, Audio]:
    """Of two events of a subscription, the one with more frames counts."""
    values = {name: getattr(data, name) for name in Audio.__struct_fields__}
    received = Audio(**values | {"started_at": in_utc(data.started_at), "until": in_utc(data.until)})
    before = known_audio.get(data.subscription_id)
    longest = best(before, received, lambda each: (each.frames, each.until, repr(each))) or received
    return bounded(known_audio | {data.subscription_id: longest}, MOST_SOCKETS, lambda each: each.started_at)


def describe(data: Fact) -> str:
    match data:
        case TranscriptWritten(lines=lines, gaps=gaps, left_out=left_out):
            return f"{lines} lines, {gaps} gaps, {left_out} left out"
        case AudioReceived(started_at=start, until=end, talkers=talkers):
            return f"{(in_utc(end) - in_utc(start)).total_seconds():.0f} s, {len(talkers)} participants"
    return ""


CAPABILITY = Capability(
    name="media",
    part=Media,
    payloads={each.__name__: each for each in (TranscriptWritten, AudioReceived)},
    fold=fold,
    describe=describe,
)

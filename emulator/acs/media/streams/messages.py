"""The messages of media streaming and transcription, and where their shapes come from.

azure-docs, ``articles/communication-services/how-tos/call-automation/includes/``: ``audio-streaming-quickstart-*.md``
and ``real-time-transcription-*.md``; the tests of the SDKs' stream parsers (azure-sdk-for-js, azure-sdk-for-python).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from emulator.acs.audio import FRAMES_PER_SECOND
from emulator.acs.provenance import Source

_AUDIO_DATA = (
    "mixed: the participants, without prompts and streamed sound (assumed), and no participantRawID; unmixed: a frame "
    "for each of at most four participants; a silent frame has data, too (assumed)"
)
MESSAGES: dict[str, tuple[Literal["to the application", "to the service"], Source, str]] = {
    "AudioMetadata": ("to the application", "documented", "the length at 24 kHz is assumed to be 960"),
    "AudioData": ("to the application", "documented", _AUDIO_DATA),
    "DtmfData": ("to the application", "documented", "with `enableDtmfTones`; it does not say whose key it is"),
    "TranscriptionMetadata": ("to the application", "documented", "once for each socket"),
    "TranscriptionData": (
        *("to the application", "recorded"),
        "offsets and durations in ticks of 100 ns since the socket was opened (assumed); Intermediate after each word",
    ),
    "AudioData (sent)": ("to the service", "documented", "with `enableBidirectional`, else ignored; of any length"),
    "StopAudio": ("to the service", "documented", "the rest that is not heard yet is dropped"),
}
KINDS = tuple(name for name, (direction, *_) in MESSAGES.items() if direction == "to the application")
RATES = {"pcm16KMono": 16_000, "pcm24KMono": 24_000}
TICKS = 10_000_000  # in a second

Json = dict[str, Any]


@dataclass(frozen=True)
class Word:
    """``offset`` and ``duration`` are seconds."""

    text: str
    offset: float
    duration: float

    def describe(self) -> Json:
        spoken = self.text.lower().strip(".,;:!?\"'“”")
        return {"text": spoken, "offset": ticks(self.offset), "duration": ticks(self.duration)}


def ticks(seconds: float) -> int:
    return round(seconds * TICKS)


def audio_metadata(subscription: str, rate: int) -> Json:
    length = 2 * rate // FRAMES_PER_SECOND
    about = {"subscriptionId": subscription, "encoding": "PCM", "sampleRate": rate, "channels": 1, "length": length}
    return {"kind": "AudioMetadata", "audioMetadata": about}


def audio_data(at: datetime, frame: bytes, raw_id: str | None, *, silent: bool) -> Json:
    who = {"participantRawID": raw_id} if raw_id else {}
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"kind": "AudioData", "audioData": {"timestamp": stamp, **who, "data": _encoded(frame), "silent": silent}}


def dtmf_data(key: str) -> Json:
    return {"kind": "DtmfData", "dtmfData": {"data": key}}


def transcription_metadata(subscription: str, locale: str, connection_id: str, correlation_id: str) -> Json:
    about = {"callConnectionId": connection_id, "correlationId": correlation_id}
    return {
        "kind": "TranscriptionMetadata",
        "transcriptionMetadata": {"subscriptionId": subscription, "locale": locale, **about},
    }


def transcription_data(words: list[Word], confidence: float, raw_id: str, *, final: bool) -> Json:
    first, last = words[0], words[-1]
    return {
        "kind": "TranscriptionData",
        "transcriptionData": {
            "text": " ".join(word.text for word in words),
            "format": "display",
            "confidence": confidence,
            "offset": ticks(first.offset),
            "duration": ticks(last.offset + last.duration - first.offset),
            "words": [word.describe() for word in words],
            "participantRawID": raw_id,
            "resultStatus": "Final" if final else "Intermediate",
        },
    }


@dataclass(frozen=True)
class Received:
    """What the application sends: sound, or the wish to stop it (``pcm`` is None)."""

    pcm: bytes | None


def received(text: str) -> Received | None:
    """A message of the application; None for one that is not understood. Names may begin with a small letter."""
    try:
        message = {name.lower(): value for name, value in json.loads(text).items()}
        if message["kind"] == "StopAudio":
            return Received(None)
        sound = {name.lower(): value for name, value in message["audiodata"].items()}
        return Received(base64.b64decode(sound["data"], validate=True))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=4096)
def _encoded(frame: bytes) -> str:
    return base64.b64encode(frame).decode()

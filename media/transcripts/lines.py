"""The lines of a transcript: one JSON object each, in the order in which they were received.

A line's ``id`` is made from what it says and not from when it came: lines with the same id are the same line. Readers
sort by ``at``, and leave repeated ids out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from media.wire import TICKS, TranscriptionData


class Line(Struct, frozen=True, rename="camel", omit_defaults=True, tag_field="kind"):
    """``at`` is in UTC."""

    id: str
    at: datetime


class Opened(Line, frozen=True, tag="opened"):
    """A socket was opened. ``offset`` of the lines of this subscription counts from here."""

    subscription_id: str
    locale: str = ""


class Gap(Line, frozen=True, tag="gap"):
    """Nothing was received from ``at`` until ``until``: the socket was lost, or the transcription stopped."""

    until: datetime


class SaidWord(Struct, frozen=True, rename="camel", omit_defaults=True):
    """``offset`` is from the beginning of the line; in seconds."""

    text: str
    offset: float = 0.0
    duration: float = 0.0


class Said(Line, frozen=True, tag="said"):
    """``speaker`` is a raw id. ``offset``, from the beginning of the subscription, and ``duration`` are in seconds.

    A line that is not final counts until a final one of the same speaker ends after its ``at``.
    """

    speaker: str
    text: str
    offset: float
    duration: float
    final: bool = True
    locale: str = ""
    confidence: float | None = None
    words: tuple[SaidWord, ...] = ()


class LeftOut(Line, frozen=True, tag="leftOut"):
    """Something was said while the plan collected a secret."""

    duration: float


class Closed(Line, frozen=True, tag="closed"):
    """A socket was closed; ``reason`` is ``ended``, ``lost``, ``replaced`` or ``draining``."""

    reason: str


AnyLine = Opened | Gap | Said | LeftOut | Closed

_decoder = msgspec.json.Decoder(AnyLine)
_encoder = msgspec.json.Encoder()


def encode(lines: Iterable[AnyLine]) -> bytes:
    return b"".join(_encoder.encode(line) + b"\n" for line in lines)


def decode(blob: bytes) -> list[AnyLine]:
    """The lines, without repeated ones, and without any that cannot be read."""
    found: dict[str, AnyLine] = {}
    for text in blob.splitlines():
        try:
            line = _decoder.decode(text)
        except msgspec.DecodeError:
            continue
        found.setdefault(line.id, line)
    return list(found.values())


def identity(*parts: object) -> str:
    """The id of a line, from what distinguishes it."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode(errors="replace")).hexdigest()[:20]


def identity_of(subscription: str, said: TranscriptionData) -> str:
    kind = "final" if said.is_final else "intermediate"
    return identity(subscription, kind, said.participant, said.offset, said.text)


def said(id: str, at: datetime, offset: float, data: TranscriptionData, locale: str) -> Said:
    words = tuple(
        SaidWord(each.text, round((each.offset - data.offset) / TICKS, 3), round(each.duration / TICKS, 3))
        for each in data.words
    )
    return Said(
        id=id,
        at=at,
        speaker=data.participant,
        text=data.text,
        offset=offset,
        duration=round(data.duration / TICKS, 3),
        final=data.is_final,
        locale=data.language_identified or locale,
        confidence=data.confidence,
        words=words,
    )

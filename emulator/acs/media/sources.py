"""Play sources: which are valid, what they are called, and how long they take."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from emulator.acs.calls import Call
from emulator.acs.errors import invalid
from emulator.acs.provenance import FILE_PROMPT, SPOKEN_CHARACTER
from emulator.acs.service import Service

_TAG = re.compile(r"<[^>]*>")


def check(sources: list[dict[str, Any]]) -> None:
    for index, source in enumerate(sources):
        if not source.get(source["kind"]):
            raise invalid(f"The play source {index} is of kind {source['kind']!r} and has none.")


def first_missing(sources: list[dict[str, Any]]) -> int | None:
    """The index of a source that can't be played. Files are not fetched; names in ``missing.wav`` count as missing."""
    for index, source in enumerate(sources):
        if source["kind"] == "file" and source["file"]["uri"].endswith("missing.wav"):
            return index
    return None


def name(source: dict[str, Any]) -> str:
    """What its tone is named by: the text that is spoken, or the file's name."""
    if source["kind"] == "file":
        return urlsplit(source["file"]["uri"]).path.rsplit("/", 1)[-1] or str(source["file"]["uri"])
    return _text(source).strip()


async def sound(service: Service, call: Call, source: dict[str, Any], listeners: frozenset[str] | None) -> None:
    """Play it to the listeners, or to all."""
    with call.sounds.lasting(name(source), service.clock, listeners=listeners):
        await service.clock.sleep(duration(source))


def duration(source: dict[str, Any]) -> float:
    """Seconds. The tags of SSML take no time."""
    if source["kind"] == "file":
        return FILE_PROMPT.seconds
    return len(_text(source)) * SPOKEN_CHARACTER.seconds


def _text(source: dict[str, Any]) -> str:
    return str(source["text"]["text"] if source["kind"] == "text" else _TAG.sub("", source["ssml"]["ssmlText"]))

"""Play sources: which are valid, and how long they take."""

from __future__ import annotations

import re
from typing import Any

from emulator.acs.errors import invalid
from emulator.acs.provenance import FILE_PROMPT, SPOKEN_CHARACTER

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


def duration(source: dict[str, Any]) -> float:
    """Seconds. The tags of SSML take no time."""
    if source["kind"] == "file":
        return FILE_PROMPT.seconds
    text = source["text"]["text"] if source["kind"] == "text" else _TAG.sub("", source["ssml"]["ssmlText"])
    return len(text) * SPOKEN_CHARACTER.seconds

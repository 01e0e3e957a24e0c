"""Play sources: which are valid, and how long they take."""

from __future__ import annotations

from typing import Any

from emulator.acs.errors import invalid

SECONDS_PER_CHARACTER = 0.06  # a synthetic voice, roughly
SECONDS_PER_FILE = 1.0


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
    """Seconds."""
    if source["kind"] == "file":
        return SECONDS_PER_FILE
    text = source["text"]["text"] if source["kind"] == "text" else source["ssml"]["ssmlText"]
    return len(text) * SECONDS_PER_CHARACTER

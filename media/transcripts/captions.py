"""A transcript as WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format")."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from media.transcripts.lines import AnyLine, Gap, Said

SHORTEST = 0.5  # seconds of a cue: ACS can send results without a duration
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": " ", "\r": " "})


def captions(lines: Iterable[AnyLine], begun_at: datetime) -> str:
    """What was said, sorted by time, each with its speaker; and the gaps, as notes. Times count from ``begun_at``."""
    cues = sorted((line for line in lines if isinstance(line, Gap | Said)), key=lambda line: (line.at, line.id))
    blocks = ["WEBVTT"]
    for line in cues:
        start = (line.at - begun_at).total_seconds()
        if isinstance(line, Gap):
            blocks.append(f"NOTE nothing was received for {(line.until - line.at).total_seconds():.1f} s")
        elif line.final:
            end = start + max(line.duration, SHORTEST)
            blocks.append(f"{_time(start)} --> {_time(end)}\n<v {_escaped(line.speaker)}>{_escaped(line.text)}")
    return "\n\n".join(blocks) + "\n"


def _time(seconds: float) -> str:
    thousandths = max(0, round(seconds * 1000))
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)

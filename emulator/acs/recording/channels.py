"""Who is heard on which channel of a recording, and when."""

from __future__ import annotations

import itertools

from emulator.acs.audio import Run
from emulator.acs.calls import Participant
from emulator.acs.recording.model import Recording

MOST = 5  # azure-docs, call-recording.md: unmixed recordings have at most five channels

Channels = list[Participant | None]


def assign(recording: Recording, participants: dict[str, Participant]) -> Channels:
    """Participants by channel: those that the request assigned, then the others that were heard, as they joined."""
    fixed = {n: participants[raw_id] for n, raw_id in recording.channels.items() if raw_id in participants}
    placed = {person.raw_id for person in fixed.values()}
    rest = iter([p for p in participants.values() if p.raw_id not in placed and _spans(recording, p)])
    size = min(MOST, max([len(participants), *(n + 1 for n in fixed)]))
    channels = [fixed.get(n) or next(rest, None) for n in range(size)]
    while len(channels) > 1 and channels[-1] is None:
        channels.pop()
    return channels


def runs(recording: Recording, channels: Channels, first: int, last: int) -> list[Run]:
    """The frames from ``first`` to ``last``, cut wherever a participant begins or ceases to be heard."""
    spans = [_spans(recording, person) if person else [] for person in channels]
    edges = sorted({first, last, *(edge for heard in spans for span in heard for edge in span if first < edge < last)})
    return [(end - start, _voices(channels, spans, start)) for start, end in itertools.pairwise(edges)]


def _voices(channels: Channels, spans: list[list[tuple[int, int]]], frame: int) -> list[int | None]:
    return [
        person.voice if person and any(begin <= frame < end for begin, end in heard) else None
        for person, heard in zip(channels, spans, strict=True)
    ]


def _spans(recording: Recording, person: Participant) -> list[tuple[int, int]]:
    """The frames in which a participant is heard; spans of no frame are left out."""
    spans = [(recording.frame_at(span.start), recording.frame_at(span.end)) for span in person.heard]
    return [(begin, end) for begin, end in spans if begin < end]

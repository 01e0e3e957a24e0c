"""Who is heard on which channel of a recording, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emulator.acs import hearing
from emulator.acs.audio import Run, Tones
from emulator.acs.calls import Call
from emulator.acs.parties import Participant
from emulator.acs.recording.model import Recording

MOST = 5  # azure-docs, call-recording.md: unmixed recordings have at most five channels

Channels = list[Participant | None]


def assign(recording: Recording, call: Call) -> Channels:
    """Participants by channel: those that the request assigned, then the others that were heard, as they joined."""
    people = call.participants
    fixed = {n: people[raw_id] for n, raw_id in recording.channels.items() if raw_id in people}
    placed = {person.raw_id for person in fixed.values()}
    heard = [person for person in people.values() if person.raw_id not in placed and _spoke(recording, call, person)]
    rest = iter(heard)
    needed = max(1, len(fixed) + len(heard), *(n + 1 for n in fixed))
    size = needed if recording.mixed else min(MOST, needed)
    channels = [fixed.get(n) or next(rest, None) for n in range(size)]
    while len(channels) > 1 and channels[-1] is None:
        channels.pop()
    return channels


def runs(recording: Recording, call: Call, channels: Channels, first: int, last: int) -> Iterator[Run]:
    """The frames from ``first`` to ``last``. Prompts to all are in the mix, and on no channel of a participant."""

    def sounding(moment: float) -> list[Tones]:
        people = [hearing.said_in_call(call, person, moment) if person else () for person in channels]
        return [*people, hearing.played_in_call(call, moment)] if recording.mixed else people

    return _part(hearing.runs(_moments(recording, call), recording.frame_at, sounding), first, last)


def _spoke(recording: Recording, call: Call, person: Participant) -> bool:
    spoken = hearing.runs(
        _moments(recording, call), recording.frame_at, lambda moment: [hearing.said_in_call(call, person, moment)]
    )
    return any(tones for _, (tones,) in spoken)


def _moments(recording: Recording, call: Call) -> set[float]:
    """When something changes while it is recorded."""
    edges = {edge for take in recording.takes for edge in (take.start, take.end) if edge is not None}
    within = {moment for moment in hearing.changes(call) if min(edges) < moment < max(edges)} if edges else set()
    return edges | within


def _part(runs: Iterable[Run], first: int, last: int) -> Iterator[Run]:
    at = 0
    for frames, channels in runs:
        begin, end = max(at, first), min(at + frames, last)
        at += frames
        if begin < end:
            yield end - begin, channels

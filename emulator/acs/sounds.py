"""What sounds in a call besides voices: prompts, music and phrases, each a tone whose pitch comes from its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from zlib import crc32

from emulator.acs.audio import FRAMES_PER_SECOND, PITCHES
from emulator.acs.parties import CALL, Presence
from emulator.acs.track import Track
from emulator.clock import Clock

GAP = 1 / FRAMES_PER_SECOND  # between the repetitions of a loop


@dataclass
class Sound:
    """``start`` and ``end`` are seconds of the wall's monotonic clock; ``end`` is None while it lasts.

    ``speaker`` says it, wherever they are. Without one it is played: to ``listeners`` alone, or in the call.
    """

    name: str
    frequency: int
    start: float
    end: float | None = None
    speaker: str | None = None
    listeners: frozenset[str] | None = None

    def lasts(self, moment: float) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)

    def reaches(self, raw_id: str, presence: Presence) -> bool:
        """Whether a party there hears it played."""
        return presence.place == CALL if self.listeners is None else raw_id in self.listeners


class Sounds:
    """The sounds of a call, and the pitch of each by its name. ``streamed`` is what the application streams into it."""

    def __init__(self) -> None:
        self.streamed = Track()
        self.log: list[Sound] = []
        self.pitches: dict[str, int] = {}

    @contextmanager
    def lasting(
        self, name: str, clock: Clock, *, speaker: str | None = None, listeners: frozenset[str] | None = None
    ) -> Iterator[None]:
        sound = self._begin(Sound(name, self._pitch(name), clock.wall(), speaker=speaker, listeners=listeners))
        try:
            yield
        finally:
            sound.end = clock.wall()

    def _begin(self, sound: Sound) -> Sound:
        """The last sound goes on if it is the same one: a loop is one sound, however often it is repeated."""
        last = self.log[-1] if self.log else None
        if last and last.end and sound.start - last.end < GAP and _same(last, sound):
            last.end = None
            return last
        self.log.append(sound)
        return sound

    def _pitch(self, name: str) -> int:
        """The name's own pitch, or the next one that no other sound of the call has."""
        if name not in self.pitches:
            taken, first = set(self.pitches.values()), crc32(name.encode()) % len(PITCHES)
            free = (pitch for pitch in (*PITCHES[first:], *PITCHES[:first]) if pitch not in taken)
            self.pitches[name] = next(free, PITCHES[first])
        return self.pitches[name]


def _same(one: Sound, other: Sound) -> bool:
    return (one.name, one.speaker, one.listeners) == (other.name, other.speaker, other.listeners)

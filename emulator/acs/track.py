"""Sound that comes in pieces and is heard one after the other, as a web socket brings it."""

from __future__ import annotations

from bisect import bisect_right

from emulator.acs.audio import FRAMES_PER_SECOND, Tones, frames
from emulator.acs.provenance import PLAYOUT

FRAME = 1 / FRAMES_PER_SECOND  # seconds


class Track:
    """``moments`` are those of the wall's monotonic clock at which the sound changes. Equal frames in a row, such as
    those of a tone, are one. ``end`` is when all of it has been heard.
    """

    def __init__(self) -> None:
        self.moments: list[float] = []
        self._sounds: list[Tones] = []
        self.end = 0.0

    def play(self, pcm: bytes, rate: int, now: float) -> None:
        """Append sound to the rest that is not heard yet; after a pause it begins a little later."""
        start = self.end if self.end >= now else now + PLAYOUT.seconds
        pieces = frames(pcm, rate)
        for n, frame in enumerate(pieces):
            self._set((frame,), start + n * FRAME)
        self.end = start + len(pieces) * FRAME
        self._set((), self.end)

    def stop(self, now: float) -> None:
        """Drop the rest that is not heard yet."""
        if now < self.end:
            self.end = now
            self._set((), now)

    def at(self, moment: float) -> Tones:
        index = bisect_right(self.moments, moment) - 1
        return self._sounds[index] if index >= 0 else ()

    def _set(self, sound: Tones, moment: float) -> None:
        while self.moments and self.moments[-1] >= moment:
            self.moments.pop()
            self._sounds.pop()
        if sound != (self._sounds[-1] if self._sounds else ()):
            self.moments.append(moment)
            self._sounds.append(sound)

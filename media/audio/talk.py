"""Who talks how long, over whom, and dead air; to a tenth of a second.

Time is cut into slots. A participant talks in a slot if one of their frames in it is loud, and in the slots of a short
pause between two words.
"""

from __future__ import annotations

from typing import Any

from media.audio.level import is_loud
from media.audio.sink import Item, Sink
from media.wire import Frame
from shared.calls.capabilities.media import Talker

SLOTS = 10  # a second
PAUSE = 4  # slots: a pause between words, which belongs to the talk
DELAY = 2 * SLOTS  # slots until a slot is counted: frames of several participants come in no order


class Talk(Sink):
    pause = 1.0

    def __init__(self) -> None:
        self._heard: dict[int, set[str]] = {}  # the participants who are loud, by slot; a slot without frames is absent
        self._last = 0
        self._loud_at: dict[str, int] = {}  # the last slot in which a participant was loud
        self._seconds: dict[str, int] = {}  # in slots, as the next
        self._overlap: dict[str, int] = {}
        self._silence = self._stretch = self._longest = 0

    async def take(self, items: list[Item]) -> None:
        for item in items:
            if isinstance(item, Frame):
                self.hear(item)
        self._count(self._last - DELAY)

    async def close(self) -> None:
        self._count(self._last)

    def hear(self, frame: Frame) -> None:
        slot = int(frame.at * SLOTS)
        loud = self._heard.setdefault(slot, set())
        self._last = max(self._last, slot)
        if is_loud(frame):
            loud.add(frame.participant)

    def _count(self, until: int) -> None:
        """Count the slots up to this one."""
        for slot in sorted(slot for slot in self._heard if slot <= until):
            self._count_slot(slot, self._heard.pop(slot))

    def _count_slot(self, slot: int, loud: set[str]) -> None:
        if not loud:
            self._stretch += 1
            return
        self._end_stretch()
        for participant in loud:
            pause = slot - self._loud_at.get(participant, slot) - 1
            if 0 < pause <= PAUSE:
                self._seconds[participant] += pause
            self._loud_at[participant] = slot
            self._seconds[participant] = self._seconds.get(participant, 0) + 1
            if len(loud) > 1:
                self._overlap[participant] = self._overlap.get(participant, 0) + 1

    def _end_stretch(self) -> None:
        """A stretch without a loud frame is over: it is dead air if it is no pause between two words."""
        if self._stretch > PAUSE:
            self._silence += self._stretch
            self._longest = max(self._longest, self._stretch)
        self._stretch = 0

    def results(self) -> dict[str, Any]:
        talkers = tuple(
            Talker(participant, slots / SLOTS, self._overlap.get(participant, 0) / SLOTS)
            for participant, slots in sorted(self._seconds.items())
        )
        stretch = self._stretch if self._stretch > PAUSE else 0
        silence, longest = self._silence + stretch, max(self._longest, stretch)
        return {"talkers": talkers, "silence": silence / SLOTS, "longest_silence": longest / SLOTS}

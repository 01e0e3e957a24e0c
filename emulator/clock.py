"""The only place where the emulator reads a clock or waits.

Time stamps are always the wall's, since applications compare them with their own clock. Durations (retry
schedules, ring times, time to live) can run faster: with ``speed=60`` a minute's wait takes a second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")


class Clock:
    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._since = self._before = time.monotonic()

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        """From now on; what has passed has passed at the speed before."""
        self._before, self._since = self.elapsed(), time.monotonic()
        self._speed = speed

    def now(self) -> datetime:
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Seconds on a steady clock, scaled by ``speed``: differences of it are emulated durations."""
        return self._before + (time.monotonic() - self._since) * self._speed

    def wall(self) -> float:
        """Seconds on a steady clock, as fast as the wall's: recordings are measured by it."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait an emulated duration."""
        await asyncio.sleep(seconds / self.speed)

    async def until(self, moment: float) -> None:
        """Wait for a moment of ``wall``. Sound is as fast as the wall's clock, whatever the speed."""
        await asyncio.sleep(max(0.0, moment - self.wall()))

    async def within(self, seconds: float, awaitable: Awaitable[T]) -> T:
        """Await something for at most an emulated duration. Raises TimeoutError."""
        return await asyncio.wait_for(awaitable, seconds / self.speed)


def stamp(moment: datetime) -> str:
    """An RFC 3339 time in UTC with microseconds and ``Z``, as Event Grid writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def ticks_stamp(moment: datetime) -> str:
    """The same in ticks of 100 ns with an offset, as Call Automation writes it: ``2026-09-14T05:54:32.0003455+00:00``.

    A clock of microseconds has no seventh digit: it is 5. Recorded times have five to seven.
    """
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}5+00:00"

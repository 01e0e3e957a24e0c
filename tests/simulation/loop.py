"""An event loop whose time is a number: when nothing is ready, it jumps to the next timer.

No sockets, no threads and no clock. What would run on a thread runs at once, in its place.
"""

from __future__ import annotations

import asyncio
from asyncio import events
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(Exception):
    """Nothing is ready, no timer is set, and what was to be done is not done."""


class _Selector:
    """Stands where the loop looks for ready sockets; there are none, so it moves the time on instead."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Deadlock(f"nothing is ready and no timer is set, at {self._loop.time():.3f} s")
        if timeout > 0:
            self._loop.jump()
        return []


class VirtualLoop(asyncio.base_events.BaseEventLoop):
    """``time()`` starts at 0 and only moves when there is nothing else to do."""

    _scheduled: list[asyncio.TimerHandle]  # a heap, the next one first

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = _Selector(self)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._now

    def jump(self) -> None:
        self._now = max(self._now, self._scheduled[0].when())

    def run_in_executor(self, _: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # whoever awaits it gets it
            done.set_exception(error)
        return done

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no sockets whose events these could be."""

    def _write_to_self(self) -> None:
        """Nobody else's thread has to be woken."""


def run(coroutine: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run to the end. What is still pending then is left as it is: nothing is cancelled, as in a power cut."""
    try:
        return loop.run_until_complete(coroutine)
    finally:
        events.set_event_loop(None)
        loop.close()

"""An event loop whose time is a number: when nothing is ready, it jumps to the next timer.

No sockets, no threads and no clock. What would run on a thread runs at once, in its place.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(Exception):
    """Nothing is ready, no timer is set, and what was to be done is not done."""


MANY = 100  # timers, from which on cancelled ones are cleared away, if half of them are
RESOLUTION = 1e-9  # seconds


class _Soon(asyncio.Handle):
    """Made without looking whether there is anything to debug."""

    __slots__ = ()

    def __init__(self, callback: Any, args: Any, loop: VirtualLoop, context: Any) -> None:
        self._context = copy_context() if context is None else context
        self._loop, self._callback, self._args = loop, callback, args
        self._cancelled, self._repr, self._source_traceback = False, None, None


class _Later(asyncio.TimerHandle):
    __slots__ = ()

    def __init__(self, when: float, callback: Any, args: Any, loop: VirtualLoop, context: Any) -> None:
        self._context = copy_context() if context is None else context
        self._loop, self._callback, self._args = loop, callback, args
        self._cancelled, self._repr, self._source_traceback = False, None, None
        self._when, self._scheduled = when, True

    def __lt__(self, other: Any) -> bool:
        return bool(self._when < other._when)


class VirtualLoop(asyncio.base_events.BaseEventLoop):
    """``time()`` starts at 0 and only moves when there is nothing else to do."""

    _scheduled: list[Any]  # a heap, the next one first
    _ready: Any
    _stopping: bool
    _timer_cancelled_count: int
    get_debug = bool  # nothing is debugged; every handle and future asks

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        """What asyncio's own does, in the same order, without what is for sockets and for debugging."""
        self._forget_cancelled()
        ready, timers = self._ready, self._scheduled
        if not ready and not self._stopping:
            if not timers:
                raise Deadlock(f"nothing is ready and no timer is set, at {self._now:.3f} s")
            self._now = max(self._now, timers[0]._when)
        until = self._now + RESOLUTION
        while timers and timers[0]._when < until:
            timer = heapq.heappop(timers)
            timer._scheduled = False
            ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _forget_cancelled(self) -> None:
        timers = self._scheduled
        if len(timers) > MANY and self._timer_cancelled_count * 2 > len(timers):
            for timer in timers:
                timer._scheduled = not timer._cancelled
            self._scheduled = [timer for timer in timers if timer._scheduled]
            heapq.heapify(self._scheduled)
            self._timer_cancelled_count = 0
        while timers and timers[0]._cancelled and timers is self._scheduled:
            self._timer_cancelled_count -= 1
            heapq.heappop(timers)._scheduled = False

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        timer = _Later(when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        return timer

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.Handle:  # type: ignore[override]
        handle = _Soon(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def run_in_executor(self, _: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # whoever awaits it gets it
            done.set_exception(error)
        return done

    def _write_to_self(self) -> None:
        """Nobody else's thread has to be woken."""


def run(coroutine: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run to the end. What is still pending then is left as it is: nothing is cancelled, as in a power cut."""
    try:
        return loop.run_until_complete(coroutine)
    finally:
        events.set_event_loop(None)
        loop.close()

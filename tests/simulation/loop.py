"""An event loop whose time is a number: when nothing is ready, it jumps to the next timer.

No sockets, no threads and no clock. What would run on a thread runs at once, in its place.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from asyncio import events
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(Exception):
    """Nothing is ready, no timer is set, and the run has not ended."""


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


class VirtualLoop(asyncio.base_events.BaseEventLoop):
    """``time()`` starts at 0 and only moves when there is nothing else to do."""

    _scheduled: list[tuple[float, int, _Later]]  # a heap, the next one first: when, its number, the timer
    _ready: Any
    _stopping: bool
    _timer_cancelled_count: int
    get_debug = bool  # nothing is debugged; every handle and future asks

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._timers = itertools.count()

    def time(self) -> float:
        return self._now

    def next_at(self) -> float:
        """When something happens next; never, if nothing is ready and no timer is set."""
        if self._ready:
            return self._now
        return self._scheduled[0][0] if self._scheduled else float("inf")

    def _run_once(self) -> None:
        """As asyncio's, in the same order, without sockets and debugging."""
        self._forget_cancelled()
        ready, timers = self._ready, self._scheduled
        if not ready and not self._stopping:
            if not timers:
                raise Deadlock(f"nothing is ready and no timer is set, at {self._now:.3f} s")
            self._now = max(self._now, timers[0][0])
        until = self._now + RESOLUTION
        while timers and timers[0][0] < until:
            timer = heapq.heappop(timers)[2]
            timer._scheduled = False
            ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                try:
                    handle._context.run(handle._callback, *handle._args)
                except Exception as error:  # noqa: BLE001  # as a handle's own way to run does
                    self.call_exception_handler({"message": f"in {handle!r}", "exception": error, "handle": handle})

    def _forget_cancelled(self) -> None:
        timers = self._scheduled
        if len(timers) > MANY and self._timer_cancelled_count * 2 > len(timers):
            for _, _, timer in timers:
                timer._scheduled = not timer._cancelled
            self._scheduled = timers = [each for each in timers if each[2]._scheduled]
            heapq.heapify(timers)
            self._timer_cancelled_count = 0
        while timers and timers[0][2]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(timers)[2]._scheduled = False

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        timer = _Later(when, callback, args, self, context)
        heapq.heappush(self._scheduled, (when, next(self._timers), timer))
        return timer

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.Handle:  # type: ignore[override]
        handle = _Soon(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def run_in_executor(self, _: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # raised by the future
            done.set_exception(error)
        return done

    def _write_to_self(self) -> None:
        """There is no other thread to wake."""


class _Pause:
    """A future of its own kind, whose timer wakes the task that waits for it."""

    _asyncio_future_blocking = False

    def __init__(self, until: float, loop: VirtualLoop) -> None:
        self._until, self._loop, self._cancelled = until, loop, False

    def __await__(self) -> Generator[Any, None, None]:
        self._asyncio_future_blocking = True
        yield self

    def get_loop(self) -> VirtualLoop:
        return self._loop

    def add_done_callback(self, wake: Callable[..., object], *, context: Context) -> None:
        self._wake, self._context = wake, context
        self._timer = self._loop.call_at(self._until, wake, self, context=context)

    def cancel(self, msg: Any = None) -> bool:
        del msg  # cancellation messages are not used here
        if self._cancelled:
            return False
        self._timer.cancel()
        self._cancelled = True
        self._loop.call_soon(self._wake, self, context=self._context)
        return True

    def result(self) -> None:
        if self._cancelled:
            raise asyncio.CancelledError


def pause(seconds: float) -> _Pause:
    """What ``asyncio.sleep`` is, by half of the way: most of what happens in a world is that something takes time."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return _Pause(loop.time() + seconds, loop)


def run(coroutine: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run to the end. What is still pending then is left as it is: nothing is cancelled, as in a power cut."""
    try:
        return loop.run_until_complete(coroutine)
    finally:
        events.set_event_loop(None)
        loop.close()

"""An instance of the Functions host, whose every step can be its last.

Whatever runs in an instance (invocations, and the tasks they start) is driven step by step. Between two steps the
code is suspended at an ``await``: there the instance can be killed, which nothing in it notices, since nothing in it
ever runs again; or frozen, after which it goes on as if no time had passed.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Generator
from contextvars import Context, ContextVar
from datetime import timedelta
from types import AsyncGeneratorType, FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from shared.service.container import Container

if TYPE_CHECKING:
    from tests.simulation.transport import Network

T = TypeVar("T")

HERE: ContextVar[Process | None] = ContextVar("process", default=None)

Site = tuple[str, int]  # file and line


def here() -> Process:
    """The instance that runs this."""
    process = HERE.get()
    if process is None:
        raise RuntimeError("no instance runs this")
    return process


class Crashed(Exception):
    """The instance died in the middle of it."""


class Steps:
    """Counts the suspensions of all instances, and says at which of them one dies or freezes.

    ``kills`` and ``freezes`` are by number, from 1; a freeze is for so many seconds. ``sites`` are the places in
    the code, outermost first, at which an instance was killed.
    """

    def __init__(self, kills: frozenset[int] = frozenset(), freezes: dict[int, float] | None = None) -> None:
        self.count = 0
        self.kills = kills
        self.freezes = freezes or {}
        self.sites: set[Site] = set()
        self.struck = 0

    def take(self, process: Process, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.count += 1
        if self.count in self.kills:
            self.struck += 1
            for each in (coroutine, *process.running):
                self.sites.update(_sites(each))
            process.kill()
        elif (seconds := self.freezes.get(self.count)) is not None:
            self.struck += 1
            process.freeze(seconds)


class Process:
    """One instance: its own container, its own memory, a clock that may be wrong by ``skew``."""

    def __init__(self, number: int, container: Container, network: Network, steps: Steps, skew: timedelta) -> None:
        self.number, self.container, self.network, self.skew = number, container, network, skew
        self.dead = False
        self.was_frozen = False
        self.death: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._steps = steps
        self._thaw: asyncio.Future[None] | None = None
        self.running: dict[Coroutine[Any, Any, Any], None] = {}  # in the order in which they were started
        self.buried: list[Coroutine[Any, Any, Any]] = []

    def start(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something in this instance, and with it whatever it starts."""
        context = Context()
        context.run(HERE.set, self)
        return asyncio.get_running_loop().create_task(coroutine, context=context)

    def kill(self) -> None:
        self.dead = True
        if not self.death.done():
            self.death.set_result(None)

    def freeze(self, seconds: float) -> None:
        self.was_frozen = True
        loop = asyncio.get_running_loop()
        thaw = self._thaw = loop.create_future()
        loop.call_later(seconds, thaw.set_result, None)

    async def drive(self, coroutine: Coroutine[Any, Any, T]) -> T:
        self.running[coroutine] = None
        try:
            result: T = await _Driven(self, coroutine)
            return result
        finally:
            self.running.pop(coroutine, None)

    def suspended(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        if not self.dead:
            self._steps.take(self, coroutine)

    def hold(self) -> Generator[Any, None, BaseException | None]:
        """Wait while the instance is frozen, for ever if it is dead. Returns the exception thrown meanwhile, if any."""
        thrown: BaseException | None = None
        while self.dead or (self._thaw is not None and not self._thaw.done()):
            waited = asyncio.get_running_loop().create_future() if self.dead else self._thaw
            try:
                yield from asyncio.shield(waited).__await__() if waited is not None else ()
            except asyncio.CancelledError as error:
                thrown = error
        return thrown


class _Driven:
    def __init__(self, process: Process, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._process, self._coroutine = process, coroutine

    def __await__(self) -> Generator[Any, None, Any]:
        process, coroutine = self._process, self._coroutine
        thrown: BaseException | None = None
        while True:
            try:
                awaited = coroutine.send(None) if thrown is None else coroutine.throw(thrown)
            except StopIteration as end:
                return end.value
            thrown = None
            process.suspended(coroutine)
            if process.dead:
                process.buried.append(coroutine)
                yield from process.hold()
            try:
                yield awaited
            except (asyncio.CancelledError, Exception) as error:  # noqa: BLE001  # of the future that was awaited
                thrown = error
            if process.dead:
                process.buried.append(coroutine)
            thrown = (yield from process.hold()) or thrown


def task_factory(loop: asyncio.AbstractEventLoop, coroutine: Any, context: Context | None = None) -> asyncio.Task[Any]:
    """Tasks that belong to an instance are driven by it."""
    process = context.get(HERE) if context is not None else HERE.get()
    if process is not None:
        coroutine = process.drive(coroutine)
    task = asyncio.Task(coroutine, loop=loop, context=context)
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # not everything comes to its end
    return task


def _sites(coroutine: Any) -> list[Site]:
    """Where a suspended coroutine is, from the outermost frame to the innermost that can be seen."""
    found: list[Site] = []
    while coroutine is not None:
        frame: FrameType | None = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None)
        if frame is not None:
            found.append((frame.f_code.co_filename, frame.f_lineno))
        awaited = getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)
        if type(awaited).__name__ == "async_generator_asend":  # it has no reference to its generator
            awaited = next((r for r in gc.get_referents(awaited) if isinstance(r, AsyncGeneratorType)), None)
        coroutine = awaited
    return found

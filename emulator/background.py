"""Background work: callbacks under way, callees about to act, prompts playing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from emulator.clock import Clock


class BackgroundTasks:
    """Background tasks, of two kinds: *busy* ones, which count as work under way, and timers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._busy: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        return bool(self._busy)

    def start(self, coroutine: Coroutine[Any, Any, None], *, busy: bool = True) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        if busy:
            self._busy.add(task)
        return task

    def after(self, seconds: float, action: Callable[[], None]) -> asyncio.Task[None]:
        """Do something once an emulated duration has passed."""

        async def wait() -> None:
            await self._clock.sleep(seconds)
            action()

        return self.start(wait(), busy=False)

    async def cancel(self) -> None:
        """Stop everything, and wait until it has stopped."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._busy.discard(task)
        if not task.cancelled() and (error := task.exception()):
            asyncio.get_running_loop().call_exception_handler(
                {"message": "emulator: a background task failed", "exception": error, "task": task}
            )

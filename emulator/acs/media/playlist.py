"""A call's media operations, one after the other."""

from __future__ import annotations

import asyncio
from typing import Protocol

from emulator.acs.parties import Phrase
from emulator.background import BackgroundTasks


class MediaOperation(Protocol):
    async def run(self) -> None: ...
    def cancel(self) -> None: ...
    def hear(self, raw_id: str, heard: str | Phrase) -> None: ...


class Playlist:
    def __init__(self, background: BackgroundTasks) -> None:
        self._background = background
        self._operations: list[MediaOperation] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, operation: MediaOperation, *, interrupt: bool) -> None:
        if interrupt:
            self.cancel()
        self._operations.append(operation)
        if self._task is None or self._task.done():
            self._task = self._background.start(self._run(), busy=False)

    def cancel(self) -> None:
        """Stop the current operation and those that wait; each sends its Canceled event."""
        canceled = list(self._operations)
        self.stop()
        for operation in canceled:
            operation.cancel()

    def stop(self) -> None:
        """The same without events: the call is over."""
        if self._task:
            self._task.cancel()
            self._task = None
        self._operations.clear()

    def hear(self, raw_id: str, heard: str | Phrase) -> None:
        """A participant presses a key, or begins to say something."""
        if self._operations:
            self._operations[0].hear(raw_id, heard)

    async def _run(self) -> None:
        while self._operations:
            operation = self._operations[0]
            await operation.run()
            self._operations.remove(operation)

"""Hands items to one sink, in a task of its own: a slow or faulty sink affects nothing else."""

from __future__ import annotations

import asyncio
import logging

from media.audio.sink import Item, Sink

log = logging.getLogger(__name__)

MOST_WAITING = 1_000  # items for each sink: 20 s of one participant, 640 KB at 16 kHz


class Pump:
    def __init__(self, call_id: str, sink: Sink) -> None:
        self._call_id, self.sink = call_id, sink
        self._waiting: list[Item] = []
        self._something = asyncio.Event()
        self._is_closing = False
        self.dropped = 0
        self.task = asyncio.create_task(self._run())

    def put(self, items: list[Item]) -> None:
        """What the queue has no room for is dropped."""
        room = MOST_WAITING - len(self._waiting)
        self._waiting += items[:room]
        self.dropped += max(0, len(items) - room)
        self._something.set()

    async def close(self, seconds: float) -> None:
        """Hand over the rest, and close the sink; what takes longer is lost."""
        self._is_closing = True
        self._something.set()
        _, unfinished = await asyncio.wait([self.task], timeout=seconds)
        if unfinished:
            self.task.cancel()
            log.error("call %s: %s was too slow at its end", self._call_id, type(self.sink).__name__)
        self.dropped += len(self._waiting)

    async def _run(self) -> None:
        try:
            while not self._is_closing or self._waiting:
                await self._something.wait()
                if self.sink.pause and not self._is_closing:
                    await asyncio.sleep(self.sink.pause)
                self._something.clear()
                items, self._waiting = self._waiting, []
                if items:
                    await self.sink.take(items)
            await self.sink.close()
        except Exception:
            # A sink can be any code. What waits from here on is dropped.
            log.exception("call %s: %s failed, and receives no more", self._call_id, type(self.sink).__name__)

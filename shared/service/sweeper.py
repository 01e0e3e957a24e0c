"""Timers of calls, and the sweep that finds calls whose timer was lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from shared.calls.event import timer_fired
from shared.platform import telemetry
from shared.service.processor import Processor
from shared.service.time_limits import COPY_SECONDS, INVOCATION_SECONDS, LONG_INVOCATION_SECONDS, within
from shared.service.wire import CALL_ID
from shared.storage.calls import CallStore, UnreadableRow
from shared.storage.keys import partition_ranges
from shared.storage.quarantine import Quarantine
from shared.storage.wakes import Wakes

log = logging.getLogger(__name__)

SWEPT_DAYS = 4  # a call can last a day, its recording can come a day later, and is retried for another


class Sweeper:
    def __init__(
        self, store: CallStore, processor: Processor, quarantine: Quarantine, wakes: Wakes, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._processor = processor
        self._quarantine = quarantine
        self._wakes = wakes
        self._now = now

    @within(LONG_INVOCATION_SECONDS)
    async def wake(self, call_id: str) -> None:
        """A timer of the call is due."""
        if not CALL_ID.fullmatch(call_id):
            await self._quarantine.add(call_id, "it is not a call id", "wake_call")
            return
        timer = timer_fired(self._now())
        with suppress(UnreadableRow):  # the processor has quarantined it
            await self._processor.process(call_id, [timer], effect_seconds=COPY_SECONDS)

    @within(INVOCATION_SECONDS)
    async def sweep(self) -> int:
        """Wake the overdue calls, and return their number. Their timers were lost, or an invocation died."""
        now = self._now()
        sweeping = (self._sweep(partitions, now) for partitions in partition_ranges(now, SWEPT_DAYS))
        results = await asyncio.gather(*sweeping, return_exceptions=True)
        for error in results:  # raised after all scans: one that fails must not stop the others
            if isinstance(error, BaseException):
                raise error
        count = sum(result for result in results if isinstance(result, int))
        if count:
            log.warning("sweep: %d calls woken", count)
        telemetry.emit(telemetry.Swept(count))
        return count

    async def _sweep(self, partitions: tuple[str, str], now: datetime) -> int:
        count = 0
        async for call_id in self._store.due(partitions, now):
            await self._wakes.schedule(call_id)
            count += 1
        return count

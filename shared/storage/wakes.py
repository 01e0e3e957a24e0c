"""Timers of calls: a queue message for each, invisible until the timer is due."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient


class Wakes:
    """``open_queue`` builds the queue's client when the first timer is set."""

    def __init__(self, open_queue: Callable[[], QueueClient]) -> None:
        self._open_queue = open_queue

    async def schedule(self, call_id: str, delay: timedelta = timedelta()) -> None:
        """Send the call's id so that it arrives after ``delay``, rounded up to full seconds."""
        seconds = max(0, math.ceil(delay.total_seconds()))
        await self._open_queue().send_message(call_id, visibility_timeout=seconds)

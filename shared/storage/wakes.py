"""Waking a call at a later moment: a queue message that stays invisible until then."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient


async def wake_later(queue: QueueClient, call_id: str, delay: timedelta) -> None:
    """Send the call's id so that it arrives after ``delay``, to the second and never too early."""
    seconds = max(0, math.ceil(delay.total_seconds()))
    await queue.send_message(call_id, visibility_timeout=seconds)

"""Reports to the app: events on its custom topic, which the function ``call_progressed`` folds into the call's row."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from azure.core.exceptions import AzureError

from shared.acs.callbacks import CALL_ID
from shared.calls.capabilities.media import OfMedia
from shared.calls.event import MEDIA_PREFIX
from shared.platform import clock

if TYPE_CHECKING:
    from azure.eventgrid.aio import EventGridPublisherClient

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between two attempts
ATTEMPTS = 8  # two minutes; then the report is lost: a later one has the same totals, and the blobs have their names


class Reports:
    """``send`` returns at once; the event is published in the background, and tried again if that fails."""

    def __init__(self, open_topic: Callable[[], EventGridPublisherClient], now: Callable[[], datetime]) -> None:
        self._open_topic, self._now = open_topic, now
        self._tasks: set[asyncio.Task[None]] = set()
        self.lost = 0

    def send(self, call_id: str, data: OfMedia) -> None:
        task = asyncio.create_task(self._publish(call_id, event(call_id, data, self._now())))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _publish(self, call_id: str, published: dict[str, Any]) -> None:
        pause = FIRST_PAUSE
        for _ in range(ATTEMPTS):
            try:
                await self._open_topic().send([published])
                return
            except AzureError as error:
                log.warning("call %s: %s is not published: %s", call_id, published["type"], type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        self.lost += 1
        log.error("call %s: %s is lost: check EVENTS_TOPIC_ENDPOINT", call_id, published["type"])

    async def drain(self, seconds: float) -> None:
        """Wait for the events that are being published."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)


def event(call_id: str, data: OfMedia, now: datetime) -> dict[str, Any]:
    """The CloudEvent; its id is made from what it says, so that a repeated one is the same event."""
    encoded = msgspec.json.decode(msgspec.json.encode(data))  # with lists: the SDK writes tuples as text
    content = {name: value for name, value in encoded.items() if value is not None}
    kind = f"{MEDIA_PREFIX}{type(data).__name__}"
    id = uuid.uuid5(uuid.NAMESPACE_URL, f"{call_id} {kind} {msgspec.json.encode(content, order='sorted').decode()}")
    return {
        "specversion": "1.0",
        "id": str(id),
        "source": f"/calls/{call_id}",
        "type": kind,
        "subject": f"calls/{call_id}",
        "time": clock.rfc_3339(now),
        "datacontenttype": "application/json",
        CALL_ID: call_id,
        "data": content,
    }

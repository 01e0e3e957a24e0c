"""Storage-queue triggers.

The handling of messages follows the real host's QueueListener and QueueProcessor
(github.com/Azure/azure-sdk-for-net, sdk/storage/Microsoft.Azure.WebJobs.Extensions.Storage.Queues).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.functions.meta import Datum
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueServiceClient

from emulator.host.functions import Function
from emulator.host.invoke import Invoker, Trigger
from emulator.host.settings import DEV_ACCOUNT, DEV_KEY, Connection, HostSettings

# A message that is being processed stays invisible for so long, and is renewed at half of it: QueueListener.
LEASE = 600.0
# The real host polls less and less often, up to maxPollingInterval; here polling costs nothing.
POLL = 0.2
RETRY = 1.0  # seconds until the next try when storage does not respond
log = logging.getLogger("emulator.host")


def service(connection: Connection) -> QueueServiceClient:
    """A client without retries of its own: the listener's loop retries."""
    if connection.string:
        return QueueServiceClient.from_connection_string(connection.string, retry_total=0)
    address = str(connection.queue_service)
    if address.rstrip("/").endswith(f"/{DEV_ACCOUNT}"):
        return QueueServiceClient(address, credential=DEV_KEY, retry_total=0)
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - slow to import, seldom needed

    return QueueServiceClient(address, credential=DefaultAzureCredential(), retry_total=0)


class QueueListener:
    def __init__(
        self,
        function: Function,
        queue: str,
        storage: QueueServiceClient,
        *,
        invoker: Invoker,
        settings: HostSettings,
        lease: float = LEASE,
    ) -> None:
        self._function, self._queue_name, self._storage = function, queue, storage
        self._queue = storage.get_queue_client(queue)
        self._poison = storage.get_queue_client(f"{queue}-poison")
        self._invoker, self._settings, self._lease = invoker, settings, lease
        self._running: set[asyncio.Task[None]] = set()
        self._warned: str | None = None

    async def run(self) -> None:
        """Poll for ever."""
        while True:
            pause = await self._poll()
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Release the messages that are being processed, so that another host can take them at once."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._storage.close()

    async def _poll(self) -> float:
        """Start processing messages; return the seconds until the next poll."""
        idle = min(POLL, self._settings.max_polling_interval)
        if len(self._running) > self._settings.new_batch_threshold:
            return idle / 10
        try:
            messages = await self._receive()
        except ResourceNotFoundError:
            self._warn_once(f"queue {self._queue_name!r} does not exist yet; waiting for it")
            return idle
        except AzureError as error:
            self._warn_once(f"queue {self._queue_name!r} cannot be read: {type(error).__name__}; retrying")
            return RETRY
        self._warned = None
        for message in messages:
            task = asyncio.create_task(self._process(message))
            self._running.add(task)
            task.add_done_callback(self._done)
        return 0.0 if messages else idle

    async def _receive(self) -> list[QueueMessage]:
        size = self._settings.batch_size
        pages = self._queue.receive_messages(messages_per_page=size, visibility_timeout=int(self._lease)).by_page()
        async for page in pages:
            return [message async for message in page]
        return []

    async def _process(self, message: QueueMessage) -> None:
        if (message.dequeue_count or 0) > self._settings.max_dequeue_count:
            await self._move_to_poison(message)
            return
        renewal = asyncio.create_task(self._renew(message))
        try:
            result = await self._invoker.run(self._function, self._trigger(message))
        except asyncio.CancelledError:
            await self._release(message, 0)
            raise
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)
        await self._settle(message, ok=result.ok)

    async def _settle(self, message: QueueMessage, *, ok: bool) -> None:
        try:
            if ok:
                await self._queue.delete_message(message)
            elif (message.dequeue_count or 0) >= self._settings.max_dequeue_count:
                await self._move_to_poison(message)
            else:
                await self._release(message, self._settings.visibility_timeout)
        except ResourceNotFoundError:
            # Deleted by another client, or processed for longer than its lease and taken by another host.
            log.warning(
                "message %s of queue %r no longer existed when its function had ended", message.id, self._queue_name
            )

    async def _move_to_poison(self, message: QueueMessage) -> None:
        """Move a message to the poison queue."""
        times, poison = self._settings.max_dequeue_count, f"{self._queue_name}-poison"
        log.error("Message has reached MaxDequeueCount of %d. Moving message to queue '%s'.", times, poison)
        try:
            await self._poison.send_message(message.content)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):
                await self._poison.create_queue()
            await self._poison.send_message(message.content)
        await self._queue.delete_message(message)

    async def _release(self, message: QueueMessage, seconds: float) -> None:
        await self._queue.update_message(message, visibility_timeout=int(seconds))

    async def _renew(self, message: QueueMessage) -> None:
        while True:
            await asyncio.sleep(self._lease / 2)
            renewed = await self._queue.update_message(message, visibility_timeout=int(self._lease))
            message.pop_receipt = renewed.pop_receipt

    def _trigger(self, message: QueueMessage) -> Trigger:
        reason = f"New queue message detected on '{self._queue_name}'."
        try:
            body = self._decode(message.content)
        except ValueError:
            # Not in the encoding of host.json: it cannot be decoded for the function, and counts as failed.
            return Trigger(Datum(message.content, "undecodable"), reason)
        return Trigger(Datum(body, "string"), reason, _metadata(message, body))

    def _decode(self, content: str) -> str:
        if self._settings.message_encoding == "none":
            return content
        return base64.b64decode(content, validate=True).decode()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a message of queue %r was not completed: %s", self._queue_name, error)

    def _warn_once(self, text: str) -> None:
        if text != self._warned:
            self._warned = text
            log.warning("%s: %s", self._function.name, text)


def by_hand(text: str) -> Trigger:
    """A message of the admin endpoint, which is not in the queue."""
    now = Datum(json.dumps(datetime.now().astimezone().isoformat()), "json")
    times = {"InsertionTime": now, "ExpirationTime": now, "NextVisibleTime": now}
    reason = "This function was programmatically called via the host APIs."
    return Trigger(Datum(text, "string"), reason, {"DequeueCount": Datum(1, "int"), **times})


def _metadata(message: QueueMessage, body: str) -> dict[str, Datum]:
    """The trigger's metadata ("Message metadata", functions-bindings-storage-queue-trigger.md)."""
    return {
        "QueueTrigger": Datum(body, "string"),
        "Id": Datum(message.id, "string"),
        "PopReceipt": Datum(message.pop_receipt, "string"),
        "DequeueCount": Datum(message.dequeue_count, "int"),
        "InsertionTime": _time(message.inserted_on),
        "ExpirationTime": _time(message.expires_on),
        "NextVisibleTime": _time(message.next_visible_on),
    }


def _time(value: Any) -> Datum:
    """A time as .NET writes a DateTimeOffset into JSON."""
    return Datum(json.dumps(value.isoformat() if value else None), "json")

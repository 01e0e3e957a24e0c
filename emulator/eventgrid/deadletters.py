"""Events that were given up: kept in a list and, where there is storage, as blobs."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient

from emulator.clock import Clock, stamp
from emulator.eventgrid.attempts import Delivery
from emulator.eventgrid.config import Subscription
from emulator.eventgrid.schemas import dump, to_eventgrid
from emulator.journal import Journal

CONTAINER = "deadletters"
KEPT = 10_000
log = logging.getLogger("emulator.eventgrid")


class DeadLetters:
    def __init__(self, *, clock: Clock, journal: Journal, storage: str | None) -> None:
        self._clock, self._journal, self._storage = clock, journal, storage
        self._letters: list[dict[str, Any]] = []

    def letters(self) -> list[dict[str, Any]]:
        return list(self._letters)

    def clear(self) -> None:
        self._letters.clear()

    async def add(self, subscription: Subscription, delivery: Delivery, reason: str) -> None:
        """Give a delivery's events up.

        The real service writes five minutes after the last attempt (delivery-and-retry.md), to save storage
        operations; here it is at once, since nothing depends on the wait.
        """
        for event in delivery.events:
            self._journal.add("dead_letter", subscription=subscription.name, event=event, reason=reason)
        if not subscription.dead_letter:
            return
        letters = [_letter(subscription, delivery, event, reason) for event in delivery.events]
        self._letters += [{"subscription": subscription.name, "event": letter} for letter in letters]
        del self._letters[:-KEPT]
        if self._storage:
            await self._write(self._storage, subscription, letters)

    async def _write(self, storage: str, subscription: Subscription, letters: list[dict[str, Any]]) -> None:
        # "…/{topic}/{SUBSCRIPTION}/2019/8/5/10/{guid}.json", the subscription in capitals: the blob's path in
        # "Dead letter and retry policies", manage-event-delivery.md
        hour = self._clock.now().strftime("%Y/%m/%d/%H")
        name = f"{subscription.topic}/{subscription.name.upper()}/{hour}/{uuid.uuid4()}.json"
        try:
            async with BlobServiceClient.from_connection_string(storage, retry_total=0) as service:
                await _upload(service, name, dump(letters))
        except AzureError as error:
            log.warning("dead letter %s was not written: %s", name, type(error).__name__)


async def _upload(service: BlobServiceClient, name: str, body: bytes) -> None:
    container = service.get_container_client(CONTAINER)
    try:
        await container.upload_blob(name, body)
    except ResourceNotFoundError:
        await container.create_container()
        await container.upload_blob(name, body)


def _letter(subscription: Subscription, delivery: Delivery, event: dict[str, Any], reason: str) -> dict[str, Any]:
    """The event with the five fields of "Dead-letter events": in capitals and small letters in Event Grid's
    schema, in small letters only in CloudEvents, whose attributes know no others.
    """
    fields = {
        "deadLetterReason": reason,
        "deliveryAttempts": delivery.attempts,
        "lastDeliveryOutcome": delivery.outcome,
        "publishTime": stamp(delivery.published),
        "lastDeliveryAttemptTime": stamp(delivery.attempted) if delivery.attempted else None,
    }
    if subscription.schema == "eventgrid":
        return to_eventgrid(event, subscription.topic) | fields
    return event | {name.lower(): value for name, value in fields.items()}

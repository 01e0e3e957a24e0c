"""One POST to an endpoint, and the handshake that must come before the first."""

from __future__ import annotations

import asyncio
import io
import uuid
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import aiohttp

from emulator.clock import Clock, stamp
from emulator.eventgrid import schedule
from emulator.eventgrid.config import Subscription
from emulator.eventgrid.schemas import delivered, dump

ORIGIN = "eventgrid.azure.net"  # the handshake of CloudEvents: end-point-validation-cloud-events-schema.md
TIMEOUT = 30  # seconds to answer: delivery-and-retry.md
# However fast time runs here, an application answers at the wall's speed.
PATIENCE = 1.0


@dataclass(eq=False)
class Delivery:
    """Events on their way to one subscription: delivered, retried and given up together, since Event Grid
    treats a batch as a whole ("all-or-none semantics", delivery-and-retry.md).
    """

    events: list[dict[str, Any]]
    published: datetime
    accepted: float  # on the clock's steady scale
    attempts: int = 0
    attempted: datetime | None = None
    status: int | None = None  # of the last answer; None if there was none
    outcome: str = "Undefined"
    lose_ack: bool = False

    def ids(self) -> list[dict[str, str]]:
        return [{"id": event["id"], "type": event["type"]} for event in self.events]


class HandshakeFailed(Exception):
    """An endpoint did not agree to be sent events; the text says why. ``reachable``: it answered."""

    def __init__(self, reason: str, *, reachable: bool = True) -> None:
        super().__init__(reason)
        self.reachable = reachable


class Endpoint:
    """What answers to a subscription's URL."""

    def __init__(self, subscription: Subscription, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._subscription, self._session, self._clock = subscription, session, clock

    async def shake_hands(self) -> None:
        """Have the endpoint agree to be sent events. Raises HandshakeFailed."""
        try:
            async with asyncio.timeout(self._timeout()):
                if self._subscription.schema == "eventgrid":
                    await self._validation_code()
                else:
                    await self._options()
        except TimeoutError:
            raise HandshakeFailed("there was no answer in time", reachable=False) from None
        except ValueError as error:
            raise HandshakeFailed(f"the answer is not JSON: {error}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise HandshakeFailed(f"the endpoint can't be reached: {type(error).__name__}", reachable=False) from None

    async def post(self, delivery: Delivery) -> int | None:
        """The status of the answer; None if there was none. ``delivery.outcome`` says which kind of none."""
        content_type, body = delivered(
            delivery.events,
            self._subscription.schema,
            topic=self._subscription.topic,
            batched=self._subscription.max_events_per_batch > 1,
        )
        headers = self._headers("Notification") | {
            "Content-Type": content_type,
            # The attempts made before this one: the first delivery shows 0 in recordings of the service.
            "aeg-delivery-count": str(delivery.attempts - 1),
        }
        try:
            async with asyncio.timeout(self._timeout()):
                return await self._send(body, headers)
        except TimeoutError:
            delivery.outcome = "TimedOut"
        except (aiohttp.ClientError, OSError):
            delivery.outcome = "GenericError"
        return None

    async def _send(self, body: bytes, headers: dict[str, str]) -> int:
        # Not followed: only 200-204 count as delivered, and a redirect is none of them.
        url = self._subscription.endpoint
        # A stream, since aiohttp warns of bytes as large as a batch may be.
        data = io.BytesIO(body)
        async with self._session.post(url, data=data, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            return answer.status

    async def _options(self) -> None:
        headers = {"WebHook-Request-Origin": ORIGIN}
        async with self._session.options(self._subscription.endpoint, headers=headers) as answer:
            _check_status("OPTIONS", answer.status)
            allowed = answer.headers.get("WebHook-Allowed-Origin")
            if allowed not in (ORIGIN, "*"):
                raise HandshakeFailed(f"the header WebHook-Allowed-Origin is {allowed!r}, not {ORIGIN!r} or '*'")

    async def _validation_code(self) -> None:
        """The handshake of Event Grid's own schema: end-point-validation-event-grid-events-schema.md"""
        code = str(uuid.uuid4())
        event = {
            "id": str(uuid.uuid4()),
            "topic": self._subscription.topic,
            "subject": "",
            "data": {"validationCode": code},
            "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
            "eventTime": stamp(self._clock.now()),
            "metadataVersion": "1",
            "dataVersion": "2",
        }
        headers = self._headers("SubscriptionValidation") | {"Content-Type": "application/json; charset=utf-8"}
        url = self._subscription.endpoint
        async with self._session.post(url, data=dump([event]), headers=headers) as answer:
            _check_status("SubscriptionValidation", answer.status)
            reply = await answer.json(content_type=None)
            if not isinstance(reply, dict) or reply.get("validationResponse") != code:
                raise HandshakeFailed("the answer has no validationResponse with the code that was sent")

    def _headers(self, event_type: str) -> dict[str, str]:
        """Source: "Message headers", articles/event-grid/handler-webhooks.md."""
        headers = {
            "aeg-event-type": event_type,
            "aeg-subscription-name": self._subscription.name.upper(),
            "aeg-metadata-version": "1",
            "aeg-data-version": "1.0" if self._subscription.schema == "eventgrid" else "",
            "aeg-output-event-id": str(uuid.uuid4()),
        }
        if self._subscription.schema == "cloudevents":
            headers["WebHook-Request-Origin"] = ORIGIN
        return headers

    def _timeout(self) -> float:
        return max(TIMEOUT / self._clock.speed, PATIENCE)


def _check_status(request: str, status: int) -> None:
    if status != HTTPStatus.OK:
        raise HandshakeFailed(f"{request} was answered {status}, not 200")


def judge(subscription: Subscription, delivery: Delivery) -> tuple[str | None, float]:
    """What follows from a failed attempt: the reason to give up, or None and the seconds to wait."""
    if delivery.status in schedule.NEVER_RETRIED:
        return schedule.UNDELIVERABLE, 0.0
    if delivery.attempts >= subscription.max_attempts:
        return schedule.EXHAUSTED, 0.0
    return None, schedule.wait(delivery.attempts, delivery.status)

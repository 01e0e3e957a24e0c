"""The callback endpoint: verifies callbacks of ACS, publishes them, and responds with a bare status."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from shared.acs import callbacks
from shared.platform import telemetry, tokens
from shared.platform.settings import Settings
from shared.service.time_limits import INVOCATION_SECONDS
from shared.service.wire import CALL_ID
from shared.storage.quarantine import Quarantine

if TYPE_CHECKING:
    from azure.eventgrid.aio import EventGridPublisherClient

log = logging.getLogger(__name__)

OK, UNAUTHORIZED, TOO_LARGE, UNAVAILABLE = 200, 401, 413, 503


class CallbackIngress:
    """``open_topic`` builds the custom topic's client when the first callback is accepted."""

    def __init__(
        self,
        settings: Settings,
        keys: tokens.SigningKeys,
        quarantine: Quarantine,
        open_topic: Callable[[], EventGridPublisherClient],
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._quarantine = quarantine
        self._open_topic = open_topic

    async def accept(self, call_id: str, authorization: str, body: bytes) -> int:
        """Returns the HTTP status to respond with.

        200: it is published or quarantined. 401: its token is not from ACS. 413: it is too large. 503: the keys, the
        topic or the storage cannot be reached now; ACS sends the callback again, where a 4xx would lose it.
        """
        status = await self._status(call_id, authorization, body)
        if status != OK:
            telemetry.emit(telemetry.CallbackRefused(status))
        return status

    async def _status(self, call_id: str, authorization: str, body: bytes) -> int:
        if len(body) > callbacks.LARGEST_BODY:
            return TOO_LARGE
        issuer, audience = self._settings.callback_issuer, self._settings.acs_resource_id
        try:
            async with asyncio.timeout(INVOCATION_SECONDS):
                await tokens.verify(authorization, self._keys, issuer=issuer, audience=audience)
                await self._publish(call_id, body)
        except tokens.Forbidden as error:
            log.warning("callback refused: %s", error)
            return UNAUTHORIZED
        except tokens.KeysUnavailable as error:
            log.error("callback not accepted now: %s", error)  # noqa: TRY400  # the text is enough
            return UNAVAILABLE
        except (AzureError, TimeoutError) as error:
            log.error("callback not accepted now: %s", type(error).__name__)  # noqa: TRY400
            return UNAVAILABLE
        return OK

    async def _publish(self, call_id: str, body: bytes) -> None:
        events, unreadable = callbacks.read(body)
        if not CALL_ID.fullmatch(call_id):
            unreadable += [(event, "its callback URL has no call id") for event in events]
            events = []
        batches, too_large = callbacks.batches([callbacks.address(event, call_id) for event in events])
        unreadable += [(event, "it is too large for the topic") for event in too_large]
        await self._quarantine_all(unreadable)
        for batch in batches:
            await self._open_topic().send(batch)

    async def _quarantine_all(self, unreadable: list[tuple[Any, str]]) -> None:
        for event, reason in unreadable:
            await self._quarantine.add(event, reason, "callbacks")

"""Opens the web sockets of streams.

azure-docs, ``articles/communication-services/how-tos/call-automation/includes/secure-websocket-*.md``: a signed token
that is valid for 24 hours, of the same issuer and keys as those of callbacks.
"""

from __future__ import annotations

from collections.abc import Callable

import aiohttp

from emulator.acs.provenance import STREAM_CONNECT
from emulator.clock import Clock

# What the status of a refusal becomes in ``mediaStreamingStatusDetails``: the names are documented, the rest assumed.
REFUSALS = {400: "badRequest", 401: "authenticationFailure", 403: "forbidden", 429: "tooManyRequests"}

Socket = aiohttp.ClientWebSocketResponse


class Unreachable(Exception):
    """The socket could not be opened. ``details`` is the service's word for it; empty where it has none."""

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(reason)
        self.details = details


class Connector:
    def __init__(self, clock: Clock, token: Callable[[], str]) -> None:
        self._clock, self._token = clock, token
        self._session: aiohttp.ClientSession | None = None

    async def open(self, url: str, *, connection_id: str, correlation_id: str) -> Socket:
        """Raises Unreachable."""
        headers = {
            "Authorization": f"Bearer {self._token()}",
            "x-ms-call-connection-id": connection_id,
            "x-ms-call-correlation-id": correlation_id,
        }
        try:
            opening = self._client().ws_connect(url, headers=headers, autoping=True)
            return await self._clock.within(STREAM_CONNECT.seconds, opening)
        except aiohttp.WSServerHandshakeError as error:
            raise Unreachable(f"refused with {error.status}", REFUSALS.get(error.status, "")) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            raise Unreachable(f"{type(error).__name__}: {error}") from None

    async def close(self) -> None:
        """Close all sockets."""
        if self._session:
            await self._session.close()
            self._session = None

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self._session

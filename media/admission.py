"""Who may open a socket: ACS, for a call of this app that is in progress.

ACS sends a token with the upgrade request, signed as those of callbacks are (azure-docs,
``communication-services/how-tos/call-automation/secure-webhook-endpoint.md``), and the id of the call's connection. The
URL has the call's id, which AnswerCall has put there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from azure.core.exceptions import AzureError
from msgspec import Struct

from shared.calls.capabilities import Call
from shared.calls.emergency import is_emergency
from shared.platform import tokens
from shared.platform.settings import Settings
from shared.service.wire import CALL_ID
from shared.storage.calls import CallStore, UnreadableRow

CONNECTION, CORRELATION = "x-ms-call-connection-id", "x-ms-call-correlation-id"

# The row of a call is written after the answer: a socket can be opened before it. ACS connects for longer than this.
ROW_SECONDS = 5.0
ROW_PAUSE = 0.1


class NotAdmitted(Exception):
    """A socket is refused with the HTTP status. ``reason`` is one of few words, which are counted."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status, self.reason = status, reason


class Admitted(Struct, frozen=True):
    """The call whose socket it is, as the row had it."""

    call: Call
    call_connection_id: str
    correlation_id: str


class Admission:
    def __init__(self, settings: Settings, keys: tokens.SigningKeys, store: CallStore) -> None:
        self._settings, self._keys, self._store = settings, keys, store

    async def admit(self, call_id: str, headers: Mapping[str, str]) -> Admitted:
        """Raises NotAdmitted: 401 not from ACS, 400 without a connection, 404 no such call, 403 the call of another
        connection or one that may not be streamed, 410 it has ended, 503 it cannot be determined now.
        """
        await self._authenticate(headers.get("Authorization", ""))
        connection_id = headers.get(CONNECTION, "")
        if not connection_id:
            raise NotAdmitted(400, "no connection id")
        if not CALL_ID.fullmatch(call_id):
            raise NotAdmitted(404, "no call id")
        try:
            call = await self._call(call_id)
        except (AzureError, UnreadableRow, TimeoutError):
            raise NotAdmitted(503, "row not readable") from None
        _check(call, connection_id)
        return Admitted(call, connection_id, headers.get(CORRELATION, ""))

    async def _authenticate(self, authorization: str) -> None:
        issuer, audience = self._settings.callback_issuer, self._settings.acs_resource_id
        try:
            await tokens.verify(authorization, self._keys, issuer=issuer, audience=audience)
        except tokens.Forbidden:
            raise NotAdmitted(401, "token") from None
        except tokens.KeysUnavailable:
            raise NotAdmitted(503, "no signing keys") from None

    async def _call(self, call_id: str) -> Call:
        """The call, once its connection is known; it is awaited for a few seconds."""
        until = asyncio.get_running_loop().time() + ROW_SECONDS
        while True:
            call = (await self._store.read(call_id)).call
            if call is not None and (call.call_connection_id or call.state.is_settled):
                return call
            if asyncio.get_running_loop().time() >= until:
                raise NotAdmitted(404, "no such call")
            await asyncio.sleep(ROW_PAUSE)


def _check(call: Call, connection_id: str) -> None:
    """Raises NotAdmitted for a call that is not streamed over this connection."""
    if call.call_connection_id != connection_id:
        raise NotAdmitted(403, "another connection")
    if call.state.is_settled:
        raise NotAdmitted(410, "call is over")
    if is_emergency(call):
        raise NotAdmitted(403, "emergency")

"""ACS's end of the sockets: tokens and headers as it sends them, and its messages."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec

from emulator.acs.signing_keys import SigningKeys
from emulator.server import Emulator
from media.service import Service
from shared.calls.capabilities import Call
from tests.golden import START

DAY = 24 * 3600.0
CONNECTION = "1f204fcc-0b6e-4b2e-9d0f-7c2b4b8a1e11"
CALLER, AGENT = "4:+12065551212", "8:acs:resource_tenant_agent"
LIMIT = 20.0


def token(emulator: Emulator, keys: SigningKeys | None = None, **changed: Any) -> str:
    """An Authorization header, valid for 24 hours."""
    service = emulator.service
    claims: dict[str, Any] = {"issuer": service.base_url, "audience": service.config.resource_id, "expires_in": DAY}
    return f"Bearer {(keys or service.keys).token(**claims | changed)}"


def headers(authorization: str, connection: str = CONNECTION) -> dict[str, str]:
    return {
        "Authorization": authorization,
        "x-ms-call-connection-id": connection,
        "x-ms-call-correlation-id": "b880bd5a-1916-470a-b43d-aabf3caff91c",
    }


class Peer:
    """Opens sockets of one service."""

    def __init__(self, service: Service, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.service, self._emulator, self._session = service, emulator, session

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.service.port}"

    @asynccontextmanager
    async def open(self, kind: str, call: Call, **changed: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """An open socket; ``changed`` are headers."""
        sent = headers(token(self._emulator), call.call_connection_id or "") | changed
        async with self._session.ws_connect(f"{self.url}/{kind}/{call.id}", headers=sent, max_msg_size=0) as socket:
            yield socket

    async def status(self, path: str, sent: dict[str, str], *, upgrade: bool = True) -> int:
        """The status that an upgrade is answered with; 101 if it is accepted."""
        try:
            if not upgrade:
                async with self._session.get(f"{self.url}{path}", headers=sent) as response:
                    return response.status
            async with self._session.ws_connect(f"{self.url}{path}", headers=sent):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status


async def eventually(condition: Callable[[], Any], what: str = "") -> Any:
    """What the condition returns, once that is true."""
    until = time.monotonic() + LIMIT
    while True:
        found = condition()
        found = await found if isinstance(found, Awaitable) else found
        if found:
            return found
        assert time.monotonic() < until, what or "it has not happened in time"
        await asyncio.sleep(0.02)


def reported(emulator: Emulator, call: Call, kind: str) -> list[dict[str, Any]]:
    """The data of the events that the topic has received for the row, of one kind."""
    events = [entry["event"] for entry in emulator.journal.entries("event")]
    return [e["data"] for e in events if e.get("callid") == call.id and e["type"] == f"TeamsPhone.Media.{kind}"]


# -- Messages ----------------------------------------------------------------------------------------------------


def text(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()


def transcription_metadata(subscription: str = "s1", connection: str = CONNECTION) -> str:
    content = {"subscriptionId": subscription, "locale": "en-US", "callConnectionId": connection, "correlationId": "c"}
    return text({"kind": "TranscriptionMetadata", "transcriptionMetadata": content})


def said(what: str, start: float, seconds: float = 1.0, speaker: str = CALLER, **changed: Any) -> str:
    """A result, ``start`` seconds into the subscription; ``changed`` are fields of it."""
    ticks, length = round(start * 10**7), round(seconds * 10**7)
    content = {
        "text": what,
        "format": "display",
        "confidence": 0.81,
        "offset": ticks,
        "duration": length,
        "words": [{"text": what.lower(), "offset": ticks, "duration": length}],
        "participantRawID": speaker,
        "resultStatus": "Final",
    }
    return text({"kind": "TranscriptionData", "transcriptionData": content | changed})


def audio_metadata(subscription: str = "a1", rate: int = 16_000) -> str:
    content = {"subscriptionId": subscription, "encoding": "PCM", "sampleRate": rate, "channels": 1}
    return text({"kind": "AudioMetadata", "audioMetadata": content | {"length": rate // 25}})


def frame(at: float, pcm: bytes = bytes(640), participant: str | None = None, *, silent: bool = False) -> str:
    """A frame, ``at`` seconds into the call."""
    moment = (START + timedelta(seconds=at)).astimezone(UTC).replace(tzinfo=None)
    content: dict[str, Any] = {"timestamp": _stamp(moment), "data": b64encode(pcm).decode(), "silent": silent}
    if participant is not None:
        content["participantRawID"] = participant
    return text({"kind": "AudioData", "audioData": content})


def _stamp(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')}Z"

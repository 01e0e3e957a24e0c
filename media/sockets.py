"""An open WebSocket: reads its messages into a session until it ends, and says why it did."""

from __future__ import annotations

import asyncio
from typing import Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from media.audio.voice import Sender

BEGIN_SECONDS = 10.0  # in which the first message must come
HEARTBEAT = 20.0  # seconds between pings; without a pong in half of it the socket is lost
CLOSE_SECONDS = 2.0  # for the closing handshake
MOST_MALFORMED = 10  # messages, then the socket is closed


class Session(Protocol):
    """What a kind of socket does with its messages, of ``largest_message`` bytes at most. ``longest_silence``: seconds
    without a message after which the socket is closed; None for no limit. ``malformed``: messages that are unreadable.
    """

    largest_message: int
    longest_silence: float | None
    malformed: int

    @property
    def dropped(self) -> int:
        """How much was lost, because its receiver was too slow."""

    @property
    def has_begun(self) -> bool:
        """Whether the metadata has come."""

    def receive(self, message: bytes) -> None: ...

    def attach(self, socket: Sender) -> None:
        """The open socket, for what the session sends."""

    async def end(self, reason: str) -> None: ...


class Socket:
    """``reason`` is why it is over: ``ended``, ``lost``, ``silent``, ``malformed``, ``replaced`` or ``draining``."""

    def __init__(self, response: web.WebSocketResponse[bool], session: Session, opened_at: float) -> None:
        self._response, self._session = response, session
        self._opened_at = self._heard_at = opened_at
        self._messages = self._seen = 0
        self.reason = "lost"

    async def read(self) -> None:
        """Return when the socket is closed."""
        receive, session = self._response.receive, self._session
        while True:
            message = await receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                break
            self._messages += 1
            session.receive(message.data)
        if self.reason == "lost" and message.type is WSMsgType.CLOSE:
            self.reason = "ended"

    async def check(self, now: float) -> None:
        """Close it if nothing has come for too long, or too much that cannot be read. To be called every second."""
        if self._session.malformed >= MOST_MALFORMED:
            await self.close("malformed", WSCloseCode.INVALID_TEXT)
        elif self._is_silent(now):
            await self.close("silent", WSCloseCode.POLICY_VIOLATION)

    def _is_silent(self, now: float) -> bool:
        if self._messages != self._seen:
            self._seen, self._heard_at = self._messages, now
        if not self._session.has_begun:
            return now - self._opened_at > BEGIN_SECONDS
        limit = self._session.longest_silence
        return limit is not None and now - self._heard_at > limit

    async def close(self, reason: str, code: int) -> None:
        """Close it from this side; ``read`` returns then."""
        if self.reason == "lost":
            self.reason = reason
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._response.close(code=code, message=reason.encode())
        except (TimeoutError, ConnectionError):
            return

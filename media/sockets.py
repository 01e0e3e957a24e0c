"""An open WebSocket: reads its messages into a session until it ends, and says why it did."""

from __future__ import annotations

import asyncio
from typing import Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from media.audio.voice import Sender
from media.wire import Malformed

BEGIN_SECONDS = 10.0  # in which the first message must come
HEARTBEAT = 20.0  # seconds between pings; without a pong in half of it the socket is lost
CLOSE_SECONDS = 2.0  # for the closing handshake
MOST_MALFORMED = 10  # messages, then the socket is closed


class Session(Protocol):
    """What a kind of socket does with its messages. ``longest_silence``: seconds without a message after which the
    socket is closed; None for no limit.
    """

    largest_message: int
    longest_silence: float | None

    @property
    def has_begun(self) -> bool: ...
    def receive(self, message: bytes) -> None:
        """Raises Malformed."""

    def attach(self, socket: Sender) -> None:
        """The open socket, for what the session sends."""

    async def end(self, reason: str) -> None: ...


class Socket:
    """``reason`` is why it is over: ``ended``, ``lost``, ``silent``, ``malformed``, ``replaced`` or ``draining``."""

    def __init__(self, response: web.WebSocketResponse[bool], session: Session, opened_at: float) -> None:
        self._response, self._session = response, session
        self._opened_at = self._heard_at = opened_at
        self._messages = self._seen = 0
        self.malformed = 0
        self.reason = "lost"

    async def read(self) -> None:
        """Return when the socket is closed."""
        receive, session = self._response.receive, self._session
        while True:
            message = await receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                break
            self._messages += 1
            try:
                session.receive(message.data)
            except Malformed:
                self.malformed += 1
                if self.malformed >= MOST_MALFORMED:
                    await self.close("malformed", WSCloseCode.INVALID_TEXT)
        if self.reason == "lost" and message.type is WSMsgType.CLOSE:
            self.reason = "ended"

    def is_silent(self, now: float) -> bool:
        """Whether nothing has come for too long. It is to be called every second or so."""
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

"""Sound for the call: the messages that a socket sends to ACS (``audio-streaming-quickstart.md``, see ``wire.py``)."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Protocol

STOP = '{"Kind":"StopAudio","AudioData":null,"StopAudio":{}}'
SEND_SECONDS = 5.0  # a socket that takes longer to accept sound is not read at the other end


class Sender(Protocol):
    async def send_str(self, data: str) -> None: ...


class Voice:
    """``attach`` connects it to the socket, which is opened after the session is made."""

    def __init__(self) -> None:
        self._socket: Sender | None = None

    def attach(self, socket: Sender) -> None:
        self._socket = socket

    async def say(self, pcm: bytes) -> None:
        """Play PCM after the sound before it. Raises ConnectionError, TimeoutError."""
        data = b64encode(pcm).decode()
        await self._send(f'{{"Kind":"AudioData","AudioData":{{"Data":"{data}"}},"StopAudio":null}}')

    async def hush(self) -> None:
        """Play no more of what was said. Raises ConnectionError, TimeoutError."""
        await self._send(STOP)

    async def _send(self, text: str) -> None:
        if self._socket is None:
            raise ConnectionError("the socket is not open")
        async with asyncio.timeout(SEND_SECONDS):
            await self._socket.send_str(text)

"""A receiver of streams for tests: a web socket server that keeps what it is sent."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.emulator.client import until

Json = dict[str, Any]


@dataclass
class Connection:
    headers: dict[str, str]
    socket: web.WebSocketResponse
    messages: list[Json] = field(default_factory=list)
    closed: bool = False

    def of(self, kind: str) -> list[Json]:
        """The contents of the messages of a kind."""
        return [each[kind[0].lower() + kind[1:]] for each in self.messages if each["kind"] == kind]

    async def first(self, kind: str, count: int = 1) -> list[Json]:
        """The first ``count`` messages of a kind, which may still have to come."""
        await until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[:count]

    async def send(self, pcm: bytes) -> None:
        data = base64.b64encode(pcm).decode()
        await self.socket.send_json({"Kind": "AudioData", "AudioData": {"Data": data}, "StopAudio": None})

    async def stop_audio(self) -> None:
        await self.socket.send_json({"Kind": "StopAudio", "AudioData": None, "StopAudio": {}})


@dataclass
class Receiver:
    """``refuses`` are the statuses of its next answers instead of an upgrade; it answers while ``accepts`` is set.
    ``hears`` is called with each message.
    """

    url: str = ""
    connections: list[Connection] = field(default_factory=list)
    refuses: list[int] = field(default_factory=list)
    hears: Callable[[Connection, Json], Any] | None = None
    accepts: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    def __post_init__(self) -> None:
        self.accepts.set()

    @property
    def messages(self) -> list[Json]:
        return [message for each in self.connections for message in each.messages]

    async def connection(self, number: int = 0) -> Connection:
        await until(lambda: len(self.connections) > number)
        return self.connections[number]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        await self.accepts.wait()
        if self.refuses:
            return web.Response(status=self.refuses.pop(0))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = Connection(dict(request.headers), socket)
        self.connections.append(connection)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                connection.messages.append(json.loads(message.data))
                if self.hears:
                    await self.hears(connection, connection.messages[-1])
        connection.closed = True
        return socket

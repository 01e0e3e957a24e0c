"""A stream: from the start of media streaming or transcription until it is stopped or its web socket is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Coroutine
from typing import Any, ClassVar

import aiohttp

from emulator.acs.calls import Call
from emulator.acs.media.streams.connecting import Socket, Unreachable
from emulator.acs.media.subscription import Subscription
from emulator.acs.parties import Phrase
from emulator.acs.results import DONE, STREAM_UNREACHABLE, Result
from emulator.acs.service import Service
from emulator.faults import Fault

NORMAL, GOING_AWAY = 1000, 1001  # RFC 6455, section 7.4.1

Json = dict[str, Any]


class Stream:
    """``bodies`` are the requests that asked for the stream: each is answered by an event once the socket is open."""

    name: ClassVar[str]  # of the events: MediaStreaming, Transcription
    unreachable: ClassVar[str]  # the service's word for a socket that can't be opened
    lost: ClassVar[Result]

    def __init__(self, service: Service, call: Call, subscription: Subscription, body: Json) -> None:
        self.service, self.call, self.subscription = service, call, subscription
        self.options: Json = subscription.options or {}
        self.began = 0.0  # when the socket was opened, in seconds of the wall's monotonic clock
        self._bodies = [body]
        self._socket: Socket | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.ended = False

    def start(self) -> None:
        self._tasks.append(self.service.background.start(self._open()))

    def start_again(self, body: Json) -> None:
        """Another request to start: the stream goes on."""
        self._bodies.append(body)
        if self._socket:
            self.report("Started", "subscriptionStarted", body)

    def close(self) -> None:
        """By request, or because the call ended."""
        if not self.ended:
            self._end()
            self.note("stops")

    def press(self, key: str) -> None:
        """A participant presses a key."""

    def say(self, raw_id: str, phrase: Phrase) -> None:
        """A participant begins to say something."""

    def metadata(self) -> Json:
        raise NotImplementedError

    def update(self, what: str, details: str) -> Json:
        """The own data of an event."""
        raise NotImplementedError

    async def run(self) -> None:
        """Send what has to be sent by itself."""

    def receive(self, text: str) -> None:
        """Something that the application sent."""

    def report(self, what: str, details: str, body: Json, result: Result = DONE) -> None:
        data = self.update(what, details)
        self.service.emit(self.call, f"{self.name}{what}", data, request=body, result=result)

    def note(self, does: str, why: str = "") -> None:
        """Keep in the journal what becomes of the socket."""
        url = self.options.get("transportUrl")
        self.service.journal.add("stream", stream=self.name, call=self.call.id, url=url, does=does, why=why)

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Something that ends with the stream."""
        task = self.service.background.start(coroutine, busy=False)
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)

    async def send(self, message: Json) -> None:
        """Send a message, subject to the faults of ``streams``."""
        facts = {"kind": message["kind"], "call_connection_id": self.call.connection_id or ""}
        fault = self.service.faults.take("streams", **facts)
        if fault is None:
            await self._send(message)
            return
        self.service.journal.add("fault", fault=fault.describe(), call=self.call.id)
        await self._send_by(fault, message)

    async def _send_by(self, fault: Fault, message: Json) -> None:
        match fault.do:
            case "duplicate":
                for _ in range(int(fault.with_.get("count", 2))):
                    await self._send(message)
            case "delay":
                self.spawn(self._send_later(message, float(fault.with_.get("seconds", 1))))
            case "close":
                self._fail("streamConnectionInterrupted", self.lost, "a fault rule closes it", code=GOING_AWAY)

    async def _send_later(self, message: Json, seconds: float) -> None:
        await self.service.clock.sleep(seconds)
        await self._send(message)

    async def _send(self, message: Json) -> None:
        if self._socket:
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):  # then the reading ends, too
                await self._socket.send_str(json.dumps(message))

    async def _open(self) -> None:
        url, call = self.options.get("transportUrl"), self.call
        if not url:
            self._fail("streamUrlMissing", STREAM_UNREACHABLE, "no transportUrl was given")
            return
        ids = {"connection_id": call.connection_id or "", "correlation_id": call.correlation_id}
        try:
            self._socket = await self.service.connector.open(url, **ids)
        except Unreachable as error:
            self._fail(error.details or self.unreachable, STREAM_UNREACHABLE, str(error))
            return
        self._opened()
        await self._send(self.metadata())

    def _opened(self) -> None:
        self.began = self.service.clock.wall()
        self.subscription.active = True
        self.note("begins")
        self.spawn(self._read())
        self.spawn(self.run())
        for body in self._bodies:
            self.report("Started", "subscriptionStarted", body)

    async def _read(self) -> None:
        assert self._socket is not None  # noqa: S101 - it was opened
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.receive(message.data)
        if not self.ended:
            self._fail("streamConnectionInterrupted", self.lost, f"closed with {self._socket.close_code}")

    def _fail(self, details: str, result: Result, why: str, *, code: int = NORMAL) -> None:
        self._end(code)
        self.note("fails", why)
        self.report("Failed", details, self._bodies[-1], result)

    def _end(self, code: int = NORMAL) -> None:
        self.ended, self.subscription.active = True, False
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        if self._socket:
            self.service.background.start(self._close(self._socket, code), busy=False)

    @staticmethod
    async def _close(socket: Socket, code: int) -> None:
        await socket.close(code=code)

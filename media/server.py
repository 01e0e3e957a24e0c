"""The HTTP side of the service: upgrades of admitted sockets, limits, health, and the end of the process.

``GET /audio/{call id}`` and ``GET /transcription/{call id}`` are upgraded to WebSockets; everything that is wrong is
answered with a status before that. ``GET /health`` is for people and probes: 503 while the service drains.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec
from aiohttp import WSCloseCode, web

from media.admission import Admission, Admitted, NotAdmitted
from media.counts import Counts
from media.sockets import HEARTBEAT, Session, Socket

log = logging.getLogger(__name__)

Kind = Literal["audio", "transcription"]
Open = Callable[[Kind, Admitted], Awaitable[Session]]

REQUEST_SECONDS = 10.0  # for the whole request, from the connection on
WATCH_SECONDS = 1.0  # between two looks at silent sockets
REPLACE_SECONDS = 10.0  # for the socket before this one to end


class Server:
    """``open_session`` makes the session of an admitted socket. ``most``: sockets at a time."""

    def __init__(self, admission: Admission, open_session: Open, most: int, counts: Counts) -> None:
        self._admission, self._open_session, self._most = admission, open_session, most
        self.counts = counts
        self._sockets: dict[tuple[Kind, str], Socket] = {}
        self._ended = asyncio.Condition()
        self._is_draining = False

    def application(self) -> web.Application:
        app = web.Application(client_max_size=1)
        app.router.add_get("/audio/{call_id}", self._audio)
        app.router.add_get("/transcription/{call_id}", self._transcription)
        app.router.add_get("/health", self._health)
        return app

    async def _health(self, _: web.Request) -> web.Response:
        body = msgspec.json.encode({"status": "draining" if self._is_draining else "ok", **vars(self.counts)})
        return web.Response(status=503 if self._is_draining else 200, body=body, content_type="application/json")

    async def _audio(self, request: web.Request) -> web.StreamResponse:
        return await self._handle(request, "audio")

    async def _transcription(self, request: web.Request) -> web.StreamResponse:
        return await self._handle(request, "transcription")

    async def _handle(self, request: web.Request, kind: Kind) -> web.StreamResponse:
        try:
            self._check_room(request)
        except NotAdmitted as refused:
            return self._refuse(refused, kind)
        self.counts.open += 1  # from here on, so that waiting requests are limited too
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                admitted = await self._admission.admit(request.match_info["call_id"], request.headers)
            return await self._accept(request, kind, admitted)
        except NotAdmitted as refused:
            return self._refuse(refused, kind)
        except TimeoutError:
            return self._refuse(NotAdmitted(503, "too slow"), kind)
        finally:
            self.counts.open -= 1

    def _check_room(self, request: web.Request) -> None:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise NotAdmitted(426, "no upgrade")
        if self._is_draining:
            raise NotAdmitted(503, "draining")
        if self.counts.open >= self._most:
            raise NotAdmitted(503, "full")

    def _refuse(self, refused: NotAdmitted, kind: Kind) -> web.Response:
        self.counts.refused[refused.reason] += 1
        log.warning("%s socket refused: %s", kind, refused)
        return web.Response(status=refused.status, text=refused.reason)

    async def _accept(self, request: web.Request, kind: Kind, admitted: Admitted) -> web.StreamResponse:
        key = kind, admitted.call.id
        await self._replace(key)
        session = await self._open_session(kind, admitted)
        response: web.WebSocketResponse[bool] = web.WebSocketResponse(
            compress=False,
            heartbeat=HEARTBEAT,
            max_msg_size=session.largest_message,
            decode_text=False,
        )
        socket = self._sockets[key] = Socket(response, session, _time())
        try:
            await response.prepare(request)
            session.attach(response)
            self.counts.accepted += 1
            log.info("call %s: its %s is received", admitted.call.id, kind)
            await socket.read()
        finally:
            await asyncio.shield(self._end(key, socket, session))
        return response

    async def _replace(self, key: tuple[Kind, str]) -> None:
        """Close the socket of the same call and kind: ACS opens another one when it has lost it."""
        before = self._sockets.get(key)
        if before is None:
            return
        await before.close("replaced", WSCloseCode.GOING_AWAY)
        try:
            async with asyncio.timeout(REPLACE_SECONDS), self._ended:
                await self._ended.wait_for(lambda: self._sockets.get(key) is not before)
        except TimeoutError:
            raise NotAdmitted(503, "not replaced") from None

    async def _end(self, key: tuple[Kind, str], socket: Socket, session: Session) -> None:
        await session.end(socket.reason)
        self.counts.closed[socket.reason] += 1
        self.counts.malformed += session.malformed
        self.counts.dropped += session.dropped
        log.info("call %s: its %s socket is over: %s", key[1], key[0], socket.reason)
        async with self._ended:
            if self._sockets.get(key) is socket:
                del self._sockets[key]
            self._ended.notify_all()

    async def watch(self) -> None:
        """Close silent and malformed sockets, until it is cancelled."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await asyncio.gather(*(each.check(_time()) for each in [*self._sockets.values()]))

    async def drain(self, seconds: float) -> None:
        """Refuse new sockets, wait for the open ones to end by themselves, and close the rest."""
        self._is_draining = True
        try:
            async with asyncio.timeout(seconds), self._ended:
                await self._ended.wait_for(lambda: not self._sockets)
        except TimeoutError:
            closing = [each.close("draining", WSCloseCode.GOING_AWAY) for each in self._sockets.values()]
            await asyncio.gather(*closing)
            async with asyncio.timeout(REPLACE_SECONDS), self._ended:
                await self._ended.wait_for(lambda: not self._sockets)


def _time() -> float:
    return asyncio.get_running_loop().time()

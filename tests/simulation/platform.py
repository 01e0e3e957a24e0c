"""The emulator without its sockets: its ACS and Event Grid, called as functions.

Requests go to the emulator's own handlers (``Gateway``, the topics' surface) as objects with the part of an aiohttp
request that the handlers use. The emulator's own requests (callbacks, deliveries) go through ``Session``, which has
the part of an aiohttp session that it uses.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import aiohttp
import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from multidict import CIMultiDict
from yarl import URL

from emulator.acs.gateway import Gateway
from emulator.acs.operations import FILE_OPERATIONS, OPERATIONS
from emulator.acs.provenance import CALLBACK_TIMEOUT
from emulator.acs.service import Service
from emulator.acs.tokens import KEYS_PATH
from emulator.clock import Clock
from emulator.config import Config
from emulator.eventgrid import EventGrid, routes
from emulator.faults import Faults
from emulator.journal import Journal
from tests.simulation.storage import HttpRequest, Reply

START = datetime.fromisoformat("2026-11-21T09:00:00+00:00")

Post = Callable[[str, str, dict[str, str], bytes], Awaitable[int | None]]


class VirtualClock(Clock):
    """The loop's time, which begins at ``START``."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(1.0)
        self._loop = loop

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())

    def elapsed(self) -> float:
        return self._loop.time()

    def wall(self) -> float:
        return self._loop.time()


class _Connection:
    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


class _Content:
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield self._body


class _Request:
    """The part of ``aiohttp.web.Request`` that the emulator's handlers use."""

    def __init__(self, request: HttpRequest, match_info: dict[str, str]) -> None:
        url = URL(request.url)
        self.method, self.match_info = request.method, match_info
        self.raw_path, self.path, self.query = url.raw_path_qs, url.path, url.query
        self.headers = CIMultiDict({"Host": urlsplit(request.url).netloc, **request.headers})
        self.content = _Content(request.body)
        self.transport = _Connection()
        self._body = request.body

    async def read(self) -> bytes:
        return self._body


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """An aiohttp route's path as a pattern: ``{name}`` is a segment, ``{name:regex}`` whatever matches."""
    pieces = re.split(r"\{(\w+)(?::([^{}]+))?\}", path)
    found = re.escape(pieces[0])
    for name, wanted, rest in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        found += f"(?P<{name}>{wanted or '[^{}/]+'})" + re.escape(rest)
    return re.compile(found)


class Surface:
    """The emulator's routes."""

    def __init__(self, routes: list[web.RouteDef]) -> None:
        self._routes = [(route.method, _pattern(route.path), route.handler) for route in routes]

    async def handle(self, request: HttpRequest) -> Reply | None:
        """The answer; None if the connection broke before there was one."""
        path = urlsplit(str(URL(request.url))).path
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(path) if method in (request.method, "*") else None
            if found is not None:
                adapted = _Request(request, {k: unquote(v) for k, v in found.groupdict().items()})
                answer: Any = await handler(adapted)  # type: ignore[arg-type]
                return None if adapted.transport.aborted else _reply(answer)
        return Reply(404)


def _reply(answer: Any) -> Reply:
    if isinstance(answer, web.FileResponse):
        path: Path = answer._path
        entry = getattr(answer, "entry", None)
        body = path.read_bytes() if path.exists() else b""
        status = 200 if path.exists() else 404
        if entry is not None:
            entry["status"] = status
        return Reply(status, body, dict(answer.headers))
    body = answer.body
    return Reply(answer.status, bytes(body) if body is not None else b"", dict(answer.headers))


class _Answer:
    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status, self.headers = status, headers

    async def read(self) -> bytes:
        return b""


class _Exchange:
    def __init__(self, answer: Awaitable[int | None], headers: dict[str, str]) -> None:
        self._answer, self._headers = answer, headers

    async def __aenter__(self) -> _Answer:
        async with asyncio.timeout(CALLBACK_TIMEOUT.seconds):
            status = await self._answer
        if status is None:
            raise aiohttp.ServerDisconnectedError
        return _Answer(status, self._headers)

    async def __aexit__(self, *_: object) -> None:
        """There is no connection to give back."""


class Session:
    """The part of ``aiohttp.ClientSession`` that the emulator uses."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def post(self, url: str, *, data: Any = None, json: Any = None, headers: dict[str, str], **_: Any) -> _Exchange:
        body = _dump(json) if json is not None else data.read()
        return _Exchange(self._post("POST", url, headers, body), {})

    def options(self, url: str, *, headers: dict[str, str]) -> _Exchange:
        return _Exchange(self._post("OPTIONS", url, headers, b""), {"WebHook-Allowed-Origin": "*"})

    async def close(self) -> None:
        """There is nothing to close."""


def _dump(value: Any) -> bytes:
    return msgspec.json.encode(value)


@cache
def signing_key(number: int) -> rsa.RSAPrivateKey:
    """The keys of all runs: generating one takes longer than a run."""
    assert number >= 0
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Platform:
    """ACS and Event Grid over one journal. ``post`` is how they reach the application."""

    def __init__(self, config: Config, post: Post, loop: asyncio.AbstractEventLoop) -> None:
        self.clock = VirtualClock(loop)
        self.journal = Journal(self.clock)
        self.faults = Faults()
        self.grid = EventGrid(config.platform, clock=self.clock, journal=self.journal, faults=self.faults)
        self.service = Service(
            config, clock=self.clock, journal=self.journal, faults=self.faults, publish=self.grid.publish
        )
        self.tokens: list[str] = []
        self._signed: tuple[tuple[str, int] | None, str] = (None, "")
        self.service.files._directory = _folder(os.getpid())
        self.service.callbacks._token = self._token
        session: Any = Session(post)
        self.service.callbacks._session = session
        self.grid._session = session
        self._surface = Surface([*Gateway(self.service).routes(), *routes(self.grid)])

    def start(self) -> Self:
        """Subscribe, without the validation handshake, which the emulator's tests cover."""
        for subscription in self.grid._configured.values():
            self.grid.subscribe(subscription)
        for subscriber in self.grid.subscriptions():
            subscriber._handshake.cancel()
            subscriber._ready.set()
        return self

    async def handle(self, request: HttpRequest) -> Reply | None:
        return await self._surface.handle(request)

    def _token(self) -> str:
        """A token is valid for five minutes. One is signed for each minute, because signing is slow."""
        key = self.service.keys.current, int(self.clock.elapsed() // 60)
        if key != self._signed[0]:
            self._signed = key, self.service.callback_token()
            self.tokens.append(self._signed[1])
        return self._signed[1]

    @property
    def busy(self) -> bool:
        return self.service.background.busy or not self.grid.idle()

    def close(self) -> None:
        self.service.files.clear()


@cache
def _folder(_process: int) -> Path:
    """The folder of ACS's recordings, for all runs of a process."""
    folder = Path(tempfile.mkdtemp(prefix="simulation-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


_OPERATIONS = [(op.method, _pattern(op.path), op.name) for op in (*OPERATIONS, *FILE_OPERATIONS)]


def acs_operation(request: HttpRequest) -> str:
    """The name of a request's operation of ACS."""
    path = urlsplit(request.url).path
    if path.startswith("/eventgrid/"):
        return "Publish"
    if path == KEYS_PATH:
        return "GetKeys"
    for method, pattern, name in _OPERATIONS:
        if method == request.method and pattern.fullmatch(unquote(path)):
            return name
    return "Unknown"

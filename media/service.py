"""The service: its parts, put together; started and stopped as one."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Self

from aiohttp import web
from azure.storage.blob.aio import ContainerClient

from media.admission import Admission, Admitted
from media.audio.session import AudioSession
from media.audio.sink import AudioStream, Sink
from media.counts import Counts
from media.reports import Reports
from media.secrecy import Secrecy
from media.server import REQUEST_SECONDS, Kind, Server
from media.settings import MediaSettings
from media.sinks import Make, named
from media.sockets import Session
from media.transcripts.session import TranscriptSession
from media.transcripts.writer import TranscriptWriter
from shared.platform import clock
from shared.platform.clients import Clients
from shared.platform.tokens import SigningKeys
from shared.storage.calls import CallStore

log = logging.getLogger(__name__)

REPORT_SECONDS = 5.0  # for the last reports
BACKLOG = 1024  # connections that the kernel keeps for the service


class Service:
    """``async with Service(environment) as service:`` listens; ``port`` is the one that it listens on."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.settings = MediaSettings(environment)
        self.clients = Clients(self.settings)
        self.counts = Counts()
        self._sinks = [named(name) for name in self.settings.sinks]
        self.store = CallStore(self.clients.calls, self.clients.calls_index)
        self.reports = Reports(lambda: self.clients.topic, clock.now)
        self._keys = SigningKeys(self.settings.callback_keys_url)
        admission = Admission(self.settings, self._keys, self.store)
        self.server = Server(admission, self.open_session, self.settings.media_connections, self.counts)
        self._runner = web.AppRunner(
            self.server.application(),
            access_log=None,  # its lines would hold addresses
            handle_signals=False,
            keepalive_timeout=REQUEST_SECONDS,  # also for connections that send no request
            shutdown_timeout=1.0,
        )
        self._watch: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        return int(self._runner.addresses[0][1])

    async def __aenter__(self) -> Self:
        _allow_many_sockets()
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.media_host, self.settings.media_port, backlog=BACKLOG)
        await site.start()
        self._watch = asyncio.create_task(self.server.watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        async with AsyncExitStack() as closing:
            closing.push_async_callback(self.clients.close)
            closing.push_async_callback(self._keys.close)
            closing.push_async_callback(self.reports.drain, REPORT_SECONDS)
            closing.push_async_callback(self._runner.cleanup)
            if self._watch is not None:
                self._watch.cancel()

    async def drain(self) -> None:
        """Let open sockets end, then close them."""
        await self.server.drain(self.settings.media_drain_seconds)

    async def open_session(self, kind: Kind, admitted: Admitted) -> Session:
        call_id, connection_id = admitted.call.id, admitted.call_connection_id
        container = self.clients.container(self.settings.transcripts_container)
        secrecy = Secrecy(self.store, admitted.call)
        if kind == "audio":
            sinks = [partial(_made, make, container, secrecy) for make in self._sinks]
            return AudioSession(call_id, connection_id, sinks, self.reports)
        writer = TranscriptWriter(call_id, container, secrecy)
        return TranscriptSession(call_id, connection_id, writer, self.reports, clock.now)


def _made(make: Make, container: ContainerClient, secrecy: Secrecy, stream: AudioStream) -> Sink:
    return make(stream, container, secrecy)


def _allow_many_sockets() -> None:
    """Each socket is a file: the limit of the process becomes the highest that it may have."""
    _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))

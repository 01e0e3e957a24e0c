"""The emulator as one web server: all services and the control API.

The port takes HTTP and TLS. A second one can be configured for TLS alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from emulator import control, cors, eventgrid, tls
from emulator.acs.gateway import Gateway
from emulator.arm import Arm
from emulator.clients.endpoint import ClientEndpoint
from emulator.config import Config
from emulator.listener import Listener
from emulator.platform import Platform

MAX_BODY = 8 * 1024 * 1024  # bytes; well above any of the services' own limits


class Emulator(Platform):
    """The platform, listening."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.clients = ClientEndpoint(self)
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None

    async def start(self) -> None:
        """Listen. Raises OSError if a port is taken."""
        runner = self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        host = "127.0.0.1" if self.config.host in ("0.0.0.0", "::") else self.config.host  # noqa: S104
        try:
            port = self._listen(runner)
            await self._listen_with_tls(runner)
        except OSError:
            await self.stop()
            raise
        self.service.base_url = f"http://{host}:{port}"
        self.tls_url = f"https://{host}:{runner.addresses[0][1] if runner.addresses else port}"
        await self.grid.start()

    def _listen(self, runner: web.AppRunner) -> int:
        """On the port that takes both HTTP and TLS."""
        assert runner.server is not None  # noqa: S101 - it is there after setup
        self._listener = Listener(runner.server, self.config.tls_certificate)
        return self._listener.listen(self.config.host, self.config.port)

    async def _listen_with_tls(self, runner: web.AppRunner) -> None:
        """On a port for TLS alone, if one is configured."""
        if self.config.tls_port is None:
            return
        certificate = tls.ensure(self.config.tls_certificate)
        site = web.TCPSite(runner, self.config.host, self.config.tls_port, ssl_context=tls.context(certificate))
        await site.start()

    async def reset(self) -> None:
        self.clients.reset()
        await super().reset()

    async def stop(self) -> None:
        await self.service.close()
        await self.grid.close()
        if self._listener:
            await self._listener.close()
        if self._runner:
            await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(
            client_max_size=MAX_BODY, middlewares=[cors.allow(self.config.origins), control.explain]
        )
        application.add_routes(Gateway(self.service).routes())
        application.add_routes(eventgrid.routes(self.grid))
        application.add_routes(self.entra.routes())
        application.add_routes(self.graph.routes())
        application.add_routes(Arm(self.grid, self.entra.verify, self.faults, self.journal).routes())
        application.add_routes(self.clients.routes())
        application.add_routes(control.routes(self, self.clients))
        return application


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Emulator]:
    emulator = Emulator(config)
    try:
        await emulator.start()
        yield emulator
    finally:
        await emulator.stop()

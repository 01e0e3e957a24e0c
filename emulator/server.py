"""The whole emulator as one web server: ACS at its root, the other services and the control API beside it.

The same is served on a second port with TLS, for clients that send tokens: to Entra, Graph and Resource Manager.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from emulator import eventgrid, tls
from emulator.acs.gateway import Gateway
from emulator.arm import Arm
from emulator.config import Config
from emulator.control import Control, explain
from emulator.directory_control import DirectoryControl
from emulator.platform import Platform

MAX_BODY = 8 * 1024 * 1024  # bytes; well above any of the services' own limits


class Emulator(Platform):
    """The platform, listening."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. Raises OSError if the port is taken."""
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.config.host, self.config.port).start()
            await self._listen_with_tls(self._runner)
        except OSError:
            await self._runner.cleanup()
            raise
        host = "127.0.0.1" if self.config.host in ("0.0.0.0", "::") else self.config.host  # noqa: S104
        self.service.base_url = f"http://{host}:{self._runner.addresses[0][1]}"
        scheme = "http" if self.config.tls_port is None else "https"
        self.tls_url = f"{scheme}://{host}:{self._runner.addresses[-1][1]}"
        await self.grid.start()

    async def _listen_with_tls(self, runner: web.AppRunner) -> None:
        if self.config.tls_port is None:
            return
        certificate = tls.ensure(self.config.tls_certificate)
        site = web.TCPSite(runner, self.config.host, self.config.tls_port, ssl_context=tls.context(certificate))
        await site.start()

    async def stop(self) -> None:
        await self.service.close()
        await self.grid.close()
        if self._runner:
            await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=MAX_BODY, middlewares=[explain])
        application.add_routes(Gateway(self.service).routes())
        application.add_routes(eventgrid.routes(self.grid))
        application.add_routes(self.entra.routes())
        application.add_routes(self.graph.routes())
        application.add_routes(Arm(self.grid, self.entra.verify, self.faults, self.journal).routes())
        application.add_routes(Control(self).routes())
        application.add_routes(DirectoryControl(self).routes())
        return application


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Emulator]:
    emulator = Emulator(config)
    try:
        await emulator.start()
        yield emulator
    finally:
        await emulator.stop()

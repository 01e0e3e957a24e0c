"""The host: the functions, their triggers, and the HTTP server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine, Mapping
from typing import Any

from aiohttp import web

from emulator import cors
from emulator.host.admin import Admin
from emulator.host.functions import EVENT_GRID, HTTP, QUEUE, SUPPORTED, TIMER, Function
from emulator.host.http import HttpTriggers
from emulator.host.invoke import Invoker
from emulator.host.keys import Keys
from emulator.host.queues import QueueListener, service
from emulator.host.routes import compile_route, specific_first
from emulator.host.settings import BadSettings, HostSettings, connection, resolve
from emulator.host.timers import Timer
from emulator.host.webhook import EventGridWebhook

# The default of FUNCTIONS_REQUEST_BODY_SIZE_LIMIT (articles/azure-functions/functions-app-settings.md), bytes.
MAX_BODY = 104_857_600
GRACE = 0.3  # seconds that running invocations have when the host stops, and again once they are cancelled
log = logging.getLogger("emulator.host")


class Host:
    """Serves functions until it is closed. ``address`` is host and port; port 0 is any free one.

    Raises BadApp or BadSettings if a function's trigger cannot be understood.
    """

    def __init__(
        self,
        functions: list[Function],
        *,
        settings: HostSettings,
        environment: Mapping[str, str],
        address: tuple[str, int] = ("127.0.0.1", 7071),
        keys: Keys,
        origins: Collection[str] = (),
    ) -> None:
        self._origins = origins
        self.functions, self._settings, self._environment = functions, settings, environment
        self._address, self._keys = address, keys
        self._invoker = Invoker(timeout=settings.function_timeout, threads=_threads(environment))
        self._routes = specific_first([compile_route(f, settings.route_prefix) for f in functions if f.type == HTTP])
        self._timers = {f.name: self._timer(f) for f in functions if f.type == TIMER}
        self._listeners: list[QueueListener] = []
        self._loops: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. Raises OSError if the port cannot be used."""
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=GRACE)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, *self._address).start()
            self._listeners = [self._listener(f) for f in self.functions if f.type == QUEUE]
        except (OSError, BadSettings):
            await self._runner.cleanup()
            raise
        self._run(*(listener.run() for listener in self._listeners))
        self._run(*(timer.run() for timer in self._timers.values()))

    async def close(self) -> bool:
        """Stop within a second; return whether all invocations have ended."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._invoker.close(GRACE)
        await _shortly(*(listener.close() for listener in self._listeners))
        if self._runner:
            await self._runner.cleanup()
        return not self._invoker.threads_busy

    @property
    def url(self) -> str:
        """The host's base URL, with the actual port."""
        name, port = self._address
        if self._runner and self._runner.addresses:
            port = self._runner.addresses[0][1]
        return f"http://{name}:{port}"

    def urls(self) -> dict[str, str]:
        """The URLs of the HTTP and Event Grid functions."""
        found = {route.function.name: f"{self.url}/{route.template}" for route in self._routes}
        webhook = f"{self.url}/runtime/webhooks/EventGrid?functionName="
        return found | {f.name: f"{webhook}{f.name}" for f in self.functions if f.type == EVENT_GRID}

    def _application(self) -> web.Application:
        events = {f.name: f for f in self.functions if f.type == EVENT_GRID}
        webhook = EventGridWebhook(events, self._invoker, self._keys)
        admin = Admin(self.functions, self._timers, self._invoker, self._keys, self.urls())
        limit = int(self._environment.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT") or MAX_BODY)
        application = web.Application(client_max_size=limit, middlewares=[cors.allow(self._origins)])
        add = application.router.add_route
        add("*", "/runtime/webhooks/{extension:(?i:eventgrid)}", webhook.handle)
        add("GET", "/admin/host/status", admin.status)
        add("*", "/admin/host/ping", _alive)
        add("GET", "/admin/functions", admin.functions)
        add("POST", "/admin/functions/{name}", admin.run)
        add("GET", "/", _alive)
        add("*", "/{path:.*}", HttpTriggers(self._routes, self._invoker, self._keys).handle)
        return application

    def _timer(self, function: Function) -> Timer:
        expression = resolve(str(function.trigger["schedule"]), self._environment)
        return Timer(function, expression, self._invoker)

    def _listener(self, function: Function) -> QueueListener:
        queue = resolve(str(function.trigger["queueName"]), self._environment)
        try:
            storage = service(connection(str(function.trigger.get("connection") or ""), self._environment))
        except ValueError as error:
            raise BadSettings(f"function {function.name!r}: {error}") from error
        return QueueListener(function, queue, storage, invoker=self._invoker, settings=self._settings)

    def _run(self, *loops: Coroutine[Any, Any, None]) -> None:
        self._loops += [asyncio.create_task(loop) for loop in loops]


def unsupported(functions: list[Function]) -> list[Function]:
    """Functions whose trigger this host does not support: they are not called."""
    return [function for function in functions if function.type not in SUPPORTED]


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="Your Functions host is up and running.")


async def _shortly(*work: Coroutine[Any, Any, None]) -> None:
    """Run coroutines concurrently, and cancel those that take longer than ``GRACE``."""
    if work:
        _, late = await asyncio.wait([asyncio.create_task(w) for w in work], timeout=GRACE)
        for task in late:
            task.cancel()


def _threads(environment: Mapping[str, str]) -> int | None:
    """How many synchronous functions run at once: the worker's own setting."""
    value = environment.get("PYTHON_THREADPOOL_THREAD_COUNT")
    return int(value) if value and value.isdigit() and int(value) else None

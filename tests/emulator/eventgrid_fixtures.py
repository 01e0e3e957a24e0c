"""Event Grid between a server that publishes and a webhook that records its deliveries."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from emulator.clock import Clock
from emulator.eventgrid import EventGrid, routes
from emulator.faults import Faults
from emulator.journal import Journal

KEY = "dGVzdA=="
TOPICS = [{"name": "acs", "kind": "system"}, {"name": "call-events", "kind": "custom", "key": KEY}]


@dataclass
class Received:
    method: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    at: float


@dataclass
class Webhook:
    """Answers with ``answers`` in turn, then with ``status``."""

    status: int = 202
    answers: list[int] = field(default_factory=list)
    slow: float = 0.0
    greets: bool = True  # whether it answers handshakes
    handshakes: list[Received] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        text = await request.text()
        now = asyncio.get_running_loop().time()
        headers = {name.lower(): value for name, value in request.headers.items()}
        body: Any = json.loads(text) if text else None
        received = Received(request.method, dict(request.query), headers, body, now)
        if request.method == "OPTIONS":
            self.handshakes.append(received)
            allowed = {"WebHook-Allowed-Origin": "eventgrid.azure.net"} if self.greets else {}
            return web.Response(headers=allowed)
        if headers["aeg-event-type"] == "SubscriptionValidation":
            self.handshakes.append(received)
            code = body[0]["data"]["validationCode"] if self.greets else "something else"
            return web.json_response({"validationResponse": code})
        return await self._deliver(received)

    async def _deliver(self, received: Received) -> web.Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.received.append(received)
        status = self.answers.pop(0) if self.answers else self.status
        await asyncio.sleep(self.slow)
        self.at_once -= 1
        return web.Response(status=status)

    def ids(self) -> list[str]:
        bodies = [r.body if isinstance(r.body, list) else [r.body] for r in self.received]
        return [event["id"] for body in bodies for event in body]


@dataclass
class World:
    grid: EventGrid
    webhook: Webhook
    journal: Journal
    faults: Faults
    url: str

    async def settle(self) -> None:
        """Until everything published has been delivered or given up."""
        await until(self.grid.idle)


@contextlib.asynccontextmanager
async def world(
    *subscriptions: dict[str, Any],
    speed: float = 1.0,
    webhook: Webhook | None = None,
    storage: str | None = None,
) -> AsyncIterator[World]:
    """A running Event Grid; subscriptions deliver to the webhook as functions unless they say otherwise."""
    webhook, clock = webhook or Webhook(), Clock(speed)
    journal, faults = Journal(clock), Faults()
    async with served([web.route("*", "/hook", webhook.handle)]) as hook:
        config = {"topics": TOPICS, "subscriptions": list(subscriptions)}
        grid = EventGrid(
            config,
            clock=clock,
            journal=journal,
            faults=faults,
            functions_url=f"{hook}/hook",
            storage=storage,
        )
        async with served(routes(grid)) as url:
            await grid.start()
            try:
                yield World(grid, webhook, journal, faults, url)
            finally:
                await grid.close()


@contextlib.asynccontextmanager
async def served(routes: list[web.RouteDef]) -> AsyncIterator[str]:
    application = web.Application()
    application.add_routes(routes)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - the condition has no event of its own
            await asyncio.sleep(0.005)


def event(id: str = "1", type: str = "Test.Happened", **attributes: Any) -> dict[str, Any]:
    return {"id": id, "source": "/tests", "type": type, "specversion": "1.0", **attributes}


def subscription(function: str = "f", topic: str = "call-events", **fields: Any) -> dict[str, Any]:
    return {"function": function, "topic": topic, **fields}

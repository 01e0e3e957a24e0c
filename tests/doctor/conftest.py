"""The whole platform, healthy, to be broken one thing at a time; the doctor runs in the test's own process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from local.stack import Ports, Stack, control
from shared.directory.caller import Caller
from shared.doctor import diagnose
from shared.doctor.report import CheckStatus, Finding, Report
from tests.parts import opened
from tests.support import Servers

ACCOUNT = "11111111-1111-4111-8111-111111111111"  # contoso's Support line, as the emulator's directory has it
CONTOSO = "c0000000-0000-4000-8000-000000000001"
FABRIKAM = "f0000000-0000-4000-8000-000000000002"
# What no report may hold: keys, the secret, the line's number, names.
SECRETS = ("ZW11bGF0", "emulator-client-secret", "Eby8vdM0", "18005550100", "Support line", "eyJ")


@dataclass
class World:
    stack: Stack
    http: aiohttp.ClientSession
    servers: Servers
    healthy: dict[str, str]
    healing: list[Callable[[], Awaitable[Any]]] = field(default_factory=list)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        return await control(self.http, self.stack, method, path, body)

    async def diagnose(self, caller: Caller | None = None, **changed: str | None) -> Report:
        """The report on an app with these settings; None takes one away."""
        environment = {name: value for name, value in (self.healthy | changed).items() if value is not None}
        async with opened(environment) as parts:
            report = await diagnose(parts.settings, parts.clients, parts.directory, caller)
        text = str(report)
        assert not [secret for secret in SECRETS if secret in text]
        return report

    async def subscribe(self, name: str, **changed: Any) -> None:
        """Change a subscription of the emulated Event Grid, and wait for its handshake."""
        url = f"{self.stack.emulator_url}/eventgrid/subscriptions/{name}"
        async with self.http.get(url) as answer:
            entry = await answer.json()
        entry = {k: v for k, v in entry.items() if v is not None and v != []} | changed
        entry["endpoint"] = self.stack.webhook(entry["function"])
        async with self.http.put(url, json=entry) as answer:
            assert answer.ok, await answer.text()
        await self.subscribed()

    async def unsubscribe(self, name: str) -> None:
        async with self.http.delete(f"{self.stack.emulator_url}/eventgrid/subscriptions/{name}") as answer:
            assert answer.ok

    async def subscribed(self) -> None:
        url = f"{self.stack.emulator_url}/eventgrid/subscriptions"
        for _ in range(200):
            async with self.http.get(url) as answer:
                if all(each["validated"] for each in await answer.json()):
                    return
            await asyncio.sleep(0.05)
        pytest.fail("not all subscriptions were validated")


@pytest.fixture(scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(ports=Ports.free(), logs=tmp_path_factory.mktemp("logs")) as stack:
        yield stack


@pytest.fixture
async def world(running: Stack) -> AsyncIterator[World]:
    async with aiohttp.ClientSession() as http, Servers() as servers:
        world = World(running, http, servers, running.ports.settings() | {"RESOURCE_ACCOUNTS": ACCOUNT})
        await world.control("POST", "reset")
        await world.subscribed()
        await assign(world)
        yield world
        for heal in world.healing:
            await heal()


async def assign(world: World) -> None:
    """Grant the access assignment that the resource account needs."""
    async with opened(world.healthy) as parts:
        await parts.directory.consent.grant(CONTOSO, ACCOUNT, "resourceAccount")


def wrong(report: Report) -> list[Finding]:
    return [each for each in report.findings if each.status is CheckStatus.WRONG]


def unseen(report: Report) -> set[str]:
    return {each.check for each in report.findings if each.status is CheckStatus.UNSEEN}

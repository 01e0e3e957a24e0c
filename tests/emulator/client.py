"""Clients of the emulator for tests: the application, the control API, the SDK's transport."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from azure.communication.callautomation.aio import CallConnectionClient
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import AioHttpTransport

CALLER = "+12065551212"
ACCOUNT = "22222222-2222-4222-8222-222222222222"


@dataclass
class Application:
    """The application, and what it received. ``answers`` are the statuses of its next answers; then 200."""

    url: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def of(self, type: str) -> list[dict[str, Any]]:
        return [event["data"] for event in self.events if event["type"] == f"Microsoft.Communication.{type}"]

    async def event(self, type: str) -> dict[str, Any]:
        """The data of the first event of a type, which may still have to come."""
        await until(lambda: bool(self.of(type)))
        return self.of(type)[0]

    async def connection(self, connection_id: str) -> dict[str, Any]:
        """The data of CallConnected of one connection, which may still have to come."""
        await until(lambda: any(data["callConnectionId"] == connection_id for data in self.of("CallConnected")))
        return next(data for data in self.of("CallConnected") if data["callConnectionId"] == connection_id)

    async def receive(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        self.events.extend(await request.json())
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@dataclass
class Control:
    url: str
    session: aiohttp.ClientSession

    async def __call__(self, method: str, path: str, body: Any = None) -> Any:
        async with self.session.request(method, f"{self.url}/_emulator/{path}", json=body) as answer:
            return await answer.json()

    async def status(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.session.request(method, f"{self.url}/_emulator/{path}", json=body) as answer:
            return answer.status, await answer.json()

    async def dial(self, **body: Any) -> Any:
        return await self("POST", "calls", {"from": CALLER, "to": ACCOUNT, **body})

    async def fault(self, **rule: Any) -> None:
        status, answer = await self.status("POST", "faults", rule)
        assert status == 201, answer

    async def journal(self, kind: str, **match: Any) -> list[dict[str, Any]]:
        entries = (await self("GET", f"journal?kind={kind}"))["entries"]
        return [entry for entry in entries if all(entry.get(name) == value for name, value in match.items())]

    async def events(self, type: str) -> list[dict[str, Any]]:
        entries = await self.journal("event")
        return [e["event"] for e in entries if e["event"]["type"] == f"Microsoft.Communication.{type}"]

    async def idle(self) -> None:
        while not (await self("GET", "idle"))["idle"]:  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.01)


class Rerouted(AioHttpTransport):  # type: ignore[misc]  # imported lazily by azure-core, so untyped
    """The transport of an application: it reaches the emulator's files under an allowed host name."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    async def send(self, request: Any, **kwargs: Any) -> Any:
        request.url = request.url.replace("https://emulator.asm.skype.com", self._url)
        return await super().send(request, **kwargs)


async def until(true: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - the condition depends on another task
            await asyncio.sleep(0.005)


@dataclass
class Answered:
    id: str
    connection: CallConnectionClient
    connection_id: str
    dialled: dict[str, Any]


def refusal(raised: pytest.ExceptionInfo[HttpResponseError]) -> tuple[int | None, str]:
    """Status and ACS code of a refused request."""
    assert raised.value.error is not None
    return raised.value.status_code, str(raised.value.error.code)

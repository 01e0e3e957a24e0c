"""The whole system from outside: storage, the emulator and a Functions host, each its own process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from local.stack import Stack, control
from shared.calls.capabilities import Call, recording_status
from shared.calls.state import CallState
from shared.service.answering import call_id_of
from shared.service.container import Container

ACCOUNT = "cc123456-5678-5678-1234-ccc123456789"
ATTEMPTS = 3  # of a delivery
ACCEPTED = 202
SECONDS = 20.0  # until something must have happened; most of it takes milliseconds


@dataclass
class System:
    stack: Stack
    http: aiohttp.ClientSession
    container: Container  # for reading rows: the host has its own

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        return await control(self.http, self.stack, method, path, body)

    async def dial(self, **how: Any) -> str:
        """Dial the resource account; return the call's id."""
        rung = await self.control("POST", "calls", {"from": "+12065551212", "to": ACCOUNT} | how)
        return await self.id_of(rung)

    async def id_of(self, rung: dict[str, Any]) -> str:
        events = [e["event"] for e in await self.journal("event")]
        at = next(e["time"] for e in events if e["id"] == rung["eventId"])
        return call_id_of(rung["incomingCallContext"], datetime.fromisoformat(at))

    async def call(self, call_id: str) -> Call | None:
        return (await self.container.store.read(call_id)).call

    async def until(self, call_id: str, holds: Callable[[Call], bool]) -> Call:
        """The call, once the condition holds."""
        call = None
        for _ in range(int(SECONDS / 0.05)):
            call = await self.call(call_id)
            if call is not None and holds(call):
                return call
            await asyncio.sleep(0.05)
        pytest.fail(f"it did not come to that; the call is {call}")

    async def over(self, call_id: str) -> Call:
        """The call, once it has ended and its recording is archived."""
        await self.until(call_id, lambda c: c.state is CallState.ENDED and recording_status(c)[0] == "archived")
        await self.idle()
        return await self.until(call_id, lambda _: True)

    async def journal(self, kind: str | None = None) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self.control("GET", "journal"))["entries"]
        return [e for e in entries if kind in (None, e["kind"])]

    async def requests(self, operation: str) -> list[dict[str, Any]]:
        return [e for e in await self.journal("acs.request") if e["operation"] == operation]

    async def idle(self) -> None:
        for _ in range(int(SECONDS / 0.05)):
            if (await self.control("GET", "idle"))["idle"]:
                return
            await asyncio.sleep(0.05)
        pytest.fail("the emulator is still at work")

    async def deliver(self, function: str, events: list[dict[str, Any]]) -> int:
        """Deliver events to a function as Event Grid does; return the status."""
        headers = {"aeg-event-type": "Notification"}
        async with self.http.post(self.stack.webhook(function), json=events, headers=headers) as response:
            return response.status

    async def deliver_until_accepted(self, function: str, events: list[dict[str, Any]]) -> None:
        """Deliver the events together, again if they are not accepted, as Event Grid does: an invocation that takes too
        long, because the machine is busy, is to be repeated.
        """
        statuses = []
        for _ in range(ATTEMPTS):
            statuses.append(await self.deliver(function, events))
            if statuses[-1] == ACCEPTED:
                return
        pytest.fail(f"{function} answered {statuses}")


@asynccontextmanager
async def of(stack: Stack, http: aiohttp.ClientSession) -> AsyncIterator[System]:
    """The system of a running stack, in its initial state."""
    container = Container(stack.ports.settings())
    system = System(stack, http, container)
    await system.control("POST", "reset")
    yield system
    await container.close()


@pytest.fixture
async def system(running: Stack) -> AsyncIterator[System]:
    async with aiohttp.ClientSession() as http, of(running, http) as system:
        yield system

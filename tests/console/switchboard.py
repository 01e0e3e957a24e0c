"""The telephone network and the API, for the tests of pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from emulator import listening
from local.stack import Stack

TENANT, RESOURCE = "c0000000-0000-4000-8000-000000000001", "ac5e0000-0000-4000-8000-000000000001"
GRACE, ALAN = "0000c0de-0000-4000-8000-0000000000a2", "0000a1a0-0000-4000-8000-0000000000a3"
SUPPORT = "11111111-1111-4111-8111-111111111111"
CALLER = "+12065551212"
OF_A_TENANT = ("agents", "groups", "customers", "plans")  # a key has no tenant of its own
SECONDS = 60.0  # until a condition must hold


class Switchboard:
    def __init__(self, http: aiohttp.ClientSession, stack: Stack) -> None:
        self._http, self._stack = http, stack

    async def api(self, method: str, path: str, body: Any = None) -> Any:
        """A request of a holder of a key, who may do everything."""
        url, headers = f"{self._stack.host_url}/api/keyed/v1/{path}", {"x-functions-key": "any"}
        query = (
            {"tenant": TENANT} if path.split("/", maxsplit=1)[0] in {"agents", "groups", "customers", "plans"} else {}
        )
        async with self._http.request(method, url, json=body, headers=headers, params=query) as response:
            assert response.ok, f"{method} {path}: {response.status} {await response.text()}"
            return await response.json() if response.content_type == "application/json" else None

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        async with self._http.request(method, f"{self._stack.emulator_url}/_emulator/{path}", json=body) as response:
            assert response.ok, f"{path}: {await response.text()}"
            return await response.json()

    async def dial(self, **more: Any) -> str:
        """The id of a new call at the emulator."""
        return str((await self.control("POST", "calls", {"from": CALLER, "to": SUPPORT} | more))["id"])

    async def row_of(self, emulated: str) -> str:
        """The app's id of a call."""
        connection = await self.until(lambda: self._connection(emulated), bool)
        return str(await self.until(lambda: self._row_with(connection), bool))

    async def _row_with(self, connection: str) -> str | None:
        for each in (await self.api("GET", "calls?pageSize=10"))["value"]:
            if (await self.api("GET", f"calls/{each['id']}"))["callConnectionId"] == connection:
                return str(each["id"])
        return None

    async def _connection(self, emulated: str) -> Any:
        return (await self.control("GET", f"calls/{emulated}")).get("callConnectionId")

    async def until(self, look: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool]) -> Any:
        """The last finding, once the condition holds."""
        found = None
        for _ in range(int(SECONDS / 0.1)):
            found = await look()
            if holds(found):
                return found
            await asyncio.sleep(0.1)
        pytest.fail(f"it did not come to that: {found}")

    async def hears(self, emulated: str, who: str, hertz: int, *, within: float = 1.0) -> bool:
        """Whether a party has heard a tone during the last second."""
        url = f"{self._stack.emulator_url}/_emulator/calls/{emulated}/heard/{who}"
        async with self._http.get(url) as response:
            wav = await response.read()
        length = (len(wav) - 44) / 32_000  # of 16-bit samples at 16 kHz
        return bool(listening.heard(wav, {"tone": hertz}, start=max(0.0, length - within)))

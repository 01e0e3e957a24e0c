"""A supervisor in a demo: acts on a call through the app's API, and prints each request with its result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from local.show import BOLD, DIM, PLAIN
from local.stack import Stack, control

SECONDS = 20.0  # until what a scenario waits for must have happened


class Unexpected(Exception):
    """Something did not happen as the scenario expects. The text says what."""


@dataclass
class Supervisor:
    """``call_id`` is the call of the scenario; paths are below it."""

    stack: Stack
    http: aiohttp.ClientSession
    token: str
    call_id: str = ""
    wrong: list[str] = field(default_factory=list)

    @classmethod
    async def signed_in(cls, stack: Stack, http: aiohttp.ClientSession) -> Supervisor:
        issued = await control(http, stack, "POST", "entra/tokens", {"user": "ada", "roles": ["Supervisor"]})
        return cls(stack, http, f"Bearer {issued['token']}")

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        return await control(self.http, self.stack, method, path, body)

    async def get(self, path: str = "") -> Any:
        return (await self._ask("GET", path, None, 0))[1]

    async def command(self, path: str, body: Any = None, *, wait: int = 15) -> Any:
        """Send a command; return its operation, which must succeed within ``wait`` seconds."""
        status, answer = await self._ask("POST", path, body, wait)
        outcome = answer.get("status") or f"{answer.get('code')}: {answer.get('detail', answer.get('title'))}"
        _show(path, f"{status} {outcome}")
        if outcome != "succeeded":
            raise Unexpected(f"POST {path} was answered with {status}: {answer}")
        return answer

    async def refused(self, path: str, body: Any = None) -> Any:
        """Send a command that the API must refuse; return the problem."""
        status, answer = await self._ask("POST", path, body, 0)
        _show(path, f"{status} {answer.get('code')}: {answer.get('detail', '')}")
        if "code" not in answer:
            raise Unexpected(f"POST {path} was not refused, but answered with {status}: {answer}")
        return answer

    async def until(self, path: str, holds: Callable[[Any], bool], what: str) -> Any:
        """The resource, once the condition holds."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            found = await self.get(path)
            if holds(found):
                return found
            await asyncio.sleep(0.2)
        raise Unexpected(f"{what}: not within {SECONDS:g} s")

    async def _ask(self, method: str, path: str, body: Any, wait: int) -> tuple[int, Any]:
        below = f"calls/{self.call_id}/{path}".rstrip("/")
        headers = {"Authorization": self.token} | ({"Prefer": f"wait={wait}"} if wait else {})
        url = f"{self.stack.host_url}/api/v1/{below}"
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()


def _show(path: str, answer: str) -> None:
    print(f"{'':12}{'supervisor':>10} → {'API':<24} {BOLD}POST {path}{PLAIN}  {DIM}{answer}{PLAIN}", flush=True)

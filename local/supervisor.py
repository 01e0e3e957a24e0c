"""A supervisor in a demo: acts on a call through the app's API, and prints each request with its result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from emulator.listening import Sounds, heard
from local.show import BOLD, DIM, PLAIN
from local.stack import Stack, control
from shared.service.answering import call_id_of

BYTES_PER_SECOND = 32_000  # of a WAV file with one channel of 16 kHz and 16 bits
OK = 200
SECONDS = 20.0  # until what a scenario waits for must have happened


async def id_of(stack: Stack, http: aiohttp.ClientSession, dialled: dict[str, Any]) -> str:
    """The app's id of a call that was dialled at the emulator."""
    entries = (await control(http, stack, "GET", "journal?kind=event"))["entries"]
    at = next(e["event"]["time"] for e in entries if e["event"]["id"] == dialled["eventId"])
    return call_id_of(dialled["incomingCallContext"], datetime.fromisoformat(at))


class Unexpected(Exception):
    """Something did not happen as the scenario expects. The text says what."""


@dataclass
class Supervisor:
    """``call_id`` is the call of the scenario; paths are below it."""

    stack: Stack
    http: aiohttp.ClientSession
    token: str
    dialled: dict[str, Any]  # the call at the emulator
    call_id: str

    @classmethod
    async def signed_in(
        cls, stack: Stack, http: aiohttp.ClientSession, dialled: dict[str, Any], call_id: str
    ) -> Supervisor:
        """A supervisor of the tenant of the call's resource account."""
        issued = await control(http, stack, "POST", "entra/tokens", {"user": "ada", "roles": ["Supervisor"]})
        return cls(stack, http, f"Bearer {issued['token']}", dialled, call_id)

    async def sounds(self) -> Sounds:
        """The frequencies of all sounds of the call, by name."""
        found = await self.control("GET", f"calls/{self.dialled['id']}/sounds")
        return dict(found["sounds"])

    async def ear(self, raw_id: str) -> bytes:
        """A WAV file of all that a party has heard until now."""
        url = f"{self.stack.emulator_url}/_emulator/calls/{self.dialled['id']}/heard/{raw_id}"
        async with self.http.get(url) as answer:
            return await answer.read()

    async def hears(self, raw_id: str, seconds: float = 1.0) -> set[str]:
        """The names of the sounds that a party hears during the next seconds."""
        before = len(await self.ear(raw_id))
        await asyncio.sleep(seconds)
        after = await self.ear(raw_id)
        return heard(after, await self.sounds(), start=before / BYTES_PER_SECOND)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        return await control(self.http, self.stack, method, path, body)

    async def command(self, path: str, body: Any = None, *, wait: int = 15, expected: str = "succeeded") -> Any:
        """Send a command; return its operation or operations, which must have this status within ``wait`` seconds."""
        status, answer = await self._ask("POST", path, body, wait)
        outcome = _outcome(answer)
        _show(path, f"{status} {outcome}")
        if outcome != expected:
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
            status, found = await self._ask("GET", path, None, 0)
            if status == OK and holds(found):  # there is no call before its row is written
                return found
            await asyncio.sleep(0.2)
        raise Unexpected(f"{what}: not within {SECONDS:g} s")

    async def _ask(self, method: str, path: str, body: Any, wait: int) -> tuple[int, Any]:
        below = f"calls/{self.call_id}/{path}".rstrip("/")
        headers = {"Authorization": self.token} | ({"Prefer": f"wait={wait}"} if wait else {})
        url = f"{self.stack.host_url}/api/v1/{below}"
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()


def _outcome(answer: Any) -> str:
    """The status of an operation or of several, or the problem."""
    if "code" in answer:
        return f"{answer['code']}: {answer.get('detail', answer['title'])}"
    states = [each["status"] for each in answer.get("value", [answer])]
    return ", ".join(sorted(set(states)))


def _show(path: str, answer: str) -> None:
    print(f"{'':12}{'supervisor':>10} → {'API':<24} {BOLD}POST {path}{PLAIN}  {DIM}{answer}{PLAIN}", flush=True)

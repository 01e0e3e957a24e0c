"""A calling client of the emulator for tests: a web socket, the messages it got, and the sound."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from emulator.acs import identity
from emulator.acs.audio import FRAME_SAMPLES, tone
from emulator.server import Emulator
from tests.emulator.client import until

TENANT = "c0000000-0000-4000-8000-000000000001"
USERS = {
    "ada": "0000ada0-0000-4000-8000-0000000000a1",
    "grace": "0000c0de-0000-4000-8000-0000000000a2",
    "alan": "0000a1a0-0000-4000-8000-0000000000a3",
}


def agent_of(emulator: Emulator, user: str) -> str:
    return f"8:acs:{emulator.config.resource_id}_{TENANT}_{USERS[user]}"


def teams_user(user: str) -> str:
    return f"8:orgid:{USERS[user]}"


def token_of(emulator: Emulator, raw_id: str, expires_in: float = 3600, tenant: str | None = TENANT) -> str:
    expires = int(time.time() + expires_in)
    return str(identity.token(emulator.service, raw_id, ["voip"], expires, tenant)["token"])


class CommandError(Exception):
    """The code and the subcode of a refused command."""


@dataclass
class CallingClient:
    socket: aiohttp.ClientWebSocketResponse
    messages: list[dict[str, Any]] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    session: str = ""
    _count: int = 0
    _reading: asyncio.Task[None] | None = None

    async def read(self) -> None:
        async for message in self.socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                self.heard.append(message.data)
            else:
                self.messages.append(json.loads(message.data))

    def start(self) -> None:
        self._reading = asyncio.create_task(self.read())

    async def do(self, what: str, **more: Any) -> dict[str, Any]:
        """The reply. Raises CommandError."""
        self._count += 1
        id = self._count
        await self.socket.send_json({"id": id, "do": what, **more})
        await until(lambda: any(each["type"] == "reply" and each["id"] == id for each in self.messages))
        reply = next(each for each in self.messages if each["type"] == "reply" and each["id"] == id)
        if "error" in reply:
            raise CommandError(reply["error"]["code"], reply["error"]["subCode"])
        return reply

    def of(self, type: str) -> list[dict[str, Any]]:
        return [each for each in self.messages if each["type"] == type]

    async def message(self, type: str, count: int = 1) -> dict[str, Any]:
        """The n-th message of a type, which may still have to come."""
        await until(lambda: len(self.of(type)) >= count)
        return self.of(type)[count - 1]

    async def state(self, call: str, state: str) -> dict[str, Any]:
        """The last view of a call, once it has the state."""
        await until(lambda: any(each["state"] == state for each in self._views(call)))
        return [each for each in self._views(call) if each["state"] == state][-1]

    def states(self, call: str) -> list[str]:
        """The states of a call, each once, in their order."""
        return list(dict.fromkeys(each["state"] for each in self._views(call)))

    async def speak(self, hertz: int, seconds: float = 0.4) -> None:
        """Send a tone, as fast as it sounds."""
        frame = b"".join(value.to_bytes(2, "little", signed=True) for value in tone(hertz))
        for _ in range(int(seconds * 50)):
            await self.socket.send_bytes(frame)
            await asyncio.sleep(0.02)

    def hears(self, hertz: int) -> bool:
        """Whether any frame that came was this tone alone."""
        expected = b"".join(value.to_bytes(2, "little", signed=True) for value in tone(hertz))
        return expected in self.heard

    def _views(self, call: str) -> list[dict[str, Any]]:
        return [each for each in self.of("call") if each["call"] == call]


async def connected(
    emulator: Emulator, http: aiohttp.ClientSession, raw_id: str, *, session: str = "", **token: Any
) -> CallingClient:
    """A client that has registered; calls ring there unless its token has expired."""
    client = CallingClient(await http.ws_connect(f"{emulator.url}/clients"))
    client.start()
    guest = raw_id.count("_") == 1
    given = token_of(emulator, raw_id, **({"tenant": None} if guest else {}) | token)
    reply = await client.do("register", kind="guest" if guest else "teams", token=given, session=session)
    client.session = reply["session"]
    assert client.of("connection") == []  # the SDK's agent is there before it is connected
    await client.message("connection")
    return client


SILENCE = bytes(2 * FRAME_SAMPLES)

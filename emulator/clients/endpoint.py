"""The web socket of calling clients, ``/clients``.

A client sends commands as JSON, ``{"id": 1, "do": "accept", …}``, and gets ``{"type": "reply", "id": 1}``, with
``error`` where it is refused; and its microphone as binary frames of PCM, 16 bits at 16 kHz. It is sent ``connection``,
``ring``, ``caller``, ``ringEnded`` and ``call``, and the sound of its calls. The first command is ``register``;
``session`` in it resumes after a lost connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from emulator.acs import acting
from emulator.acs.exchange import parsed
from emulator.acs.identifiers import parse
from emulator.acs.wire import ENUMS
from emulator.clients import reasons
from emulator.clients.calling import Calling, Start
from emulator.clients.client import GRACE, Client
from emulator.clients.delegation import answers_for
from emulator.clients.identity import ClientError, identify
from emulator.platform import Platform

STARTING = 0.3  # seconds of the clock until a registration is answered
CONNECTING = 0.2  # and from then until the client is connected
DIGITS = ENUMS["DtmfTone"][:10]  # zero to nine
TONES = {**{f"Num{n}": word for n, word in enumerate(DIGITS)}, "Pound": "pound", "Star": "asterisk"}

Command = dict[str, Any]


class ClientEndpoint:
    def __init__(self, platform: Platform) -> None:
        self._platform, self._service = platform, platform.service
        self.calling = Calling(platform)
        self.clients: dict[str, Client] = {}
        self._blocked: dict[str, float] = {}  # by raw id: until when no connection is accepted
        self._service.rings.answers_for = lambda delegate, callee: answers_for(platform.directory, delegate, callee)
        self._service.rings.listeners.add(lambda _: self._look_at_rings())

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/clients", self._connect)]

    def reset(self) -> None:
        for client in self.clients.values():
            client.close(reasons.ENDED)
        self.clients.clear()
        self._service.rings.clear()
        self._blocked.clear()
        self.calling.meetings.clear()

    def of(self, raw_id: str) -> list[Client]:
        return [client for client in self.clients.values() if client.identity.raw_id == raw_id]

    def cut(self, raw_id: str, seconds: float) -> None:
        """Lose the connection of an identity's clients, and accept none for some seconds of the wall's clock."""
        self._blocked[raw_id] = self._service.clock.wall() + seconds
        for client in self.of(raw_id):
            client.cut()

    def _look_at_rings(self) -> None:
        for client in self.clients.values():
            client.look_at_rings()

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=5.0)
        await socket.prepare(request)
        await _Connection(self, self._service.clock.sleep, socket).run()
        return socket

    def client(self, command: Command) -> Client:
        """A new client, or the one whose session is resumed. Raises ClientError."""
        service = self._service
        identity = identify(service, self._platform.directory, str(command.get("token")), command["kind"])
        if self._blocked.get(identity.raw_id, 0.0) > service.clock.wall():
            raise ClientError(503, 0, "The connection is cut for a while, as the control API requested.")
        known = self.clients.get(str(command.get("session")))
        if known and known.identity.raw_id == identity.raw_id:
            known.identity = identity
            return known
        client = Client(service.new_id(), service, self._platform.directory, identity)
        self.clients[client.key] = client
        return client

    def renew(self, client: Client, token: str) -> None:
        client.identity = identify(self._service, self._platform.directory, token, client.kind)
        client.go_online()

    def leave(self, client: Client, socket: web.WebSocketResponse) -> None:
        """The connection is gone; after a while, so is the client."""
        if client.socket is socket:
            client.detach()
            self._service.background.start(self._forget(client), busy=False)

    async def _forget(self, client: Client) -> None:
        await asyncio.sleep(GRACE)
        if not client.attached:
            self.close(client, reasons.LEFT_ABRUPTLY)

    def close(self, client: Client, end: reasons.EndReason) -> None:
        if self.clients.pop(client.key, None):
            client.close(end)

    def press(self, client: Client, leg_id: str, tone: str) -> None:
        leg = client.leg(leg_id)
        acting.press(self._service, leg.call, TONES[tone], leg.raw_id)


class _Connection:
    """One web socket, from its first command to its end."""

    def __init__(self, endpoint: ClientEndpoint, sleep: Callable[[float], Any], socket: web.WebSocketResponse) -> None:
        self._endpoint, self._sleep, self._socket = endpoint, sleep, socket
        self._client: Client | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        try:
            async for message in self._socket:
                if message.type is WSMsgType.BINARY and self._client:
                    self._client.captured(message.data)
                elif message.type is WSMsgType.TEXT:
                    await self._obey(parsed(message.data.encode()) or {})
        finally:
            for task in self._tasks:
                task.cancel()
            if self._client:
                self._endpoint.leave(self._client, self._socket)

    async def _obey(self, command: Command) -> None:
        reply: dict[str, Any] = {"type": "reply", "id": command.get("id")}
        try:
            reply |= await self._do(command) or {}
        except (KeyError, IndexError, TypeError, ValueError) as error:
            reply["error"] = {"code": 400, "subCode": 0, "message": f"The command is not understood: {error!r}."}
        except ClientError as error:
            reply["error"] = {"code": error.code, "subCode": error.sub_code, "message": str(error)}
        if self._client:
            self._client.send(reply)
        else:
            await self._socket.send_json(reply)

    async def _do(self, command: Command) -> dict[str, Any] | None:
        if command["do"] == "register":
            return await self._register(command)
        if self._client is None:
            raise ClientError(401, 10009, "Register first.")
        act(self._endpoint, self._client, command)
        return None

    async def _register(self, command: Command) -> dict[str, Any]:
        """The SDK's agent resolves before it is connected."""
        client = self._endpoint.client(command)
        await self._sleep(STARTING)
        self._client = client
        client.kind = command["kind"]
        client.attach(self._socket)
        self._tasks = [asyncio.create_task(client.write(self._socket)), asyncio.create_task(self._go_online(client))]
        return {"session": client.key, "identity": client.identity.raw_id}

    async def _go_online(self, client: Client) -> None:
        await self._sleep(CONNECTING)
        client.go_online()


def act(endpoint: ClientEndpoint, client: Client, command: Command) -> None:
    """Carry out a command of a registered client. Raises ClientError."""
    do = COMMANDS.get(command["do"])
    if do is None:
        raise ClientError(400, 0, f"There is no command {command['do']!r}.")
    do(endpoint, client, command)


COMMANDS: dict[str, Callable[[ClientEndpoint, Client, Command], None]] = {
    "accept": lambda _, client, command: client.accept(command["ring"], command["call"]),
    "reject": lambda _, client, command: client.incoming.decline(command["ring"]),
    "start": lambda endpoint, client, command: client.add(
        endpoint.calling.start(client.identity, command["call"], _start(command))
    ),
    "join": lambda endpoint, client, command: client.add(
        endpoint.calling.join(client.identity, command["call"], command["meeting"])
    ),
    "hangUp": lambda _, client, command: client.hang_up(command["call"]),
    "mute": lambda _, client, command: client.mute(command["call"], on=True),
    "unmute": lambda _, client, command: client.mute(command["call"], on=False),
    "hold": lambda _, client, command: client.hold(command["call"], on=True),
    "resume": lambda _, client, command: client.hold(command["call"], on=False),
    "press": lambda endpoint, client, command: endpoint.press(client, command["call"], command["tone"]),
    "token": lambda endpoint, client, command: endpoint.renew(client, command["token"]),
    "bye": lambda endpoint, client, _: endpoint.close(client, reasons.LEFT_ABRUPTLY),
}


def _start(command: Command) -> Start:
    on_behalf_of = command.get("onBehalfOf")
    return Start(
        tuple(parse(each) for each in command["callees"]),
        parse(on_behalf_of) if on_behalf_of else None,
        dict(command.get("headers") or {}),
    )

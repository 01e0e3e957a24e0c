"""Calling clients: who is registered, connections that are lost, tokens that expire, and the lobbies of meetings."""

from __future__ import annotations

from aiohttp import web

from emulator.clients.endpoint import ClientEndpoint
from emulator.clients.meetings import OUTCOMES, Admission
from emulator.control.fields import fields_of, identifier


class Clients:
    def __init__(self, endpoint: ClientEndpoint) -> None:
        self._endpoint = endpoint

    def routes(self) -> list[web.RouteDef]:
        at = "/_emulator/clients"
        return [
            web.get(at, self.list_clients),
            web.delete(at, self.forget),
            web.post(f"{at}/{{rawId}}/cut", self.cut),
            web.post(f"{at}/{{rawId}}/expire", self.expire),
            web.put("/_emulator/meetings", self.set_meeting),
        ]

    async def list_clients(self, _: web.Request) -> web.Response:
        """The calling clients: whether calls ring there, and the calls they are in"""
        clients = self._endpoint.clients.values()
        return web.json_response({"clients": [client.describe() for client in clients]})

    async def forget(self, request: web.Request) -> web.Response:
        """All clients leave, and their identities are scripted again"""
        self._endpoint.reset()
        return await self.list_clients(request)

    async def cut(self, request: web.Request) -> web.Response:
        """The clients of an identity lose their connection, for some seconds"""
        fields = await fields_of(request, "a cut")
        seconds = fields.seconds("seconds", 10.0)
        fields.done()
        self._endpoint.cut(_raw_id(request), seconds)
        return await self.list_clients(request)

    async def expire(self, request: web.Request) -> web.Response:
        """The tokens of an identity's clients expire now"""
        for client in self._endpoint.of(_raw_id(request)):
            client.expire()
        return await self.list_clients(request)

    async def set_meeting(self, request: web.Request) -> web.Response:
        """What the lobby of a meeting does, by the meeting's link or its id"""
        fields = await fields_of(request, "a meeting")
        name, outcome = fields.text("meeting"), fields.one_of("outcome", OUTCOMES, "admit")
        after = fields.seconds("after", 1.0)
        removes_after = fields.seconds("removes_after") if "removes_after" in fields else None
        fields.done()
        self._endpoint.calling.meetings.set(name, Admission(outcome, after, removes_after))
        return web.json_response({"meeting": name, "outcome": outcome, "after": after, "removes_after": removes_after})


def _raw_id(request: web.Request) -> str:
    return str(identifier(request.match_info["rawId"], "the client")["rawId"])

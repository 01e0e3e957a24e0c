"""Calls between clients, which the application takes no part in."""

from __future__ import annotations

from aiohttp import web

from emulator.acs.client_calls import RAISES_EVENTS, ClientCall
from emulator.control.fields import ControlError, fields_of
from emulator.platform import Platform

TARGETS = (RAISES_EVENTS, "microsoftTeamsUser", "microsoftTeamsApp")


class ClientCalls:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._calls: dict[str, ClientCall] = {}

    def routes(self) -> list[web.RouteDef]:
        at = "/_emulator/client-calls"
        return [web.post(at, self.start), web.post(f"{at}/{{id}}/hangup", self.hang_up)]

    async def start(self, request: web.Request) -> web.Response:
        """An ACS user calls a Teams user, a voice application or another ACS user"""
        fields = await fields_of(request, "a call between clients")
        source, target = fields.identifier("from"), fields.identifier("to")
        seconds = fields.seconds("hangs_up_after") if "hangs_up_after" in fields else None
        fields.done()
        if source["kind"] != RAISES_EVENTS:
            raise ControlError("'from' is an ACS user, 8:acs:{resource}_{user}")
        if target["kind"] not in TARGETS:
            raise ControlError("'to' is a Teams user (8:orgid:), a voice application (28:orgid:) or an ACS user")
        call = ClientCall(source, target, self._platform.clock.now(), self._platform.service.rng)
        self._calls[call.id] = call
        await self._platform.announce(call.started())
        if seconds is not None:
            self._platform.service.background.start(self._end_after(call, seconds))
        return web.json_response(call.describe(), status=201)

    async def hang_up(self, request: web.Request) -> web.Response:
        """One of the two hangs up"""
        call = self._calls.get(request.match_info["id"])
        if call is None:
            raise web.HTTPNotFound(reason=f"there is no call between clients {request.match_info['id']}")
        await self._end(call)
        return web.json_response(call.describe())

    async def _end_after(self, call: ClientCall, seconds: float) -> None:
        await self._platform.clock.sleep(seconds)
        await self._end(call)

    async def _end(self, call: ClientCall) -> None:
        if not call.ended:
            await self._platform.announce(call.over(self._platform.clock.now()))

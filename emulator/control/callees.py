"""Callees: what agents and numbers do when they are rung, and once they have accepted."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from emulator.control.fields import ControlError, identifier, json_of
from emulator.control.scripts import behaviour, describe
from emulator.platform import Platform


class Callees:
    def __init__(self, platform: Platform) -> None:
        self._callees = platform.service.callees

    def routes(self) -> list[web.RouteDef]:
        at = "/_emulator/callees"
        return [
            web.get(at, self.list_behaviours),
            web.put(at, self.set_all),
            web.put(f"{at}/{{rawId}}", self.set_one),
        ]

    async def list_behaviours(self, _: web.Request) -> web.Response:
        """What each callee does; all others accept after a second"""
        return web.json_response({raw_id: describe(each) for raw_id, each in self._callees.items()})

    async def set_all(self, request: web.Request) -> web.Response:
        """What all callees of a scenario do, by raw id; what was set before is forgotten"""
        body = await json_of(request)
        if not isinstance(body, dict):
            raise ControlError("the callees are a JSON object: behaviours by raw id")
        found = {_raw_id(text): behaviour(value, f"the behaviour of {text}") for text, value in body.items()}
        self._callees.clear()
        for raw_id, each in found.items():
            self._callees.set(raw_id, each)
        return await self.list_behaviours(request)

    async def set_one(self, request: web.Request) -> web.Response:
        """What an agent or a number does when it is rung"""
        raw_id, found = _raw_id(request.match_info["rawId"]), behaviour(await json_of(request), "a behaviour")
        self._callees.set(raw_id, found)
        answer: dict[str, Any] = {"rawId": raw_id, **describe(found)}
        return web.json_response(answer)


def _raw_id(text: str) -> str:
    return str(identifier(text, "the callee")["rawId"])

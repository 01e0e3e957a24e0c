"""The control API's part for Entra and Graph: who is in the directory, what they may, and tokens for them."""

from __future__ import annotations

from aiohttp import web

from emulator.control import ControlError, body_of, object_of
from emulator.platform import Platform

MOST = 100_000  # resource accounts made at once


class DirectoryControl:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def routes(self) -> list[web.RouteDef]:
        at = "/_emulator"
        return [
            web.get(f"{at}/directory", self._show),
            web.patch(f"{at}/directory", self._patch),
            web.post(f"{at}/directory/resource-accounts", self._add),
            web.post(f"{at}/entra/tokens", self._token),
            web.post(f"{at}/entra/keys/rotate", self._rotate),
        ]

    async def _show(self, _: web.Request) -> web.Response:
        return web.json_response(self._platform.directory.data)

    async def _patch(self, request: web.Request) -> web.Response:
        self._platform.directory.patch(object_of(await body_of(request)))
        return web.json_response(self._platform.directory.data)

    async def _add(self, request: web.Request) -> web.Response:
        told = object_of(await body_of(request))
        count = told.get("count", 1)
        if not isinstance(count, int) or not 0 < count <= MOST:
            raise ControlError(f"'count' is a whole number from 1 to {MOST}")
        resource_id = told.get("acsResourceId", self._platform.config.resource_id)
        self._platform.directory.add_resource_accounts(told.get("tenant", "contoso"), count, resource_id)
        return web.json_response({"count": count}, status=201)

    async def _token(self, request: web.Request) -> web.Response:
        return web.json_response({"token": self._platform.entra.sign_in(object_of(await body_of(request)))})

    async def _rotate(self, request: web.Request) -> web.Response:
        told = object_of(await body_of(request))
        return web.json_response({"kid": self._platform.entra.keys.rotate(forget=bool(told.get("forget")))})

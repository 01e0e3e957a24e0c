"""Events that are published again, dead letters, and the tokens of callbacks."""

from __future__ import annotations

import json

from aiohttp import web

from emulator.control.fields import ControlError, fields_of
from emulator.platform import Platform


class Events:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._service = platform.service

    def routes(self) -> list[web.RouteDef]:
        at = "/_emulator"
        return [
            web.post(f"{at}/events", self.publish),
            web.get(f"{at}/deadletters", self.dead_letters),
            web.post(f"{at}/tokens", self.token),
            web.post(f"{at}/keys/rotate", self.rotate),
        ]

    async def publish(self, request: web.Request) -> web.Response:
        """Publish CloudEvents on a topic: again, or new ones"""
        fields = await fields_of(request, "the request")
        topic, events = fields.text("topic", "acs"), fields.raw("events")
        fields.done()
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            raise ControlError("'events' is a list of CloudEvents")
        try:
            await self._platform.grid.publish(topic, events)
        except (LookupError, ValueError) as error:
            raise ControlError(f"topic {topic!r}: {error}") from error
        return web.json_response({"published": len(events)}, status=202)

    async def dead_letters(self, _: web.Request) -> web.Response:
        """The events that Event Grid gave up"""
        letters = self._platform.grid.dead_letters()
        return web.json_response({"deadletters": letters}, dumps=lambda value: json.dumps(value, default=str))

    async def token(self, request: web.Request) -> web.Response:
        """A token as callbacks carry it, or a wrong one"""
        fields, config = await fields_of(request, "a token"), self._service.config
        token = self._service.keys.token(
            issuer=fields.text("issuer", self._service.base_url),
            audience=fields.text("audience", config.resource_id),
            expires_in=fields.number("expires_in", 300.0),
            not_before_in=fields.number("not_before_in", 0.0),
            kid=fields.text("kid") if "kid" in fields else None,
        )
        fields.done()
        return web.json_response({"token": token})

    async def rotate(self, request: web.Request) -> web.Response:
        """Sign callbacks with a new key; {"forget": true} withdraws the old ones"""
        fields = await fields_of(request, "a rotation")
        forget = fields.flag("forget")
        fields.done()
        return web.json_response({"kid": self._service.keys.rotate(forget=forget)})

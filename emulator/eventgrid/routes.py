"""Event Grid over HTTP: publishing to a custom topic, and subscriptions at run time."""

from __future__ import annotations

import hmac
import json
from typing import Any

from aiohttp import web

from emulator.eventgrid import schemas
from emulator.eventgrid.config import BadConfig, Topic
from emulator.eventgrid.delivery import Subscriber
from emulator.eventgrid.grid import EventGrid

# "The maximum allowed size for an event, or an array of events, is 1 MB": articles/event-grid/quotas-limits.md
MAX_BODY = 1024 * 1024


class EventGridError(Exception):
    """An answer in the shape of Event Grid's errors (post-to-custom-topic.md, "Response")."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> web.Response:
        details = [{"code": self.code, "message": self.message}]
        error = {"code": self.code, "message": self.message, "details": details}
        return web.json_response({"error": error}, status=self.status)


def routes(grid: EventGrid) -> list[web.RouteDef]:
    surface = _Surface(grid)
    one = "/eventgrid/subscriptions/{name}"
    return [
        web.post("/eventgrid/topics/{topic}/api/events", surface.publish),
        web.get("/eventgrid/subscriptions", surface.subscriptions),
        web.get(one, surface.subscription, allow_head=False),
        web.put(one, surface.subscribe),
        web.delete(one, surface.unsubscribe),
        web.get("/eventgrid/deadletters", surface.dead_letters),
    ]


class _Surface:
    def __init__(self, grid: EventGrid) -> None:
        self._grid = grid

    async def publish(self, request: web.Request) -> web.Response:
        try:
            topic = self._topic(request)
            events = schemas.parse(request.headers.get("Content-Type", ""), await _body(request))
            await self._grid.publish(topic.name, events)
        except schemas.BadEvent as error:
            return EventGridError(400, "BadRequest", str(error)).answer()
        except EventGridError as refused:
            return refused.answer()
        return web.Response()

    async def subscriptions(self, _: web.Request) -> web.Response:
        return web.json_response([_describe(s) for s in self._grid.subscriptions()])

    async def subscription(self, request: web.Request) -> web.Response:
        subscriber = self._grid.subscription(request.match_info["name"])
        if subscriber is None:
            return _no_subscription(request)
        return web.json_response(_describe(subscriber))

    async def subscribe(self, request: web.Request) -> web.Response:
        """Create or replace; the handshake goes on in the background, and ``validated`` shows its state."""
        name = request.match_info["name"]
        try:
            entry = json.loads(await _body(request))
            if isinstance(entry, dict):
                entry = {k: v for k, v in entry.items() if k != "validated"} | {"name": name}
            new = self._grid.subscribe(self._grid.parse_subscription(entry))
        except BadConfig as error:
            return EventGridError(400, "InvalidRequest", str(error)).answer()
        except (ValueError, RecursionError):
            return EventGridError(400, "InvalidRequest", "the body is not JSON").answer()
        except EventGridError as refused:
            return refused.answer()
        subscriber = self._grid.subscription(name)
        return web.json_response(subscriber and _describe(subscriber), status=201 if new else 200)

    async def unsubscribe(self, request: web.Request) -> web.Response:
        if not self._grid.unsubscribe(request.match_info["name"]):
            return _no_subscription(request)
        return web.Response()

    async def dead_letters(self, _: web.Request) -> web.Response:
        return web.json_response(self._grid.dead_letters())

    def _topic(self, request: web.Request) -> Topic:
        """The custom topic the request may publish to. Raises EventGridError."""
        name = request.match_info["topic"]
        topic = self._grid.topics.get(name)
        if topic is None:
            raise EventGridError(404, "ResourceNotFound", f"there is no topic {name!r}")
        if topic.kind == "system" or topic.key is None:
            raise EventGridError(403, "Forbidden", f"{name!r} is a system topic: only its own service publishes to it")
        given = request.headers.get("aeg-sas-key", "").encode()
        if not hmac.compare_digest(given, topic.key.encode()):
            message = f"the header aeg-sas-key is missing, or is no key of topic {name!r}"
            raise EventGridError(401, "Unauthorized", message)
        return topic


async def _body(request: web.Request) -> bytes:
    """The body, never more of it than may be accepted. Raises EventGridError."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise EventGridError(413, "RequestEntityTooLarge", f"the body is larger than {MAX_BODY} bytes")
    return bytes(body)


def _describe(subscriber: Subscriber) -> dict[str, Any]:
    return subscriber.subscription.describe() | {"validated": subscriber.ready}


def _no_subscription(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    return EventGridError(404, "ResourceNotFound", f"there is no subscription {name!r}").answer()

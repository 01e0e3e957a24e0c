"""The Event Grid extension's webhook: /runtime/webhooks/EventGrid?functionName=…

It follows the extension's source, HttpRequestProcessor and EventGridExtensionConfigProvider
(github.com/Azure/azure-sdk-for-net, sdk/eventgrid/Microsoft.Azure.WebJobs.Extensions.EventGrid).
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from azure.functions.meta import Datum

from emulator.host.functions import Function
from emulator.host.invoke import Invoker, Result, Trigger
from emulator.host.keys import Keys

ORIGIN = "eventgrid.azure.net"


class EventGridWebhook:
    def __init__(self, functions: dict[str, Function], invoker: Invoker, keys: Keys) -> None:
        self._functions, self._invoker, self._keys = functions, invoker, keys

    async def handle(self, request: web.Request) -> web.Response:
        if not self._keys.allow("system", request):
            return web.Response(status=401)
        name = request.query.get("functionName", "")
        function = self._functions.get(name)
        if function is None:
            return web.Response(status=404, text=f"cannot find function: '{name}'")
        if request.method == "OPTIONS":
            return web.Response(headers={"Webhook-Allowed-Origin": ORIGIN})
        return await self._posted(function, request)

    async def _posted(self, function: Function, request: web.Request) -> web.Response:
        match request.headers.get("aeg-event-type", "").lower():
            case "subscriptionvalidation":
                return _validation(await request.read())
            case "notification":
                return await self._notify(function, await request.read())
            case "unsubscribe":
                return web.Response(status=202)
            case _:
                return web.Response(status=400)

    async def _notify(self, function: Function, body: bytes) -> web.Response:
        """One invocation per event, in parallel; if one fails, the whole payload is delivered again."""
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            return web.Response(status=500, text="the body is not JSON")
        events = payload if isinstance(payload, list) else [payload]
        results = await asyncio.gather(*(self._invoke(function, event) for event in events))
        for result in results:
            if result.error:
                return web.Response(status=500, text=f"{type(result.error).__name__} in {function.name}")
        return web.Response(status=202)

    async def _invoke(self, function: Function, event: Any) -> Result:
        data = Datum(json.dumps(event), "json")
        reason = f"EventGrid trigger fired at {datetime.now(UTC).isoformat()}"
        return await self._invoker.run(function, Trigger(data, reason, {"data": data}))


def _validation(body: bytes) -> web.Response:
    """The handshake of Event Grid's own schema: the response repeats the code."""
    try:
        code = json.loads(body)[0]["data"]["validationCode"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return web.Response(status=500, text="there is no validationCode in the body")
    return web.json_response({"validationResponse": code})

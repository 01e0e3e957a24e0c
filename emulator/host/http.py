"""HTTP triggers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web
from azure.functions.meta import Datum

from emulator.host.invoke import Invoker, Trigger
from emulator.host.keys import Keys
from emulator.host.routes import Route


class HttpTriggers:
    def __init__(self, routes: list[Route], invoker: Invoker, keys: Keys) -> None:
        self._routes, self._invoker, self._keys = routes, invoker, keys

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """404 for a method the route does not have, too: the host knows no 405 (azure-functions-host#10098)."""
        path = request.raw_path.partition("?")[0].lstrip("/")
        for route in self._routes:
            parameters = route.match(request.method, path)
            if parameters is not None:
                return await self._call(route, request, parameters)
        return web.Response(status=404)

    async def _call(self, route: Route, request: web.Request, parameters: dict[str, str]) -> web.Response:
        if not self._keys.allow(str(route.function.trigger.get("authLevel") or "function"), request):
            return web.Response(status=401)
        data = await incoming(request, parameters)
        reason = "This function was programmatically called via the host APIs."
        result = await self._invoker.run(route.function, Trigger(data, reason))
        if not result.ok:
            return web.Response(status=500)
        return web.Response(status=204) if result.value is None else outgoing(result.value)


async def incoming(request: web.Request, parameters: Mapping[str, str]) -> Datum:
    """The request as the worker receives it: an RpcHttp message with its body in bytes
    (azure_functions_worker/bindings/datumdef.py).
    """
    return Datum(
        {
            "method": Datum(request.method, "string"),
            "url": Datum(f"{request.scheme}://{request.host}{request.raw_path}", "string"),
            "headers": _joined(request.headers.items()),
            "query": _joined(request.query.items()),
            "params": _joined(parameters.items()),
            "body": Datum(await request.read(), "bytes"),
        },
        "http",
    )


def outgoing(datum: Datum) -> web.Response:
    """What a function returned, as a response."""
    if datum.type != "http":
        return web.Response(text=str(datum.value))
    value: dict[str, Any] = datum.value
    # The server sets Content-Length, Transfer-Encoding and Connection itself.
    headers = [(n, h.value) for n, h in value["headers"].items() if n.lower() not in _SERVERS]
    response = web.Response(status=int(value["status_code"].value), body=value["body"].value, headers=headers)
    for cookie in value.get("cookies") or []:
        for morsel in cookie.values():
            response.headers.add("Set-Cookie", morsel.OutputString())
    return response


_SERVERS = {"content-length", "transfer-encoding", "connection"}


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, Datum]:
    """Several values of one name become one, with commas, as .NET's StringValues print."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return {name: Datum(value, "string") for name, value in found.items()}

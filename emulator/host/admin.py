"""The host's admin endpoints: its status, its functions, and running one by hand
("Manually run a non HTTP-triggered function", functions-manually-run-non-http.md).
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from aiohttp import web
from azure.functions.meta import Datum

from emulator.host import queues
from emulator.host.functions import EVENT_GRID, QUEUE, TIMER, Function
from emulator.host.invoke import Invoker, Trigger
from emulator.host.keys import Keys
from emulator.host.timers import Timer

BY_HAND = "This function was programmatically called via the host APIs."


class Admin:
    def __init__(
        self, functions: list[Function], timers: dict[str, Timer], invoker: Invoker, keys: Keys, urls: dict[str, str]
    ) -> None:
        self._functions = {function.name.lower(): function for function in functions}
        self._timers, self._invoker, self._keys, self._urls = timers, invoker, keys, urls
        self._begun = time.monotonic()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def status(self, request: web.Request) -> web.Response:
        if not self._keys.allow("admin", request):
            return web.Response(status=401)
        uptime = int((time.monotonic() - self._begun) * 1000)
        state = {"id": "emulator", "state": "Running", "version": "emulated", "processUptime": uptime}
        return web.json_response(state | {"functions": len(self._functions)})

    async def functions(self, request: web.Request) -> web.Response:
        if not self._keys.allow("admin", request):
            return web.Response(status=401)
        return web.json_response([self._describe(f) for f in self._functions.values()])

    async def run(self, request: web.Request) -> web.Response:
        """Responds with 202 at once; the result is in the log."""
        if not self._keys.allow("admin", request):
            return web.Response(status=401)
        function = self._functions.get(request.match_info["name"].lower())
        if function is None:
            return web.Response(status=404)
        try:
            trigger = self._trigger(function, _given(await request.read()))
        except ValueError as error:
            return web.Response(status=400, text=str(error))
        task = asyncio.create_task(self._invoker.run(function, trigger))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return web.Response(status=202)

    def _trigger(self, function: Function, text: str) -> Trigger:
        match function.type:
            case t if t == TIMER:
                return self._timers[function.name].trigger()
            case t if t == QUEUE:
                return queues.by_hand(text)
            case t if t == EVENT_GRID:
                return Trigger(Datum(text, "json"), BY_HAND)
        raise ValueError(f"{function.name} is a {function.type}: it is run by a request to its own URL")

    def _describe(self, function: Function) -> dict[str, Any]:
        url = self._urls.get(function.name)
        return {"name": function.name, "config": {"bindings": [dict(function.trigger)]}, "invoke_url_template": url}


def _given(body: bytes) -> str:
    """The ``input`` of the request's body. Raises ValueError."""
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise ValueError('the body is not JSON: it is {"input": "…"}') from None
    if isinstance(value, dict) and isinstance(value.get("input", ""), str):
        return str(value.get("input", ""))
    raise ValueError('the body is {"input": "…"}, with a string')

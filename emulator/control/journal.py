"""The journal, and the state of the emulator as a whole."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from emulator.control.fields import ControlError, unknown
from emulator.journal import KINDS
from emulator.journal_text import PLAIN, lines
from emulator.platform import Platform

PARAMETERS = ("kind", "since", "format")


class JournalReader:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def routes(self) -> list[web.RouteDef]:
        at = "/_emulator"
        return [
            web.get(f"{at}/health", self.health),
            web.get(f"{at}/idle", self.idle),
            web.get(f"{at}/journal", self.journal),
            web.post(f"{at}/reset", self.reset),
        ]

    async def health(self, _: web.Request) -> web.Response:
        """Whether the emulator runs"""
        return web.json_response({"status": "ok"})

    async def idle(self, _: web.Request) -> web.Response:
        """Whether no callback, delivery or file is under way"""
        return web.json_response({"idle": self._platform.idle()})

    async def journal(self, request: web.Request) -> web.Response:
        """What went over the wire; ?kind=…, ?since=…, ?format=text"""
        query = _query(request)
        entries = self._platform.journal.entries(query.get("kind"), _since(query))
        if query.get("format", "json") == "text":
            return web.Response(text="".join(f"{line}\n" for line in lines(entries, PLAIN)))
        return web.json_response({"entries": entries}, dumps=_dumps)

    async def reset(self, _: web.Request) -> web.Response:
        """Return to the state after start; signing keys stay"""
        await self._platform.reset()
        return web.json_response({"status": "ok"})


def _query(request: web.Request) -> dict[str, str]:
    query = dict(request.query)
    for name in query:
        if name not in PARAMETERS:
            raise unknown(name, PARAMETERS, "the journal")
    if query.get("kind", KINDS[0]) not in KINDS:
        raise unknown(query["kind"], KINDS, "'kind'")
    if query.get("format", "json") not in ("json", "text"):
        raise ControlError("'format' is json or text")
    return query


def _since(query: dict[str, str]) -> int:
    try:
        return int(query.get("since", "0"))
    except ValueError:
        raise ControlError("'since' is the sequence number of an entry") from None


def _dumps(value: Any) -> str:
    return json.dumps(value, default=str)

"""Fault rules and options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from emulator.acs.callback_types import CALLBACK_TYPES
from emulator.acs.failing import FAILED
from emulator.acs.media.streams.messages import KINDS
from emulator.acs.operations import EVERY_OPERATION
from emulator.arm.routes import OPERATION as ARM_OPERATION
from emulator.config import RECORDING_FILE_SHAPES, START_RECORDING_ANSWERS
from emulator.control.fields import Fields, fields_of, json_of, unknown
from emulator.faults import Fault
from emulator.graph.service import OPERATIONS as GRAPH_OPERATIONS
from emulator.platform import Platform

# The names that a rule can match, by where it applies and by the fact it compares.
NAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("acs", "operation"): tuple(each.name for each in EVERY_OPERATION),
    ("outcome", "operation"): tuple(FAILED),
    ("graph", "operation"): tuple(dict.fromkeys(each.name for each in GRAPH_OPERATIONS)),
    ("entra", "operation"): ("AuthorizationCode", "ClientCredentials", "OnBehalfOf", "RefreshToken", "GetKeys"),
    ("arm", "operation"): (ARM_OPERATION,),
    ("streams", "kind"): KINDS,
    ("callbacks", "type"): tuple(f"Microsoft.Communication.{name}" for name in CALLBACK_TYPES),
}
OPTIONS: dict[str, Callable[[Fields, str], Any]] = {
    "speed": Fields.positive,
    "repeatability": Fields.flag,
    "own_participant": Fields.flag,
    "leading_inactive": Fields.flag,
    "invitations_ring": Fields.flag,
    "targeted_play_isolates": Fields.flag,
    "start_recording_answer": lambda fields, name: fields.one_of(name, START_RECORDING_ANSWERS),
    "recording_chunks": lambda fields, name: fields.count(name, least=1),
    "zero_byte_downloads": Fields.count,
    "recording_file_delay": Fields.seconds,
    "recording_file_shape": lambda fields, name: fields.one_of(name, RECORDING_FILE_SHAPES),
}


class FaultRules:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def routes(self) -> list[web.RouteDef]:
        at = "/_emulator"
        return [
            web.post(f"{at}/faults", self.add),
            web.get(f"{at}/faults", self.list_rules),
            web.delete(f"{at}/faults", self.clear),
            web.get(f"{at}/options", self.options),
            web.post(f"{at}/options", self.set_options),
        ]

    async def add(self, request: web.Request) -> web.Response:
        """Add a fault rule, or a list of them"""
        body = await json_of(request)
        faults = [Fault.parse(rule) for rule in (body if isinstance(body, list) else [body])]
        for fault in faults:
            _check_names(fault)
        for fault in faults:
            self._platform.faults.add(fault)
        answers = [fault.describe() for fault in faults]
        return web.json_response(answers if isinstance(body, list) else answers[0], status=201)

    async def list_rules(self, _: web.Request) -> web.Response:
        """The fault rules that are left"""
        return web.json_response({"faults": self._platform.faults.rules()})

    async def clear(self, _: web.Request) -> web.Response:
        """Remove every fault rule"""
        self._platform.faults.clear()
        return web.json_response({"faults": []})

    async def options(self, _: web.Request) -> web.Response:
        """The options"""
        return web.json_response({**asdict(self._platform.service.options), "speed": self._platform.clock.speed})

    async def set_options(self, request: web.Request) -> web.Response:
        """Change some options"""
        fields = await fields_of(request, "the options")
        given = {name: read(fields, name) for name, read in OPTIONS.items() if name in fields}
        fields.done()
        for name, value in given.items():
            setattr(self._platform.clock if name == "speed" else self._platform.service.options, name, value)
        return await self.options(request)


def _check_names(fault: Fault) -> None:
    """Raises ControlError for an operation or a type that does not exist: its rule would never apply."""
    for fact, value in fault.match.items():
        names = NAMES.get((fault.where, fact))
        if names is not None and value not in names:
            raise unknown(str(value), names, f"'{fact}' at {fault.where}")

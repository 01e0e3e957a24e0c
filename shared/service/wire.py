"""Parses the CloudEvents of the triggers into typed events, and quarantines those that cannot be read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol

from shared.calls.capabilities import parse
from shared.calls.event import Event, Unreadable
from shared.storage.calls import UnreadableRow
from shared.storage.quarantine import Quarantine

CALL_ID = re.compile(r"[0-9]{8}-[0-9a-f]{32}")

_ATTRIBUTES = ("id", "source", "type", "time", "subject", "event_type", "event_time", "topic")


class WireEvent(Protocol):
    """The part of ``azure.functions.CloudEvent`` that is used."""

    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def time(self) -> datetime | None: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def extension_attrs(self) -> dict[str, Any]: ...
    def get_json(self) -> Any: ...


class EventReader:
    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine

    async def read(self, wire: WireEvent, source: str, payload_type: type | None = None) -> Event | None:
        """The typed event; None if it cannot be read and is quarantined. ``source`` is the trigger's function."""
        try:
            return _typed(wire, payload_type)
        except Unreadable as error:
            await self.quarantine(wire, str(error), source)
            return None

    @asynccontextmanager
    async def unless_unreadable_row(self, wire: WireEvent, source: str) -> AsyncIterator[None]:
        """Quarantine the event of a call whose row cannot be decoded. A row of a newer version is raised: the event is
        delivered again, to an instance of that version.
        """
        try:
            yield
        except UnreadableRow as row:
            if row.is_newer:
                raise
            await self.quarantine(wire, str(row), source)

    async def quarantine(self, wire: WireEvent, reason: str, source: str) -> None:
        await self._quarantine.add(_as_json(wire), reason, source)


def _typed(wire: WireEvent, payload_type: type | None) -> Event:
    if not hasattr(wire, "extension_attrs"):
        raise Unreadable("it is not in the CloudEvents schema: check the subscription's delivery schema")
    event = parse(wire.type, wire.id, wire.time, wire.subject, wire.get_json())
    if payload_type is not None and not isinstance(event.data, payload_type):
        raise Unreadable(f"{event.type} is not for this trigger: check the subscription's event types")
    return event


def _as_json(wire: WireEvent) -> dict[str, Any]:
    known = {name: getattr(wire, name) for name in _ATTRIBUTES if getattr(wire, name, None) is not None}
    return known | {"data": wire.get_json()} | getattr(wire, "extension_attrs", {})

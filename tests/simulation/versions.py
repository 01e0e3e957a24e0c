"""Rows as other versions of the app write them: the version before this one, and those that come after it.

A deployment in the middle of a call finds rows of the version before. A rolling deployment and a rollback find rows of
a newer one.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from shared.storage.calls import VERSION
from tests.simulation.storage import Entity

# Parts that the version before does not have, and columns that it does not write.
ADDED = ("participants", "prompts", "outbox")
COLUMNS = ("tenant",)
_ADDED = re.compile(rf"(({'|'.join(ADDED)})(_z)?(_\d+)?|{'|'.join(COLUMNS)})(@odata\.type)?")

# How rows change, each with the properties that it adds or replaces.
NEWER, UNDECODABLE, EXTENDED = "newer rows", "undecodable rows", "unknown capability"
CHANGES: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        NEWER: {"version": VERSION + 1},
        UNDECODABLE: {"call": "["},
        EXTENDED: {  # the same format, with a capability and a column that this version does not know
            "escalation": '{"part":{"to":"4:+12065550199"},"effects":[{"id":"t","action":{"do":"Escalate"}}]}',
            "escalation@odata.type": "Edm.String",
            "escalation_status": "started",
            "escalation_status@odata.type": "Edm.String",
        },
    }
)
FOR_GOOD = float("inf")

Key = tuple[str, str]


def as_before(properties: dict[str, Any]) -> dict[str, Any]:
    """A call's entity without what this version added to it; unchanged if it added nothing."""
    return {name: value for name, value in properties.items() if not _ADDED.fullmatch(name)}


class OtherVersions:
    """Other versions of the app, which write to the same rows.

    ``changed`` holds the change that a row has now, and the properties that it had before.
    """

    def __init__(self, rows: dict[Key, Entity]) -> None:
        self._rows = rows
        self.changed: dict[Key, tuple[str, dict[str, Any]]] = {}
        self.lost: list[str] = []  # what this version has overwritten
        self.struck: Counter[str] = Counter()  # how many rows were changed, by the change

    @property
    def hidden(self) -> set[Key]:
        """The rows that this version cannot read."""
        return {key for key, (change, _) in self.changed.items() if change != EXTENDED}

    async def write(self, at: float, change: str, seconds: float) -> None:
        """Change all rows at a moment, and change them back after so many seconds."""
        await asyncio.sleep(at)
        written = [key for key in self._rows if key not in self.changed]
        for key in written:
            self.struck[change] += 1
            self.changed[key] = change, {name: self._rows[key].properties.get(name) for name in CHANGES[change]}
            self._replace(key, CHANGES[change])
        if seconds != FOR_GOOD:
            await asyncio.sleep(seconds)
            self.check()
            for key in written:
                self._replace(key, self.changed.pop(key)[1])

    def check(self) -> None:
        """Record the changes that have been overwritten."""
        for key, (change, _) in self.changed.items():
            now = self._rows[key].properties
            self.lost += [f"{key[1]}: {name}" for name, value in CHANGES[change].items() if now.get(name) != value]

    def readable(self, key: Key) -> dict[str, Any]:
        """The row's properties without the change."""
        return self._rows[key].properties | (self.changed[key][1] if key in self.hidden else {})

    def _replace(self, key: Key, properties: dict[str, Any]) -> None:
        entity = self._rows[key]
        changed = {name: value for name, value in (entity.properties | properties).items() if value is not None}
        self._rows[key] = Entity(changed, f'{entity.etag[:-1]}, by another version"')

"""Events of the platform whose data lacks a field, or has one of another type."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

PATHS = ("/api/callbacks/", "functionName=incoming_call", "functionName=recording_file_ready")
MISSING = object()
OTHER_TYPES: dict[type, tuple[Any, ...]] = {
    str: (MISSING, None, 7, [], {}),
    int: (MISSING, None, "seven", [], {}),
    float: (MISSING, None, "seven", [], {}),
    bool: (MISSING, None, "true", []),
    list: (MISSING, None, "list", {}, [7]),
    dict: (MISSING, None, "object", [], 7),
    type(None): (MISSING, 7, []),
}
Path = tuple[str | int, ...]

# Without these a call is neither answered nor known.
NEEDED = {"incomingCallContext", "to"}


@dataclass(frozen=True)
class Bent:
    """The first ``times`` events of a type have one field bent each, chosen by ``seed``."""

    type: str
    times: int
    seed: int


@dataclass
class _Left:
    type: str
    times: int
    rng: random.Random


class Bending:
    """``bent`` holds the type and the bent field of each event, by its id: it is the same in each delivery."""

    def __init__(self, schedules: tuple[Bent, ...]) -> None:
        self._left = [_Left(each.type, each.times, random.Random(each.seed)) for each in schedules]  # noqa: S311
        self.bent: dict[str, tuple[str, Path]] = {}
        self._values: dict[str, Any] = {}

    def body(self, url: str, body: bytes) -> bytes:
        """The body of a request, with the events in it bent that a schedule has a part for."""
        if not self._left or not any(path in url for path in PATHS):
            return body
        decoded = msgspec.json.decode(body)
        changed = [self._event(each) for each in decoded] if isinstance(decoded, list) else self._event(decoded)
        return msgspec.json.encode(changed)

    def lost_calls(self) -> set[str]:
        """The ids of the IncomingCall events that lack what is needed to answer."""
        return {id for id, (type, path) in self.bent.items() if type == "IncomingCall" and path[0] in NEEDED}

    def _event(self, event: dict[str, Any]) -> dict[str, Any]:
        id, type = event["id"], event["type"].rpartition(".")[2]
        if id not in self.bent:
            schedule = next((schedule for schedule in self._left if schedule.type == type and schedule.times), None)
            if schedule is None:
                return event
            schedule.times -= 1
            path, value = schedule.rng.choice(list(_fields(event["data"])))
            self.bent[id] = type, path
            self._values[id] = schedule.rng.choice(OTHER_TYPES[value.__class__])
        return event | {"data": _with(event["data"], self.bent[id][1], self._values[id])}


def _fields(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in items:
        yield (*path, name), each
        yield from _fields(each, (*path, name))


def _with(data: Any, path: Path, value: Any) -> Any:
    changed = copy.deepcopy(data)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    if value is MISSING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return changed

"""Events of the platform, from the golden payloads in ``tests/events/``."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from shared.calls.capabilities import parse
from shared.calls.event import Event, in_utc

FOLDER = Path(__file__).parent / "events"
START = datetime.fromisoformat("2026-11-21T09:00:00+00:00")


@cache
def _text(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text()


def golden(name: str) -> dict[str, Any]:
    """The CloudEvent in ``tests/events/{name}.json``."""
    event: dict[str, Any] = json.loads(_text(name))
    return event


def cloud_event(name: str, after: float = 0.0, id: str | None = None, **data: Any) -> dict[str, Any]:
    """A golden event, ``after`` seconds into the call, with its own id and some fields of its data replaced."""
    event = deepcopy(golden(name))
    event["time"] = (START + timedelta(seconds=after)).isoformat().replace("+00:00", "Z")
    event["id"] = id or f"{name}-{after:g}"
    event["data"] |= data
    return event


def event(name: str, after: float = 0.0, id: str | None = None, **data: Any) -> Event:
    """The same, typed."""
    wire = cloud_event(name, after, id, **data)
    at = in_utc(datetime.fromisoformat(wire["time"]))
    return parse(wire["type"], wire["id"], at, wire.get("subject"), wire["data"])

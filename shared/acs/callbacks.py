"""Callbacks of ACS: parsed and checked before they are published to the custom topic.

The body of a callback is a JSON array of CloudEvents, or a single one. The published event has one more extension
attribute, ``callid``: the id from the callback URL, by which the triggers find the call. Its time is written in UTC.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from shared.platform import clock

# Event Grid takes 1 MB in one request, in one event or many (azure-docs, "Azure Event Grid quotas and limits").
LARGEST_BODY = 1024 * 1024  # bytes
LARGEST_BATCH = 1_000_000
DEEPEST = 64  # levels of an event; those of ACS have fewer than ten, and JSON encoders fail at some hundred
CALL_ID = "callid"


class CloudEvent(msgspec.Struct, frozen=True):
    """The attributes that Event Grid requires of a CloudEvent, and a time, which the timeline is sorted by."""

    id: str
    source: str
    type: str
    time: str
    specversion: str
    data: dict[str, Any]
    subject: str | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None


_EXTENSION = re.compile(r"[a-z0-9]+")  # CloudEvents 1.0.2, "Attribute naming convention"


def read(body: bytes) -> tuple[list[dict[str, Any]], list[tuple[Any, str]]]:
    """The events of a body, and those that cannot be read, with the reason. A bad event does not affect the others."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return [], [(body.decode(errors="replace"), f"it is not JSON: {type(error).__name__}")]
    good: list[dict[str, Any]] = []
    bad: list[tuple[Any, str]] = []
    for item in decoded if isinstance(decoded, list) else [decoded]:
        if _is_too_deep(item):
            bad.append((body.decode(errors="replace"), f"an event of it is nested deeper than {DEEPEST} levels"))
            continue
        reason = _fault(item)
        if reason is None:
            good.append(item)
        else:
            bad.append((item, reason))
    return good, bad


def _is_too_deep(item: Any) -> bool:
    level = [item]
    for _ in range(DEEPEST):
        level = [child for each in level for child in _children(each)]
        if not level:
            return False
    return True


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _fault(item: Any) -> str | None:
    try:
        event = msgspec.convert(item, CloudEvent)
        clock.parse(event.time)
    except (msgspec.ValidationError, ValueError) as error:
        return f"it is not a CloudEvent: {error}"
    if event.specversion != "1.0" or not (event.id and event.source and event.type):
        return "it is not a CloudEvent 1.0 with id, source and type"
    extensions = {name: value for name, value in item.items() if name not in CloudEvent.__struct_fields__}
    if "data_base64" in extensions:
        return "it has both data and data_base64"
    if not all(_EXTENSION.fullmatch(n) and not isinstance(v, dict | list) for n, v in extensions.items()):
        return "it has an extension attribute that Event Grid does not accept"
    return None


def address(event: dict[str, Any], call_id: str) -> dict[str, Any]:
    """The event as it is published: with the id of its call, and its time in UTC, in a form that all parsers accept."""
    return event | {CALL_ID: call_id, "time": clock.rfc_3339(clock.parse(event["time"]))}


def batches(events: list[dict[str, Any]]) -> tuple[list[list[dict[str, Any]]], list[dict[str, Any]]]:
    """The events in batches that the topic accepts, in order, and those that are too large for any."""
    fitting: list[list[dict[str, Any]]] = []
    too_large, room = [], 0
    for event in events:
        size = len(json.dumps(event)) + 2  # as the SDK writes it, with a comma
        if size > LARGEST_BATCH:
            too_large.append(event)
            continue
        if size > room:
            fitting.append([])
            room = LARGEST_BATCH
        fitting[-1].append(event)
        room -= size
    return fitting, too_large

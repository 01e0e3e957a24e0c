"""The two shapes of an event, and what makes one malformed."""

from __future__ import annotations

import json
import re
from typing import Any

REQUIRED = ("id", "source", "type", "specversion")  # CloudEvents 1.0.2, "Required attributes"
OPTIONAL = ("subject", "time", "datacontenttype", "dataschema", "data", "data_base64")
EXTENSION = re.compile(r"[a-z0-9]+")  # CloudEvents 1.0.2, "Attribute naming convention"
# The date-times of RFC 3339, which CloudEvents requires.
TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


class BadEvent(ValueError):
    """A published body that cannot be accepted; the text says why."""


def check(event: Any) -> dict[str, Any]:
    """The event, if it is CloudEvents 1.0. Raises BadEvent."""
    if not isinstance(event, dict):
        raise BadEvent(f"an event is a JSON object, not {type(event).__name__}")
    for name in REQUIRED:
        if not (isinstance(event.get(name), str) and event[name]):
            raise BadEvent(f"the event's required attribute '{name}' is missing, empty or not a string")
    if event["specversion"] != "1.0":
        raise BadEvent(f"the event's specversion is {event['specversion'][:20]!r}; only '1.0' is supported")
    if event.get("data") is not None and event.get("data_base64") is not None:
        raise BadEvent("an event has 'data' or 'data_base64', not both")
    for name in ("subject", "datacontenttype", "dataschema", "time"):
        if event.get(name) is not None and not isinstance(event[name], str):
            raise BadEvent(f"the event's attribute '{name}' is not a string")
    if event.get("time") is not None and not TIME.fullmatch(event["time"]):
        raise BadEvent("the event's attribute 'time' is not an RFC 3339 date-time")
    _check_extensions(event)
    return event


def parse(content_type: str, body: bytes) -> list[dict[str, Any]]:
    """The events of a published body: a batch, or one event. Raises BadEvent."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadEvent("the body is not JSON") from error
    media = content_type.partition(";")[0].strip().lower()
    if media not in (SINGLE, BATCH, "application/json"):
        raise BadEvent(f"content type {media[:60]!r}: expected {BATCH} or {SINGLE}")
    if media == BATCH and not isinstance(value, list):
        raise BadEvent(f"a body of type {BATCH} is an array")
    if media == SINGLE and not isinstance(value, dict):
        raise BadEvent(f"a body of type {SINGLE} is an object")
    return [check(event) for event in (value if isinstance(value, list) else [value])]


def delivered(events: list[dict[str, Any]], schema: str, *, topic: str, batched: bool) -> tuple[str, bytes]:
    """Content type and body of a delivery.

    CloudEvents go as one object, or as an array where the subscription has batches
    (cloud-event-schema.md); Event Grid's own schema is always an array (event-schema.md).
    """
    if schema == "eventgrid":
        return "application/json; charset=utf-8", dump([to_eventgrid(e, topic) for e in events])
    if batched:
        return f"{BATCH}; charset=utf-8", dump(events)
    return f"{SINGLE}; charset=utf-8", dump(events[0])


def to_eventgrid(event: dict[str, Any], topic: str) -> dict[str, Any]:
    """A CloudEvent in Event Grid's own schema (event-schema.md)."""
    return {
        "id": event["id"],
        "topic": topic,
        "subject": event.get("subject") or "",
        "eventType": event["type"],
        "eventTime": event.get("time"),
        "data": event.get("data"),
        "dataVersion": "1.0",
        "metadataVersion": "1",
    }


def dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _check_extensions(event: dict[str, Any]) -> None:
    for name, value in event.items():
        if name in REQUIRED or name in OPTIONAL:
            continue
        if not EXTENSION.fullmatch(name):
            raise BadEvent(f"extension attribute {name[:40]!r}: names are lower-case letters and digits")
        if isinstance(value, dict | list):
            raise BadEvent(f"extension attribute {name!r} is neither string, number nor boolean")

"""Callbacks of ACS on their way to the custom topic: read, checked, and published as they are.

A callback's body is a JSON array of CloudEvents, or a single one. What is published is the same event with one
extension attribute, ``callid``: the id from the callback URL, by which the triggers find the call.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from azure.eventgrid.aio import EventGridPublisherClient

LARGEST_BODY = 1024 * 1024  # bytes; Event Grid takes no larger event (azure-docs, Event Grid quotas and limits)
CALL_ID = "callid"


class CloudEvent(msgspec.Struct, frozen=True):
    """What Event Grid demands of a CloudEvent, and a time, without which a timeline has no place for it."""

    id: str
    source: str
    type: str
    time: datetime
    specversion: str
    data: dict[str, Any]


def read(body: bytes) -> tuple[list[dict[str, Any]], list[tuple[Any, str]]]:
    """The events of a body, and what could not be read with the reason why: one bad event costs only itself."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return [], [(body.decode(errors="replace"), f"it is no JSON: {type(error).__name__}")]
    good, bad = [], []
    for item in decoded if isinstance(decoded, list) else [decoded]:
        reason = _fault(item)
        if reason is None:
            good.append(item)
        else:
            bad.append((item, reason))
    return good, bad


def _fault(item: Any) -> str | None:
    try:
        event = msgspec.convert(item, CloudEvent)
    except msgspec.ValidationError as error:
        return f"it is no CloudEvent: {error}"
    if event.specversion != "1.0" or not (event.id and event.source and event.type):
        return "it is no CloudEvent 1.0 with id, source and type"
    return None


async def publish(topic: EventGridPublisherClient, call_id: str, events: list[dict[str, Any]]) -> None:
    """Publish the events with their own ids, times and sources. Raises AzureError."""
    await topic.send([event | {CALL_ID: call_id} for event in events])

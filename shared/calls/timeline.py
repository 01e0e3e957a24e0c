"""The timeline of a call: every event once, in the order in which things happened."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shared.calls.event import ActionFailed, Event, OperationRequested
from shared.calls.result_codes import look_up

LONGEST_TIMELINE = 10_000  # entries; compressed they fit into an entity of 1 MiB


class TimelineEntry(Struct, frozen=True):
    """``received`` is when the event reached the app: the only part that differs between deliveries."""

    at: datetime
    id: str
    type: str
    text: str
    received: datetime


Timeline = tuple[TimelineEntry, ...]


def with_event(timeline: Timeline, event: Event, text: str, now: datetime) -> Timeline:
    """The timeline with the event, once. Some events of this app repeat with the same id, such as an answer that is
    refused twice: the earlier one stays.
    """
    before = next((entry for entry in timeline if entry.id == event.id), None)
    if (before is not None and before.at <= event.at) or is_left_out(timeline, event):
        return timeline
    entry = TimelineEntry(event.at, event.id, event.type, text, now)
    others = (other for other in timeline if other is not before)
    return tuple(sorted((*others, entry), key=lambda e: (e.at, e.id)))


def is_left_out(timeline: Timeline, event: Event) -> bool:
    """Whether there was no room for a folded event: it must be stored elsewhere."""
    full = len(timeline) >= LONGEST_TIMELINE
    return full and event.data.in_timeline and not knows(timeline, event)


def knows(timeline: Timeline, event: Event) -> bool:
    return any(entry.id == event.id for entry in timeline)


def describe(event: Event, text: str) -> str:
    """The entry's text: the capability's, or the meaning of the result code; and the fields that could not be read."""
    words = text or in_words(*event.data.codes)
    match event.data:
        case ActionFailed(action=action, message=message):  # one without codes is this app's own
            words = f"{action.name}: {words or message}"
        case OperationRequested(action=action, requested_by=by):
            words = f"{action.name}{f' ({text})' if text else ''}, by {by}"
    unread = f"unreadable: {', '.join(event.unread)}" if event.unread else ""
    return "; ".join(each for each in (words, unread) if each)


def in_words(code: int, sub_code: int) -> str:
    """``500/8511: the prompt could not be played``; nothing for plain success."""
    if code in (0, 200) and not sub_code:
        return ""
    return f"{code}/{sub_code}: {look_up(code, sub_code).meaning}"

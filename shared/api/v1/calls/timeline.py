"""The timeline of a call, oldest event first."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from datetime import datetime

from msgspec import UNSET

from shared.api.parameters import PageQuery
from shared.api.problems import Problem
from shared.api.route import AGENTS, Paged, RequestContext, Route
from shared.api.v1.calls.access import visible_call
from shared.api.v1.calls.models import TimelineEntryView
from shared.api.v1.calls.parameters import OF_CALL
from shared.calls.timeline import Timeline, TimelineEntry
from shared.directory.models import Page

PAGE = 200  # entries


async def get_timeline(context: RequestContext) -> Page[TimelineEntryView]:
    entries = (await visible_call(context)).timeline
    start = _after(entries, context.query.continuation) if context.query.continuation else 0
    end = start + (PAGE if context.query.page_size is UNSET else context.query.page_size)
    page = tuple(TimelineEntryView(each.at, each.received, each.type, each.text) for each in entries[start:end])
    return Page(page, _position(entries[end - 1]) if end < len(entries) else None)


def _position(entry: TimelineEntry) -> str:
    """The entry's time and a digest of its id: ids can be long."""
    return f"{entry.at:%Y%m%dT%H%M%S%f}-{hashlib.sha256(entry.id.encode()).hexdigest()[:16]}"


def _after(entries: Timeline, position: str) -> int:
    """Where the entries after a position begin. An event that arrives late can have moved its entry."""
    try:
        at = datetime.strptime(position.partition("-")[0] + "+0000", "%Y%m%dT%H%M%S%f%z")
    except ValueError:
        raise Problem("BadParameter", "continuation is not one of this list.") from None
    found = (n + 1 for n, entry in enumerate(entries) if entry.at == at and _position(entry) == position)
    return next(found, bisect_right(entries, at, key=lambda entry: entry.at))


ROUTES = (
    Route(
        "GET",
        "calls/{callId}/timeline",
        "getTimeline",
        AGENTS,
        "Get the events of a call, oldest first",
        {200: Paged(TimelineEntryView)},
        get_timeline,
        parameters=OF_CALL,
        query=PageQuery,
    ),
)

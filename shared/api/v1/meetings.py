"""The caller's online meetings."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from msgspec import Meta, field

from shared.api.parameters import PageQuery
from shared.api.route import AGENTS, Paged, RequestContext, Route
from shared.directory.models import Meeting, Page

# RFC 3339, with or without an offset. The parameters are texts, since msgspec also reads numbers as times of a query.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def _time(description: str, example: str) -> Meta:
    return Meta(extra_json_schema={"format": "date-time"}, examples=[example], description=description)


class MeetingsQuery(PageQuery, frozen=True, kw_only=True):
    from_: Annotated[str, _time("the start; without an offset, in the time zone", "2026-11-23T00:00:00+01:00")] = field(
        name="from"
    )
    to: Annotated[str, _time("the end, at most 62 days later", "2026-11-28T00:00:00+01:00")]
    time_zone: Annotated[
        str, Meta(min_length=1, max_length=64, examples=["Europe/Berlin"], description="an IANA name")
    ] = "UTC"

    def __post_init__(self) -> None:
        _ = self.window

    @property
    def window(self) -> tuple[datetime, datetime]:
        return _parsed(self.from_, "from"), _parsed(self.to, "to")


def _parsed(text: str, name: str) -> datetime:
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:  # such as the 31st of February
        pass
    raise ValueError(f"Expected a time such as 2026-11-21T09:00:00+01:00 - at `$.{name}`")


async def list_meetings(context: RequestContext) -> Page[Meeting]:
    query = context.query
    start, end = query.window
    return await context.directory.meetings.between(context.caller, start, end, query.time_zone, **query.page)


ROUTES = (
    Route(
        "GET",
        "meetings",
        "listMeetings",
        AGENTS,
        "List the caller's online meetings within a window of time",
        {200: Paged(Meeting)},
        list_meetings,
        query=MeetingsQuery,
    ),
)

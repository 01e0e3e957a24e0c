"""The signed-in user's online meetings: calendar events with a join URL (Graph v1.0, Calendars.Read).

Requests ask Graph for UTC. Its times have no offset, ``2026-11-21T10:00:00.0000000``, and a separate time zone.
All-day events have no time zone: they last from midnight to midnight of any zone, and Graph ignores the requested one
for them. They are placed into the zone of the request.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from shared.directory.caller import Caller
from shared.directory.checks import not_valid, read, top
from shared.directory.errors import UNEXPECTED_RESPONSE, UpstreamError
from shared.directory.graph import Graph
from shared.directory.models import Meeting, Page
from shared.directory.on_behalf_of import GraphCredentials

LONGEST_WINDOW = timedelta(days=62)
IN_UTC = {"Prefer": 'outlook.timezone="UTC"'}
FIELDS = {
    "$select": "id,subject,start,end,isAllDay,isCancelled,isOnlineMeeting,onlineMeeting,organizer",
    "$orderby": "start/dateTime",
}
UTC_NAMES = frozenset({"utc", "etc/utc", "etc/gmt", "tzone://microsoft/utc"})


class _Time(Struct, rename="camel"):
    date_time: datetime
    time_zone: str = "UTC"


class _OnlineMeeting(Struct, rename="camel"):
    join_url: str | None = None


class _Address(Struct):
    name: str | None = None


class _Organizer(Struct, rename="camel"):
    email_address: _Address | None = None


class _Event(Struct, rename="camel"):
    """An event of calendarView, which lists each occurrence of a series."""

    id: str
    start: _Time
    end: _Time
    subject: str | None = None
    is_all_day: bool = False
    is_cancelled: bool = False
    online_meeting: _OnlineMeeting | None = None
    organizer: _Organizer | None = None


class Meetings:
    def __init__(self, graph: Graph, credentials: GraphCredentials) -> None:
        self._graph, self._credentials = graph, credentials

    async def between(
        self,
        caller: Caller,
        start: datetime,
        end: datetime,
        time_zone: str = "UTC",
        *,
        page_size: int | None = None,
        continuation: str | None = None,
    ) -> Page[Meeting]:
        """The caller's online meetings that overlap the window, cancelled ones included.

        ``start`` and ``end`` without an offset are in ``time_zone``, an IANA name. Events without a join URL are left
        out, so a page can be shorter than requested, or empty, and have a next one.
        """
        zone = zone_of(time_zone)
        first, last = window(start, end, zone)
        params = {"startDateTime": _wire(first), "endDateTime": _wire(last)} | FIELDS | top(page_size)
        credential = self._credentials.on_behalf_of(caller)
        events, following = await self._graph.page(
            "v1.0/me/calendar/calendarView", credential, params, IN_UTC, continuation
        )
        found = (_meeting(read(event, _Event), zone) for event in events)
        return Page(tuple(meeting for meeting in found if meeting is not None), following)


def zone_of(name: str) -> tzinfo:
    """The time zone of an IANA name, as browsers and phones use them; Windows names are not accepted."""
    if name.lower() in UTC_NAMES:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: for a folder, such as Europe
        raise not_valid("timeZone must be an IANA name such as Europe/Berlin") from None


def window(start: datetime, end: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The window in UTC. An hour that occurs twice, when clocks are put back, is included twice."""
    try:
        first, last = _placed(start, zone, fold=0), _placed(end, zone, fold=1)
    except OverflowError:
        raise not_valid("from and to must be times that exist in UTC") from None
    if not timedelta() < last - first <= LONGEST_WINDOW:
        raise not_valid(f"from must be before to, and at most {LONGEST_WINDOW.days} days before it")
    return first, last


def _placed(time: datetime, zone: tzinfo, fold: int = 0) -> datetime:
    """A time with an offset, or in the zone, in UTC.

    A time that is skipped when clocks are put forward is read with the offset before the change.
    """
    if time.utcoffset() is None:
        time = time.replace(tzinfo=zone, fold=0 if _is_skipped(time, zone) else fold)
    return time.astimezone(UTC)


def _is_skipped(time: datetime, zone: tzinfo) -> bool:
    there_and_back = time.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there_and_back.replace(tzinfo=None) != time.replace(tzinfo=None)


def _wire(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _meeting(event: _Event, zone: tzinfo) -> Meeting | None:
    url = event.online_meeting.join_url if event.online_meeting else None
    if not url or not url.startswith("https://"):
        return None
    organizer = event.organizer.email_address if event.organizer else None
    return Meeting(
        id=event.id,
        subject=event.subject or "",
        start=_moment(event.start, event, zone),
        end=_moment(event.end, event, zone),
        join_url=url,
        organizer=organizer.name if organizer else None,
        is_cancelled=event.is_cancelled,
        is_all_day=event.is_all_day,
    )


def _moment(time: _Time, event: _Event, zone: tzinfo) -> datetime:
    try:
        return _placed(time.date_time, zone if event.is_all_day else zone_of(time.time_zone))
    except (UpstreamError, OverflowError):
        raise UpstreamError(UNEXPECTED_RESPONSE, detail="a time has an unknown time zone") from None

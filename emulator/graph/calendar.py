"""The signed-in user's calendar between two moments (v1.0 ``/me/calendar/calendarView``).

Microsoft Graph v1.0, "List calendarView", "event resource type", "dateTimeTimeZone resource type": each occurrence of
a series is an event of its own, times have no offset but the name of their zone, and ``Prefer:
outlook.timezone`` chooses it. Assumed: that an all-day event keeps its own zone.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulator.graph import odata
from emulator.graph.errors import bad_request
from emulator.graph.request import GraphRequest

PERMISSIONS = ("Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite")
PAGE, MOST = 10, 1000
WINDOWS = {  # a few of the names that Windows has for zones; Graph takes both kinds
    "W. Europe Standard Time": "Europe/Berlin",
    "GMT Standard Time": "Europe/London",
    "Eastern Standard Time": "America/New_York",
    "Pacific Standard Time": "America/Los_Angeles",
    "India Standard Time": "Asia/Kolkata",
}

_PREFERRED = re.compile(r'outlook\.timezone\s*=\s*"?([^",;]+)"?', re.IGNORECASE)
_OFFSET = re.compile(r"Z$")


def list_view(request: GraphRequest) -> dict[str, Any]:
    me = request.signed_in()
    request.require(*PERMISSIONS, workload="exchange")
    options = ("$select", "$top", "$skip", "$orderby", "$count")
    odata.allow(request, *options)
    first, last = _window(request)
    zone = preferred_zone(request) or "UTC"
    events = sorted(
        (event for event in _events(request, me) if event["begins"] < last and event["ends"] > first),
        key=lambda event: (event["begins"], event["id"]),
    )
    return odata.context(request, f"users('{me['id']}')/calendar/calendarView") | _page(request, events, zone)


def preferred_zone(request: GraphRequest) -> str | None:
    found = _PREFERRED.search(request.http.headers.get("Prefer", ""))
    if found:
        _zone(found[1])
    return found and found[1]


def _page(request: GraphRequest, events: list[dict[str, Any]], zone: str) -> dict[str, Any]:
    size = odata.top(request, PAGE, MOST) or PAGE
    skip = request.query.get("$skip", "0")
    if not skip.isdecimal():
        message = "The $skip query option requires a non-negative integer value."
        raise bad_request(f"Invalid value '{skip}' for $skip query option found. {message}")
    end = int(skip) + size
    keep = odata.select(request, always=("id",))
    answer: dict[str, Any] = {"@odata.count": len(events)} if request.query.get("$count") == "true" else {}
    if end < len(events):
        answer["@odata.nextLink"] = odata.next_link(request, "$skip", str(end))
    return answer | {"value": [keep(_shown(event, zone)) for event in events[int(skip) : end]]}


def _window(request: GraphRequest) -> tuple[datetime, datetime]:
    query = {name.lower(): value for name, value in request.query.items()}
    if not query.get("startdatetime") or not query.get("enddatetime"):
        parameters = "query string parameters StartDateTime and EndDateTime"
        message = f"This request requires a time window specified by the {parameters}."
        raise bad_request(message, "ErrorInvalidParameter")
    return _moment("startDateTime", query["startdatetime"]), _moment("endDateTime", query["enddatetime"])


def _moment(name: str, text: str) -> datetime:
    """A moment; one without an offset is in UTC."""
    try:
        moment = datetime.fromisoformat(_OFFSET.sub("+00:00", text))
    except ValueError:
        raise bad_request(f"The value '{text}' of parameter '{name}' is invalid.", "ErrorInvalidParameter") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _events(request: GraphRequest, user: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number, meeting in enumerate(request.tenant["meetings"].get(request.name(user), ())):
        series = str(uuid.uuid5(uuid.UUID(user["id"]), f"meeting {number}"))
        for day in range(meeting.get("daily", 1)):
            yield _occurrence(request, meeting, series, day)


def _occurrence(request: GraphRequest, meeting: dict[str, Any], series: str, day: int) -> dict[str, Any]:
    """One of a series: so many days later at the same time on the clock."""
    zone = _zone(meeting["timeZone"])
    begins, ends = (
        (datetime.fromisoformat(meeting[name]) + timedelta(days=day)).replace(tzinfo=zone) for name in ("start", "end")
    )
    repeated = "daily" in meeting
    return {
        "id": uuid.uuid5(uuid.UUID(series), str(day)).hex,
        "series": series if repeated else None,
        "begins": begins,
        "ends": ends,
        "meeting": meeting,
        "organizer": _organizer(request, meeting),
    }


def _organizer(request: GraphRequest, meeting: dict[str, Any]) -> dict[str, Any]:
    user = request.tenant["users"].get(meeting.get("organizer"), {})
    return {"emailAddress": {"name": user.get("displayName"), "address": user.get("mail")}}


def _shown(event: dict[str, Any], zone: str) -> dict[str, Any]:
    meeting = event["meeting"]
    shown_in = meeting["timeZone"] if meeting.get("isAllDay") else zone
    url = meeting.get("joinUrl")
    return {
        "id": event["id"],
        "subject": meeting["subject"],
        "start": _time(event["begins"], shown_in),
        "end": _time(event["ends"], shown_in),
        "originalStartTimeZone": meeting["timeZone"],
        "originalEndTimeZone": meeting["timeZone"],
        "isAllDay": meeting.get("isAllDay", False),
        "isCancelled": meeting.get("isCancelled", False),
        "isOnlineMeeting": url is not None,
        "onlineMeetingProvider": "teamsForBusiness" if url else "unknown",
        "onlineMeeting": {"joinUrl": url} if url else None,
        "type": "occurrence" if event["series"] else "singleInstance",
        "seriesMasterId": event["series"],
        "organizer": event["organizer"],
    }


def _time(moment: datetime, zone: str) -> dict[str, str]:
    there = moment.astimezone(_zone(zone))
    return {"dateTime": f"{there:%Y-%m-%dT%H:%M:%S.%f}0", "timeZone": zone}


def _zone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(WINDOWS.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
        raise bad_request(message, "TimeZoneNotSupportedException") from None

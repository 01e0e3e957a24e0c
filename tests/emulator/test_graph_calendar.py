from __future__ import annotations

from typing import Any

import pytest

from emulator.server import Emulator
from tests.emulator.graph_client import Graph

VIEW = "v1.0/me/calendar/calendarView"
WEEK = f"{VIEW}?startDateTime=2026-11-23T00:00:00Z&endDateTime=2026-11-28T00:00:00Z"


def at(event: dict[str, Any]) -> tuple[str, str]:
    return event["subject"], event["start"]["dateTime"].removesuffix(":00.0000000")


async def test_each_occurrence_is_an_event(graph: Graph) -> None:
    events = [event for page in await graph.pages("grace", WEEK) for event in page]
    assert [at(event) for event in events] == [
        ("Stand-up", "2026-11-23T08:00"),
        ("Focus", "2026-11-23T13:00"),
        ("Stand-up", "2026-11-24T08:00"),
        ("Review", "2026-11-24T16:00"),
        ("Off-site", "2026-11-25T00:00"),
        ("Stand-up", "2026-11-25T08:00"),
        ("Stand-up", "2026-11-26T08:00"),
        ("Stand-up", "2026-11-27T08:00"),
    ]
    assert len({event["id"] for event in events}) == 8
    assert {event["type"] for event in events if event["subject"] == "Stand-up"} == {"occurrence"}
    assert [event["subject"] for event in events if event["isCancelled"]] == ["Review"]
    assert [event["subject"] for event in events if event["isAllDay"]] == ["Off-site"]


async def test_an_event_has_what_the_documentation_shows(graph: Graph) -> None:
    (event,) = (await graph("grace", f"{WEEK}&$top=1&$select=subject,start,end,onlineMeeting,organizer")).body["value"]
    event.pop("id")
    assert event == {
        "subject": "Stand-up",
        "start": {"dateTime": "2026-11-23T08:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-23T08:15:00.0000000", "timeZone": "UTC"},
        "onlineMeeting": {"joinUrl": "https://teams.microsoft.com/l/meetup-join/stand-up"},
        "organizer": {"emailAddress": {"name": "Ada Lovelace", "address": "ada@contoso.com"}},
    }


async def test_an_event_without_an_online_meeting_has_no_link(graph: Graph) -> None:
    events = (await graph("grace", WEEK)).body["value"]
    (focus,) = [event for event in events if event["subject"] == "Focus"]
    assert (focus["isOnlineMeeting"], focus["onlineMeeting"]) == (False, None)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "W. Europe Standard Time"])
async def test_times_are_in_the_zone_that_is_preferred(graph: Graph, zone: str) -> None:
    answer = await graph("grace", WEEK, headers={"Prefer": f'outlook.timezone="{zone}"'})
    assert answer.headers["Preference-Applied"] == f'outlook.timezone="{zone}"'
    first = answer.body["value"][0]["start"]
    assert first == {"dateTime": "2026-11-23T09:00:00.0000000", "timeZone": zone}


async def test_a_series_keeps_its_time_when_clocks_change(graph: Graph, emulator: Emulator) -> None:
    daily = {"subject": "Daily", "timeZone": "Europe/Berlin", "organizer": "ada", "daily": 3}
    meeting = {**daily, "start": "2026-10-24T09:00:00", "end": "2026-10-24T09:15:00"}
    emulator.directory.patch({"tenants": {"contoso": {"meetings": {"alan": [meeting]}}}})
    answer = await graph("alan", f"{VIEW}?startDateTime=2026-10-24T00:00:00Z&endDateTime=2026-10-27T00:00:00Z")
    assert [at(event)[1] for event in answer.body["value"]] == [
        "2026-10-24T07:00",
        "2026-10-25T08:00",
        "2026-10-26T08:00",
    ]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (
            "2026-11-23T08:14:59Z",
            "2026-11-23T13:00:00Z",
            ["Stand-up"],
        ),  # begun before; what begins at the end is not in
        ("2026-11-23T08:15:00Z", "2026-11-23T13:00:01Z", ["Focus"]),
        ("2026-11-23T09:00:00%2B01:00", "2026-11-23T09:10:00%2B01:00", ["Stand-up"]),
        ("2026-11-23T08:00:00", "2026-11-23T08:10:00", ["Stand-up"]),  # without an offset: UTC
    ],
)
async def test_the_window_is_between_two_moments(graph: Graph, start: str, end: str, found: list[str]) -> None:
    answer = await graph("grace", f"{VIEW}?startDateTime={start}&endDateTime={end}")
    assert [event["subject"] for event in answer.body["value"]] == found


async def test_pages_have_the_requested_size(graph: Graph) -> None:
    pages = await graph.pages("grace", f"{WEEK}&$top=3&$select=subject")
    assert [len(page) for page in pages] == [3, 3, 2]
    assert set(pages[0][0]) == {"id", "subject"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "ErrorInvalidParameter"),
        ("?startDateTime=2026-11-23T00:00:00Z", "ErrorInvalidParameter"),
        ("?startDateTime=today&endDateTime=tomorrow", "ErrorInvalidParameter"),
        (WEEK.removeprefix(VIEW) + "&$skip=x", "BadRequest"),
    ],
)
async def test_an_invalid_window_is_refused(graph: Graph, query: str, code: str) -> None:
    assert (await graph("grace", VIEW + query)).refusal == (400, code)


async def test_an_unknown_time_zone_is_refused(graph: Graph) -> None:
    refused = await graph("grace", WEEK, headers={"Prefer": 'outlook.timezone="Europe/Atlantis"'})
    assert refused.refusal == (400, "TimeZoneNotSupportedException")


async def test_without_consent_the_error_is_exchanges(graph: Graph) -> None:
    graph.grant(delegated=["User.Read"])
    assert (await graph("grace", WEEK)).refusal == (403, "ErrorAccessDenied")
    assert (await graph("app", WEEK)).refusal == (400, "BadRequest")

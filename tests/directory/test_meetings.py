from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.directory.directory import Directory
from shared.directory.errors import UpstreamError
from shared.directory.meetings import window, zone_of
from shared.directory.models import Meeting
from tests.directory.fixtures import API, SignedIn, upstream_error
from tests.emulator.client import Control

BERLIN = zone_of("Europe/Berlin")
HOUR = timedelta(hours=1)


def at(time: str) -> datetime:
    return datetime.fromisoformat(time)


# -- The window ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-21T00:00", "2026-11-22T00:00", 24),
        ("2026-10-25T00:00", "2026-10-26T00:00", 25),  # clocks are put back
        ("2027-03-28T00:00", "2027-03-29T00:00", 23),  # clocks are put forward
        ("2026-10-25T02:00", "2026-10-25T02:30", 1.5),  # an hour that comes twice: from its first to its second time
        ("2027-03-28T02:30", "2027-03-28T04:30", 1),  # from a time that clocks leap over: half past three
        ("2027-03-28T00:00", "2027-03-28T02:30", 2.5),  # to one
    ],
)
def test_the_length_of_a_window_follows_its_time_zone(start: str, end: str, hours: float) -> None:
    first, last = window(at(start), at(end), BERLIN)
    assert last - first == hours * HOUR
    assert first.tzinfo is UTC


def test_an_offset_prevails_over_the_zone() -> None:
    first, last = window(at("2026-11-21T10:00-08:00"), at("2026-11-21T11:00"), zone_of("America/Los_Angeles"))
    assert (first, last) == (at("2026-11-21T18:00Z"), at("2026-11-21T19:00Z"))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-21T10:00Z", "2026-11-21T10:00Z"),
        ("2026-11-21T10:00Z", "2026-11-21T10:30+01:00"),  # before it begins
        ("2026-11-21T10:00Z", "2027-01-22T10:00:01Z"),  # a second more than 62 days
        ("9999-12-31T23:00-08:00", "9999-12-31T23:59-08:00"),  # not to be had in UTC
        ("0001-01-01T00:00+08:00", "0001-01-01T01:00+08:00"),
    ],
)
def test_an_invalid_window_is_refused(start: str, end: str) -> None:
    with pytest.raises(UpstreamError, match=r"from must be before to|exist in UTC"):
        window(at(start), at(end), UTC)


def test_a_window_at_the_end_of_the_calendar_is_valid() -> None:
    assert window(at("9999-10-30T23:00Z"), at("9999-12-31T23:00Z"), UTC)


@pytest.mark.parametrize(
    "name",
    ["", "Europe", "../../etc/passwd", "/etc/localtime", "Pacific Standard Time", "Mars/Olympus", "a\0b", "ü" * 999],
)
def test_a_zone_that_has_no_iana_name_is_refused(name: str) -> None:
    with pytest.raises(UpstreamError, match="IANA"):
        zone_of(name)


# -- What Graph is asked, and answers --------------------------------------------------------------------------

MEETING = {
    "subject": "Planning",
    "organizer": "ada",
    "timeZone": "UTC",
    "joinUrl": "https://teams.microsoft.com/l/meetup-join/planning",
}


async def has(control: Control, *meetings: dict[str, Any]) -> None:
    """Make these the only events in Grace's calendar."""
    changed = [MEETING | meeting for meeting in meetings]
    await control("PATCH", "directory", {"tenants": {"contoso": {"meetings": {"grace": changed}}}})


async def between(directory: Directory, signed_in: SignedIn, *window: str, zone: str = "UTC") -> tuple[Meeting, ...]:
    start, end = window
    return (await directory.meetings.between(await signed_in("grace"), at(start), at(end), zone)).value


async def test_meetings_with_a_join_link_are_found(directory: Directory, signed_in: SignedIn) -> None:
    found = await between(directory, signed_in, "2026-11-23T00:00Z", "2026-11-25T00:00Z")
    assert [meeting.subject for meeting in found] == ["Stand-up", "Stand-up", "Review"]
    standup, again, review = found
    assert (standup.start, standup.end) == (at("2026-11-23T08:00Z"), at("2026-11-23T08:15Z"))
    assert again.start - standup.start == 24 * HOUR
    assert standup.id != again.id
    assert standup.join_url == "https://teams.microsoft.com/l/meetup-join/stand-up"
    assert standup.organizer == "Ada Lovelace"
    assert (standup.is_cancelled, review.is_cancelled) == (False, True)


@pytest.mark.parametrize(
    ("zone", "times"),
    [
        ("UTC", ("2027-03-27T09:00Z", "2027-03-29T09:00Z")),
        ("Europe/Berlin", ("2027-03-27T08:00Z", "2027-03-29T07:00Z")),  # clocks are put forward between the two
        ("W. Europe Standard Time", ("2027-03-27T08:00Z", "2027-03-29T07:00Z")),
        ("America/Los_Angeles", ("2027-03-27T16:00Z", "2027-03-29T16:00Z")),
    ],
)
async def test_times_are_correct_for_meetings_of_any_time_zone(
    directory: Directory, signed_in: SignedIn, control: Control, zone: str, times: tuple[str, str]
) -> None:
    await has(control, {"start": "2027-03-27T09:00:00", "end": "2027-03-29T09:00:00", "timeZone": zone})
    (meeting,) = await between(directory, signed_in, "2027-03-20T00:00Z", "2027-04-20T00:00Z")
    assert (meeting.start, meeting.end) == (at(times[0]), at(times[1]))


async def test_a_daily_meeting_keeps_its_local_time_across_daylight_saving(
    directory: Directory, signed_in: SignedIn, control: Control
) -> None:
    times = {"start": "2026-10-24T09:00:00", "end": "2026-10-24T10:00:00", "timeZone": "Europe/Berlin", "daily": 2}
    await has(control, times)
    found = await between(directory, signed_in, "2026-10-24T00:00", "2026-10-26T00:00", zone="Europe/Berlin")
    assert [meeting.start for meeting in found] == [at("2026-10-24T07:00Z"), at("2026-10-25T08:00Z")]


async def test_a_window_includes_meetings_that_began_before_it_and_excludes_those_that_ended(
    directory: Directory, signed_in: SignedIn, control: Control
) -> None:
    long = {"start": "2026-11-20T09:00:00", "end": "2026-11-22T09:00:00"}
    over = {"start": "2026-11-20T09:00:00", "end": "2026-11-21T09:00:00", "subject": "Over"}
    await has(control, long, over)
    (meeting,) = await between(directory, signed_in, "2026-11-21T09:00Z", "2026-11-21T10:00Z")
    assert meeting.start == at("2026-11-20T09:00Z")


async def test_the_offset_of_a_window_is_applied(directory: Directory, signed_in: SignedIn, control: Control) -> None:
    await has(control, {"start": "2026-11-21T18:00:00", "end": "2026-11-21T18:30:00"})
    assert await between(directory, signed_in, "2026-11-21T10:00-08:00", "2026-11-21T10:30-08:00")
    assert not await between(directory, signed_in, "2026-11-21T18:00-08:00", "2026-11-21T18:30-08:00")


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("UTC", "2026-11-25T00:00Z", "2026-11-26T00:00Z"),
        ("Europe/Berlin", "2026-11-24T23:00Z", "2026-11-25T23:00Z"),
        ("America/Los_Angeles", "2026-11-25T08:00Z", "2026-11-26T08:00Z"),
    ],
)
async def test_an_all_day_event_is_one_day_in_every_time_zone(
    directory: Directory, signed_in: SignedIn, zone: str, start: str, end: str
) -> None:
    found = await between(directory, signed_in, "2026-11-25T08:00", "2026-11-25T20:00", zone=zone)
    (day,) = [meeting for meeting in found if meeting.is_all_day]
    assert (day.start, day.end) == (at(start), at(end))


@pytest.mark.parametrize("url", ["http://teams.microsoft.com/x", "javascript:alert(1)", "", None])
async def test_an_event_without_a_valid_link_is_left_out(
    directory: Directory, signed_in: SignedIn, control: Control, url: str | None
) -> None:
    await has(control, {"start": "2026-11-21T09:00:00", "end": "2026-11-21T10:00:00", "joinUrl": url})
    assert await between(directory, signed_in, "2026-11-21T00:00Z", "2026-11-22T00:00Z") == ()


async def test_meetings_come_in_pages(directory: Directory, signed_in: SignedIn) -> None:
    caller, seen, continuation = await signed_in("grace"), [], None
    while True:
        page = await directory.meetings.between(
            caller, at("2026-11-23T00:00Z"), at("2026-11-30T00:00Z"), page_size=2, continuation=continuation
        )
        seen += [meeting.subject for meeting in page.value]
        if (continuation := page.continuation) is None:
            break
    assert sorted(seen) == ["Off-site", "Review", *["Stand-up"] * 5]


async def test_a_user_reads_only_their_own_calendar(directory: Directory, signed_in: SignedIn) -> None:
    page = await directory.meetings.between(await signed_in("alan"), at("2026-11-23T00:00Z"), at("2026-11-30T00:00Z"))
    assert page.value == ()
    error = await upstream_error(
        directory.meetings.between(await signed_in(app=API), at("2026-11-23T00:00Z"), at("2026-11-30T00:00Z"))
    )
    assert error.code == "NeedsUser"

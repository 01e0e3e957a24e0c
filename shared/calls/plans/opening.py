"""Opening hours, as the clocks of a place show them. So in the hour that autumn has twice they hold twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAY, _TIME = f"({'|'.join(DAYS)})", "([01][0-9]|2[0-3]):[0-5][0-9]"
_DAYS, _HOURS = f"^{_DAY}(-{_DAY})?$", f"^{_TIME}-({_TIME}|24:00)$"

# The pattern is for the schema alone: a row must stay readable, and ``problems`` says it in words.
Days = Annotated[str, Meta(examples=["mon", "mon-fri"], extra_json_schema={"pattern": _DAYS})]
Hours = Annotated[str, Meta(examples=["08:00-18:00"], extra_json_schema={"pattern": _HOURS})]

Span = tuple[time, time]  # the end is midnight at the end of the day if it is 00:00


@lru_cache(maxsize=100)
def zone(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name; None if there is none."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # its import would delay the answer of a call

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # also the name of a folder, and of no zone
        return None


def days_of(text: str) -> tuple[int, ...]:
    """The days of ``mon`` or ``fri-mon``, from 0 for Monday; none if it cannot be read."""
    if not re.fullmatch(_DAYS, text):
        return ()
    first, _, last = text.partition("-")
    begin = DAYS.index(first)
    count = (DAYS.index(last or first) - begin) % 7 + 1
    return tuple((begin + n) % 7 for n in range(count))


def hours_of(text: str) -> Span | None:
    """The beginning and the end of ``08:00-18:00``; None if it cannot be read."""
    if not re.fullmatch(_HOURS, text):
        return None
    begin, _, end = text.partition("-")
    span = time.fromisoformat(begin), time.fromisoformat("00:00" if end == "24:00" else end)
    return None if begin == end else span


def date_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def problems(time_zone: str, hours: Mapping[str, Sequence[str]], closed: Sequence[str]) -> dict[str, str]:
    """The errors in opening hours, by the path of the field."""
    found = {} if zone(time_zone) else {"timeZone": "unknown time zone: an IANA name is needed"}
    if not hours:
        found["open"] = "at least one day is needed"
    return found | dict(_unreadable(hours, closed))


def _unreadable(hours: Mapping[str, Sequence[str]], closed: Sequence[str]) -> Iterator[tuple[str, str]]:
    for days, ranges in hours.items():
        if not days_of(days):
            yield f"open.{days}", "must be a day (mon) or days (mon-fri)"
        for n, text in enumerate(ranges):
            if hours_of(text) is None:
                yield f"open.{days}.{n}", "must be hours such as 08:00-18:00, from 00:00 to 24:00"
    for n, each in enumerate(closed):
        if date_of(each) is None:
            yield f"closed.{n}", "there is no such date"


def is_open_at(time_zone: str, hours: Mapping[str, Sequence[str]], closed: Iterable[str], at: datetime) -> bool:
    """Whether a moment is within the hours; not if the time zone is not known."""
    there = zone(time_zone)
    return there is not None and is_open(hours, closed, at.astimezone(there).replace(tzinfo=None))


def is_open(hours: Mapping[str, Sequence[str]], closed: Iterable[str], moment: datetime) -> bool:
    """Whether the local time ``moment`` is within the hours."""
    holidays, today, now = set(closed), moment.date(), moment.time()
    yesterday = today - timedelta(days=1)
    if today.isoformat() in holidays:
        return False
    if any(_holds(span, now) for span in _spans(hours, today)):
        return True
    lasted = (span for span in _spans(hours, yesterday) if yesterday.isoformat() not in holidays)
    return any(end <= begin and now < end for begin, end in lasted)


def _spans(hours: Mapping[str, Sequence[str]], day: date) -> list[Span]:
    """Those that begin on a day."""
    texts = (text for days, ranges in hours.items() if day.weekday() in days_of(days) for text in ranges)
    return [span for text in texts if (span := hours_of(text))]


def _holds(span: Span, now: time) -> bool:
    begin, end = span
    return begin <= now and (now < end or end <= begin)

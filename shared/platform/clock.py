"""Reads the time: from the clock, and from text. Nothing else does."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

# RFC 3339, leniently: a "t" or a space, any number of digits of a second, an offset without its colon, or no offset.
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)


def now() -> datetime:
    return datetime.now(UTC)


def parse(text: Any) -> datetime:
    """The time in UTC, cut to microseconds. One without an offset is read as UTC, which is what the platform writes.

    Raises ValueError, also if it is not a string, or a time outside the years 1 to 9999 in UTC.
    """
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise ValueError("it is not a time in the form of RFC 3339")
    moment = datetime.fromisoformat(text.upper())
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it is a time outside the years 1 to 9999") from None


def rfc_3339(moment: datetime) -> str:
    """``2026-11-21T09:00:00.000000Z``: the one form that the SDKs and the Functions worker all parse."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

"""What comes from outside, checked: arguments before they become part of a URL, and what Graph answers."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from shared.calls.result_codes import NOT_VALID, UNREADABLE
from shared.directory.graph import Refused

Shape = TypeVar("Shape")

ME = "me"
MOST_ITEMS = 999  # in a page (Graph's $top)

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def not_valid(what: str) -> Refused:
    """An argument that no service need be asked about. The text names it, not its value."""
    return Refused(NOT_VALID, detail=what)


def guid(text: str, what: str) -> str:
    if not _GUID.fullmatch(text):
        raise not_valid(f"{what} must be a GUID")
    return text.lower()


def user_path(user: str) -> str:
    """``me``, or ``users/`` and an object id."""
    return ME if user == ME else f"users/{guid(user, 'a user that is not me')}"


def top(page_size: int | None) -> dict[str, str]:
    if page_size is None:
        return {}
    if not 1 <= page_size <= MOST_ITEMS:
        raise not_valid(f"pageSize must be from 1 to {MOST_ITEMS}")
    return {"$top": str(page_size)}


def read(answer: Any, shape: type[Shape]) -> Shape:
    """What Graph answered, of which only the fields that the shape names are used."""
    try:
        return msgspec.convert(answer, shape)
    except msgspec.ValidationError:
        raise Refused(UNREADABLE) from None

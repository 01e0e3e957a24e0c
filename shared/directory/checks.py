"""Checks of input: of arguments before they become part of a URL, and of the responses of Graph."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from shared.directory.errors import NOT_VALID, UNEXPECTED_RESPONSE, UpstreamError
from shared.platform.guids import is_guid

Shape = TypeVar("Shape")

ME = "me"
MOST_ITEMS = 999  # in a page (Graph's $top)


def not_valid(detail: str) -> UpstreamError:
    """The error for an argument that is not valid. The detail names the argument, not its value."""
    return UpstreamError(NOT_VALID, detail=detail)


def guid(text: str, name: str) -> str:
    if not is_guid(text):
        raise not_valid(f"{name} must be a GUID")
    return text.lower()


def user_path(user: str) -> str:
    """``me``, or ``users/`` and an object id."""
    return ME if user == ME else f"users/{guid(user, 'a user other than me')}"


def top(page_size: int | None) -> dict[str, str]:
    if page_size is None:
        return {}
    if not 1 <= page_size <= MOST_ITEMS:
        raise not_valid(f"pageSize must be from 1 to {MOST_ITEMS}")
    return {"$top": str(page_size)}


def read(body: Any, shape: type[Shape]) -> Shape:
    """A response of Graph as this type. Other fields are ignored."""
    try:
        return msgspec.convert(body, shape)
    except msgspec.ValidationError:
        raise UpstreamError(UNEXPECTED_RESPONSE) from None

"""Query options: which there are, how a page is cut, and the link to the next one.

OData 4.01, part 2; Microsoft Graph, "Use query parameters to customize responses" and "Paging".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import quote, urlencode

from emulator.graph.errors import bad_request
from emulator.graph.request import GraphRequest

MOST = 999  # $top of users and resource accounts

_COMPARISON = re.compile(
    r"\s*(?P<field>[\w/]+)\s+eq\s+(?:'(?P<text>(?:[^']|'')*)'|(?P<flag>true|false))\s*", re.IGNORECASE
)

Item = dict[str, Any]


def allow(request: GraphRequest, *options: str) -> None:
    """Refuse an option that the operation isn't documented to have. That Graph refuses, not ignores it, is assumed."""
    for name in request.query:
        if name.startswith("$") and name not in options:
            raise bad_request(
                f"Query option '{name}' is not allowed. To allow it, set the 'AllowedQueryOptions' property."
            )


def page(request: GraphRequest, items: list[Item], *, default: int | None = None, most: int = MOST) -> Item:
    """The requested page of the items, in the order of their ids.

    The token names the last item that was given, so that items which come and go between two pages neither hide
    others nor bring them twice. Without a default everything is one page, unless a size is given.
    """
    size, after = top(request, default, most), _after(request)
    there = sorted((item for item in items if after is None or item["id"] > after), key=lambda item: str(item["id"]))
    part = there if size is None else there[:size]
    answer: Item = {"@odata.count": len(items)} if request.query.get("$count") == "true" else {}
    if len(part) < len(there):
        answer["@odata.nextLink"] = next_link(request, "$skiptoken", _token(part[-1]["id"]))
    return answer | {"value": part}


def top(request: GraphRequest, default: int | None, most: int) -> int | None:
    text = request.query.get("$top")
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text):
        message = "The $top query option requires a non-negative integer value."
        raise bad_request(f"Invalid value '{text}' for $top query option found. {message}")
    if not 1 <= int(text) <= most:
        message = f"Invalid page size specified: '{text}'. Must be between 1 and {most} inclusive."
        raise bad_request(message, "Request_BadRequest")
    return int(text)


def next_link(request: GraphRequest, name: str, value: str) -> str:
    """The same request with where to go on from."""
    query = {**request.query, name: value}
    return f"{request.link_base}{request.http.rel_url.raw_path}?{urlencode(query, quote_via=quote, safe='$')}"


def matching(request: GraphRequest, items: list[Item], fields: Collection[str]) -> list[Item]:
    """The items that ``$filter`` lets through: one comparison with ``eq``, of one of the fields."""
    text = request.query.get("$filter")
    if text is None:
        return items
    found = _COMPARISON.fullmatch(text)
    field = found and next((each for each in fields if each.lower() == found["field"].lower()), None)
    if not found or not field:
        raise bad_request(f"Invalid filter clause: {text}")
    wanted = found["flag"].lower() == "true" if found["flag"] else found["text"].replace("''", "'")
    return [item for item in items if _same(_value(item, field), wanted)]


def select(request: GraphRequest, *, always: Collection[str] = ()) -> Callable[[Item], Item]:
    """What leaves of an item only what ``$select`` names. Names that an item doesn't have are ignored (assumed)."""
    text = request.query.get("$select")
    if text is None:
        return dict
    wanted = {name.strip().lower() for name in text.split(",")} | {name.lower() for name in always}
    return lambda item: {name: value for name, value in item.items() if name.lower() in wanted}


def context(request: GraphRequest, what: str) -> Item:
    origin, version = request.http.url.origin(), request.http.path.split("/")[1]
    return {"@odata.context": f"{origin}/{version}/$metadata#{what}"}


def _value(item: Item, field: str) -> Any:
    value: Any = item
    for name in field.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _same(value: Any, wanted: Any) -> bool:
    """Ids are compared without regard to case."""
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower() == wanted.lower()
    return value is wanted


def _token(id: str) -> str:
    return base64.urlsafe_b64encode(f"after:{id}".encode()).decode()


def _after(request: GraphRequest) -> str | None:
    token = request.query.get("$skiptoken")
    if token is None:
        return None
    try:
        mark, _, id = base64.b64decode(token, altchars=b"-_", validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        mark, id = "", ""
    if mark != "after" or not id:
        message = "The specified page token value has expired and can no longer be included in your request."
        raise bad_request(message, "Directory_ExpiredPageToken")
    return id

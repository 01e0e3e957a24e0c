"""A request and its answer, as plain data. Only ``function_app`` knows azure.functions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

from msgspec import Struct, field, json

from shared.platform.settings import on_loopback

VERSION = "v1"
MOST_PARAMETERS = 50

# Scheme, host, route prefix (host.json's, and ``keyed`` for holders of keys), path, query.
_URL = re.compile(rf"(?is)(https?)://([^/?]*)([^?]*?)/{VERSION}(?:/([^?]*))?(?:\?(.*))?")


class Unreadable(Exception):
    """The URL can't be read. The text says why."""


class Request(Struct, frozen=True):
    """``path`` is what follows the version, without the first slash, and as ``query`` still percent-encoded.

    ``headers`` are named in lower case. ``base_url`` is the API's own, such as ``https://host/api/v1``.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str = "http://localhost/api/v1"

    def __repr__(self) -> str:
        return f"Request({self.method})"  # the rest names people and carries tokens

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Self:
        """A request to the catch-all function, whose URL has the version in it."""
        found = _URL.fullmatch(url)
        if found is None:
            raise ValueError("the function's route has no version in it")
        scheme, host, before, path, query = (part or "" for part in found.groups())
        if not on_loopback(f"{scheme}://{host}"):
            scheme = "https"  # TLS can end in front of the host, which then sees http
        lowered = {name.lower(): value for name, value in headers.items()}
        return cls(method.upper(), path, query, lowered, body, f"{scheme}://{host}{before}/{VERSION}")

    @property
    def url(self) -> str:
        """Without its query."""
        return f"{self.base_url}/{self.path}" if self.path else self.base_url

    def segments(self) -> list[str]:
        """The path's parts, decoded one by one: an encoded slash is none. Raises Unreadable."""
        try:
            return [unquote(part, errors="strict") for part in self.path.split("/")]
        except UnicodeDecodeError:
            raise Unreadable("the path is not UTF-8") from None

    def parameters(self) -> dict[str, str]:
        """The query's parameters, each given once. Raises Unreadable."""
        try:
            pairs = parse_qsl(self.query, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
        except UnicodeDecodeError:
            raise Unreadable("the query is not UTF-8") from None
        except ValueError:
            raise Unreadable(f"the query has more than {MOST_PARAMETERS} parameters") from None
        found = dict(pairs)
        if len(found) < len(pairs):
            raise Unreadable("a parameter is given more than once")
        return found


class Answer(Struct):
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Answer({self.status})"


def tag_of(body: bytes) -> str:
    """A strong ETag (RFC 9110, 8.8.3)."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def as_json(status: int, data: Any, media_type: str = "application/json") -> Answer:
    return Answer(status, json.encode(data), {"Content-Type": media_type})

"""Requests and responses as plain data. Only ``function_app`` imports azure.functions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

from msgspec import Struct, field, json

from shared.platform.settings import on_loopback

VERSION = "v1"
MAX_PARAMETERS = 50

# Scheme, host, route prefix (host.json's, and ``keyed`` for holders of keys), path, query.
_URL = re.compile(rf"(?is)(https?)://([^/?]*)([^?]*?)/{VERSION}(?:/([^?]*))?(?:\?(.*))?")


class InvalidUrl(Exception):
    """The path or the query cannot be decoded. The text says why."""


class Request(Struct, frozen=True):
    """``path`` follows the version, without a leading slash. ``path`` and ``query`` are percent-encoded.

    Names of ``headers`` are in lower case. ``base_url`` is the API's, such as ``https://host/api/v1``.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str = "http://localhost/api/v1"

    def __repr__(self) -> str:
        return f"Request({self.method})"  # the rest contains names of people and tokens

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Self:
        """A request to the catch-all function, whose URL contains the version."""
        found = _URL.fullmatch(url)
        if found is None:
            raise ValueError("the URL of the request contains no version")
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
        """The decoded segments of the path: an encoded slash does not separate them. Raises InvalidUrl."""
        try:
            return [unquote(part, errors="strict") for part in self.path.split("/")]
        except UnicodeDecodeError:
            raise InvalidUrl("the path is not UTF-8") from None

    def parameters(self) -> dict[str, str]:
        """The parameters of the query. Raises InvalidUrl if one is given twice."""
        try:
            pairs = parse_qsl(self.query, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
        except UnicodeDecodeError:
            raise InvalidUrl("the query is not UTF-8") from None
        except ValueError:
            raise InvalidUrl(f"the query has more than {MAX_PARAMETERS} parameters") from None
        found = dict(pairs)
        if len(found) < len(pairs):
            raise InvalidUrl("a parameter is given more than once")
        return found


class Response(Struct):
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Response({self.status})"


def etag_of(body: bytes) -> str:
    """A strong ETag (RFC 9110, 8.8.3)."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def as_json(status: int, data: Any, media_type: str = "application/json") -> Response:
    return Response(status, json.encode(data), {"Content-Type": media_type})

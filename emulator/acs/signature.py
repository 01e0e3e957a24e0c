"""Access-key authentication.

azure-docs, ``articles/communication-services/tutorials/hmac-header-tutorial.md``: the verb, the path with its
query, and the signed headers are signed with the resource's key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote

from emulator.acs.errors import DENIED, AcsError

SIGNED_HEADERS = "x-ms-date;host;x-ms-content-sha256"
CLOCK_SKEW = timedelta(minutes=15)


def sign(key: str, text: str) -> str:
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def verify(
    key: str,
    *,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    hosts: Iterable[str],
    now: datetime,
) -> None:
    """Refuse a request that isn't signed with the access key. ``path`` is as sent, with its query.

    ``hosts`` are the names the client may have signed: a recording is fetched from another host than the one
    the SDK signs for.
    """
    given = headers.get("Authorization", "")
    if given.startswith("Bearer "):
        raise _denied("Bearer tokens are not accepted over http; sign with the access key.")
    content_hash = base64.b64encode(hashlib.sha256(body).digest()).decode()
    if headers.get("x-ms-content-sha256") != content_hash:
        raise _denied("x-ms-content-sha256 is not the hash of the content.")
    date = headers.get("x-ms-date", "")
    _check_date(date, now)
    prefix, _, signature = given.partition("&Signature=")
    if prefix != f"HMAC-SHA256 SignedHeaders={SIGNED_HEADERS}":
        raise _denied(f"Authorization must be HMAC-SHA256 over {SIGNED_HEADERS}.")
    texts = (f"{method}\n{form}\n{date};{host};{content_hash}" for host in hosts for form in _forms(path))
    if not any(hmac.compare_digest(sign(key, text), signature) for text in texts):
        raise _denied("The HMAC signature does not match.")


def _forms(path: str) -> set[str]:
    """The ways clients write one path: as sent, decoded, or quoted once more than the wire shows.

    The asynchronous SDK signs ``4%3A%2B1`` and sends ``4:%2B1``.
    """
    bare, mark, query = path.partition("?")
    decoded = unquote(bare)
    return {path, unquote(path), *(f"{quote(decoded, safe=safe)}{mark}{query}" for safe in ("/", "/:", "/:+"))}


def _check_date(date: str, now: datetime) -> None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        raise _denied("x-ms-date is missing or is no RFC 1123 date.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if abs(now - moment) > CLOCK_SKEW:
        raise _denied("x-ms-date is more than 15 minutes away.")


def _denied(message: str) -> AcsError:
    return AcsError(401, DENIED, message)

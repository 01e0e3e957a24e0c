"""Errors of Entra, Graph and ACS as one exception, ``UpstreamError``, which carries an entry of the catalogue."""

from __future__ import annotations

from shared.directory.error_entries import AGAIN, ENTRIES, ErrorEntry, Source

_BY_SOURCE = {(entry.source, entry.code): entry for entry in ENTRIES}
_LOOK_IT_UP = "Look the code up in Microsoft's documentation; the log of the app has the request id."
_TRANSIENT = frozenset({408, 425, 429, *range(500, 600)})
_STATUSES = {400: 400, 403: 403, 404: 404, 409: 409, 412: 409}  # of the API's responses, by those of the other side


def entry_for(source: Source, code: str, status: int = 0) -> ErrorEntry:
    """The entry of a code. A code that is not listed is judged by its HTTP status: 408, 425, 429 and 5xx are
    transient, all others final.
    """
    known = _BY_SOURCE.get((source, code)) or _BY_SOURCE.get((source, str(status)))
    if known is not None:
        return known
    if status in _TRANSIENT:
        return ErrorEntry(source, code, 503, f"{source} is unavailable", AGAIN, transient=True)
    remedy = "Look the code up in Microsoft's documentation; the log of the app has the request id."
    # 502 by default: an unexplained error is not the caller's mistake.
    return ErrorEntry(
        source, code, _STATUSES.get(status, 502), f"{source} returned an error that is not listed", remedy
    )


NEEDS_USER = entry_for("app", "NeedsUser")
NOT_VALID = entry_for("app", "NotValid")
BAD_CONTINUATION = entry_for("app", "BadContinuation")
OTHER_CALLER = entry_for("app", "OtherCaller")
OTHER_TENANT = entry_for("app", "OtherTenant")
IDENTITIES_DISABLED = entry_for("app", "IdentitiesDisabled")
IDENTITY_QUOTA_EXCEEDED = entry_for("app", "IdentityQuotaExceeded")
IDENTITY_NOT_FOUND = entry_for("app", "IdentityNotFound")
FOREIGN_LINK = entry_for("app", "ForeignLink")
UNEXPECTED_RESPONSE = entry_for("app", "UnexpectedResponse")
NO_IDENTITY = entry_for("app", "NoIdentity")
TIMED_OUT = entry_for("app", "TimedOut")
UNREACHABLE = entry_for("app", "Unreachable")


class UpstreamError(Exception):
    """An operation of the directory failed. ``entry`` says why.

    ``status`` is the HTTP status of the other side, 0 without a response. ``retry_after`` is in seconds. ``claims`` is
    Entra's challenge for the next sign-in. ``detail`` is the app's own text. The response itself is not kept: its text
    contains names of people.
    """

    def __init__(
        self,
        entry: ErrorEntry,
        *,
        status: int = 0,
        request_id: str | None = None,
        retry_after: float | None = None,
        claims: str = "",
        detail: str = "",
    ) -> None:
        self.entry = entry
        self.status = status
        self.code = entry.code
        self.request_id = request_id
        self.retry_after = retry_after
        self.claims = claims
        self.detail = detail
        more = f" ({detail})" if detail else ""
        traced = f" [request {request_id}]" if request_id else ""
        super().__init__(f"{entry.source}/{entry.code}: {entry.meaning}{more}{traced}")

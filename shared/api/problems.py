"""What the API answers when it can't do what was asked: problem details (RFC 9457), each with a remedy.

A problem is one of ours, listed in ``PROBLEMS``, or a refusal of Entra, Graph, ACS or Teams, listed in
``shared.calls.result_codes.ENTRIES``. ``code`` tells them apart and stays the same; ``type`` leads to the entry in the
served OpenAPI document.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from math import ceil

from azure.core.exceptions import AzureError
from msgspec import Struct

from shared.api.http import Answer, Request, as_json
from shared.directory.error_entries import ENTRIES, ErrorEntry
from shared.directory.errors import TIMED_OUT, UpstreamError
from shared.platform.settings import SettingError
from shared.platform.tokens import Forbidden, KeysUnavailable

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPES = "/api/v1/openapi.json#/x-problems/"
SIGN_IN = "Sign in to Entra again for this API, and send the new access token as `Authorization: Bearer …`."
LONGEST_WAIT = 3600.0  # seconds that callers are told to wait, whatever the service behind says
LATER = "Try again later; if it lasts, tell the operators the request's id (the header X-Request-Id)."


class Kind(Struct, frozen=True):
    """One of our own problems."""

    status: int
    title: str
    remedy: str


PROBLEMS: dict[str, Kind] = {
    "BadParameter": Kind(400, "a parameter of the query is not valid", "Change the parameter that the detail names."),
    "BadBody": Kind(400, "the body is not valid", "Change the field that the detail names."),
    "NotSignedIn": Kind(401, "there is no bearer token", SIGN_IN),
    "TokenRefused": Kind(401, "the token is not accepted", SIGN_IN),
    "RoleMissing": Kind(
        403,
        "the caller has none of the app roles that may do this",
        "Have an administrator of Entra assign one of these roles of the API's enterprise application, then sign in "
        "again.",
    ),
    "KeysOpenNothing": Kind(
        403,
        "holders of Functions keys may do nothing here",
        "Sign in with Entra, or have the operators name the roles of such callers in API_KEY_ROLES.",
    ),
    "NoSuchPath": Kind(404, "there is nothing at this path", "Compare the path with the OpenAPI document."),
    "NotFound": Kind(404, "there is no such thing", "Check the id, and that it is of the tenant you signed in to."),
    "NoSuchMethod": Kind(405, "this path does not have this method", "Use one of the methods of the header Allow."),
    "TooLarge": Kind(413, "the body is too large", "Send at most 64 KiB."),
    "NotJson": Kind(415, "the body is said to be no JSON", "Send JSON, and `Content-Type: application/json`."),
    "TooManyRequests": Kind(
        429, "this caller asks too often", "Wait for as many seconds as the header Retry-After tells, then go slower."
    ),
    "Fault": Kind(500, "something went wrong in the app", LATER),
    "NotConfigured": Kind(
        503,
        "a setting of the app is missing or wrong",
        "Have the operators look at the app's log for the request's id (the header X-Request-Id): it names the "
        "setting.",
    ),
    "KeysUnavailable": Kind(503, "it can't be told at the moment whether Entra signed the token", LATER),
    "NotNow": Kind(503, "a service that the app needs can't be reached", LATER),
}


def code_of(refusal: ErrorEntry) -> str:
    return refusal.code if refusal.source == "app" else f"{refusal.source}.{refusal.code}"


# Every problem that there can be, by its code; but a code of another's that nobody has listed yet is told as well.
CATALOGUE = PROBLEMS | {code_of(r): Kind(r.status, r.meaning, r.remedy) for r in ENTRIES}


class Problem(Exception):
    """Raised to answer with one of ``PROBLEMS``. The detail is for the caller, and is never logged."""

    def __init__(self, code: str, detail: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.code, self.detail, self.headers = code, detail, headers or {}


class ProblemDetails(Struct, frozen=True):
    """RFC 9457, with ``code``, which stays the same, and a ``remedy``."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    remedy: str


def answer_to(error: Exception, request: Request, operation: str) -> Answer:
    """The answer that tells of an exception. What is a matter of the operators goes into the log."""
    match error:
        case Problem():
            return _answer(request, error.code, PROBLEMS[error.code], error.detail, error.headers)
        case UpstreamError():
            log.warning("%s: %s (its request id: %s)", operation, error, error.request_id)
            return _refused(request, error)
        case Forbidden():
            return _ours(request, "TokenRefused", str(error))
        case SettingError():
            log.error("%s: %s", operation, error)
            return _ours(request, "NotConfigured")
        case KeysUnavailable():
            log.error("%s: %s", operation, error)
            wait = {"Retry-After": str(max(1, ceil(error.retry_after)))}
            return _answer(request, "KeysUnavailable", PROBLEMS["KeysUnavailable"], headers=wait)
        case TimeoutError():
            log.error("%s: it took too long", operation)
            return _refused(request, UpstreamError(TIMED_OUT))
        case AzureError():
            log.error("%s: %s", operation, type(error).__name__)
            return _ours(request, "NotNow")
    log.error("%s failed", operation, exc_info=error)
    return _ours(request, "Fault")


def _ours(request: Request, code: str, detail: str = "") -> Answer:
    return _answer(request, code, PROBLEMS[code], detail)


def _refused(request: Request, error: UpstreamError) -> Answer:
    refusal = error.entry
    kind = Kind(refusal.status, refusal.meaning, refusal.remedy)
    headers: dict[str, str] = {}
    if error.retry_after:
        headers["Retry-After"] = str(ceil(min(error.retry_after, LONGEST_WAIT)))
    if error.claims:  # Entra wants more of the user: the client signs in again with them
        claims = b64encode(error.claims.encode()).decode()
        headers["WWW-Authenticate"] = f'Bearer realm="api", error="insufficient_claims", claims="{claims}"'
    return _answer(request, code_of(refusal), kind, str(error), headers)


def _answer(request: Request, code: str, kind: Kind, detail: str = "", headers: dict[str, str] | None = None) -> Answer:
    detail = detail or f"{kind.title}."
    told = ProblemDetails(
        type=f"{TYPES}{code}" if code in CATALOGUE else "about:blank",
        title=kind.title,
        status=kind.status,
        detail=f"{detail[0].upper()}{detail[1:]}",
        instance=request.url,
        code=code,
        remedy=kind.remedy,
    )
    answer = as_json(kind.status, told, MEDIA_TYPE)
    answer.headers |= headers or {}
    return answer

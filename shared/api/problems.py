"""Errors of the API as problem details (RFC 9457), each with a remedy.

``PROBLEMS`` lists the API's own; the others are the entries of ``shared.directory.error_entries``. ``code`` is stable;
``type`` links to the entry in the OpenAPI document.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from math import ceil

from azure.core.exceptions import AzureError
from msgspec import UNSET, Struct, UnsetType

from shared.api.http import Request, Response, as_json
from shared.directory.error_entries import ENTRIES, ErrorEntry
from shared.directory.errors import TIMED_OUT, UpstreamError
from shared.plans.rows import UnreadablePlan
from shared.platform.settings import SettingError
from shared.platform.tokens import Forbidden, KeysUnavailable
from shared.storage.calls import UnreadableRow

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPES = "/api/v1/openapi.json#/x-problems/"
SIGN_IN = "Sign in to Entra again for this API, and send the new access token as `Authorization: Bearer …`."
LONGEST_WAIT = 3600.0  # seconds; the longest Retry-After that is passed on
LATER = "Try again later. If the error persists, report the request's id (the header X-Request-Id) to the operators."


class Kind(Struct, frozen=True):
    """A kind of problem."""

    status: int
    title: str
    remedy: str


PROBLEMS: dict[str, Kind] = {
    "BadParameter": Kind(
        400, "a parameter of the path or the query is not valid", "Change the parameter that the detail names."
    ),
    "BadBody": Kind(400, "a field of the body is not valid", "Change the field that the detail names."),
    "InvalidPlan": Kind(
        400,
        "the routing plan is not valid",
        "Correct each field that `errors` names; docs/plan.schema.json describes the document.",
    ),
    "MalformedJson": Kind(400, "the body is not valid JSON", "Correct the syntax of the body."),
    "NotSignedIn": Kind(401, "the request has no bearer token", SIGN_IN),
    "TokenRefused": Kind(401, "the token is not accepted", SIGN_IN),
    "RoleMissing": Kind(
        403,
        "the caller has none of the required app roles",
        "Have an administrator of Entra assign one of these roles of the API's enterprise application, then sign in "
        "again.",
    ),
    "KeysDisabled": Kind(
        403,
        "Functions keys are not accepted",
        "Sign in with Entra, or have the operators set the roles of key holders in API_KEY_ROLES.",
    ),
    "NotInCall": Kind(403, "the caller is not in the call", "Act on calls that you are in, or ask a supervisor."),
    "NotAllowed": Kind(
        409,
        "the platform does not allow the operation in this call",
        "Read the detail: it names who can do it instead.",
    ),
    "NotCancelable": Kind(
        409,
        "the operation cannot be cancelled",
        "Cancel invitations, prompts, music and recognitions; remove a participant, or hang up, to undo the rest.",
    ),
    "SettingMissing": Kind(
        409,
        "the operation needs a setting that the app does not have",
        "Have the operators set what the detail names; it holds for calls that are answered afterwards.",
    ),
    "StepLeft": Kind(
        409, "the call has left the step", "Read the steps of the call: they say where it went on, and why."
    ),
    "NotDecidable": Kind(409, "the step awaits no decision", "Send choices for visits of `decide` steps alone."),
    "NotOffered": Kind(
        409, "the call is not offered to the caller", "Answer a call while one of its steps offers it to you."
    ),
    "AnsweredAlready": Kind(
        409, "the caller has given another answer before", "Leave the call in the client, or have it offered again."
    ),
    "OfferOver": Kind(
        409,
        "the offer of the call to the caller is over",
        "Stop ringing in the client. `withdrawn` means that another one has accepted, or that the call has gone on.",
    ),
    "CallNotConnected": Kind(
        409, "the call is not connected", "Send commands only while the state of the call is `connected`."
    ),
    "KeyReused": Kind(
        409, "the idempotency key was sent before, with another command", "Send a new Idempotency-Key for each command."
    ),
    "CallDenied": Kind(
        403,
        "the outbound rules of the resource account do not allow the call",
        "Call another number or at another time, or have an administrator change the outbound rules.",
    ),
    "LinesBusy": Kind(
        409,
        "the resource account has as many outbound calls as it may have at a time",
        "Wait until one of them is over. OUTBOUND_CALLS_PER_ACCOUNT sets the limit.",
    ),
    "TooManyCommands": Kind(
        409,
        "the call has had as many commands as its row can hold",
        "Hang up in the Teams client, or let the call end.",
    ),
    "Busy": Kind(503, "others change the same object at this moment", "Send the request again, with the same key."),
    "PlanUnreadable": Kind(
        503,
        "the plan cannot be read by this version of the app",
        "Have the operators deploy the version that saved the plan, or delete its row.",
    ),
    "RulesUnreadable": Kind(
        503,
        "the outbound rules cannot be read by this version of the app",
        "Have the operators deploy the version that saved the rules, or delete them.",
    ),
    "CallUnreadable": Kind(
        503,
        "the row of the call cannot be read by this version of the app",
        "Try again later. If the error persists, have the operators look at the quarantined row of the call.",
    ),
    "NoSuchPath": Kind(404, "no route has this path", "Compare the path with the OpenAPI document."),
    "NotFound": Kind(404, "the object does not exist", "Check the id, and that it is of the tenant you signed in to."),
    "NoSuchMethod": Kind(405, "the path does not support this method", "Use one of the methods in the header Allow."),
    "Changed": Kind(
        412,
        "the object has changed since it was read, or does not exist",
        "Read it again, apply the change to what it is now, and send its new ETag in If-Match.",
    ),
    "TooLarge": Kind(413, "the body is too large", "Send at most 64 KiB."),
    "NotJson": Kind(
        415, "the content type is not application/json", "Send JSON, and `Content-Type: application/json`."
    ),
    "TooManyRequests": Kind(
        429,
        "the caller sends too many requests",
        "Wait for the seconds in the header Retry-After, then send fewer requests.",
    ),
    "Fault": Kind(500, "an unexpected error occurred in the app", LATER),
    "NotConfigured": Kind(
        503,
        "a setting of the app is missing or wrong",
        "Have the operators find the request's id (the header X-Request-Id) in the app's log, which names the setting.",
    ),
    "KeysUnavailable": Kind(503, "the signature of the token cannot be verified now", LATER),
    "NotNow": Kind(503, "a service that the app depends on is unreachable", LATER),
}


def code_of(entry: ErrorEntry) -> str:
    return entry.code if entry.source == "app" else f"{entry.source}.{entry.code}"


# Every listed problem by its code. A code of another service that is not listed is passed on as well.
CATALOGUE = PROBLEMS | {code_of(each): Kind(each.status, each.meaning, each.remedy) for each in ENTRIES}


class FieldError(Struct, frozen=True):
    """One error of a document. ``path`` names the field (``steps.menu.keys.1``); it is empty for the whole document."""

    path: str
    detail: str


class Problem(Exception):
    """Raised to respond with one of ``PROBLEMS``. The detail is for the caller, and is never logged."""

    def __init__(
        self, code: str, detail: str = "", headers: dict[str, str] | None = None, errors: tuple[FieldError, ...] = ()
    ) -> None:
        super().__init__(code)
        self.code, self.detail, self.headers, self.errors = code, detail, headers or {}, errors


class ProblemDetails(Struct, frozen=True):
    """RFC 9457, with a stable ``code`` and a ``remedy``. ``detail`` is there if it says more than the title, ``errors``
    if several fields can be wrong at once.
    """

    type: str
    title: str
    status: int
    instance: str
    code: str
    remedy: str
    detail: str | UnsetType = UNSET
    errors: tuple[FieldError, ...] | UnsetType = UNSET


def problem_of(error: Exception, request: Request, operation: str) -> Response:
    """The response for an exception. Errors that concern the operators are logged."""
    match error:
        case Problem():
            return _response(request, error.code, PROBLEMS[error.code], error.detail, error.headers, error.errors)
        case UpstreamError():
            log.warning("%s: %s (its request id: %s)", operation, error, error.request_id)
            return _upstream(request, error)
        case Forbidden():
            return _own(request, "TokenRefused", str(error))
        case KeysUnavailable():
            log.error("%s: %s", operation, error)
            wait = {"Retry-After": str(max(1, ceil(error.retry_after)))}
            return _response(request, "KeysUnavailable", PROBLEMS["KeysUnavailable"], headers=wait)
        case TimeoutError():
            log.error("%s: timed out", operation)
            return _upstream(request, UpstreamError(TIMED_OUT))
    return _own(request, _fault(error, operation))


def _fault(error: Exception, operation: str) -> str:
    """The code of an error of the app or of its storage, which is logged."""
    match error:
        case SettingError():
            log.error("%s: %s", operation, error)
            return "NotConfigured"
        case UnreadableRow():
            log.error("%s: %s", operation, error)
            return "CallUnreadable"
        case UnreadablePlan():
            log.error("%s: %s", operation, error)
            return "PlanUnreadable"
        case AzureError():
            log.error("%s: %s", operation, type(error).__name__)
            return "NotNow"
    log.error("%s failed", operation, exc_info=error)
    return "Fault"


def _own(request: Request, code: str, detail: str = "") -> Response:
    return _response(request, code, PROBLEMS[code], detail)


def _upstream(request: Request, error: UpstreamError) -> Response:
    entry = error.entry
    kind = Kind(entry.status, entry.meaning, entry.remedy)
    headers: dict[str, str] = {}
    if error.retry_after:
        headers["Retry-After"] = str(ceil(min(error.retry_after, LONGEST_WAIT)))
    if error.claims:  # Entra's challenge: the client signs in again with these claims
        claims = b64encode(error.claims.encode()).decode()
        headers["WWW-Authenticate"] = f'Bearer realm="api", error="insufficient_claims", claims="{claims}"'
    return _response(request, code_of(entry), kind, _detail(error), headers)


def _detail(error: UpstreamError) -> str:
    """What the title does not say: the app's own text, and the id that the other side knows the request by."""
    parts = [error.detail] if error.detail else []
    parts += [f"request id of {error.entry.source}: {error.request_id}"] if error.request_id else []
    return f"{'; '.join(parts)}." if parts else ""


def _response(  # noqa: PLR0917  # the members of a problem
    request: Request,
    code: str,
    kind: Kind,
    detail: str = "",
    headers: dict[str, str] | None = None,
    errors: tuple[FieldError, ...] = (),
) -> Response:
    details = ProblemDetails(
        type=f"{TYPES}{code}" if code in CATALOGUE else "about:blank",
        title=kind.title,
        status=kind.status,
        detail=f"{detail[0].upper()}{detail[1:]}" if detail else UNSET,
        instance=request.url,
        code=code,
        remedy=kind.remedy,
        errors=errors or UNSET,
    )
    response = as_json(kind.status, details, MEDIA_TYPE)
    response.headers |= headers or {}
    return response

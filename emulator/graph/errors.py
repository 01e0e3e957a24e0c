"""Errors as Graph answers them: each workload has its own code and wording for the same thing.

Microsoft Graph, "Error responses and resource types" and "Permissions overview"; wordings are those that developers
have published. *Assumed* marks the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# The code of a fault that has only a status (Microsoft Graph, "Error responses", "Throttling guidance").
CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
MESSAGES = {429: "Please retry again later."}


class GraphError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def body(self, inner: dict[str, Any]) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message, "innerError": inner}}


def fault(parameters: dict[str, Any]) -> GraphError:
    """The error that a fault rule asks for."""
    status = int(parameters.get("status", 500))
    code = str(parameters.get("code", CODES.get(status, "UnknownError")))
    return GraphError(status, code, str(parameters.get("message", MESSAGES.get(status, "A fault was asked for."))))


def unauthenticated(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message)


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    return GraphError(400, code, message)


def without_user() -> GraphError:
    return bad_request("/me request is only valid with delegated authentication flow.")


def without_permission(needed: Iterable[str], there: Iterable[str], *, kind: str) -> GraphError:
    """Teams' wording. ``kind``: scope or role."""
    wanted, got = ", ".join(needed), ", ".join(there)
    return GraphError(
        403,
        "Forbidden",
        f"Missing {kind} permissions on the request. API requires one of '{wanted}'. "
        f"{kind.capitalize()}s on the request '{got}'",
    )


def denied_by_directory() -> GraphError:
    """Entra's wording, for users and their licences."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def denied_by_exchange() -> GraphError:
    """Exchange's wording, for calendars."""
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def forbidden(message: str) -> GraphError:
    return GraphError(403, "Forbidden", message)


def not_found(message: str) -> GraphError:
    return GraphError(404, "NotFound", message)


def no_resource(id: str) -> GraphError:
    """Entra's wording, for users."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{id}' does not exist or one of its queried reference-property objects are not present.",
    )

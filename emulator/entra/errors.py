"""How Entra refuses: an OAuth error, and the AADSTS number of the reason.

Microsoft Learn, "Microsoft Entra authentication and authorization error codes" and, for the form of the answer,
"Microsoft identity platform and OAuth 2.0 On-Behalf-Of flow". The texts after the numbers are abridged.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

# number: (HTTP status, OAuth error, text, suberror)
REASONS: dict[int, tuple[int, str, str, str]] = {
    50013: (400, "invalid_grant", "Assertion failed signature validation.", ""),
    50057: (400, "invalid_grant", "The user account is disabled.", ""),
    50076: (
        400,
        "interaction_required",
        "Due to a configuration change made by your administrator you must use multi-factor authentication.",
        "basic_action",
    ),
    50105: (400, "invalid_grant", "The signed in user is not assigned to a role for the application.", ""),
    53003: (400, "invalid_grant", "Access has been blocked by Conditional Access policies.", "message_only"),
    65001: (
        400,
        "invalid_grant",
        "The user or administrator has not consented to use the application.",
        "consent_required",
    ),
    70011: (400, "invalid_scope", "The provided request must include a 'scope' input parameter.", ""),
    70021: (400, "invalid_request", "No matching federated identity record found for presented assertion.", ""),
    70043: (400, "invalid_grant", "The refresh token has expired or is invalid.", "bad_token"),
    90002: (400, "invalid_request", "Tenant not found.", ""),
    500011: (400, "invalid_resource", "The resource principal was not found in the tenant.", ""),
    500131: (400, "invalid_grant", "Assertion audience does not match the Client app presenting the assertion.", ""),
    500133: (400, "invalid_grant", "Assertion is not within its valid time range.", ""),
    700016: (400, "unauthorized_client", "Application was not found in the directory.", ""),
    900144: (400, "invalid_request", "The request body must contain a parameter that is missing.", ""),
    7000114: (400, "unauthorized_client", "Application is not allowed to make application on-behalf-of calls.", ""),
    7000215: (401, "invalid_client", "Invalid client secret provided.", ""),
    7000218: (401, "invalid_client", "The request body must contain: 'client_assertion' or 'client_secret'.", ""),
    70003: (400, "unsupported_grant_type", "The app requested an unsupported grant type.", ""),
}


class EntraError(Exception):
    """An error of Entra, by its number."""

    def __init__(self, number: int, claims: str = "") -> None:
        super().__init__(f"AADSTS{number}")
        self.number, self.claims = number, claims

    @property
    def status(self) -> int:
        return REASONS[self.number][0]

    def body(self, now: datetime) -> dict[str, Any]:
        _, error, text, suberror = REASONS[self.number]
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        description = (
            f"AADSTS{self.number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now:%F %TZ}"
        )
        answer = {
            "error": error,
            "error_description": description,
            "error_codes": [self.number],
            "timestamp": f"{now:%F %TZ}",
            "trace_id": trace,
            "correlation_id": correlation,
        }
        return answer | ({"suberror": suberror} if suberror else {}) | ({"claims": self.claims} if self.claims else {})

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
    28000: (400, "invalid_request", "The input parameter 'scope' contains more than one resource.", ""),
    50011: (
        400,
        "invalid_request",
        "The redirect URI specified in the request does not match the redirect URIs configured for the application.",
        "",
    ),
    50057: (400, "invalid_grant", "The user account is disabled.", ""),
    50058: (400, "login_required", "A silent sign-in request was sent but no user is signed in.", ""),
    50076: (
        400,
        "interaction_required",
        "Due to a configuration change made by your administrator you must use multi-factor authentication.",
        "basic_action",
    ),
    50105: (400, "invalid_grant", "The signed in user is not assigned to a role for the application.", ""),
    53003: (400, "invalid_grant", "Access has been blocked by Conditional Access policies.", "message_only"),
    54005: (400, "invalid_grant", "OAuth2 Authorization code was already redeemed.", ""),
    65001: (
        400,
        "invalid_grant",
        "The user or administrator has not consented to use the application.",
        "consent_required",
    ),
    65004: (400, "access_denied", "User declined to consent to access the app.", "cancel"),
    70008: (400, "invalid_grant", "The provided authorization code has expired due to inactivity.", ""),
    70011: (400, "invalid_scope", "The provided request must include a 'scope' input parameter.", ""),
    70021: (400, "invalid_request", "No matching federated identity record found for presented assertion.", ""),
    70043: (400, "invalid_grant", "The refresh token has expired or is invalid.", "bad_token"),
    90002: (400, "invalid_request", "Tenant not found.", ""),
    500011: (400, "invalid_resource", "The resource principal was not found in the tenant.", ""),
    500112: (400, "invalid_client", "The reply address does not match the one of the authorization request.", ""),
    500131: (400, "invalid_grant", "Assertion audience does not match the Client app presenting the assertion.", ""),
    500133: (400, "invalid_grant", "Assertion is not within its valid time range.", ""),
    501481: (400, "invalid_grant", "The Code_Verifier does not match the code_challenge of the request.", ""),
    700005: (400, "invalid_grant", "The provided authorization code is intended to use against other client.", ""),
    700016: (400, "unauthorized_client", "Application was not found in the directory.", ""),
    700084: (
        400,
        "invalid_grant",
        "The refresh token was issued to a single page app (SPA), has a fixed, limited lifetime, and is now expired.",
        "",
    ),
    900144: (400, "invalid_request", "The request body must contain a parameter that is missing.", ""),
    7000114: (400, "unauthorized_client", "Application is not allowed to make application on-behalf-of calls.", ""),
    7000215: (401, "invalid_client", "Invalid client secret provided.", ""),
    7000218: (401, "invalid_client", "The request body must contain: 'client_assertion' or 'client_secret'.", ""),
    9002313: (400, "invalid_grant", "Invalid request. Request is malformed or invalid.", ""),
    9002325: (400, "invalid_request", "Proof Key for Code Exchange is required for cross-origin redemption.", ""),
    9002326: (
        400,
        "invalid_request",
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.",
        "",
    ),
    9002327: (
        400,
        "invalid_request",
        "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
        "",
    ),
    70003: (400, "unsupported_grant_type", "The app requested an unsupported grant type.", ""),
}
CONSENT, CANCELLED = 65001, 65004


class EntraError(Exception):
    """An error of Entra, by its number."""

    def __init__(self, number: int, claims: str = "") -> None:
        super().__init__(f"AADSTS{number}")
        self.number, self.claims = number, claims

    @property
    def status(self) -> int:
        return REASONS[self.number][0]

    def redirected(self, now: datetime) -> dict[str, str]:
        """The parameters of a redirection that refuses (RFC 6749, 4.1.2.1)."""
        body = self.body(now)
        parameters = {"error": self.redirected_error, "error_description": body["error_description"]}
        subcode = {"error_subcode": "cancel"} if self.number == CANCELLED else {}
        return parameters | subcode | ({"claims": self.claims} if self.claims else {})

    @property
    def redirected_error(self) -> str:
        """What the token endpoint calls invalid_grant needs interaction, in the words of OpenID Connect."""
        return {CONSENT: "consent_required"}.get(self.number, REASONS[self.number][1])

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

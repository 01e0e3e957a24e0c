"""Errors as Call Automation answers them.

Codes: azure-docs, ``articles/communication-services/resources/troubleshooting/voice-video-calling/``, the
Call Automation response codes. A code is a string on the wire.
"""

from __future__ import annotations

from typing import Any

from emulator.acs.provenance import Source

INVALID_MEDIA_MODE = "8500"
NOT_ESTABLISHED = "8501"
TOO_MANY_REQUESTS = "8516"
CONFLICT = "8519"
UNSUPPORTED = "8520"
NOT_FOUND = "8522"
INVALID_ARGUMENT = "8523"
TERMINATED = "8528"
RECORDING_ACTIVE = "8559"
TRANSFER_CONFLICT = "8607"
DENIED = "Denied"  # assumed: what the resource provider says of a signature that doesn't match
# Of identities and access: IDENTITY_NOT_OWNED and INVALID_TOKEN were recorded from the service (azure-sdk-for-js,
# recordings of communication-identity), the others are assumed.
IDENTITY_NOT_OWNED = "IdentityNotOwned"
INVALID_TOKEN = "InvalidAccessToken"
FORBIDDEN = "Forbidden"
WORDS = {
    INVALID_MEDIA_MODE: "InternalError",
    TOO_MANY_REQUESTS: "TooManyRequests",
    NOT_FOUND: "NotFound",
    INVALID_ARGUMENT: "BadRequest",
}


# Status, code, when, and where that comes from.
KNOWN: tuple[tuple[int, str, str, Source], ...] = (
    (400, NOT_ESTABLISHED, "the call is not established", "documented"),
    (400, INVALID_MEDIA_MODE, "streaming or transcription was not set up with the call", "documented"),
    (
        400,
        INVALID_ARGUMENT,
        "a field is missing or wrong; the context was used; the api-version does not exist",
        "documented",
    ),
    (400, TERMINATED, "the call has ended, and the operation is neither GetCall nor TerminateCall", "documented"),
    (400, RECORDING_ACTIVE, "the call is being recorded", "documented"),
    (401, DENIED, "the signature does not match", "assumed"),
    (
        404,
        NOT_FOUND,
        "an unknown call, participant or recording; GetCall and TerminateCall of a call that ended",
        "recorded",
    ),
    (405, UNSUPPORTED, "Teams Phone calls don't support the operation", "documented"),
    (405, UNSUPPORTED, "a Teams Phone call would dial a number that has answered in it before", "assumed"),
    (405, UNSUPPORTED, "the target is an emergency number", "assumed"),
    (409, CONFLICT, "the participant is there already, or being invited", "documented"),
    (409, TRANSFER_CONFLICT, "another transfer of the call is under way; the status is assumed", "documented"),
    (429, TOO_MANY_REQUESTS, "by a fault rule alone", "documented"),
)


class AcsError(Exception):
    """An error response: its status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def without_number(self) -> AcsError:
        """The same error of the identity and access services, whose codes are words."""
        return AcsError(self.status, WORDS.get(self.code, self.code), self.message)

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message}}


def invalid(message: str) -> AcsError:
    return AcsError(400, INVALID_ARGUMENT, message)


def not_found(message: str) -> AcsError:
    return AcsError(404, NOT_FOUND, message)

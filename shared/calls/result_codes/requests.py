"""How ACS refuses requests, whatever they ask for."""

from __future__ import annotations

from shared.calls.result_codes.model import (
    CHECK_RESOURCE,
    CHECK_ROLE,
    NOT_THE_APP,
    SEE_TIMELINE,
    ResultCode,
    final,
    transient,
)

REQUESTS: tuple[ResultCode, ...] = (
    transient(400, 8501, "the call is not established yet"),
    final(
        400,
        8523,
        "an argument is not valid",
        "Read the message: it names the argument. Calls of Teams Phone take no caller id and no display name.",
    ),
    final(400, 8528, "the call has ended already", NOT_THE_APP),
    final(400, 8585, "the call is in a state that does not allow this", SEE_TIMELINE),
    final(401, 0, "the credentials were refused", "Check ACS_ENDPOINT and the app's identity."),
    final(403, 0, "the app may not do this", CHECK_ROLE),
    final(
        403, 7504, "the app lacks a permission on the ACS resource", f"{CHECK_ROLE} With a key, check ACS_ACCESS_KEY."
    ),
    final(403, 7507, "the call belongs to another ACS resource", CHECK_RESOURCE),
    final(
        403,
        7509,
        "the request's signature was refused",
        "Check that ACS_ENDPOINT and ACS_ACCESS_KEY belong together.",
    ),
    final(404, 8522, "the call, the recording or the participant does not exist (any more)", NOT_THE_APP),
    final(
        405,
        8520,
        "the operation is not supported for this call",
        "In calls of Teams Phone the agents' clients mute and hold, not the app; redirect is not supported.",
    ),
    final(405, 8522, "a setting of the answer is missing", "Read the message: it names what AnswerCall needs."),
    transient(408, 0, "no answer came in time"),
    transient(409, 8519, "another operation on the call is under way"),
    final(412, 8583, "the operation does not go with a media operation that is under way", "Cancel that one first."),
    final(
        422,
        0,
        "the identity to call on behalf of is not a Teams app identity",
        "Give the resource account as a MicrosoftTeamsAppIdentifier.",
    ),
    transient(425, 0, "the operation to cancel has not been accepted yet"),
    transient(429, 8516, "too many requests"),
    final(
        429,
        8529,
        "the resource has used up its monthly allowance",
        "Ask Microsoft support to raise the limit of the ACS resource.",
    ),
    transient(
        429,
        8530,
        "the resource has too many active calls",
        "If it lasts, ask Microsoft support to raise the limit of the ACS resource.",
    ),
)

"""The catalogue of result codes of calls: what each code means, whether a retry can succeed, and what to do.

ACS reports results in two places with one vocabulary: ``resultInformation{code, subCode}`` of a callback, and
the HTTP status with ``error.code`` of a refused request. Both are read here as ``code/sub_code``.
Source: Microsoft Learn, Azure Communication Services, "Troubleshooting response codes" and "Call Automation
error codes"; Teams Phone extensibility FAQ.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Verdict(StrEnum):
    TRANSIENT = "transient"  # the same request can succeed later
    FINAL = "final"  # it will not, however often it is sent
    ALREADY = "already"  # what was asked for is so already


class Outcome(Struct, frozen=True):
    code: int
    sub_code: int
    verdict: Verdict
    meaning: str
    remedy: str


def _outcome(code: int, sub_code: int, verdict: str, meaning: str, remedy: str) -> Outcome:
    return Outcome(code, sub_code, Verdict(verdict), meaning, remedy)


NOTHING_TO_DO = "Nothing: the app tries again by itself."
NOT_THE_APP = "Nothing in the app: this is how the call went."

CATALOGUE: tuple[Outcome, ...] = (
    _outcome(200, 7000, "final", "the call was hung up", NOT_THE_APP),
    _outcome(
        400,
        8500,
        "final",
        "the media mode is not valid for this call",
        "Check the media streaming and recording settings against what the call type supports.",
    ),
    _outcome(400, 8501, "transient", "the call is not established yet", NOTHING_TO_DO),
    _outcome(
        400,
        8523,
        "final",
        "an argument is not valid",
        "Read the message: it names the argument. Calls of Teams Phone take no caller id and no display name.",
    ),
    _outcome(400, 8528, "final", "the call has ended already", NOT_THE_APP),
    _outcome(
        400,
        8535,
        "final",
        "the audio file of a prompt could not be used",
        "Check that the file is a reachable WAV (mono, 16-bit PCM, 8 or 16 kHz) or MP3.",
    ),
    _outcome(
        400,
        8559,
        "already",
        "the call is being recorded already",
        "Nothing: the recording that runs is kept.",
    ),
    _outcome(
        400,
        8585,
        "final",
        "the call is in a state that does not allow this",
        "Look at the timeline for what came before.",
    ),
    _outcome(401, 0, "final", "the credentials were refused", "Check ACS_ENDPOINT and the app's identity."),
    _outcome(
        403,
        0,
        "final",
        "the app may not do this",
        "Give the app's identity its role on the ACS resource.",
    ),
    _outcome(403, 7504, "final", "the request's signature was refused", "Check ACS_ACCESS_KEY."),
    _outcome(403, 7507, "final", "the request's signature was refused", "Check ACS_ACCESS_KEY."),
    _outcome(
        403,
        7509,
        "final",
        "the request's signature is for another resource",
        "Check that ACS_ENDPOINT and ACS_ACCESS_KEY belong together.",
    ),
    _outcome(
        403,
        10105,
        "final",
        "the resource account's bot lacks the Teams channel",
        "Add the Microsoft Teams channel to the Azure bot of this application.",
    ),
    _outcome(
        403,
        510403,
        "final",
        "the number was blocked as spam by its carrier",
        "Ask the carrier of the calling number.",
    ),
    _outcome(404, 8522, "final", "the call or recording does not exist (any more)", NOT_THE_APP),
    _outcome(
        405,
        8520,
        "final",
        "the operation is not supported for this call",
        "Calls of Teams Phone do not support mute, hold and redirect.",
    ),
    _outcome(408, 0, "transient", "no answer came in time", NOTHING_TO_DO),
    _outcome(
        408,
        10057,
        "final",
        "the invitation timed out",
        "The agent did not answer, or is signed in with a Teams token instead of a dual-persona one.",
    ),
    _outcome(409, 8519, "transient", "another operation on the call is under way", NOTHING_TO_DO),
    _outcome(
        412,
        8583,
        "final",
        "a condition of the operation does not hold",
        "Look at the timeline for what came before.",
    ),
    _outcome(
        422,
        0,
        "final",
        "the identity to call on behalf of is not a Teams app identity",
        "Give the resource account as a MicrosoftTeamsAppIdentifier.",
    ),
    _outcome(429, 8516, "transient", "too many requests", NOTHING_TO_DO),
    _outcome(
        429,
        8529,
        "final",
        "the resource has used up its monthly allowance",
        "Ask Microsoft support to raise the limit of the ACS resource.",
    ),
    _outcome(
        429,
        8530,
        "transient",
        "the resource has too many active calls",
        "If it lasts, ask Microsoft support to raise the limit of the ACS resource.",
    ),
    _outcome(480, 560480, "final", "nobody answered", NOT_THE_APP),
    _outcome(487, 10003, "final", "the call was answered elsewhere", NOT_THE_APP),
    _outcome(487, 10004, "final", "it rang until the time was up", NOT_THE_APP),
    _outcome(
        500,
        8511,
        "final",
        "the prompt could not be played",
        "Check the prompt and, for spoken text, COGNITIVE_SERVICES_ENDPOINT and the ACS resource's access to it.",
    ),
    _outcome(603, 560603, "final", "the call was declined", NOT_THE_APP),
)

_BY_CODES = {(o.code, o.sub_code): o for o in CATALOGUE}

# HTTP's own reading of a status that the catalogue does not know: RFC 9110 section 15 and RFC 6585.
_RETRYABLE_STATUS = frozenset({408, 425, 429})
_SERVER_ERRORS = range(500, 600)


def look_up(code: int, sub_code: int) -> Outcome:
    """What ``code/sub_code`` means. An unknown sub-code is judged by its code alone: 408, 425, 429 and 5xx can
    pass, everything else is final.
    """
    known = _BY_CODES.get((code, sub_code)) or _BY_CODES.get((code, 0))
    if known is not None:
        return known
    transient = code in _RETRYABLE_STATUS or code in _SERVER_ERRORS
    return Outcome(
        code,
        sub_code,
        Verdict.TRANSIENT if transient else Verdict.FINAL,
        "the platform failed" if transient else "the platform refused, for a reason the catalogue does not name",
        "Look the code up in Microsoft's list of ACS response codes.",
    )

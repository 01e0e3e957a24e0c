"""The catalogue of result codes of calls: what each code means, whether a retry can succeed, and what to do.

ACS reports results in two places with one vocabulary: ``resultInformation{code, subCode}`` of a callback, and
the HTTP status with ``error.code`` of a refused request. Both are read here as ``code/sub_code``.
Source: Microsoft Learn, Azure Communication Services, "Troubleshooting response codes" and "Call Automation
error codes"; Teams Phone extensibility FAQ.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Disposition(StrEnum):
    TRANSIENT = "transient"  # the same request can succeed later
    FINAL = "final"  # it will not, however often it is sent
    ALREADY = "already"  # the requested state exists already


class ResultCode(Struct, frozen=True):
    code: int
    sub_code: int
    disposition: Disposition
    meaning: str
    remedy: str


def _code(code: int, sub_code: int, disposition: str, meaning: str, remedy: str) -> ResultCode:
    return ResultCode(code, sub_code, Disposition(disposition), meaning, remedy)


NOTHING_TO_DO = "Nothing: the app tries again by itself."
NOT_THE_APP = "Nothing in the app: this is how the call went."
CHECK_NUMBER = "Check that the number is complete, in E.164 form, and belongs to the resource that calls it or from it."
CHECK_SBC = "Check the routing of the number, and the session border controller for Direct Routing."
CHECK_NETWORK = "Look at the network of the participant: firewall, VPN, media ports."
CHECK_PROMPT_FILE = "Check that the file is a reachable WAV (mono, 16-bit PCM, 8 or 16 kHz) or MP3."
CHECK_SPEECH = "Check COGNITIVE_SERVICES_ENDPOINT, and that the ACS resource's identity has its role on the AI service."
CHECK_STREAM_URL = "Check MEDIA_STREAMING_URL and TRANSCRIPTION_URL: a wss:// URL that ACS reaches."

CATALOGUE: tuple[ResultCode, ...] = (
    _code(0, 4097, "final", "the organizer ended the call for everyone", NOT_THE_APP),
    _code(0, 4521, "final", "a participant left without hanging up", NOT_THE_APP),
    _code(0, 5000, "final", "the participant was removed by another one", NOT_THE_APP),
    _code(0, 5003, "final", "every endpoint of the callee declined", NOT_THE_APP),
    _code(0, 5300, "final", "the participant was removed by another one", NOT_THE_APP),
    _code(0, 7000, "final", "the call was hung up", NOT_THE_APP),
    _code(0, 540000, "final", "the caller on the phone hung up", NOT_THE_APP),
    _code(0, 560000, "final", "the called party on the phone hung up", NOT_THE_APP),
    _code(200, 5001, "final", "the other party hung up", NOT_THE_APP),
    _code(200, 5300, "final", "the participant was removed, and its leg ended", NOT_THE_APP),
    _code(200, 7000, "final", "the call was hung up", NOT_THE_APP),
    _code(
        400,
        8500,
        "final",
        "the media mode is not valid for this call",
        "Check the media streaming and recording settings against what the call type supports.",
    ),
    _code(400, 8501, "transient", "the call is not established yet", NOTHING_TO_DO),
    _code(
        400,
        8523,
        "final",
        "an argument is not valid",
        "Read the message: it names the argument. Calls of Teams Phone take no caller id and no display name.",
    ),
    _code(400, 8508, "final", "the operation was cancelled", NOT_THE_APP),
    _code(400, 8510, "final", "nothing was pressed or said in time", NOT_THE_APP),
    _code(400, 8528, "final", "the call has ended already", NOT_THE_APP),
    _code(
        400,
        8535,
        "final",
        "the audio file of a prompt could not be used",
        CHECK_PROMPT_FILE,
    ),
    _code(
        400,
        8559,
        "already",
        "the call is being recorded already",
        "Nothing: the recording that runs is kept.",
    ),
    _code(
        400,
        8585,
        "final",
        "the call is in a state that does not allow this",
        "Look at the timeline for what came before.",
    ),
    _code(400, 8536, "transient", "the audio file of a prompt could not be downloaded", CHECK_PROMPT_FILE),
    _code(400, 8565, "final", "the AI service failed", CHECK_SPEECH),
    _code(400, 8567, "final", "the ACS resource has no identity for the AI service", CHECK_SPEECH),
    _code(400, 8581, "final", "the URL of the stream is not valid", CHECK_STREAM_URL),
    _code(400, 8582, "final", "the text of the prompt is empty", "Check RECORDING_ANNOUNCEMENT and UNRECORDED_NOTICE."),
    _code(401, 0, "final", "the credentials were refused", "Check ACS_ENDPOINT and the app's identity."),
    _code(
        403,
        0,
        "final",
        "the app may not do this",
        "Give the app's identity its role on the ACS resource.",
    ),
    _code(403, 7504, "final", "the request's signature was refused", "Check ACS_ACCESS_KEY."),
    _code(403, 7507, "final", "the request's signature was refused", "Check ACS_ACCESS_KEY."),
    _code(
        403,
        7509,
        "final",
        "the request's signature is for another resource",
        "Check that ACS_ENDPOINT and ACS_ACCESS_KEY belong together.",
    ),
    _code(
        403,
        10105,
        "final",
        "the resource account's bot lacks the Teams channel",
        "Add the Microsoft Teams channel to the Azure bot of this application.",
    ),
    _code(
        403,
        510403,
        "final",
        "the number was blocked as spam by its carrier",
        "Ask the carrier of the calling number.",
    ),
    _code(403, 560403, "final", "the carrier or its session border controller forbade the call", CHECK_NUMBER),
    _code(403, 511532, "final", "no SIP trunk is configured for the number", CHECK_SBC),
    _code(404, 511404, "final", "the number or its resource does not exist", CHECK_NUMBER),
    _code(404, 560404, "final", "the number does not exist, or leads nowhere", CHECK_NUMBER),
    _code(404, 8522, "final", "the call or recording does not exist (any more)", NOT_THE_APP),
    _code(
        405,
        8520,
        "final",
        "the operation is not supported for this call",
        "Calls of Teams Phone do not support mute, hold and redirect.",
    ),
    _code(408, 0, "transient", "no answer came in time", NOTHING_TO_DO),
    _code(
        408,
        10057,
        "final",
        "the invitation timed out",
        "The agent did not answer, or is signed in with a Teams token instead of a dual-persona one.",
    ),
    _code(
        405, 8522, "final", "a setting of the answer is missing", "Read the message: it names what AnswerCall needs."
    ),
    _code(408, 4506, "final", "the callee did not answer in time", NOT_THE_APP),
    _code(408, 500001, "transient", "the gateway of the phone network did not respond in time", NOTHING_TO_DO),
    _code(408, 560408, "final", "the called party did not respond in time", NOT_THE_APP),
    _code(409, 8519, "transient", "another operation on the call is under way", NOTHING_TO_DO),
    _code(409, 8571, "transient", "another operation on the recording is under way", NOTHING_TO_DO),
    _code(409, 8607, "transient", "another transfer of the call is under way", NOTHING_TO_DO),
    _code(410, 301004, "final", "a participant's network could not carry the audio", CHECK_NETWORK),
    _code(410, 301005, "final", "a participant lost the connection", CHECK_NETWORK),
    _code(410, 531004, "final", "the path of the audio could not be set up", CHECK_NETWORK),
    _code(
        412,
        8583,
        "final",
        "a condition of the operation does not hold",
        "Look at the timeline for what came before.",
    ),
    _code(
        422,
        0,
        "final",
        "the identity to call on behalf of is not a Teams app identity",
        "Give the resource account as a MicrosoftTeamsAppIdentifier.",
    ),
    _code(429, 8516, "transient", "too many requests", NOTHING_TO_DO),
    _code(
        429,
        8529,
        "final",
        "the resource has used up its monthly allowance",
        "Ask Microsoft support to raise the limit of the ACS resource.",
    ),
    _code(
        429,
        8530,
        "transient",
        "the resource has too many active calls",
        "If it lasts, ask Microsoft support to raise the limit of the ACS resource.",
    ),
    _code(480, 560480, "final", "the call was not answered", NOT_THE_APP),
    _code(480, 10037, "final", "the callee is signed in nowhere", NOT_THE_APP),
    _code(480, 10076, "final", "the callee is not online", NOT_THE_APP),
    _code(480, 10077, "final", "the callee is not online", NOT_THE_APP),
    _code(480, 10078, "final", "the callee's client cannot be reached", NOT_THE_APP),
    _code(484, 560484, "final", "the number is incomplete or not valid", CHECK_NUMBER),
    _code(486, 540486, "final", "the number was busy", NOT_THE_APP),
    _code(486, 560486, "final", "the number was busy", NOT_THE_APP),
    _code(487, 0, "final", "the caller gave up", NOT_THE_APP),
    _code(487, 5234, "final", "the invitation was cancelled", NOT_THE_APP),
    _code(487, 10003, "final", "the call was answered elsewhere", NOT_THE_APP),
    _code(487, 10004, "final", "the call rang until it timed out", NOT_THE_APP),
    _code(487, 10024, "final", "every endpoint of the callee declined", NOT_THE_APP),
    _code(487, 540487, "final", "the caller gave up", NOT_THE_APP),
    _code(496, 7, "final", "a client lost its network", CHECK_NETWORK),
    _code(497, 560487, "final", "the caller gave up", NOT_THE_APP),
    _code(
        500,
        8511,
        "final",
        "the prompt could not be played",
        "Check the prompt and, for spoken text, COGNITIVE_SERVICES_ENDPOINT and the ACS resource's access to it.",
    ),
    _code(500, 560500, "transient", "a service of the phone network failed", NOTHING_TO_DO),
    _code(503, 560503, "transient", "the phone network is out of order for now", NOTHING_TO_DO),
    _code(603, 0, "final", "the call was declined", NOT_THE_APP),
    _code(603, 560603, "final", "the call was declined", NOT_THE_APP),
)

_BY_CODES = {(o.code, o.sub_code): o for o in CATALOGUE}

# HTTP's own reading of a status that the catalogue does not know: RFC 9110 section 15 and RFC 6585.
_RETRYABLE_STATUS = frozenset({408, 425, 429})
_SERVER_ERRORS = range(500, 600)
_FIRST_FAILURE = 300


def look_up(code: int, sub_code: int) -> ResultCode:
    """What ``code/sub_code`` means. An unknown sub-code is judged by its code alone: 408, 425, 429 and 5xx can
    pass, everything else is final.
    """
    known = _BY_CODES.get((code, sub_code)) or _BY_CODES.get((code, 0))
    if known is not None:
        return known
    if code < _FIRST_FAILURE:
        return ResultCode(code, sub_code, Disposition.FINAL, "it ended without an error", NOT_THE_APP)
    transient = code in _RETRYABLE_STATUS or code in _SERVER_ERRORS
    return ResultCode(
        code,
        sub_code,
        Disposition.TRANSIENT if transient else Disposition.FINAL,
        "the platform failed" if transient else "the platform refused, for a reason the catalogue does not name",
        "Look the code up in Microsoft's list of ACS response codes.",
    )

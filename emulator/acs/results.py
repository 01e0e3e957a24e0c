"""The result codes of callbacks: ``resultInformation``.

Documented: azure-docs, ``articles/communication-services/resources/troubleshooting/voice-video-calling/`` and the
concepts of play and recognize. Recorded: test recordings of the Python and JavaScript SDKs, spelling mistakes included.
Where only the codes are known, the message is the emulator's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.acs.provenance import Source


@dataclass(frozen=True)
class Result:
    code: int
    sub_code: int
    message: str
    source: Source
    when: str

    def describe(self) -> dict[str, Any]:
        return {"code": self.code, "subCode": self.sub_code, "message": self.message}


OK = Result(200, 0, "", "recorded", "success of anything but media actions")
DONE = Result(200, 0, "Action completed successfully.", "recorded", "success of a media action")
HUNG_UP = Result(200, 7000, "The conversation has ended. DiagCode: 0#7000.@", "recorded", "the application hung up")
OTHER_LEFT = Result(200, 5001, "This conversation has ended..", "recorded", "the other party hung up")
REMOVED = Result(200, 5300, "The participant was removed.", "recorded", "the last participant was removed")
INVITATION_CANCELED = Result(487, 5234, "The invitation was canceled.", "recorded", "an invitation was canceled")

MAX_DIGITS = Result(200, 8531, "Action completed, max digits received.", "documented", "enough tones were collected")
STOP_TONE = Result(200, 8514, "Action completed, stop tone was detected.", "documented", "a stop tone was pressed")
OPTION_MATCHED = Result(200, 8533, "Action completed, DTMF option matched.", "documented", "a choice was pressed")
SILENCE = Result(
    400, 8510, "Action failed, initial silence timeout reached.", "documented", "nothing was pressed or said"
)
INTER_DIGIT = Result(400, 8532, "Action failed, inter-digit silence timeout reached.", "documented", "too few tones")
WRONG_TONE = Result(400, 8534, "Action failed, incorrect tone entered.", "documented", "a tone that is no choice")
SPEECH_RECOGNIZED = Result(200, 8569, "Action completed, speech was recognized.", "documented", "something was said")
PHRASE_MATCHED = Result(200, 8545, "Action completed, speech option matched.", "documented", "a choice was said")
WRONG_PHRASE = Result(
    *(400, 8547, "Action failed, recognized phrase does not match a valid option."),
    source="documented",
    when="what was said is no choice",
)
SPEECH_NOT_RECOGNIZED = Result(
    *(400, 8563, "Action failed, speech could not be recognized."),
    source="documented",
    when="a phrase without words was said",
)
BAD_FILE = Result(
    *(400, 8535, "Action failed, file format is invalid or the file could not be fetched."),
    source="recorded",
    when="a source can't be played",
)
CANCELED = Result(400, 8508, "Action falied, the operation was cancelled.", "recorded", "a media action was cut off")
STREAM_UNREACHABLE = Result(
    *(400, 8581, "Action failed, Transport url is not valid or web socket server is not operational."),
    source="recorded",
    when="the web socket of a stream can't be opened (Azure-Samples/communication-services-python-quickstarts#60)",
)
STREAMING_LOST = Result(
    *(500, 8603, "Action failed, the media streaming failed."),
    source="assumed",
    when="the web socket of media streaming was lost; its message and the code 500 are assumed",
)
TRANSCRIPTION_LOST = Result(
    *(500, 8578, "Action failed, the transcription failed."),
    source="assumed",
    when="the web socket of a transcription was lost; its message and the code 500 are assumed",
)

NOT_IN_CALL = Result(
    404,
    8522,
    "The participant is not in the call.",
    "assumed",
    "an unknown participant was to be removed or moved, or one who left was to be transferred",
)
NO_INVITATION = Result(404, 8522, "There is no such invitation.", "assumed", "an invitation that is over was canceled")
CALL_ENDED = Result(
    400, 8528, "The call ended before the recording could start.", "assumed", "a recording's call ended first"
)

ACCEPTED = Result(200, 0, "", "recorded", "a callee accepted")
DECLINED = Result(603, 560603, "Declined.", "documented", "a number or an agent declined")
REJECTED_BY_USER = Result(603, 0, "The call was rejected.", "recorded", "an ACS user declined")
NO_ANSWER = Result(480, 560480, "No answer.", "documented", "a number rang out")
RING_TIMEOUT = Result(487, 10004, "The ring timed out.", "documented", "an agent or user rang out")
INVITATION_TIMEOUT = Result(
    408, 10057, "The invitation timed out.", "documented", "an agent with a Teams token instead of a dual-persona one"
)

RESULTS = tuple(value for value in dict(globals()).values() if isinstance(value, Result))

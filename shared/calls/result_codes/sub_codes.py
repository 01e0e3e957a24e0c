"""Sub-codes that ACS lists without a code ("Generic subcodes"), as far as the app's operations can meet them.

Not here: those of meetings, of rooms, of compliance recording and of live captions.
"""

from __future__ import annotations

from shared.calls.result_codes.model import (
    AGENT_ONLINE,
    ASK_MICROSOFT,
    CHECK_RESOURCE,
    CHECK_ROLE,
    CHECK_SPEECH,
    CHECK_STREAM_URL,
    NOT_THE_APP,
    ONE_AT_A_TIME,
    SEE_TIMELINE,
    Disposition,
    SubCode,
)


def _final(sub_code: int, meaning: str, remedy: str) -> SubCode:
    return SubCode(sub_code, Disposition.FINAL, meaning, remedy)


def _transient(sub_code: int, meaning: str) -> SubCode:
    return SubCode(sub_code, Disposition.TRANSIENT, meaning, ASK_MICROSOFT)


def _by_code(sub_code: int, meaning: str, remedy: str = ASK_MICROSOFT) -> SubCode:
    return SubCode(sub_code, None, meaning, remedy)


SUB_CODES: tuple[SubCode, ...] = (
    _final(7500, "the kind of identity is not supported", CHECK_ROLE),
    _final(7501, "the token is not valid", CHECK_ROLE),
    _final(7502, "access is not enabled", CHECK_ROLE),
    _final(7505, "the tenant of the token is another one", CHECK_RESOURCE),
    _final(7506, "a certificate is not trusted", "Check the certificate of the callback URL or the stream's URL."),
    _final(7508, "the kind of ACS identity is not supported", CHECK_RESOURCE),
    _final(7510, "the managed identity was refused", CHECK_ROLE),
    _final(7600, "the resource's access is not enabled", CHECK_RESOURCE),
    _final(7601, "the identity of the source is not of this ACS resource", CHECK_RESOURCE),
    _final(7602, "the identity of the target is not of this ACS resource", CHECK_RESOURCE),
    _final(7603, "an ACS identity is not valid", CHECK_RESOURCE),
    _final(7604, "the operation is not allowed with Teams", "Check the access assignment of the resource account."),
    _final(7605, "recording is not allowed with Teams", "Check the access assignment of the resource account."),
    _final(7606, "the ACS resource may not use the AI service", CHECK_SPEECH),
    _by_code(8502, "the app's own participant is not known"),
    _by_code(8503, "the audio of the call is not active"),
    _by_code(8504, "the streams of the call are not available"),
    _final(8509, "the longest silence has passed", NOT_THE_APP),
    _final(8512, "the tone could not be played", ONE_AT_A_TIME),
    _by_code(8513, "no media was received in time"),
    _final(8515, "the recording reached its longest duration", NOT_THE_APP),
    _transient(8516, "too many requests"),
    _final(8521, "the call was forwarded too often", "Look for a loop in the routing of the number."),
    _by_code(8537, "the call was not kept alive in time"),
    _final(8538, "the callee declined", NOT_THE_APP),
    _final(8539, "the callee is busy", NOT_THE_APP),
    _final(8540, "the callee is busy everywhere", NOT_THE_APP),
    _final(8541, "the callee is not available", AGENT_ONLINE),
    _final(8542, "the call was cancelled", NOT_THE_APP),
    _final(8543, "the call does not exist (any more)", NOT_THE_APP),
    _final(8544, "the callee cannot be reached", AGENT_ONLINE),
    _final(8546, "the callee sent a request that is not valid", "Update the agent's client."),
    _final(8548, "the operation needs a call of three or more", "Add a participant first."),
    _final(8552, "the organizer cannot be removed", "End the call instead."),
    _final(8557, "the format of the recording is not supported", "Check RECORDING_CHANNELS."),
    _final(8558, "the participant is not in the call", SEE_TIMELINE),
    _final(8562, "this kind of recording is not supported", "Check RECORDING_CHANNELS."),
    _by_code(8564, "the AI service could not be reached"),
    _final(8566, "participants cannot be unmuted by the app", "The agent unmutes in its own client."),
    _final(8568, "the ACS resource's identity got no token for the AI service", CHECK_SPEECH),
    _by_code(8570, "the AI service failed to recognize speech"),
    _final(8573, "the recording cannot be paused or resumed now", SEE_TIMELINE),
    _by_code(8578, "the transcription failed", f"{CHECK_SPEECH} {CHECK_STREAM_URL}"),
    _final(8579, "the transcription was cancelled", NOT_THE_APP),
    _transient(8580, "the service of transcription is shutting down"),
    _final(8586, "the incoming call was not acknowledged in time", "Look at how long `incoming_call` took to start."),
    _final(8587, "the incoming call was not answered in time", "Look at how long `incoming_call` took to start."),
    _transient(8589, "too many recordings were requested"),
    _by_code(8603, "the media streaming failed", CHECK_STREAM_URL),
    _final(8604, "the media streaming was cancelled", NOT_THE_APP),
    _final(8605, "the transcription does not support a custom speech model", CHECK_SPEECH),
    _by_code(8606, "the identifier of a participant could not be made"),
    _by_code(9001, "a service behind ACS failed"),
    _transient(9002, "a service behind ACS did not respond in time"),
    _final(9003, "the operation was cancelled", NOT_THE_APP),
    _by_code(9998, "ACS failed"),
    _by_code(9999, "ACS failed"),
)

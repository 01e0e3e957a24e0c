"""Every operation of the SDKs: its route, body, conditions, handler and extent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from emulator.acs import access, answering, calling, files, identity, participants, tokens, transfers
from emulator.acs.media import hold, streaming
from emulator.acs.media import operations as media
from emulator.acs.messages import Answer, Request
from emulator.acs.recording import operations as recordings
from emulator.acs.service import Service

SDK_VERSION = "1.6.0"
IDENTITY_SDK_VERSION = "1.5.0"

# The SDKs' api-versions, and those of the public REST specifications.
CALL_AUTOMATION_VERSIONS = (
    *("2023-03-06", "2023-10-15", "2024-04-15", "2024-09-15", "2025-05-15", "2025-06-15", "2026-03-12"),
    *("2022-04-07-preview", "2023-01-15-preview", "2023-06-15-preview", "2023-10-03-preview", "2024-01-22-preview"),
    *("2024-09-01-preview", "2024-11-15-preview"),
)
IDENTITY_VERSIONS = (
    *("2021-03-07", "2022-06-01", "2022-10-01", "2023-10-01", "2025-06-30", "2026-07-22", "2026-09-23"),
    *("2021-10-31-preview", "2025-03-02-preview", "2025-04-01-preview"),
)
ACCESS_VERSIONS = ("2025-06-30", "2026-07-22", "2026-09-23", "2025-03-02-preview")

Handler = Callable[[Service, Request], Answer | Awaitable[Answer]]
Allowed = Literal["no call", "any time", "connected", "established"]
Extent = Literal["fully behaved", "accepted only"]
Shape = Literal["documented", "recorded", "assumed"]
Credential = Literal["key", "token", "none"]


@dataclass(frozen=True)
class Operation:
    """``name`` is the SDK's generated operation in CamelCase; faults and the journal use it.

    ``allowed`` is the state that the call must have: any connection, or one that is established. ``shape`` is the
    source of the form of requests and answers: *documented* in the public REST specification, *recorded* from
    the service (the SDK repositories' test recordings), or *assumed*. ``credential`` authenticates
    a request: the access key or a user's Entra token. ``optional_body``: it may come without one. ``versions`` are the
    api-versions it takes; none means that it takes no such parameter.
    """

    name: str
    method: str
    path: str
    status: int
    handler: Handler
    model: str | None = None
    repeatable: bool = False
    allowed: Allowed = "established"
    teams_phone: bool = True  # works on Teams Phone extensibility calls
    extent: Extent = "fully behaved"
    shape: Shape = "documented"
    note: str = ""
    credential: Credential = "key"
    optional_body: bool = False
    versions: tuple[str, ...] = CALL_AUTOMATION_VERSIONS


def _on_call(name: str, action: str, status: int, handler: Handler, model: str | None = None, **more: Any) -> Operation:
    """An action on a call connection: ``POST …/callConnections/{id}:action``."""
    return Operation(name, "POST", f"{_CALL}:{action}", status, handler, model, **more)


def _on_participants(name: str, action: str, status: int, handler: Handler, model: str, **more: Any) -> Operation:
    """An action on the participants of a call, which can be repeated."""
    return Operation(name, "POST", f"{_CALL}/participants:{action}", status, handler, model, repeatable=True, **more)


def _no_call(name: str, method: str, path: str, status: int, handler: Handler, **more: Any) -> Operation:
    """An operation that is not about an established call connection."""
    return Operation(name, method, path, status, handler, allowed="no call", **more)


def _of_identity(*operation: Any, **more: Any) -> Operation:
    return _no_call(*operation, versions=IDENTITY_VERSIONS, **more)


def _of_access(*operation: Any, **more: Any) -> Operation:
    return _no_call(*operation, versions=ACCESS_VERSIONS, **more)


_CALLS = "/calling/callConnections"
_CALL = _CALLS + "/{callConnectionId:[^/:]+}"
_RECORDINGS = "/calling/recordings"
_RECORDING = _RECORDINGS + "/{recordingId:[^/:]+}"

OPERATIONS = (
    _no_call("CreateCall", "POST", _CALLS, 201, calling.create_call, model="CreateCallRequest", repeatable=True),
    _no_call(
        *("AnswerCall", "POST", f"{_CALLS}:answer", 200, answering.answer_call),
        model="AnswerCallRequest",
        repeatable=True,
    ),
    _no_call(
        *("RedirectCall", "POST", f"{_CALLS}:redirect", 204, answering.redirect_call),
        model="RedirectCallRequest",
        repeatable=True,
    ),
    _no_call(
        *("RejectCall", "POST", f"{_CALLS}:reject", 204, answering.reject_call),
        model="RejectCallRequest",
        repeatable=True,
    ),
    _no_call(
        *("Connect", "POST", f"{_CALLS}:connect", 200, calling.connect),
        model="ConnectRequest",
        repeatable=True,
        extent="accepted only",
        note="a connection of its own, which sees the participants of that moment",
    ),
    Operation("GetCall", "GET", _CALL, 200, answering.get_call, allowed="any time"),
    Operation("HangupCall", "DELETE", _CALL, 204, answering.hang_up, allowed="any time"),
    _on_call("TerminateCall", "terminate", 204, answering.terminate, repeatable=True, allowed="any time"),
    _on_call(
        *("TransferToParticipant", "transferToParticipant", 202, transfers.transfer_to_participant),
        model="TransferToParticipantRequest",
        repeatable=True,
        note="one at a time; custom context as of AddParticipant",
    ),
    Operation(
        *("GetParticipants", "GET", f"{_CALL}/participants", 200, participants.get_participants),
        allowed="any time",
    ),
    Operation(
        *("GetParticipant", "GET", _CALL + "/participants/{participantRawId}", 200, participants.get_participant),
        allowed="any time",
    ),
    _on_participants(
        *("AddParticipant", "add", 202, participants.add_participant, "AddParticipantRequest"),
        note="headers that the target does not take are ignored, as are entries beyond ten on the caller",
    ),
    _on_participants("RemoveParticipant", "remove", 202, participants.remove_participant, "RemoveParticipantRequest"),
    _on_participants("Mute", "mute", 200, participants.mute, "MuteParticipantsRequest", teams_phone=False),
    _on_participants(
        *("CancelAddParticipant", "cancelAddParticipant", 202, participants.cancel_add_participant),
        model="CancelAddParticipantRequest",
    ),
    _on_participants("MoveParticipants", "moveHere", 202, participants.move_participants, "MoveParticipantsRequest"),
    _on_call(
        *("Play", "play", 202, media.play, "PlayRequest"),
        note="to one party alone, it takes them out of the conversation (recorded once), unless "
        "`targeted_play_isolates` is off",
    ),
    _on_call(
        *("Recognize", "recognize", 202, media.recognize, "RecognizeRequest"),
        note="keys, and phrases that the control API gives as text; locales and custom models are ignored",
    ),
    _on_call(
        *("CancelAllMediaOperations", "cancelAllMediaOperations", 202, media.cancel_all_media_operations),
    ),
    _on_call(
        *("StartContinuousDtmfRecognition", "startContinuousDtmfRecognition", 200),
        handler=media.start_continuous_dtmf_recognition,
        model="ContinuousDtmfRecognitionRequest",
    ),
    _on_call(
        *("StopContinuousDtmfRecognition", "stopContinuousDtmfRecognition", 200),
        handler=media.stop_continuous_dtmf_recognition,
        model="ContinuousDtmfRecognitionRequest",
    ),
    _on_call("SendDtmfTones", "sendDtmfTones", 202, media.send_dtmf_tones, "SendDtmfTonesRequest", repeatable=True),
    _on_call("Hold", "hold", 200, hold.hold, "HoldRequest", teams_phone=False),
    _on_call("Unhold", "unhold", 200, hold.unhold, "UnholdRequest", teams_phone=False),
    _on_call(
        *("StartTranscription", "startTranscription", 202, streaming.start_transcription),
        model="StartTranscriptionRequest",
        note="the phrases of the participants are sent as text; custom models are ignored",
    ),
    _on_call(
        *("StopTranscription", "stopTranscription", 202, streaming.stop_transcription),
        model="StopTranscriptionRequest",
    ),
    _on_call(
        *("UpdateTranscription", "updateTranscription", 202, streaming.update_transcription),
        model="UpdateTranscriptionRequest",
        note="TranscriptionUpdated comes; the metadata is not sent again, and phrases are in the language they are in",
    ),
    _on_call(
        *("StartMediaStreaming", "startMediaStreaming", 202, streaming.start_media_streaming),
        model="StartMediaStreamingRequest",
    ),
    _on_call(
        *("StopMediaStreaming", "stopMediaStreaming", 202, streaming.stop_media_streaming),
        model="StopMediaStreamingRequest",
    ),
    _no_call(
        *("StartRecording", "POST", _RECORDINGS, 202, recordings.start_recording),
        model="StartCallRecordingRequest",
        repeatable=True,
        shape="recorded",
        note="200 to api-versions up to 2025-05-15, 202 to later ones; `--start-recording-answer` chooses another "
        "documented answer; files are always WAV",
    ),
    _no_call("GetRecordingProperties", "GET", _RECORDING, 200, recordings.get_recording_properties),
    _no_call("StopRecording", "DELETE", _RECORDING, 204, recordings.stop_recording),
    _no_call("PauseRecording", "POST", f"{_RECORDING}:pause", 202, recordings.pause_recording),
    _no_call("ResumeRecording", "POST", f"{_RECORDING}:resume", 202, recordings.resume_recording),
)

# The other SDK, azure-communication-identity.
_IDENTITIES = "/identities"
_IDENTITY = _IDENTITIES + "/{id:[^/]+}"
IDENTITY_OPERATIONS = (
    _of_identity(
        *("CommunicationIdentityCreate", "POST", _IDENTITIES, 201, identity.create),
        model="CommunicationIdentityCreateRequest",
        optional_body=True,
    ),
    _of_identity("CommunicationIdentityDelete", "DELETE", _IDENTITY, 204, identity.delete),
    _of_identity(
        *("CommunicationIdentityRevokeAccessTokens", "POST", f"{_IDENTITY}/:revokeAccessTokens", 204, identity.revoke),
        extent="accepted only",
        note="no emulated service takes the tokens that are revoked",
    ),
    _of_identity(
        *("CommunicationIdentityIssueAccessToken", "POST", f"{_IDENTITY}/:issueAccessToken", 200, identity.issue),
        model="CommunicationIdentityAccessTokenRequest",
    ),
    _of_identity(
        *("CommunicationIdentityExchangeTeamsUserAccessToken", "POST", "/teamsUser/:exchangeAccessToken", 200),
        handler=identity.exchange_for_teams_user,
        model="TeamsUserExchangeTokenRequest",
        shape="recorded",
        note="the Entra token must come from the emulated Entra ID, with both scopes of Teams",
    ),
)

# In no SDK for Python: consent to Teams Phone extensibility, and the tokens of its clients.
_ACCESS = "/access/teamsExtension"
_ASSIGNMENT = _ACCESS + "/tenants/{tenantId:[^/]+}/assignments/{objectId:[^/]+}"
ACCESS_OPERATIONS = (
    _of_access(
        *("CreateOrReplaceAssignment", "PUT", _ASSIGNMENT, 201, access.put),
        model="TeamsExtensionAssignmentCreateOrUpdateRequest",
        note="200 if there was one; both spellings of a resource account are taken, and given back as they came",
    ),
    _of_access("GetAssignment", "GET", _ASSIGNMENT, 200, access.get),
    _of_access("DeleteAssignment", "DELETE", _ASSIGNMENT, 204, access.delete, note="404 if there is none"),
    _of_access(
        *("ExchangeTeamsExtensionAccessToken", "POST", f"{_ACCESS}/:exchangeAccessToken", 200, access.exchange),
        credential="token",
        note="for users who have an assignment for the client that they signed in with",
    ),
)

# Written by hand in the SDK, at addresses that RecordingFileStatusUpdated gives.
_OBJECTS = "/v1/objects/{documentId}"
FILE_OPERATIONS = (
    _no_call("DownloadRecording", "GET", _OBJECTS + "/content/{part}", 200, files.download, versions=()),
    _no_call("DeleteRecording", "DELETE", _OBJECTS, 200, files.delete, versions=()),
)

KEY_OPERATIONS = (
    _no_call(
        *("GetOpenIdConfiguration", "GET", tokens.CONFIGURATION_PATH, 200, tokens.get_configuration),
        credential="none",
        versions=(),
    ),
    _no_call("GetKeys", "GET", tokens.KEYS_PATH, 200, tokens.get_keys, credential="none", versions=()),
)

EVERY_OPERATION = (*KEY_OPERATIONS, *OPERATIONS, *IDENTITY_OPERATIONS, *ACCESS_OPERATIONS, *FILE_OPERATIONS)

"""Every operation of the SDKs: where it is, what it takes, when it is allowed, and how far it is emulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SDK_VERSION = "1.6.0"
IDENTITY_SDK_VERSION = "1.5.0"
ACCESS_API_VERSION = "2025-06-30"

Allowed = Literal["no call", "any time", "connected", "established"]
Extent = Literal["fully behaved", "accepted only"]
Shape = Literal["documented", "recorded", "assumed"]
Signed = Literal["key", "token"]


@dataclass(frozen=True)
class Operation:
    """``name`` is the SDK's generated operation in CamelCase; faults and the journal use it.

    ``allowed`` says what the call must be: any connection, or one that is established. ``shape`` says where the
    form of requests and answers comes from: *documented* in the public REST specification, *recorded* from
    the service (the SDK repositories' test recordings), or *assumed*. ``by`` is what a request proves itself with: the
    access key or somebody's Entra token. ``optional_body``: it may come without one.
    """

    name: str
    method: str
    path: str
    status: int
    model: str | None = None
    repeatable: bool = False
    allowed: Allowed = "established"
    teams_phone: bool = True  # works on Teams Phone extensibility calls
    extent: Extent = "fully behaved"
    shape: Shape = "documented"
    note: str = ""
    by: Signed = "key"
    optional_body: bool = False


_CALLS = "/calling/callConnections"
_CALL = _CALLS + "/{callConnectionId:[^/:]+}"
_PEOPLE = _CALL + "/participants"
_RECORDINGS = "/calling/recordings"
_RECORDING = _RECORDINGS + "/{recordingId:[^/:]+}"

OPERATIONS = (
    Operation("CreateCall", "POST", _CALLS, 201, "CreateCallRequest", True, "no call"),
    Operation("AnswerCall", "POST", _CALLS + ":answer", 200, "AnswerCallRequest", True, "no call"),
    Operation("RedirectCall", "POST", _CALLS + ":redirect", 204, "RedirectCallRequest", True, "no call"),
    Operation("RejectCall", "POST", _CALLS + ":reject", 204, "RejectCallRequest", True, "no call"),
    Operation(
        *("Connect", "POST", _CALLS + ":connect", 200, "ConnectRequest", True, "no call"),
        extent="accepted only",
        note="a connection of its own, which sees the participants of that moment",
    ),
    Operation("GetCall", "GET", _CALL, 200, allowed="any time"),
    Operation("HangupCall", "DELETE", _CALL, 204, allowed="any time"),
    Operation("TerminateCall", "POST", _CALL + ":terminate", 204, repeatable=True, allowed="any time"),
    Operation(
        *("TransferToParticipant", "POST", _CALL + ":transferToParticipant", 202),
        model="TransferToParticipantRequest",
        repeatable=True,
    ),
    Operation("GetParticipants", "GET", _PEOPLE, 200, allowed="any time"),
    Operation("GetParticipant", "GET", _PEOPLE + "/{participantRawId}", 200, allowed="any time"),
    Operation("AddParticipant", "POST", _PEOPLE + ":add", 202, "AddParticipantRequest", True),
    Operation("RemoveParticipant", "POST", _PEOPLE + ":remove", 202, "RemoveParticipantRequest", True),
    Operation("Mute", "POST", _PEOPLE + ":mute", 200, "MuteParticipantsRequest", True, teams_phone=False),
    Operation(
        *("CancelAddParticipant", "POST", _PEOPLE + ":cancelAddParticipant", 202),
        model="CancelAddParticipantRequest",
        repeatable=True,
    ),
    Operation("MoveParticipants", "POST", _PEOPLE + ":moveHere", 202, "MoveParticipantsRequest", True),
    Operation("Play", "POST", _CALL + ":play", 202, "PlayRequest"),
    Operation(
        *("Recognize", "POST", _CALL + ":recognize", 202, "RecognizeRequest"),
        note="keys only: nobody speaks, so speech ends in initial silence",
    ),
    Operation("CancelAllMediaOperations", "POST", _CALL + ":cancelAllMediaOperations", 202),
    Operation(
        *("StartContinuousDtmfRecognition", "POST", _CALL + ":startContinuousDtmfRecognition", 200),
        model="ContinuousDtmfRecognitionRequest",
    ),
    Operation(
        *("StopContinuousDtmfRecognition", "POST", _CALL + ":stopContinuousDtmfRecognition", 200),
        model="ContinuousDtmfRecognitionRequest",
    ),
    Operation("SendDtmfTones", "POST", _CALL + ":sendDtmfTones", 202, "SendDtmfTonesRequest", True),
    Operation("Hold", "POST", _CALL + ":hold", 200, "HoldRequest", teams_phone=False),
    Operation("Unhold", "POST", _CALL + ":unhold", 200, "UnholdRequest", teams_phone=False),
    Operation(
        *("StartTranscription", "POST", _CALL + ":startTranscription", 202, "StartTranscriptionRequest"),
        extent="accepted only",
        note="TranscriptionStarted comes; no text is sent",
    ),
    Operation(
        *("StopTranscription", "POST", _CALL + ":stopTranscription", 202, "StopTranscriptionRequest"),
        extent="accepted only",
        note="TranscriptionStopped comes",
    ),
    Operation(
        *("UpdateTranscription", "POST", _CALL + ":updateTranscription", 202, "UpdateTranscriptionRequest"),
        extent="accepted only",
        note="TranscriptionUpdated comes",
    ),
    Operation(
        *("StartMediaStreaming", "POST", _CALL + ":startMediaStreaming", 202, "StartMediaStreamingRequest"),
        extent="accepted only",
        note="MediaStreamingStarted comes; no web socket is opened",
    ),
    Operation(
        *("StopMediaStreaming", "POST", _CALL + ":stopMediaStreaming", 202, "StopMediaStreamingRequest"),
        extent="accepted only",
        note="MediaStreamingStopped comes",
    ),
    Operation(
        *("StartRecording", "POST", _RECORDINGS, 202, "StartCallRecordingRequest", True, "no call"),
        shape="recorded",
        note="the documented answers differ; `--start-recording-answer` chooses; files are always WAV",
    ),
    Operation("GetRecordingProperties", "GET", _RECORDING, 200, allowed="no call"),
    Operation("StopRecording", "DELETE", _RECORDING, 204, allowed="no call"),
    Operation("PauseRecording", "POST", _RECORDING + ":pause", 202, allowed="no call"),
    Operation("ResumeRecording", "POST", _RECORDING + ":resume", 202, allowed="no call"),
)

# The other SDK, azure-communication-identity.
_IDENTITIES = "/identities"
_IDENTITY = _IDENTITIES + "/{id:[^/]+}"
IDENTITY_OPERATIONS = (
    Operation(
        *("CommunicationIdentityCreate", "POST", _IDENTITIES, 201, "CommunicationIdentityCreateRequest"),
        allowed="no call",
        optional_body=True,
    ),
    Operation("CommunicationIdentityDelete", "DELETE", _IDENTITY, 204, allowed="no call"),
    Operation(
        *("CommunicationIdentityRevokeAccessTokens", "POST", _IDENTITY + "/:revokeAccessTokens", 204),
        allowed="no call",
        extent="accepted only",
        note="nothing here takes the tokens that are revoked",
    ),
    Operation(
        *("CommunicationIdentityIssueAccessToken", "POST", _IDENTITY + "/:issueAccessToken", 200),
        model="CommunicationIdentityAccessTokenRequest",
        allowed="no call",
    ),
    Operation(
        *("CommunicationIdentityExchangeTeamsUserAccessToken", "POST", "/teamsUser/:exchangeAccessToken", 200),
        model="TeamsUserExchangeTokenRequest",
        allowed="no call",
        shape="recorded",
        note="the Entra token must come from the emulated Entra ID, with both scopes of Teams",
    ),
)

# In no SDK for Python: consent to Teams Phone extensibility, and the tokens of its clients.
_ACCESS = "/access/teamsExtension"
_ASSIGNMENT = _ACCESS + "/tenants/{tenantId:[^/]+}/assignments/{objectId:[^/]+}"
ACCESS_OPERATIONS = (
    Operation(
        *("CreateOrReplaceAssignment", "PUT", _ASSIGNMENT, 201, "TeamsExtensionAssignmentCreateOrUpdateRequest"),
        allowed="no call",
        note="200 if there was one; both spellings of a resource account are taken, and given back as they came",
    ),
    Operation("GetAssignment", "GET", _ASSIGNMENT, 200, allowed="no call"),
    Operation("DeleteAssignment", "DELETE", _ASSIGNMENT, 204, allowed="no call", note="404 if there is none"),
    Operation(
        *("ExchangeTeamsExtensionAccessToken", "POST", _ACCESS + "/:exchangeAccessToken", 200),
        allowed="no call",
        by="token",
        note="for users who have an assignment for the client that they signed in with",
    ),
)

# Written by hand in the SDK, at addresses that RecordingFileStatusUpdated gives.
OBJECTS = "/v1/objects/{documentId}"
DOWNLOAD_RECORDING = Operation("DownloadRecording", "GET", OBJECTS + "/content/{part}", 200)
DELETE_RECORDING = Operation("DeleteRecording", "DELETE", OBJECTS, 200)
FILE_OPERATIONS = (DOWNLOAD_RECORDING, DELETE_RECORDING)

"""The bodies of requests: their fields, which are required, and what values they may have.

Transcribed from the public REST specification of api-version 2026-03-12 (azure-rest-api-specs,
``specification/communication/data-plane/CallAutomation``), and for identities and access 2023-10-01 and 2025-06-30;
tests compare it with the models of the SDKs.
One line per model: ``field:type``, ``!`` for required, ``[a..b]`` for a range; ``[T]`` is a list, ``{T}`` a map.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from emulator.acs.errors import invalid

ENUMS = {
    "AudioFormat": ("pcm16KMono", "pcm24KMono"),
    "CallLocatorKind": ("groupCallLocator", "serverCallLocator", "roomCallLocator"),
    "CallRejectReason": ("none", "busy", "forbidden"),
    "CommunicationTokenScope": ("chat", "voip", "chat.join", "chat.join.limited", "voip.join"),
    "TeamsExtensionPrincipalType": ("user", "teamsResourceAccount", "resourceAccount"),  # documents differ: both
    "Cloud": ("public", "dod", "gcch"),  # taken in either case: the SDK sends PUBLIC
    "DtmfTone": (
        *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        *("a", "b", "c", "d", "pound", "asterisk"),
    ),
    "MediaStreamingAudioChannelType": ("mixed", "unmixed"),
    "MediaStreamingContentType": ("audio",),
    "PlaySourceType": ("file", "text", "ssml"),
    "RecognizeInputType": ("dtmf", "speech", "speechOrDtmf", "choices"),
    "RecordingChannel": ("mixed", "unmixed"),
    "RecordingContent": ("audio", "audioVideo"),
    "RecordingFormat": ("wav", "mp3", "mp4"),
    "RecordingStorageKind": ("azureCommunicationServices", "azureBlobStorage"),
    "StreamingTransportType": ("websocket",),
    "VoiceKind": ("male", "female"),
}
KEYS = dict(zip(ENUMS["DtmfTone"], "0123456789ABCD#*", strict=True))  # as they are on a telephone

_MODELS = """
AddParticipantRequest: sourceCallerIdNumber:PhoneNumberIdentifierModel sourceDisplayName:str participantToAdd:CommunicationIdentifierModel! invitationTimeoutInSeconds:int[0..180] operationContext:str operationCallbackUri:uri customCallingContext:CustomCallingContext
AnswerCallRequest: incomingCallContext:str! callbackUri:uri! operationContext:str callIntelligenceOptions:CallIntelligenceOptions answeredBy:CommunicationUserIdentifierModel mediaStreamingOptions:WebSocketMediaStreamingOptions transcriptionOptions:WebSocketTranscriptionOptions
CallIntelligenceOptions: cognitiveServicesEndpoint:str
CallLocator: groupCallId:str serverCallId:str roomId:str kind:CallLocatorKind
CancelAddParticipantRequest: invitationId:str! operationContext:str operationCallbackUri:uri
ChannelAffinity: channel:int[0..4] participant:CommunicationIdentifierModel!
Choice: label:str! phrases:[str]! tone:DtmfTone
CommunicationIdentifierModel: kind:str rawId:str communicationUser:CommunicationUserIdentifierModel phoneNumber:PhoneNumberIdentifierModel microsoftTeamsUser:MicrosoftTeamsUserIdentifierModel microsoftTeamsApp:MicrosoftTeamsAppIdentifierModel teamsExtensionUser:TeamsExtensionUserIdentifierModel
CommunicationUserIdentifierModel: id:str!
ConnectRequest: callLocator:CallLocator! callbackUri:uri! operationContext:str callIntelligenceOptions:CallIntelligenceOptions mediaStreamingOptions:WebSocketMediaStreamingOptions transcriptionOptions:WebSocketTranscriptionOptions
ContinuousDtmfRecognitionRequest: targetParticipant:CommunicationIdentifierModel! operationContext:str operationCallbackUri:uri
CreateCallRequest: targets:[CommunicationIdentifierModel]! sourceCallerIdNumber:PhoneNumberIdentifierModel sourceDisplayName:str source:CommunicationUserIdentifierModel operationContext:str callbackUri:uri! callIntelligenceOptions:CallIntelligenceOptions mediaStreamingOptions:WebSocketMediaStreamingOptions transcriptionOptions:WebSocketTranscriptionOptions teamsAppSource:MicrosoftTeamsAppIdentifierModel
CustomCallingContext: voipHeaders:{str} sipHeaders:{str} teamsPhoneCallDetails:TeamsPhoneCallDetails
DtmfOptions: interToneTimeoutInSeconds:int[1..60] maxTonesToCollect:int stopTones:[DtmfTone]
ExternalStorage: recordingStorageKind:RecordingStorageKind! recordingDestinationContainerUrl:uri
FileSource: uri:uri!
HoldRequest: targetParticipant:CommunicationIdentifierModel! playSourceInfo:PlaySource operationContext:str operationCallbackUri:uri
MicrosoftTeamsAppIdentifierModel: appId:str! cloud:Cloud
MicrosoftTeamsUserIdentifierModel: userId:str! isAnonymous:bool cloud:Cloud
MoveParticipantsRequest: targetParticipants:[CommunicationIdentifierModel]! operationContext:str operationCallbackUri:uri fromCall:str!
MuteParticipantsRequest: targetParticipants:[CommunicationIdentifierModel]! operationContext:str
PhoneNumberIdentifierModel: value:str! isAnonymous:bool assertedId:str
PlayOptions: loop:bool!
PlayRequest: playSources:[PlaySource]! playTo:[CommunicationIdentifierModel] interruptCallMediaOperation:bool playOptions:PlayOptions operationContext:str operationCallbackUri:uri
PlaySource: kind:PlaySourceType! playSourceCacheId:str file:FileSource text:TextSource ssml:SsmlSource
RecognizeOptions: interruptPrompt:bool initialSilenceTimeoutInSeconds:int[0..300] targetParticipant:CommunicationIdentifierModel! speechLanguage:str speechRecognitionModelEndpointId:str dtmfOptions:DtmfOptions choices:[Choice] speechOptions:SpeechOptions
RecognizeRequest: recognizeInputType:RecognizeInputType! playPrompt:PlaySource playPrompts:[PlaySource] interruptCallMediaOperation:bool recognizeOptions:RecognizeOptions! operationContext:str operationCallbackUri:uri
RedirectCallRequest: incomingCallContext:str! target:CommunicationIdentifierModel!
RejectCallRequest: incomingCallContext:str! callRejectReason:CallRejectReason
RemoveParticipantRequest: participantToRemove:CommunicationIdentifierModel! operationContext:str operationCallbackUri:uri
SendDtmfTonesRequest: tones:[DtmfTone]! targetParticipant:CommunicationIdentifierModel! operationContext:str operationCallbackUri:uri
SpeechOptions: endSilenceTimeoutInMs:int
SsmlSource: ssmlText:str! customVoiceEndpointId:str
StartCallRecordingRequest: callLocator:CallLocator callConnectionId:str recordingStateCallbackUri:uri recordingContentType:RecordingContent recordingChannelType:RecordingChannel recordingFormatType:RecordingFormat audioChannelParticipantOrdering:[CommunicationIdentifierModel] channelAffinity:[ChannelAffinity] pauseOnStart:bool externalStorage:ExternalStorage
StartMediaStreamingRequest: operationCallbackUri:uri operationContext:str
StartTranscriptionRequest: locale:str speechModelEndpointId:str operationContext:str operationCallbackUri:uri
StopMediaStreamingRequest: operationCallbackUri:uri operationContext:str
StopTranscriptionRequest: operationContext:str operationCallbackUri:uri
TeamsExtensionUserIdentifierModel: userId:str! tenantId:str! resourceId:str! cloud:Cloud
TeamsPhoneCallDetails: teamsPhoneCallerDetails:TeamsPhoneCallerDetails teamsPhoneSourceDetails:TeamsPhoneSourceDetails sessionId:str intent:str callTopic:str callContext:str transcriptUrl:str callSentiment:str suggestedActions:str
TeamsPhoneCallerDetails: caller:CommunicationIdentifierModel! name:str! phoneNumber:str! recordId:str screenPopUrl:str isAuthenticated:bool additionalCallerInformation:{str}
TeamsPhoneSourceDetails: source:CommunicationIdentifierModel! language:str! status:str! intendedTargets:{CommunicationIdentifierModel}
TextSource: text:str! sourceLocale:str voiceKind:VoiceKind voiceName:str customVoiceEndpointId:str
TransferToParticipantRequest: targetParticipant:CommunicationIdentifierModel! operationContext:str transferee:CommunicationIdentifierModel operationCallbackUri:uri customCallingContext:CustomCallingContext sourceCallerIdNumber:PhoneNumberIdentifierModel
UnholdRequest: targetParticipant:CommunicationIdentifierModel! operationContext:str operationCallbackUri:uri
UpdateTranscriptionRequest: locale:str speechModelEndpointId:str operationContext:str operationCallbackUri:uri
WebSocketMediaStreamingOptions: transportType:StreamingTransportType! audioChannelType:MediaStreamingAudioChannelType! transportUrl:str contentType:MediaStreamingContentType startMediaStreaming:bool enableBidirectional:bool audioFormat:AudioFormat enableDtmfTones:bool
WebSocketTranscriptionOptions: transportType:StreamingTransportType! locale:str! transportUrl:str speechModelEndpointId:str startTranscription:bool enableIntermediateResults:bool
"""  # noqa: E501 - one line per model is what makes the table readable

_OTHER_MODELS = """
CommunicationIdentityAccessTokenRequest: scopes:[CommunicationTokenScope]! expiresInMinutes:int[60..1440]
CommunicationIdentityCreateRequest: createTokenWithScopes:[CommunicationTokenScope] expiresInMinutes:int[60..1440]
TeamsUserExchangeTokenRequest: token:str! appId:str! userId:str!
TeamsExtensionAssignmentCreateOrUpdateRequest: principalType:TeamsExtensionPrincipalType! clientIds:[str]
"""


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    required: bool
    low: int | None = None
    high: int | None = None


def _fields(text: str) -> Iterator[Field]:
    for item in text.split():
        name, _, kind = item.partition(":")
        bounds = re.search(r"\[(\d+)\.\.(\d+)\]", kind)
        low, high = (int(bounds[1]), int(bounds[2])) if bounds else (None, None)
        bare = kind.rstrip("!").split("[", 1)[0] if bounds else kind.rstrip("!")
        yield Field(name, bare, kind.endswith("!"), low, high)


def _models(text: str) -> dict[str, tuple[Field, ...]]:
    lines = (line.partition(":") for line in text.split("\n") if line)
    return {name: tuple(_fields(rest)) for name, _, rest in lines}


MODELS = _models(_MODELS)  # Call Automation
OTHER_MODELS = _models(_OTHER_MODELS)  # identities and access
_EVERY_MODEL = MODELS | OTHER_MODELS


def check(model: str, body: Any, path: str = "") -> None:
    """Refuse a body that its model doesn't allow, naming the field. Unknown fields are let pass."""
    if not isinstance(body, dict):
        raise invalid(f"{path or 'The request body'} must be an object.")
    for item in _EVERY_MODEL[model]:
        where = f"{path}.{item.name}" if path else item.name
        value = body.get(item.name)
        if value is not None:
            _check_value(item.type, value, where)
            _check_range(item, value, where)
        elif item.required:
            raise invalid(f"The field '{where}' is required.")


def _check_range(item: Field, value: Any, where: str) -> None:
    if item.low is not None and item.high is not None and not item.low <= value <= item.high:
        raise invalid(f"The field '{where}' must be between {item.low} and {item.high}.")


def _check_value(kind: str, value: Any, where: str) -> None:
    if kind.startswith("["):
        _check_all(kind[1:-1], enumerate(_expect(list, value, where)), where)
    elif kind.startswith("{"):
        _check_all(kind[1:-1], _expect(dict, value, where).items(), where)
    elif kind in ENUMS:
        _check_enum(kind, value, where)
    elif kind in MODELS:
        check(kind, value, where)
    else:
        _check_scalar(kind, value, where)


def _check_all(kind: str, items: Iterable[tuple[Any, Any]], where: str) -> None:
    for key, value in items:
        _check_value(kind, value, f"{where}[{key}]")


def _expect(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise invalid(f"The field '{where}' must be of type {kind.__name__}.")
    return value


def _check_enum(kind: str, value: Any, where: str) -> None:
    given = value.lower() if kind == "Cloud" and isinstance(value, str) else value
    if given not in ENUMS[kind]:
        raise invalid(f"The field '{where}' must be one of {', '.join(ENUMS[kind])}.")


def _check_scalar(kind: str, value: Any, where: str) -> None:
    _expect({"str": str, "uri": str, "int": int, "bool": bool}[kind], value, where)
    if kind == "uri":
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise invalid(f"The field '{where}' must be an absolute http or https URI.")

"""Operations that are accepted and fail afterwards, because a fault rule of ``outcome`` asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.acs.identifiers import canonical
from emulator.acs.messages import Answer, Request, operation_context
from emulator.acs.results import Result
from emulator.acs.service import Service

Json = dict[str, Any]

FAILED: dict[str, tuple[str, Callable[[Json], Json]]] = {  # the event by operation, and its own data
    "AddParticipant": ("AddParticipantFailed", lambda body: {"participant": canonical(body["participantToAdd"])}),
    "CancelAddParticipant": ("CancelAddParticipantFailed", lambda body: {"invitationId": body["invitationId"]}),
    "RemoveParticipant": (
        "RemoveParticipantFailed",
        lambda body: {"participant": canonical(body["participantToRemove"])},
    ),
    "TransferToParticipant": ("CallTransferFailed", lambda _: {}),
    "Play": ("PlayFailed", lambda _: {}),
    "Recognize": ("RecognizeFailed", lambda _: {}),
    "SendDtmfTones": ("SendDtmfTonesFailed", lambda _: {}),
    "StartContinuousDtmfRecognition": ("ContinuousDtmfRecognitionToneFailed", lambda _: {}),
    "Hold": ("HoldFailed", lambda _: {}),
    "StartMediaStreaming": (
        "MediaStreamingFailed",
        lambda _: {
            "mediaStreamingUpdate": {
                "contentType": "Audio",
                "mediaStreamingStatus": "mediaStreamingFailed",
                "mediaStreamingStatusDetails": "unspecifiedError",
            }
        },
    ),
    "StartTranscription": (
        "TranscriptionFailed",
        lambda _: {
            "transcriptionUpdate": {
                "transcriptionStatus": "transcriptionFailed",
                "transcriptionStatusDetails": "unspecifiedError",
            }
        },
    ),
}


def fail(service: Service, operation: str, request: Request) -> Answer | None:
    """Accept the operation and send its Failed event; None if no rule says so."""
    fault = service.faults.take("outcome", operation=operation) if operation in FAILED else None
    if fault is None:
        return None
    service.journal.add("fault", fault=fault.describe(), operation=operation)
    event, data = FAILED[operation]
    code, sub_code = int(fault.with_.get("code", 500)), int(fault.with_.get("subCode", 9999))
    message = str(fault.with_.get("message", "A fault was asked for."))
    result = Result(code, sub_code, message, "assumed", "a fault rule says so")
    service.emit(request.call, event, data(request.body), request=request.body, result=result)
    return _accepted(service, operation, request.body)


def _accepted(service: Service, operation: str, body: Json) -> Answer:
    if operation != "AddParticipant":
        return Answer(operation_context(body))
    invited = {"identifier": canonical(body["participantToAdd"]), "isMuted": False, "isOnHold": False}
    return Answer({"participant": invited, "invitationId": service.new_id(), **operation_context(body)})

"""Media streaming and transcription: accepted and confirmed by events; no web socket is opened."""

from __future__ import annotations

from typing import Any

from emulator.acs import errors
from emulator.acs.calls import Call
from emulator.acs.messages import Answer, Request
from emulator.acs.service import Service


def start_media_streaming(service: Service, request: Request) -> Answer:
    if not request.call.media_streaming:
        raise errors.AcsError(400, errors.INVALID_MEDIA_MODE, "The call was set up without mediaStreamingOptions.")
    _streaming(service, request.call, "Started", request.body)
    return Answer()


def stop_media_streaming(service: Service, request: Request) -> Answer:
    if not request.call.media_streaming:
        raise errors.AcsError(400, errors.INVALID_MEDIA_MODE, "The call was set up without mediaStreamingOptions.")
    _streaming(service, request.call, "Stopped", request.body)
    return Answer()


def start_transcription(service: Service, request: Request) -> Answer:
    return _transcription(service, request, "Started", "subscriptionStarted")


def stop_transcription(service: Service, request: Request) -> Answer:
    return _transcription(service, request, "Stopped", "subscriptionStopped")


def update_transcription(service: Service, request: Request) -> Answer:
    return _transcription(service, request, "Updated", "transcriptionLocaleUpdated")


def started_media(service: Service, call: Call) -> None:
    """Start the streams that were requested together with the call."""
    if (call.media_streaming or {}).get("startMediaStreaming"):
        _streaming(service, call, "Started", {"operationContext": call.operation_context})
    if (call.transcription or {}).get("startTranscription"):
        about = Request(params={}, body={"operationContext": call.operation_context}, about=call)
        _transcription(service, about, "Started", "subscriptionStarted")


def _streaming(service: Service, call: Call, what: str, body: dict[str, Any]) -> None:
    update = {
        "contentType": "audio",
        "mediaStreamingStatus": f"mediaStreaming{what}",
        "mediaStreamingStatusDetails": f"subscription{what}",
    }
    service.emit(call, f"MediaStreaming{what}", {"mediaStreamingUpdate": update}, request=body)


def _transcription(service: Service, request: Request, what: str, details: str) -> Answer:
    if not request.call.transcription:
        raise errors.AcsError(400, errors.INVALID_MEDIA_MODE, "The call was set up without transcriptionOptions.")
    update = {"transcriptionStatus": f"transcription{what}", "transcriptionStatusDetails": details}
    data = {"transcriptionUpdate": update}
    service.emit(request.call, f"Transcription{what}", data, request=request.body)
    return Answer()

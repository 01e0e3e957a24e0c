"""Media streaming and transcription: accepted and confirmed by events; no web socket is opened."""

from __future__ import annotations

from typing import Any

from emulator.acs import errors
from emulator.acs.calls import Call
from emulator.acs.media.subscription import Subscription
from emulator.acs.messages import Answer, Request
from emulator.acs.results import DONE
from emulator.acs.service import Service


def start_media_streaming(service: Service, request: Request) -> Answer:
    _require(request.call.media_streaming, "mediaStreamingOptions")
    _streaming(service, request.call, "Started", request.body)
    return Answer()


def stop_media_streaming(service: Service, request: Request) -> Answer:
    _require(request.call.media_streaming, "mediaStreamingOptions")
    _streaming(service, request.call, "Stopped", request.body)
    return Answer()


def start_transcription(service: Service, request: Request) -> Answer:
    _require(request.call.transcription, "transcriptionOptions")
    _transcription(service, request.call, "Started", request.body)
    return Answer()


def stop_transcription(service: Service, request: Request) -> Answer:
    _require(request.call.transcription, "transcriptionOptions")
    _transcription(service, request.call, "Stopped", request.body)
    return Answer()


def update_transcription(service: Service, request: Request) -> Answer:
    options = _require(request.call.transcription, "transcriptionOptions")
    options.update({"locale": request.body["locale"]} if request.body.get("locale") else {})
    _transcription(service, request.call, "Updated", request.body)
    return Answer()


def start_streams(service: Service, call: Call) -> None:
    """Start the streams that were requested together with the call."""
    body = {} if call.operation_context is None else {"operationContext": call.operation_context}
    if (call.media_streaming.options or {}).get("startMediaStreaming"):
        _streaming(service, call, "Started", body)
    if (call.transcription.options or {}).get("startTranscription"):
        _transcription(service, call, "Started", body)


def _require(subscription: Subscription, name: str) -> dict[str, Any]:
    if subscription.options is None:
        raise errors.AcsError(400, errors.INVALID_MEDIA_MODE, f"The call was set up without {name}.")
    return subscription.options


def _streaming(service: Service, call: Call, what: str, body: dict[str, Any]) -> None:
    call.media_streaming.active = what == "Started"
    update = {
        "contentType": "Audio",
        "mediaStreamingStatus": f"mediaStreaming{what}",
        "mediaStreamingStatusDetails": f"subscription{what}",
    }
    service.emit(call, f"MediaStreaming{what}", {"mediaStreamingUpdate": update}, request=body, result=DONE)


def _transcription(service: Service, call: Call, what: str, body: dict[str, Any]) -> None:
    if what != "Updated":
        call.transcription.active = what == "Started"
    details = "transcriptionLocaleUpdated" if what == "Updated" else f"subscription{what}"
    update = {"transcriptionStatus": f"transcription{what}", "transcriptionStatusDetails": details}
    service.emit(call, f"Transcription{what}", {"transcriptionUpdate": update}, request=body, result=DONE)

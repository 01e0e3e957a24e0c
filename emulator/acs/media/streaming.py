"""Media streaming and transcription: started and stopped with the call or by request."""

from __future__ import annotations

from typing import Any

from emulator.acs import errors
from emulator.acs.calls import Call
from emulator.acs.media.streams.audio_stream import AudioStream
from emulator.acs.media.streams.stream import Stream
from emulator.acs.media.streams.transcription_stream import TranscriptionStream
from emulator.acs.media.subscription import Subscription
from emulator.acs.messages import Answer, Request
from emulator.acs.service import Service


def start_media_streaming(service: Service, request: Request) -> Answer:
    _require(request.call.media_streaming, "mediaStreamingOptions")
    _start(service, request.call, request.call.media_streaming, AudioStream, request.body)
    return Answer()


def stop_media_streaming(service: Service, request: Request) -> Answer:
    _require(request.call.media_streaming, "mediaStreamingOptions")
    _stop(service, request.call, request.call.media_streaming, AudioStream, request.body)
    return Answer()


def start_transcription(service: Service, request: Request) -> Answer:
    _speak(_require(request.call.transcription, "transcriptionOptions"), request.body)
    _start(service, request.call, request.call.transcription, TranscriptionStream, request.body)
    return Answer()


def stop_transcription(service: Service, request: Request) -> Answer:
    _require(request.call.transcription, "transcriptionOptions")
    _stop(service, request.call, request.call.transcription, TranscriptionStream, request.body)
    return Answer()


def update_transcription(service: Service, request: Request) -> Answer:
    _speak(_require(request.call.transcription, "transcriptionOptions"), request.body)
    stream = TranscriptionStream(service, request.call, request.call.transcription, request.body)
    stream.report("Updated", "transcriptionLocaleUpdated", request.body)
    return Answer()


def start_streams(service: Service, call: Call) -> None:
    """Start the streams that were requested together with the call."""
    body = {} if call.operation_context is None else {"operationContext": call.operation_context}
    if (call.media_streaming.options or {}).get("startMediaStreaming"):
        _start(service, call, call.media_streaming, AudioStream, body)
    if (call.transcription.options or {}).get("startTranscription"):
        _start(service, call, call.transcription, TranscriptionStream, body)


def _require(subscription: Subscription, name: str) -> dict[str, Any]:
    if subscription.options is None:
        raise errors.AcsError(400, errors.INVALID_MEDIA_MODE, f"The call was set up without {name}.")
    return subscription.options


def _speak(options: dict[str, Any], body: dict[str, Any]) -> None:
    """Take over the language of a request, if it has one."""
    options.update({"locale": body["locale"]} if body.get("locale") else {})


def _start(service: Service, call: Call, subscription: Subscription, kind: type[Stream], body: dict[str, Any]) -> None:
    if subscription.stream and not subscription.stream.ended:
        subscription.stream.start_again(body)
        return
    subscription.id = service.new_id()  # "unique identifier for a subscription request": audio-streaming-quickstart
    subscription.stream = kind(service, call, subscription, body)
    subscription.stream.start()


def _stop(service: Service, call: Call, subscription: Subscription, kind: type[Stream], body: dict[str, Any]) -> None:
    subscription.close()
    kind(service, call, subscription, body).report("Stopped", "subscriptionStopped", body)

"""Operations on recordings: validation of requests, and answers.

azure-docs, ``articles/communication-services/concepts/voice-video-calling/call-recording.md``: which content, channel
and format go together.
"""

from __future__ import annotations

from typing import Any

from emulator.acs import errors
from emulator.acs.calls import Call
from emulator.acs.identifiers import canonical
from emulator.acs.messages import Answer, Request
from emulator.acs.recording import recorder
from emulator.acs.recording.model import Recording
from emulator.acs.service import Service

FORMATS = {
    ("audioVideo", "mixed", "mp4"),
    ("audio", "mixed", "mp3"),
    ("audio", "mixed", "wav"),
    ("audio", "unmixed", "wav"),
}
LAST_WITH_200 = "2025-05-15"  # sent by SDK 1.4.0, which takes no other status for success
DEFAULTS = ("audioVideo", "mixed", "mp4")  # call-recording.md, when the request leaves them out


def start_recording(service: Service, request: Request) -> Answer:
    call = _locate(service, request.body)
    if any(recording.open for recording in call.recordings):
        raise errors.AcsError(400, errors.RECORDING_ACTIVE, "A recording of this call is already active.")
    recording = _recording(service, call, request.body)
    call.recordings.append(recording)
    call.at_end.append(lambda: recorder.stop(service, call, recording))
    service.background.start(recorder.begin(service, call, recording))
    return _accepted(service.options.start_recording_answer, request.api_version, recording)


def get_recording_properties(service: Service, request: Request) -> Answer:
    _, recording = _find(service, request)
    return Answer(recording.properties())


def stop_recording(service: Service, request: Request) -> Answer:
    recorder.stop(service, *_find(service, request))
    return Answer()


def pause_recording(service: Service, request: Request) -> Answer:
    recorder.pause(service, *_find(service, request))
    return Answer()


def resume_recording(service: Service, request: Request) -> Answer:
    recorder.resume(service, *_find(service, request))
    return Answer()


def _recording(service: Service, call: Call, body: dict[str, Any]) -> Recording:
    content, channel, format_ = _format(body)
    return Recording(
        id=service.opaque_id(PlatformEndpointId=call.connection_id or "", ResourceSpecificId=service.new_id()),
        callback_uri=body.get("recordingStateCallbackUri"),
        content=content,
        channel=channel,
        format=format_,
        pause_on_start=bool(body.get("pauseOnStart")),
        channels=_affinity(body),
        container_url=_container(service, body),
    )


def _find(service: Service, request: Request) -> tuple[Call, Recording]:
    for call in service.calls:
        for recording in call.recordings:
            if recording.id == request.params["recordingId"] and recording.open:
                return call, recording
    raise errors.not_found("There is no such recording, or it has been stopped.")


def _locate(service: Service, body: dict[str, Any]) -> Call:
    """The call to record, which must be established. Raises AcsError."""
    connection_id, locator = body.get("callConnectionId"), body.get("callLocator") or {}
    if bool(connection_id) == bool(locator):
        raise errors.invalid("Exactly one of the fields 'callConnectionId' and 'callLocator' is required.")
    if locator and not locator.get("serverCallId"):
        message = "The field 'callLocator.serverCallId' is required; group calls and rooms are not emulated."
        raise errors.invalid(message)
    calls = service.calls
    call = calls.by_connection(connection_id) if connection_id else calls.by_server_call(locator["serverCallId"])
    if call is None:
        raise errors.not_found("Call not found.")
    if call.state == "ended" or (connection_id and call.connection_state == "disconnected"):
        raise errors.AcsError(400, errors.TERMINATED, "The call has ended.")
    if call.state != "connected":
        raise errors.AcsError(400, errors.NOT_ESTABLISHED, "The call is not established.")
    return call


def _format(body: dict[str, Any]) -> tuple[str, str, str]:
    names = ("recordingContentType", "recordingChannelType", "recordingFormatType")
    given = [body.get(name) for name in names]
    for allowed in sorted(FORMATS, key=lambda one: one != DEFAULTS):
        if all(value in (None, wanted) for value, wanted in zip(given, allowed, strict=True)):
            return allowed
    raise errors.invalid(f"This combination of {', '.join(names)} is not supported.")


def _affinity(body: dict[str, Any]) -> dict[int, str]:
    """Raw ids by channel. Without a channel type it is accepted, as recorded, and changes nothing."""
    affinity, ordering = body.get("channelAffinity") or [], body.get("audioChannelParticipantOrdering") or []
    if body.get("recordingChannelType") == "mixed" and (affinity or ordering):
        raise errors.invalid("'channelAffinity' and an ordering need 'recordingChannelType' to be 'unmixed'.")
    by_channel = {n: canonical(who)["rawId"] for n, who in enumerate(ordering)}
    for n, item in enumerate(affinity):
        by_channel[item.get("channel", n)] = canonical(item["participant"])["rawId"]
    return by_channel


def _container(service: Service, body: dict[str, Any]) -> str | None:
    storage = body.get("externalStorage") or {}
    if storage.get("recordingStorageKind") != "azureBlobStorage":
        return None
    url = storage.get("recordingDestinationContainerUrl")
    if not url:
        raise errors.invalid("The field 'externalStorage.recordingDestinationContainerUrl' is required.")
    if not service.config.storage:
        raise errors.invalid("The emulator was started without --storage and can't reach a container.")
    return str(url)


def _accepted(shape: str, api_version: str, recording: Recording) -> Answer:
    """The answer to an accepted request, in one of the shapes that are documented or known."""
    if shape == "by-version":
        shape = "200" if api_version <= LAST_WITH_200 else "202"
    status, _, body = shape.partition("-")
    if status == "204" or body == "empty":
        return Answer(status=int(status))
    if body == "bare":
        return Answer({}, status=int(status))
    return Answer(recording.properties(), status=int(status))

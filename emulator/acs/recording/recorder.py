"""Recordings begin, pause, resume and stop; each change sends a callback."""

from __future__ import annotations

from typing import Any, Literal

from emulator.acs.calls import Call
from emulator.acs.events import OK, ResultInformation
from emulator.acs.recording import archive
from emulator.acs.recording.model import KIND, Recording
from emulator.acs.service import Service
from emulator.clock import stamp

START_SECONDS = 0.05  # from the request to RecordingStateChanged; assumed


async def begin(service: Service, call: Call, recording: Recording) -> None:
    """Start, or fail: some time after the request was accepted."""
    await service.clock.sleep(START_SECONDS)
    fault = service.faults.take("recording", call_connection_id=call.connection_id or "")
    if fault:
        service.journal.add("fault", fault=fault.describe(), recording_id=recording.id)
        code, sub_code = int(fault.with_.get("code", 500)), int(fault.with_.get("subCode", 0))
        message = str(fault.with_.get("message", "The recording could not be started."))
        _fail(service, call, recording, (code, sub_code, message))
    elif recording.state == "pending":
        _enter(service, call, recording, "paused" if recording.pause_on_start else "active")
    else:
        _fail(service, call, recording, (400, 8528, "The call ended before the recording could start."))


def pause(service: Service, call: Call, recording: Recording) -> None:
    if recording.state == "active":
        _enter(service, call, recording, "paused")
    elif recording.state == "pending":
        recording.pause_on_start = True


def resume(service: Service, call: Call, recording: Recording) -> None:
    if recording.state == "paused":
        _enter(service, call, recording, "active")
    elif recording.state == "pending":
        recording.pause_on_start = False


def stop(service: Service, call: Call, recording: Recording) -> None:
    """End the recording, by request or because the call ended; its files follow later."""
    if recording.state == "pending":
        recording.state = "stopped"
    elif recording.open:
        _enter(service, call, recording, "stopped")
        service.background.start(archive.deliver(service, call, recording))


def _enter(service: Service, call: Call, recording: Recording, state: Literal["active", "paused", "stopped"]) -> None:
    recording.enter(state, service.clock.now(), service.clock.wall())
    changed = {
        "state": recording.wire_state,
        "startDateTime": recording.started_at and stamp(recording.started_at),
        "recordingKind": KIND,
    }
    _emit(service, call, recording, "RecordingStateChanged", changed)


def _fail(service: Service, call: Call, recording: Recording, result: ResultInformation) -> None:
    recording.state = "failed"
    _emit(service, call, recording, "StartRecordingFailed", {}, result=result)


def _emit(
    service: Service,
    call: Call,
    recording: Recording,
    event: str,
    data: dict[str, Any],
    *,
    result: ResultInformation = OK,
) -> None:
    if recording.callback_uri is None:
        return
    service.emit(
        call,
        event,
        {"recordingId": recording.id, **data},
        url=recording.callback_uri,
        source=f"calling/recordings/{call.server_call_id}/{recording.id}/{event}",
        result=result,
    )

"""Recordings begin, pause, resume and stop; each change sends a callback."""

from __future__ import annotations

from typing import Any, Literal

from emulator.acs.calls import Call
from emulator.acs.provenance import RECORDING_START
from emulator.acs.recording import archive
from emulator.acs.recording.model import KIND, Recording
from emulator.acs.results import CALL_ENDED, OK, Result
from emulator.acs.service import Service
from emulator.clock import ticks_stamp

UNSET = "0001-01-01T00:00:00+00:00"  # the startDateTime of a recording that has not begun, as recorded


async def begin(service: Service, call: Call, recording: Recording) -> None:
    """Start, or fail: some time after the request was accepted."""
    await service.clock.sleep(RECORDING_START.seconds)
    fault = service.faults.take("recording", call_connection_id=call.connection_id or "")
    if fault:
        service.journal.add("fault", fault=fault.describe(), recording_id=recording.id)
        code, sub_code = int(fault.with_.get("code", 500)), int(fault.with_.get("subCode", 0))
        message = str(fault.with_.get("message", "The recording could not be started."))
        _fail(service, call, recording, Result(code, sub_code, message, "assumed", "a fault rule says so"))
    elif recording.state == "pending":
        if service.options.leading_inactive:
            _changed(service, call, recording)
        _enter(service, call, recording, "paused" if recording.pause_on_start else "active")
    else:
        _fail(service, call, recording, CALL_ENDED)


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
    _changed(service, call, recording)


def _changed(service: Service, call: Call, recording: Recording) -> None:
    changed = {
        "state": recording.wire_state,
        "startDateTime": ticks_stamp(recording.started_at) if recording.started_at else UNSET,
        "recordingKind": KIND,
    }
    _emit(service, call, recording, "RecordingStateChanged", changed)


def _fail(service: Service, call: Call, recording: Recording, result: Result) -> None:
    recording.state = "failed"
    _emit(service, call, recording, "StartRecordingFailed", {}, result=result)


def _emit(
    service: Service,
    call: Call,
    recording: Recording,
    event: str,
    data: dict[str, Any],
    *,
    result: Result = OK,
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

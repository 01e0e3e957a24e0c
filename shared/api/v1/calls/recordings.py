"""Recordings of a call: their files, with links that last minutes, and commands.

A recording's id is the digest in the names of its files: the ids of ACS are long, and contain ``/`` and ``=``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from msgspec import Meta

from shared.api.problems import Problem
from shared.api.route import AGENTS, RequestContext, Result, Route
from shared.api.v1.calls.access import visible_call
from shared.api.v1.calls.command import submitted
from shared.api.v1.calls.models import OperationState, RecordingFileView, RecordingList, RecordingView
from shared.api.v1.calls.parameters import OF_CALL, OF_FILE, OF_RECORDING
from shared.calls.actions import PauseRecording, RequestRecording, ResumeRecording, StopRecording
from shared.calls.capabilities import Call
from shared.calls.capabilities.recording import Chunk, Recording, digest_of, status_of
from shared.storage.links import Link, link_to


async def list_recordings(context: RequestContext) -> RecordingList:
    call = await visible_call(context)
    days = context.settings.recording_retention_days
    return RecordingList(tuple(_view(call, id, each, days) for id, each in call.recording.recordings.items()))


async def get_recording_link(context: RequestContext) -> Link:
    call = await visible_call(context)
    chunk = call.recording.recordings[_id(context, call)].chunks.get(str(int(context.path["index"])))
    if chunk is None or chunk.path is None:
        raise Problem("NotFound", "The recording has no such file in the archive.")
    container, name = _place(call, chunk.path)
    clients = context.clients
    client = (
        clients.recording_container(container)
        if container
        else clients.container(context.settings.recordings_container)
    )
    return await link_to(client.get_blob_client(name), clients.blob_service(container), context.container.now())


async def start_recording(context: RequestContext) -> Result:
    return await submitted(context, RequestRecording())


async def pause_recording(context: RequestContext) -> Result:
    return await submitted(context, PauseRecording(await _recording(context)))


async def resume_recording(context: RequestContext) -> Result:
    return await submitted(context, ResumeRecording(await _recording(context)))


async def stop_recording(context: RequestContext) -> Result:
    return await submitted(context, StopRecording(await _recording(context)))


async def _recording(context: RequestContext) -> str:
    """ACS's id of the recording of the path. Raises Problem."""
    return _id(context, await visible_call(context))


def _id(context: RequestContext, call: Call) -> str:
    found = (id for id in call.recording.recordings if digest_of(id) == context.path["recordingId"])
    id = next(found, None)
    if id is None:
        raise Problem("NotFound", "The call has no such recording.")
    return id


def _place(call: Call, path: str) -> tuple[str | None, str]:
    """The URL of the container that ACS wrote the file to, None for the archive; and the blob's name."""
    container = call.policy.recording_container
    if container and path.startswith(f"{container}/"):
        return container, path.removeprefix(f"{container}/")
    return None, path


def _view(call: Call, id: str, recording: Recording, days: int) -> RecordingView:
    files = tuple(_file(int(index), chunk) for index, chunk in recording.chunks.items())
    status = status_of(call, recording)
    stopped = recording.stopped_at
    until = stopped + timedelta(days=days) if days and stopped else None
    return RecordingView(digest_of(id), status, recording.started_at, stopped, until, files)


def _file(index: int, chunk: Chunk) -> RecordingFileView:
    return RecordingFileView(index, chunk.path is not None, chunk.length, chunk.lost)


Handler = Callable[[RequestContext], Awaitable[Result]]


def _command(
    path: str, operation: str, summary: str, handler: Handler, parameters: Mapping[str, Meta] = OF_CALL
) -> Route:
    return Route(
        "POST",
        f"calls/{{callId}}/recordings{path}",
        operation,
        AGENTS,
        summary,
        {200: OperationState, 202: OperationState},
        handler,
        parameters=parameters,
        command=True,
    )


_ONE = OF_CALL | OF_RECORDING

ROUTES = (
    Route(
        "GET",
        "calls/{callId}/recordings",
        "listRecordings",
        AGENTS,
        "List the recordings of a call",
        {200: RecordingList},
        list_recordings,
        parameters=OF_CALL,
    ),
    Route(
        "GET",
        "calls/{callId}/recordings/{recordingId}/files/{index}",
        "getRecordingLink",
        AGENTS,
        "Get a link to a file of a recording, which lasts five minutes",
        {200: Link},
        get_recording_link,
        parameters=_ONE | OF_FILE,
        secret=True,
    ),
    _command("", "startRecording", "Start a recording", start_recording),
    _command("/{recordingId}/pause", "pauseRecording", "Pause a recording", pause_recording, _ONE),
    _command("/{recordingId}/resume", "resumeRecording", "Resume a recording", resume_recording, _ONE),
    _command("/{recordingId}/stop", "stopRecording", "Stop a recording", stop_recording, _ONE),
)

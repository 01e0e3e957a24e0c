"""Starting, pausing, resuming and stopping a recording, and copying its files to the archive."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from azure.communication.callautomation import AzureBlobContainerRecordingStorage, RecordingContent, RecordingFormat
from azure.core.exceptions import AzureError

from shared.acs.context import Context, Executors, repeatable
from shared.acs.errors import ActionError, accepted, is_gone
from shared.calls.actions import (
    ArchiveChunk,
    PauseRecording,
    RequestRecording,
    ResumeRecording,
    StartRecording,
    StopRecording,
)
from shared.calls.capabilities import Call
from shared.calls.capabilities.recording import Chunk, ChunkArchived, RecordingAccepted
from shared.calls.effect import Effect
from shared.calls.event import Event
from shared.storage import archive


async def start(context: Context, call: Call, effect: Effect, action: StartRecording | RequestRecording) -> Event:
    container = call.policy.recording_container
    recording = await accepted(
        context.clients.call_automation.start_recording,
        call_connection_id=call.call_connection_id or "",
        recording_state_callback_url=context.callback_url(call.id),
        recording_content_type=RecordingContent.AUDIO,
        recording_channel_type=call.policy.channels,
        recording_format_type=RecordingFormat.WAV,
        recording_storage=AzureBlobContainerRecordingStorage(container) if container else None,
        headers=repeatable(effect.id),
    )
    id = getattr(recording, "recording_id", None)
    return context.done(effect, RecordingAccepted(effect_id=effect.id, action=action, recording_id=id))


async def pause(context: Context, _: Call, effect: Effect, action: PauseRecording) -> Event:
    await context.clients.call_automation_once.pause_recording(action.recording_id)
    return context.performed(effect)


async def resume(context: Context, _: Call, effect: Effect, action: ResumeRecording) -> Event:
    await context.clients.call_automation_once.resume_recording(action.recording_id)
    return context.performed(effect)


async def stop(context: Context, _: Call, effect: Effect, action: StopRecording) -> Event:
    await context.clients.call_automation_once.stop_recording(action.recording_id)
    return context.performed(effect)


async def archive_chunk(context: Context, call: Call, effect: Effect, action: ArchiveChunk) -> Event:
    chunk = call.recording.recordings[action.recording_id].chunks[str(action.index)]
    name = blob_in(call.policy.recording_container, chunk.content)
    try:
        path, length = await (_find(context, call, name) if name else _copy(context, call, effect, action, chunk))
    except archive.NotReady as error:
        raise ActionError(503, str(error)) from error
    except archive.Elsewhere as error:
        raise ActionError(403, str(error)) from error
    archived = ChunkArchived(
        effect_id=effect.id,
        action=action,
        recording_id=action.recording_id,
        index=action.index,
        path=path,
        length=length,
    )
    return context.done(effect, archived)


async def _copy(context: Context, call: Call, effect: Effect, action: ArchiveChunk, chunk: Chunk) -> tuple[str, int]:
    """Copy the file from ACS. A file that is archived already counts as copied, even if ACS no longer has it."""
    acs = context.clients.call_automation
    container = context.clients.container(context.settings.recordings_container)
    metadata = archive.metadata_of(call, action.recording_id)
    try:
        copied = await archive.archive(acs, container, chunk, action.path, metadata, tries=effect.tries)
    except AzureError as error:
        length = await archive.length_of(container, f"{action.path}.wav") if is_gone(error) else None
        if length is None:
            raise
        copied = f"{action.path}.wav", length
    if context.settings.delete_source:
        await archive.delete_source(acs, chunk)
    return copied


async def _find(context: Context, call: Call, name: str) -> tuple[str, int]:
    """Look for a file that ACS wrote to the policy's container itself."""
    container = call.policy.recording_container or ""
    length = await archive.length_of(context.clients.recording_container(container), name)
    if not length:
        raise archive.NotReady(f"{name} is not there yet")
    return f"{container}/{name}", length


def blob_in(container: str | None, url: str) -> str | None:
    """The blob's name if the URL is in the container; None otherwise. Hosts and default ports are compared by RFC 3986,
    section 6.2.
    """
    if not container:
        return None
    try:
        (container_host, root), (host, path) = _split(container), _split(url)
    except ValueError:  # not a URL
        return None
    folder = f"{root.rstrip('/')}/"
    return unquote(path.removeprefix(folder)) if host == container_host and path.startswith(folder) else None


def _split(url: str) -> tuple[tuple[str, str | None, int], str]:
    """Scheme, host and port of a URL, and its path. Raises ValueError."""
    parts = urlsplit(url)
    return (parts.scheme, parts.hostname, 443 if parts.port is None else parts.port), parts.path


EXECUTORS: Executors = {
    StartRecording: start,
    RequestRecording: start,
    PauseRecording: pause,
    ResumeRecording: resume,
    StopRecording: stop,
    ArchiveChunk: archive_chunk,
}

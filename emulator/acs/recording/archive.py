"""An ended recording becomes files, in the service's store or in the customer's container, and they are announced.

azure-docs, ``articles/communication-services/concepts/voice-video-calling/call-recording.md``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from emulator.acs import audio
from emulator.acs.calls import Call
from emulator.acs.file_store import StoredFile
from emulator.acs.recording import channels, documents
from emulator.acs.recording.model import Recording
from emulator.acs.service import SYSTEM_TOPIC, Service

Part = tuple[int, int, int]  # index, first and last frame


async def deliver(service: Service, call: Call, recording: Recording) -> None:
    """Write the files, store them, and publish RecordingFileStatusUpdated."""
    assigned = channels.assign(recording, call)
    parts = _parts(recording.frames, call.recording_chunks or service.options.recording_chunks)
    files = [await asyncio.to_thread(_write, service, call, recording, assigned, part) for part in parts]
    await service.clock.sleep(service.options.recording_file_delay)
    locations: list[dict[str, str]] | None
    if recording.container_url:
        locations = await _upload(service, call, recording, files)
    else:
        locations = _keep(service, recording, files)
    if locations is not None:
        announce = documents.ANNOUNCEMENTS[service.options.recording_file_shape]
        subject, data = announce(recording, call, locations)
        event = service.system_event("RecordingFileStatusUpdated", subject, data)
        await service.publish(SYSTEM_TOPIC, [event])


def _parts(frames: int, wanted: int) -> list[Part]:
    count = max(1, min(wanted, frames))
    edges = [frames * n // count for n in range(count + 1)]
    return [(n, edges[n], edges[n + 1]) for n in range(count)]


def _write(service: Service, call: Call, recording: Recording, assigned: channels.Channels, part: Part) -> StoredFile:
    index, first, last = part
    document_id = "0-emu-d1-" + hashlib.sha256(f"{recording.id}/{index}".encode()).hexdigest()[:32]
    recording.documents.append(document_id)
    empty = call.zero_byte_downloads
    file = service.files.create(
        document_id, zero_byte_downloads=service.options.zero_byte_downloads if empty is None else empty
    )
    audio.write(file.audio, channels.runs(recording, call, assigned, first, last), mixed=recording.mixed)
    about = {"resourceId": service.config.resource_id, **documents.metadata(recording, call, assigned, part)}
    file.metadata.write_text(json.dumps(about), encoding="utf-8")
    return file


def _keep(service: Service, recording: Recording, files: list[StoredFile]) -> list[dict[str, str]]:
    media = "video" if recording.content == "audioVideo" else "audio"
    for file in files:
        service.files.keep(file)
    return [
        {
            "documentId": file.document_id,
            "contentLocation": file.location(f"/content/{media}"),
            "metadataLocation": file.location("/content/acsmetadata"),
            "deleteLocation": file.location(),
        }
        for file in files
    ]


async def _upload(
    service: Service, call: Call, recording: Recording, files: list[StoredFile]
) -> list[dict[str, str]] | None:
    """Store the files in the container that the request named; None, and a journal entry, if that fails."""
    from azure.core.exceptions import AzureError  # noqa: PLC0415 - few recordings need it, and it is slow
    from azure.storage.blob.aio import BlobServiceClient  # noqa: PLC0415

    url = recording.container_url or ""
    container = urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]
    folder = f"{recording.started_at:%Y%m%d}/{call.connection_id}/{recording.id[:8]}"
    try:
        async with BlobServiceClient.from_connection_string(service.config.storage or "") as client:
            blobs = client.get_container_client(container)
            return [await _put(blobs, f"{folder}/{index}", file) for index, file in enumerate(files)]
    except AzureError as error:
        service.journal.add("upload_failed", recording_id=recording.id, container=url, error=str(error))
        return None


async def _put(container: Any, prefix: str, file: StoredFile) -> dict[str, str]:
    content = await _put_blob(container, f"{prefix}-audio.wav", file.audio)
    metadata = await _put_blob(container, f"{prefix}-acsmetadata.json", file.metadata)
    return {
        "documentId": file.document_id,
        "contentLocation": content,
        "metadataLocation": metadata,
        "deleteLocation": content,
    }


async def _put_blob(container: Any, name: str, path: Path) -> str:
    with path.open("rb") as data:
        blob = await container.upload_blob(name, data, overwrite=True)
    return str(blob.url)

"""Recordings: asked for, begun, paused, stopped, written and announced.

azure-docs, ``articles/communication-services/concepts/voice-video-calling/call-recording.md``: which content,
channel and format go together, and the metadata that comes with each file.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from emulator.acs import audio, errors
from emulator.acs.calls import Call, Participant
from emulator.acs.files import StoredFile
from emulator.acs.identifiers import canonical
from emulator.acs.repeatability import Answer
from emulator.acs.requests import Request
from emulator.acs.service import OK, SYSTEM_TOPIC, Result, Service
from emulator.clock import stamp

KIND = "azureCommunicationServices"
START_SECONDS = 0.05  # from the request to the recording; assumed
MAX_CHANNELS = 5  # call-recording.md: unmixed recordings have at most five
FORMATS = {
    ("audioVideo", "mixed", "mp4"),
    ("audio", "mixed", "mp3"),
    ("audio", "mixed", "wav"),
    ("audio", "unmixed", "wav"),
}
DEFAULTS = ("audioVideo", "mixed", "mp4")  # call-recording.md, when the request leaves them out


@dataclass
class Take:
    """A stretch that was recorded without a pause, in seconds of the wall's steady clock."""

    start: float
    end: float | None = None


@dataclass
class Recording:
    id: str
    service: Service
    call: Call
    callback_uri: str | None
    content: str
    channel: str
    format: str
    paused: bool
    channels: dict[int, str]  # participants by channel, where the request said so
    container_url: str | None = None
    state: Literal["pending", "active", "paused", "stopped", "failed"] = "pending"
    started_at: datetime | None = None
    takes: list[Take] = field(default_factory=list)
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.state in ("pending", "active", "paused")

    def describe(self) -> dict[str, Any]:
        return {"recordingId": self.id, "state": self.state, "documents": self.documents}

    def properties(self) -> dict[str, Any]:
        """RecordingStateResponse."""
        state = "active" if self.state == "active" else "inactive"
        return {"recordingId": self.id, "recordingState": state, "recordingKind": KIND}

    async def begin(self) -> None:
        """Start or fail, some time after it was accepted, and say so."""
        await self.service.clock.sleep(START_SECONDS)
        fault = self.service.faults.take("recording", call_connection_id=self.call.connection_id or "")
        if fault:
            self.service.journal.add("fault", fault=fault.describe(), recording_id=self.id)
            code, sub_code = int(fault.with_.get("code", 500)), int(fault.with_.get("subCode", 0))
            self._fail((code, sub_code, str(fault.with_.get("message", "The recording could not be started."))))
        elif self.state == "pending":
            self.started_at = self.service.clock.now()
            if self.paused:
                self.pauses.append((self.started_at, None))
            self._roll("paused" if self.paused else "active")
        else:
            self._fail((400, 8528, "The call ended before the recording could start."))

    def pause(self) -> None:
        if self.state == "active":
            self.pauses.append((self.service.clock.now(), None))
            self._roll("paused")
        elif self.state == "pending":
            self.paused = True

    def resume(self) -> None:
        if self.state == "paused":
            self.pauses[-1] = (self.pauses[-1][0], self.service.clock.now())
            self._roll("active")
        elif self.state == "pending":
            self.paused = False

    def stop(self) -> None:
        """Come to an end; the file follows later."""
        if not self.open:
            return
        begun = self.state != "pending"
        self.state = "stopped" if not begun else self.state
        if begun:
            if self.state == "paused":
                self.pauses[-1] = (self.pauses[-1][0], self.service.clock.now())
            self._roll("stopped")
            self.service.work.start(Archive(self).deliver())

    def _roll(self, state: Literal["active", "paused", "stopped"]) -> None:
        now = self.service.clock.wall()
        if state == "active":
            self.takes.append(Take(now))
        elif self.takes and self.takes[-1].end is None:
            self.takes[-1].end = now
        self.state = state
        self._tell(
            "RecordingStateChanged",
            {
                "state": "active" if state == "active" else "inactive",
                "startDateTime": self.started_at and stamp(self.started_at),
                "recordingKind": KIND,
            },
        )

    def _fail(self, result: Result) -> None:
        self.state = "failed"
        self._tell("StartRecordingFailed", {}, result)

    def _tell(self, event: str, data: dict[str, Any], result: Result = OK) -> None:
        if self.callback_uri is None:
            return
        self.service.emit(
            self.call,
            event,
            {"recordingId": self.id, **data},
            url=self.callback_uri,
            source=f"calling/recordings/{self.call.server_call_id}/{self.id}/{event}",
            result=result,
        )


class Archive:
    """Turns an ended recording into files, and announces them."""

    def __init__(self, recording: Recording) -> None:
        self._recording, self._call, self._service = recording, recording.call, recording.service
        self._people = self._channels()
        self._frames = self._frame_at(self._end())

    async def deliver(self) -> None:
        chunks = [await asyncio.to_thread(self._write, *part) for part in self._parts()]
        await self._service.clock.sleep(self._service.options.recording_file_delay)
        if self._recording.container_url:
            locations = await self._upload(chunks)
            if locations is None:
                return
        else:
            for file in chunks:
                self._service.files.keep(file)
            locations = [self._locations(file) for file in chunks]
        await self._service.publish(SYSTEM_TOPIC, [self._event(locations)])

    def _parts(self) -> list[tuple[int, int, int]]:
        """Index, first and last frame of each file."""
        wanted = self._call.script.recording_chunks or self._service.options.recording_chunks
        count = max(1, min(wanted, self._frames))
        edges = [self._frames * n // count for n in range(count + 1)]
        return [(n, edges[n], edges[n + 1]) for n in range(count)]

    def _write(self, index: int, first: int, last: int) -> StoredFile:
        recording, options = self._recording, self._service.options
        zeroes = self._call.script.zero_byte_downloads
        document_id = "0-emu-d1-" + hashlib.sha256(f"{recording.id}/{index}".encode()).hexdigest()[:32]
        recording.documents.append(document_id)
        file = self._service.files.create(
            document_id, zero_byte_downloads=options.zero_byte_downloads if zeroes is None else zeroes
        )
        audio.write(file.audio, self._runs(first, last), mixed=recording.channel == "mixed")
        file.metadata.write_text(json.dumps(self._metadata(document_id, index, first, last)), encoding="utf-8")
        return file

    # Who is heard when

    def _channels(self) -> list[Participant | None]:
        """Participants in the order of their channels: as asked, and then as they joined."""
        people = self._call.participants
        by_channel = {n: people[raw_id] for n, raw_id in self._recording.channels.items() if raw_id in people}
        placed = {person.raw_id for person in by_channel.values()}
        rest = iter([p for p in people.values() if p.raw_id not in placed and self._spoke(p)])
        size = min(MAX_CHANNELS, max([len(people), *(n + 1 for n in by_channel)]))
        channels = [by_channel.get(n) or next(rest, None) for n in range(size)]
        while len(channels) > 1 and channels[-1] is None:
            channels.pop()
        return channels

    def _spoke(self, person: Participant) -> bool:
        return any(self._frame_at(span.start) < self._frame_at(self._until(span.end)) for span in person.heard)

    def _runs(self, first: int, last: int) -> list[audio.Run]:
        """Stretches of frames through which the same people are heard."""
        spans = [
            [(self._frame_at(s.start), self._frame_at(self._until(s.end))) for s in person.heard] if person else []
            for person in self._people
        ]
        cuts = {first, last, *(edge for heard in spans for span in heard for edge in span if first < edge < last)}
        edges = sorted(cuts)
        return [
            (
                end - start,
                [
                    person.voice if person and any(a <= start < b for a, b in heard) else None
                    for person, heard in zip(self._people, spans, strict=True)
                ],
            )
            for start, end in itertools.pairwise(edges)
        ]

    def _until(self, moment: float | None) -> float:
        return self._end() if moment is None else moment

    def _end(self) -> float:
        takes = self._recording.takes
        return (takes[-1].end or 0.0) if takes else 0.0

    def _frame_at(self, moment: float) -> int:
        """Which frame of the recording a moment falls on: time spent paused is left out."""
        seconds = sum(
            max(0.0, min(moment, take.end) - take.start) for take in self._recording.takes if take.end is not None
        )
        return round(seconds * audio.FRAMES_PER_SECOND)

    # What is said about it

    def _metadata(self, document_id: str, index: int, first: int, last: int) -> dict[str, Any]:
        recording = self._recording
        channels = 1 if recording.channel == "mixed" else max(1, len(self._people))
        configuration = {
            "sampleRate": audio.SAMPLE_RATE,
            "bitRate": audio.SAMPLE_RATE * 16 * channels,
            "channels": channels,
        }
        return {
            "resourceId": self._service.config.resource_id,
            "callId": self._call.connection_id,
            "chunkDocumentId": document_id,
            "chunkIndex": index,
            "chunkStartTime": stamp(self._started() + timedelta(seconds=first / audio.FRAMES_PER_SECOND)),
            "chunkDuration": (last - first) * 1000 / audio.FRAMES_PER_SECOND,
            "pauseResumeIntervals": [
                {"startTime": stamp(start), "duration": (end - start).total_seconds() * 1000}
                for start, end in recording.pauses
                if end is not None
            ],
            "recordingInfo": {
                "contentType": recording.content,
                "channelType": recording.channel,
                "format": recording.format,
                "audioConfiguration": configuration,
            },
            "participants": [
                {"participantId": person.raw_id, "channel": 0 if recording.channel == "mixed" else channel}
                for channel, person in enumerate(self._people)
                if person
            ],
        }

    def _started(self) -> datetime:
        return self._recording.started_at or self._service.clock.now()

    def _locations(self, file: StoredFile) -> dict[str, str]:
        part = "video" if self._recording.content == "audioVideo" else "audio"
        return {
            "documentId": file.document_id,
            "contentLocation": file.location(f"/content/{part}"),
            "metadataLocation": file.location("/content/acsmetadata"),
            "deleteLocation": file.location(),
        }

    def _event(self, locations: list[dict[str, str]]) -> dict[str, Any]:
        """RecordingFileStatusUpdated, as in azure-docs, ``communication-services-voice-video-events.md``."""
        call, recording = self._call, self._recording
        last = len(locations) - 1
        data = {
            "recordingStorageInfo": {
                "recordingChunks": [
                    {"index": n, "endReason": "SessionEnded" if n == last else "ChunkSplit", **where}
                    for n, where in enumerate(locations)
                ]
            },
            "recordingStartTime": stamp(self._started()),
            "recordingDurationMs": self._frames * 1000 // audio.FRAMES_PER_SECOND,
            "recordingContentType": _capital(recording.content),
            "recordingChannelType": _capital(recording.channel),
            "recordingFormatType": _capital(recording.format),
            "sessionEndReason": "CallEnded" if call.state == "ended" else "SessionEnded",
        }
        subject = f"/recording/call/{call.connection_id}/serverCallId/{call.server_call_id}/recordingId/{recording.id}"
        return self._service.system_event("RecordingFileStatusUpdated", subject, data)

    # Storage of one's own

    async def _upload(self, files: list[StoredFile]) -> list[dict[str, str]] | None:
        """Put the files into the container that was asked for; None, and a journal entry, if it can't be."""
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - few recordings need it, and it is slow
        from azure.storage.blob.aio import BlobServiceClient  # noqa: PLC0415

        url = self._recording.container_url or ""
        container = urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]
        folder = f"{self._started():%Y%m%d}/{self._call.connection_id}/{self._recording.id[:8]}"
        locations = []
        try:
            async with BlobServiceClient.from_connection_string(self._service.config.storage or "") as client:
                for index, file in enumerate(files):
                    blobs = client.get_container_client(container)
                    content = await _put(blobs, f"{folder}/{index}-audio.wav", file.audio)
                    metadata = await _put(blobs, f"{folder}/{index}-acsmetadata.json", file.metadata)
                    locations.append(
                        {
                            "documentId": file.document_id,
                            "contentLocation": content,
                            "metadataLocation": metadata,
                            "deleteLocation": content,
                        }
                    )
        except AzureError as error:
            self._service.journal.add("upload_failed", recording_id=self._recording.id, container=url, error=str(error))
            return None
        return locations


async def _put(container: Any, name: str, path: Path) -> str:
    with path.open("rb") as data:
        blob = await container.upload_blob(name, data, overwrite=True)
    return str(blob.url)


def start_recording(service: Service, request: Request) -> Answer:
    body = request.body
    call = _locate(service, body)
    if any(recording.open for recording in call.recordings):
        raise errors.AcsError(400, errors.RECORDING_ACTIVE, "A recording of this call is already active.")
    content, channel, format_ = _check_format(body)
    recording = Recording(
        id=service.opaque_id(ResourceSpecificId=service.new_id(), PlatformEndpointId=service.new_id()),
        service=service,
        call=call,
        callback_uri=body.get("recordingStateCallbackUri"),
        content=content,
        channel=channel,
        format=format_,
        paused=bool(body.get("pauseOnStart")),
        channels=_affinity(body, channel),
        container_url=_container(service, body),
    )
    call.recordings.append(recording)
    service.work.start(recording.begin())
    return _accepted(service.options.start_recording_answer, recording)


def get_recording_properties(service: Service, request: Request) -> Answer:
    return Answer(_find(service, request).properties())


def stop_recording(service: Service, request: Request) -> Answer:
    _find(service, request).stop()
    return Answer()


def pause_recording(service: Service, request: Request) -> Answer:
    _find(service, request).pause()
    return Answer()


def resume_recording(service: Service, request: Request) -> Answer:
    _find(service, request).resume()
    return Answer()


def _find(service: Service, request: Request) -> Recording:
    for call in service.calls:
        for recording in call.recordings:
            if recording.id == request.params["recordingId"] and recording.open:
                return recording
    raise errors.not_found("There is no such recording, or it has been stopped.")


def _locate(service: Service, body: dict[str, Any]) -> Call:
    connection_id, locator = body.get("callConnectionId"), body.get("callLocator") or {}
    if bool(connection_id) == bool(locator):
        raise errors.invalid("Exactly one of the fields 'callConnectionId' and 'callLocator' is required.")
    if locator and not locator.get("serverCallId"):
        raise errors.invalid(
            "The field 'callLocator.serverCallId' is required; group calls and rooms are not emulated."
        )
    call = (
        service.calls.by_connection(connection_id)
        if connection_id
        else service.calls.by_server_call(locator["serverCallId"])
    )
    if call is None:
        raise errors.not_found("Call not found.")
    if call.state == "ended" or (connection_id and call.connection_state == "disconnected"):
        raise errors.AcsError(400, errors.TERMINATED, "The call has ended.")
    if call.state != "connected":
        raise errors.AcsError(400, errors.NOT_ESTABLISHED, "The call is not established.")
    return call


def _check_format(body: dict[str, Any]) -> tuple[str, str, str]:
    names = ("recordingContentType", "recordingChannelType", "recordingFormatType")
    given = [body.get(name) for name in names]
    for allowed in sorted(FORMATS, key=lambda one: one != DEFAULTS):
        if all(value in (None, wanted) for value, wanted in zip(given, allowed, strict=True)):
            return allowed
    raise errors.invalid(f"This combination of {', '.join(names)} is not supported.")


def _affinity(body: dict[str, Any], channel: str) -> dict[int, str]:
    affinity, ordering = body.get("channelAffinity") or [], body.get("audioChannelParticipantOrdering") or []
    if channel == "mixed" and (affinity or ordering):
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


def _accepted(shape: str, recording: Recording) -> Answer:
    """One of the answers that `POST /recordings` is documented or known to give when it accepts."""
    status, _, body = shape.partition("-")
    if status == "204" or body == "empty":
        return Answer(status=int(status))
    if body == "bare":
        return Answer({}, status=int(status))
    return Answer({**recording.properties(), "recordingState": "inactive"}, status=int(status))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

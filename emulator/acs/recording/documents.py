"""The JSON that describes recording files: their metadata, and the event that announces them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from emulator.acs import audio
from emulator.acs.calls import Call
from emulator.acs.recording.channels import Channels
from emulator.acs.recording.model import Recording
from emulator.clock import stamp

BITS_PER_SAMPLE = 16


def metadata(recording: Recording, call: Call, channels: Channels, part: tuple[int, int, int]) -> dict[str, Any]:
    """The metadata file of a chunk: azure-docs, ``call-recording.md``. ``part``: its index, first and last frame."""
    index, first, last = part
    assert recording.started_at is not None  # noqa: S101 - a recording without a start has no files
    start = recording.started_at + timedelta(seconds=first / audio.FRAMES_PER_SECOND)
    return {
        "callId": call.connection_id,
        "chunkDocumentId": recording.documents[index],
        "chunkIndex": index,
        "chunkStartTime": stamp(start),
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
            "audioConfiguration": _audio_configuration(recording, channels),
        },
        "participants": [
            {"participantId": person.raw_id, "channel": 0 if recording.mixed else channel}
            for channel, person in enumerate(channels)
            if person
        ],
    }


def status_updated(recording: Recording, call: Call, locations: list[dict[str, str]]) -> tuple[str, dict[str, Any]]:
    """Subject and data of RecordingFileStatusUpdated: azure-docs, ``communication-services-voice-video-events.md``."""
    last = len(locations) - 1
    chunks = [
        {"index": n, "endReason": "SessionEnded" if n == last else "ChunkSplit", **location}
        for n, location in enumerate(locations)
    ]
    data = {
        "recordingStorageInfo": {"recordingChunks": chunks},
        "recordingStartTime": recording.started_at and stamp(recording.started_at),
        "recordingDurationMs": recording.frames * 1000 // audio.FRAMES_PER_SECOND,
        "recordingContentType": _capital(recording.content),
        "recordingChannelType": _capital(recording.channel),
        "recordingFormatType": _capital(recording.format),
        "sessionEndReason": "CallEnded" if call.state == "ended" else "SessionEnded",
    }
    subject = f"/recording/call/{call.connection_id}/serverCallId/{call.server_call_id}/recordingId/{recording.id}"
    return subject, data


def status_updated_of_2021(
    recording: Recording, call: Call, locations: list[dict[str, str]]
) -> tuple[str, dict[str, Any]]:
    """The same in the shape of 2021: the page's version of that year, and Microsoft's tests of event models."""
    _, data = status_updated(recording, call, locations)
    chunks = data["recordingStorageInfo"]["recordingChunks"]
    known = {name: value for name, value in data.items() if name not in _SINCE_2021}
    known["recordingStorageInfo"] = {
        "recordingChunks": [{k: v for k, v in chunk.items() if k != "deleteLocation"} for chunk in chunks]
    }
    return f"/recording/call/{call.connection_id}/recordingId/{recording.id}", known


_SINCE_2021 = ("recordingContentType", "recordingChannelType", "recordingFormatType")
ANNOUNCEMENTS = {"current": status_updated, "2021": status_updated_of_2021}


def _audio_configuration(recording: Recording, channels: Channels) -> dict[str, int]:
    count = 1 if recording.mixed else max(1, len(channels))
    bit_rate = audio.SAMPLE_RATE * BITS_PER_SAMPLE * count
    return {"sampleRate": audio.SAMPLE_RATE, "bitRate": bit_rate, "channels": count}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

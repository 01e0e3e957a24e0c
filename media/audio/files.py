"""WAV files in Blob, which grow while the call lasts: one for each participant, or one of mixed audio.

A byte's place in the file follows from its time stamp: missing audio is silence, late audio is left out, and a new
socket continues the files of the one before it. Audio of the time in which the plan collects a secret is silence too.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from azure.core.exceptions import AzureError
from azure.storage.blob.aio import ContainerClient
from msgspec.structs import replace

from media.audio.frames import TOLERANCE, Format
from media.audio.sink import AudioStream, Item, Sink
from media.blobs import AppendBlob, Moved
from media.secrecy import Secrecy
from media.wire import SAMPLE, Frame
from shared.calls.capabilities.media import AudioFile
from shared.storage.calls import UnreadableRow

log = logging.getLogger(__name__)

WAV = "audio/wav"
HEADER = 44  # bytes
ENDLESS = 0xFFFFFFFF  # the length of a stream, which is not known when its header is written
BEGUN, RATE = "begunat", "rate"  # the file's metadata
LONGEST_SILENCE = 3600  # seconds that are filled; a longer gap makes the file shorter
ATTEMPTS, PAUSE = 6, 0.5  # to store what has come; the pause in seconds, then twice as long each time


def header(rate: int) -> bytes:
    """Of a WAV file that has no end yet: 16-bit PCM, one channel (RFC 2361 names the format)."""
    riff = struct.pack("<4sI4s", b"RIFF", ENDLESS, b"WAVE")
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * SAMPLE, SAMPLE, 8 * SAMPLE)
    return riff + layout + struct.pack("<4sI", b"data", ENDLESS)


def name_of(call_id: str, participant: str) -> str:
    """The blob's name. It holds a digest of the raw id: names are logged, and raw ids can be phone numbers."""
    digest = hashlib.sha256(participant.encode(errors="replace")).hexdigest()[:16]
    return f"audio/{call_id}/{digest if participant else 'mixed'}.wav"


class WavFile:
    """One participant's file."""

    def __init__(self, blob: AppendBlob, participant: str, audio_format: Format) -> None:
        self._blob, self.participant, self._format = blob, participant, audio_format
        self._tolerance = SAMPLE * round(TOLERANCE.total_seconds() * audio_format.rate)
        self.begun_at = 0.0  # seconds since 1970

    async def open(self, at: float) -> None:
        """Begin the file at this time, or continue the one that is there. Raises AzureError, ValueError."""
        if await self._blob.create({BEGUN: repr(at), RATE: str(self._format.rate)}):
            self.begun_at = at
            await self._blob.append(header(self._format.rate))
            return
        metadata = await self._blob.skip_to_end()
        if metadata.get(RATE) != str(self._format.rate):
            raise ValueError(f"{self._blob.name} has another rate")
        self.begun_at = float(metadata[BEGUN])
        if not self._blob.length:  # the process that created it has died
            await self._blob.append(header(self._format.rate))

    async def store(self, frames: list[Frame]) -> None:
        """Raises AzureError."""
        for data in _pieces(self._joined(frames)):
            try:
                await self._blob.append(data)
            except Moved:  # the socket before this one has written meanwhile, or an answer was lost
                await self._blob.skip_to_end()
                await self.store(frames)
                return

    def _joined(self, frames: list[Frame]) -> bytearray:
        """The bytes that follow those of the file."""
        joined, end = bytearray(), self._blob.length - HEADER
        for frame in frames:
            place = SAMPLE * round((frame.at - self.begun_at) * self._format.rate)
            missing = place - end - len(joined)
            if missing > self._tolerance:
                joined += bytes(min(missing, LONGEST_SILENCE * self._format.bytes_per_second))
            already = -missing if missing < -self._tolerance else 0  # of the frame, or all of it
            joined += frame.pcm[already:]
        return joined

    @property
    def described(self) -> AudioFile:
        seconds = max(0, self._blob.length - HEADER) / self._format.bytes_per_second
        return AudioFile(
            self._blob.name, datetime.fromtimestamp(self.begun_at, UTC), self.participant, round(seconds, 3)
        )


class AudioFiles(Sink):
    pause = 2.0

    def __init__(self, stream: AudioStream, container: ContainerClient, secrecy: Secrecy) -> None:
        self._stream, self._container, self._secrecy = stream, container, secrecy
        self._files: dict[str, WavFile] = {}

    async def take(self, items: list[Item]) -> None:
        frames = sorted(
            (each for each in items if isinstance(each, Frame)), key=lambda each: (each.participant, each.at)
        )
        pause = PAUSE
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._store(frames)
                return
            except (AzureError, UnreadableRow) as error:
                if attempt == ATTEMPTS:
                    raise
                log.warning("call %s: its audio waits: %s", self._stream.call_id, type(error).__name__)
            await asyncio.sleep(pause)
            pause *= 2

    async def _store(self, frames: list[Frame]) -> None:
        await self._secrecy.refresh()
        for participant, group in groupby(frames, key=lambda each: each.participant):
            heard = [self._without_secrets(each) for each in group]
            file = self._files.get(participant) or await self._open(participant, heard[0].at)
            await file.store(heard)

    async def _open(self, participant: str, at: float) -> WavFile:
        blob = self._container.get_blob_client(name_of(self._stream.call_id, participant))
        file = WavFile(AppendBlob(blob, WAV), participant, self._stream.format)
        await file.open(at)
        self._files[participant] = file
        return file

    def _without_secrets(self, frame: Frame) -> Frame:
        at = datetime.fromtimestamp(frame.at, UTC)
        if not self._secrecy.covers(at, at):
            return frame
        return replace(frame, data=bytes(len(frame.data)), silent=True)

    def results(self) -> dict[str, Any]:
        return {"files": tuple(file.described for _, file in sorted(self._files.items()))}


def _pieces(data: bytearray) -> Iterator[bytes]:
    for start in range(0, len(data), AppendBlob.largest):
        yield bytes(data[start : start + AppendBlob.largest])

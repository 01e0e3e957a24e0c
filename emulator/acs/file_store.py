"""Recordings as files: kept in a temporary directory for a day, fetched and deleted by their document ids.

azure-docs, ``articles/communication-services/concepts/voice-video-calling/call-recording.md``: the service
keeps files for 24 hours.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from emulator.acs.provenance import FILE_LIFE
from emulator.clock import Clock

HOST = "https://emulator.asm.skype.com"  # one of the hosts the SDK agrees to fetch recordings from


@dataclass
class StoredFile:
    document_id: str
    audio: Path
    metadata: Path
    stored_at: float
    zero_byte_downloads: int = 0  # how often it is still to be served empty

    def location(self, part: str = "") -> str:
        return f"{HOST}/v1/objects/{self.document_id}{part}"


class FileStore:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._directory: Path | None = None
        self._files: dict[str, StoredFile] = {}

    def create(self, document_id: str, *, zero_byte_downloads: int) -> StoredFile:
        """A file to be written by the caller."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="acs-emulator-"))
        audio = self._directory / f"{document_id}.wav"
        metadata = self._directory / f"{document_id}.json"
        return StoredFile(document_id, audio, metadata, self._clock.elapsed(), zero_byte_downloads)

    def keep(self, file: StoredFile) -> None:
        file.stored_at = self._clock.elapsed()
        self._files[file.document_id] = file

    def find(self, document_id: str) -> StoredFile | None:
        file = self._files.get(document_id)
        if file and self._clock.elapsed() - file.stored_at > FILE_LIFE.seconds:
            self.delete(document_id)
            return None
        return file

    def delete(self, document_id: str) -> bool:
        """Whether the file was there."""
        file = self._files.pop(document_id, None)
        if file is None:
            return False
        file.audio.unlink(missing_ok=True)
        file.metadata.unlink(missing_ok=True)
        return True

    def clear(self) -> None:
        for document_id in list(self._files):
            self.delete(document_id)

    def close(self) -> None:
        self.clear()
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

"""Writes a transcript to its blobs: ``{call id}.jsonl`` while it grows, ``{call id}.vtt`` when a socket is closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import ContainerClient
from msgspec import Struct
from msgspec.structs import replace

from media.blobs import AppendBlob, Moved
from media.secrecy import Secrecy
from media.transcripts import lines
from media.transcripts.captions import captions
from media.transcripts.lines import AnyLine
from media.transcripts.transcript import Transcript, left_out
from media.wire import TranscriptionData, TranscriptionMetadata
from shared.calls.capabilities.media import TranscriptWritten

LINES, CAPTIONS = "application/jsonl", "text/vtt"
LONGEST_TEXT = 10_000  # characters of a result
MOST_WORDS = 2_000


class Received(Struct, frozen=True):
    """A result, and when it was received."""

    at: datetime
    subscription: str
    locale: str
    data: TranscriptionData


class TranscriptWriter:
    def __init__(self, call_id: str, container: ContainerClient, secrecy: Secrecy) -> None:
        self._call_id, self._container, self._secrecy = call_id, container, secrecy
        self._blob = AppendBlob(container.get_blob_client(f"{call_id}.jsonl"), LINES)
        self._transcript = Transcript()
        self._is_open = False
        self._unwritten: list[AnyLine] = []
        self._captions = ""

    async def open(self, metadata: TranscriptionMetadata, now: datetime) -> None:
        """Begin the transcript, or continue the one that is there. Raises AzureError."""
        if not self._is_open:
            if not await self._blob.create():
                self._transcript.add(lines.decode(await self._blob.tail()))
            self._is_open = True
        await self._append(self._transcript.opened(metadata, now))

    async def write(self, results: Iterable[Received]) -> None:
        """Append the new ones. The same results can be written again after an error. Raises AzureError, Full,
        UnreadableRow.
        """
        new = [each for each in results if not self._transcript.knows(each.subscription, each.data)]
        if new:
            await self._secrecy.refresh()
        await self._append([self._line(each) for each in _current(new)])

    async def mark_gap(self, start: datetime, end: datetime) -> None:
        await self._append([self._transcript.gap(start, end)])

    async def close(self, subscription: str, reason: str, now: datetime) -> None:
        """End the socket's part, and write the captions of all. Raises AzureError, Full."""
        if not self._is_open or self._transcript.begun_at is None:
            return
        await self._append([self._transcript.closed(subscription, reason, now)])
        whole = lines.decode(await (await self._container.download_blob(self._blob.name)).readall())
        name = f"{self._call_id}.vtt"
        settings = ContentSettings(content_type=CAPTIONS)
        text = captions(whole, self._transcript.begun_at).encode()
        await self._container.upload_blob(name, text, overwrite=True, content_settings=settings)
        self._captions = name

    def report(self, connection_id: str) -> TranscriptWritten | None:
        """What the row is to have; None as long as nothing is written."""
        transcript = self._transcript
        if transcript.begun_at is None:
            return None
        return TranscriptWritten(
            call_connection_id=connection_id,
            blob=self._blob.name,
            started_at=transcript.begun_at,
            captions=self._captions,
            until=transcript.until,
            lines=transcript.said,
            gaps=transcript.gaps,
            left_out=transcript.left_out,
        )

    def _line(self, received: Received) -> AnyLine:
        line = self._transcript.line(received.subscription, _bounded(received.data), received.locale, received.at)
        line = replace(line, id=lines.identity_of(received.subscription, received.data))
        end = min(line.at + timedelta(seconds=line.duration), received.at)
        return left_out(line) if self._secrecy.covers(min(line.at, end), end) else line

    async def _append(self, new: list[AnyLine]) -> None:
        """Append lines, and those that an earlier attempt could not."""
        self._unwritten += self._transcript.add(new)
        while self._unwritten:
            count, data = _as_many_as_fit(self._unwritten)
            try:
                await self._blob.append(data)
            except Moved:
                self._unwritten = self._without(lines.decode(await self._blob.tail()))
            else:
                del self._unwritten[:count]

    def _without(self, there: list[AnyLine]) -> list[AnyLine]:
        """The lines that another process has not written; what it has is known from now on."""
        self._transcript.add(there)
        known = {line.id for line in there}
        return [line for line in self._unwritten if line.id not in known]


def _as_many_as_fit(waiting: list[AnyLine]) -> tuple[int, bytes]:
    """The first lines in one append, and how many they are."""
    encoded: list[bytes] = []
    size = 0
    for line in waiting:
        text = lines.encode([line])
        size += len(text)
        if encoded and size > AppendBlob.largest:
            break
        encoded.append(text)
    return len(encoded), b"".join(encoded)


def _current(results: list[Received]) -> Iterator[Received]:
    """All final results, and of each participant the last intermediate one if no final one follows it."""
    last = {each.data.participant: each for each in results}
    for each in results:
        if each.data.is_final or last[each.data.participant] is each:
            yield each


def _bounded(data: TranscriptionData) -> TranscriptionData:
    return replace(data, text=data.text[:LONGEST_TEXT], words=data.words[:MOST_WORDS])

"""A transcription socket: what it receives becomes lines of the call's transcript, a moment later.

Receiving never waits: results are queued, and a task writes them. When the queue is full, results are lost, counted,
and marked as a gap.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from azure.core.exceptions import AzureError

from media.blobs import Full
from media.reports import Reports
from media.transcripts.writer import Received, TranscriptWriter
from media.wire import Malformed, TranscriptionData, TranscriptionMetadata, transcription_message
from shared.storage.calls import UnreadableRow

log = logging.getLogger(__name__)

GATHER = 0.25  # seconds in which results are gathered for one append
LONGEST_PAUSE = 10.0  # seconds between two attempts to write
CLOSING_SECONDS = 8.0  # to write the rest when the socket is closed
MOST_WAITING = 1_000  # results


class TranscriptSession:
    largest_message = 256 * 1024  # bytes
    longest_silence: float | None = None  # people may say nothing for long; pings show that the socket is alive

    def __init__(
        self,
        call_id: str,
        connection_id: str,
        writer: TranscriptWriter,
        reports: Reports,
        now: Callable[[], datetime],
    ) -> None:
        self._call_id, self._connection_id = call_id, connection_id
        self._writer, self._reports, self._now = writer, reports, now
        self._metadata: TranscriptionMetadata | None = None
        self._opened: TranscriptionMetadata | None = None
        self._waiting: list[Received] = []
        self._lost: tuple[datetime, datetime] | None = None
        self._something = asyncio.Event()
        self._is_closing = False
        self.dropped = self.malformed = 0
        self._task = asyncio.create_task(self._run())

    @property
    def has_begun(self) -> bool:
        """Whether the metadata has come."""
        return self._metadata is not None

    def attach(self, socket: object) -> None:
        """Nothing is sent on it."""

    def receive(self, message: bytes) -> None:
        try:
            self._receive(message)
        except Malformed:
            self.malformed += 1

    def _receive(self, message: bytes) -> None:
        match transcription_message(message):
            case TranscriptionMetadata() as metadata:
                if metadata.call_connection_id not in ("", self._connection_id):
                    raise Malformed("its metadata names another connection")
                self._metadata = metadata
                self._something.set()
            case TranscriptionData() as data:
                self._queue(data)

    def _queue(self, data: TranscriptionData) -> None:
        if self._metadata is None:
            raise Malformed("a result came before the metadata")
        now = self._now()
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
            self._lost = (self._lost[0] if self._lost else now, now)
            return
        locale = self._metadata.locale
        self._waiting.append(Received(now, self._metadata.subscription_id, locale, data))
        self._something.set()

    async def end(self, reason: str) -> None:
        """Write the rest, the captions, and the report."""
        self._is_closing = True
        self._something.set()
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._task
                if self._opened is not None:
                    await self._writer.close(self._opened.subscription_id, reason, self._now())
        except (AzureError, Full, UnreadableRow, TimeoutError) as error:
            log.error("call %s: its transcript is not complete: %s", self._call_id, type(error).__name__)  # noqa: TRY400
        finally:
            self._task.cancel()
        self._report()

    async def _run(self) -> None:
        pause = 0.0
        while not (self._is_closing and not self._is_anything_left()):
            await self._something.wait()
            self._something.clear()
            await asyncio.sleep(0 if self._is_closing else GATHER)
            try:
                await self._write()
                pause = 0.0
            except (AzureError, UnreadableRow) as error:
                pause = min(2 * pause or GATHER, LONGEST_PAUSE)
                log.warning("call %s: its transcript waits %s s: %s", self._call_id, pause, type(error).__name__)
                await asyncio.sleep(pause)
                self._something.set()

    def _is_anything_left(self) -> bool:
        return bool(self._waiting or self._lost or self._metadata is not self._opened)

    async def _write(self) -> None:
        metadata = self._metadata
        if metadata is None:
            return
        if metadata is not self._opened:
            await self._writer.open(metadata, self._now())
            is_first, self._opened = self._opened is None, metadata
            if is_first:
                self._report()
        results = list(self._waiting)
        await self._writer.write(results)
        del self._waiting[: len(results)]
        if self._lost:
            await self._writer.mark_gap(*self._lost)
            self._lost = None

    def _report(self) -> None:
        report = self._writer.report(self._connection_id)
        if report is not None:
            self._reports.send(self._call_id, report)

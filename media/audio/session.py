"""An audio socket: its messages become frames, which go to every sink."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from media.audio.frames import Clock, Format, Key
from media.audio.pump import Pump
from media.audio.sink import AudioStream, Item, MakeSink
from media.audio.voice import Sender, Voice
from media.reports import Reports
from media.wire import RATES, AudioData, AudioMetadata, Malformed, audio_message
from shared.calls.capabilities.media import AudioReceived

CLOSING_SECONDS = 8.0  # for what sinks have left
REPORT_SECONDS = 60.0  # between two reports while the socket is open
MOST_PARTICIPANTS = 50  # of one socket


class AudioSession:
    largest_message = 64 * 1024  # bytes; a frame has about a thousand
    longest_silence: float | None = 30.0  # ACS sends 50 frames a second, silent ones too

    def __init__(self, call_id: str, connection_id: str, sinks: Sequence[MakeSink], reports: Reports) -> None:
        self._call_id, self._connection_id = call_id, connection_id
        self._sinks, self._voice, self._reports = sinks, Voice(), reports
        self._metadata: AudioMetadata | None = None
        self._per_second = 0
        self._clocks: dict[str | None, Clock] = {}
        self._pumps: list[Pump] = []
        self._put: list[Callable[[Item], None]] = []
        self._first = self._last = 0.0
        self._frames = self._late = 0
        self._missing = 0.0

    @property
    def has_begun(self) -> bool:
        return self._metadata is not None

    @property
    def dropped(self) -> int:
        return sum(pump.dropped for pump in self._pumps)

    def attach(self, socket: Sender) -> None:
        self._voice.attach(socket)

    def receive(self, message: bytes) -> None:
        """Raises Malformed."""
        content = audio_message(message)
        if content.audio_data is not None:
            self._frame(content.audio_data)
        elif content.audio_metadata is not None:
            self._begin(content.audio_metadata)
        elif content.dtmf_data is not None:
            self._to_sinks(Key(content.dtmf_data.data))

    def _begin(self, metadata: AudioMetadata) -> None:
        if metadata.sample_rate not in RATES or metadata.channels != 1 or metadata.encoding.upper() != "PCM":
            raise Malformed("its format is not PCM of one channel with 16 or 24 kHz")
        if self._metadata is not None:  # ACS describes a stream once
            return
        self._metadata = metadata
        audio_format = Format(metadata.sample_rate)
        self._per_second = audio_format.bytes_per_second
        stream = AudioStream(self._call_id, audio_format, self._voice.say, self._voice.hush)
        self._pumps = [Pump(self._call_id, make(stream)) for make in self._sinks]
        self._put = [pump.put for pump in self._pumps]

    def _frame(self, data: AudioData) -> None:
        if not self._per_second:
            raise Malformed("a frame came before the metadata")
        clock = self._clocks.get(data.participant) or self._clock(data.participant)
        frame = clock.frame(data, self._per_second)
        self._frames += 1
        if frame.late:
            self._late += 1
        else:
            self._missing += frame.missing
            self._last = frame.at
            self._first = self._first or frame.at
        self._to_sinks(frame)

    def _clock(self, participant: str | None) -> Clock:
        if len(self._clocks) >= MOST_PARTICIPANTS:
            raise Malformed("it has too many participants")
        clock = self._clocks[participant] = Clock()
        return clock

    def _to_sinks(self, item: Item) -> None:
        for put in self._put:
            put(item)

    async def end(self, reason: str) -> None:  # noqa: ARG002  # the row has it from ACS
        await asyncio.gather(*(pump.close(CLOSING_SECONDS) for pump in self._pumps))
        self.report()

    def report(self) -> None:
        if self._metadata is None or not self._frames:
            return
        found: dict[str, Any] = {}
        for pump in self._pumps:
            found |= pump.sink.results()
        received = AudioReceived(
            call_connection_id=self._connection_id,
            subscription_id=self._metadata.subscription_id,
            started_at=_moment(self._first),
            until=_moment(self._last),
            frames=self._frames,
            missing=round(self._missing, 3),
            late=self._late,
            dropped=self.dropped,
            **found,
        )
        self._reports.send(self._call_id, received)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

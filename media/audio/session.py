"""An audio socket: its messages become frames, which go to every sink."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from media.audio.frames import NEVER, Format, Track
from media.audio.pump import Pump
from media.audio.sink import AudioStream, Item, MakeSink
from media.audio.voice import Sender, Voice
from media.reports import Reports
from media.wire import (
    RATES,
    UNREADABLE,
    AudioMessage,
    AudioMetadata,
    DtmfMessage,
    Frame,
    Malformed,
    MetadataMessage,
    audio_decoder,
    has_unknown_kind,
)
from shared.calls.capabilities.media import AudioReceived

CLOSING_SECONDS = 8.0  # for what sinks have left
MOST_WAITING = 1_000  # messages that are not handed over yet
MOST_PARTICIPANTS = 50  # of one socket


class AudioSession:
    """``receive`` only queues messages; a task decodes what has come, and hands it to the sinks' pumps: after the
    shortest pause of the sinks. So a message costs little more than its decoding.
    """

    largest_message = 64 * 1024  # bytes; a frame has about a thousand
    longest_silence: float | None = 30.0  # ACS sends 50 frames a second, silent ones too

    def __init__(self, call_id: str, connection_id: str, sinks: Sequence[MakeSink], reports: Reports) -> None:
        self._call_id, self._connection_id = call_id, connection_id
        self._sinks, self._voice, self._reports = sinks, Voice(), reports
        self._metadata: AudioMetadata | None = None
        self._format = Format(0)
        self._tracks: dict[str | None, Track] = {}
        self._pumps: list[Pump] = []
        self._task: asyncio.Task[None] | None = None
        self._messages: list[bytes] = []
        self._something = asyncio.Event()
        self._frames = self._dropped = self.malformed = 0

    @property
    def has_begun(self) -> bool:
        return self._metadata is not None

    @property
    def dropped(self) -> int:
        return self._dropped + sum(pump.dropped for pump in self._pumps)

    def attach(self, socket: Sender) -> None:
        self._voice.attach(socket)

    def receive(self, message: bytes) -> None:
        messages = self._messages
        if not messages:
            self._something.set()
        elif len(messages) >= MOST_WAITING:
            self._dropped += 1
            return
        messages.append(message)
        if self._metadata is None:  # until then there is no task
            self.hand_over()

    def _decoded(self, messages: list[bytes]) -> list[Item]:
        """The items of messages. (For each frame of each call, so without calls in the common case.)"""
        items: list[Item] = []
        decode, get_track, add = audio_decoder.decode, self._tracks.get, items.append
        for message in messages:
            try:
                content = decode(message)
                if type(content) is not AudioMessage:
                    items += self._other(content)
                    continue
                frame = content.audio_data
                track = get_track(frame.participant_raw_id)
                if track is None or len(frame.data) != track.length:
                    track = self._measured(track, frame)
            except (Malformed, *UNREADABLE):
                self.malformed += not has_unknown_kind(message)
                continue
            at = frame.timestamp
            if at - track.last == track.step or not track.is_late(frame):
                track.last = at
            add(frame)
        return items

    def _other(self, content: MetadataMessage | DtmfMessage) -> Iterator[Item]:
        if isinstance(content, DtmfMessage):
            self._frames -= 1  # it is none
            yield content.dtmf_data
        elif isinstance(content, MetadataMessage) and self._metadata is None:  # ACS describes a stream once
            self._begin(content.audio_metadata)

    def _measured(self, track: Track | None, frame: Frame) -> Track:
        """The track of a frame with another length than the one before it; a new one for a new participant."""
        if self._metadata is None:
            raise Malformed("a frame came before the metadata")
        if track is None and len(self._tracks) >= MOST_PARTICIPANTS:
            raise Malformed("it has too many participants")
        track = track or Track(self._format.bytes_per_second)
        track.measure(frame)
        return self._tracks.setdefault(frame.participant_raw_id, track)

    def _begin(self, metadata: AudioMetadata) -> None:
        if metadata.sample_rate not in RATES or metadata.channels != 1 or metadata.encoding.upper() != "PCM":
            raise Malformed("its format is not PCM of one channel with 16 or 24 kHz")
        self._metadata, self._format = metadata, Format(metadata.sample_rate)
        stream = AudioStream(self._call_id, self._format, self._voice.say, self._voice.hush)
        self._pumps = [Pump(self._call_id, make(stream)) for make in self._sinks]
        self._task = asyncio.create_task(self._distribute(min((p.sink.pause for p in self._pumps), default=1.0)))

    async def _distribute(self, pause: float) -> None:
        while True:
            await self._something.wait()
            await asyncio.sleep(pause)
            self.hand_over()

    def hand_over(self) -> None:
        """Decode what has come, and give it to the sinks."""
        self._something.clear()
        messages, self._messages = self._messages, []
        items = self._decoded(messages)
        self._frames += len(items)
        for pump in self._pumps:
            pump.put(items)

    async def abandon(self) -> None:
        """End without closing the sinks, and without a report."""
        tasks = [each for each in (self._task, *(pump.task for pump in self._pumps)) if each is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def end(self, reason: str) -> None:  # noqa: ARG002  # the row has it from ACS
        if self._task is None:
            return
        self._task.cancel()
        self.hand_over()
        await asyncio.gather(*(pump.close(CLOSING_SECONDS) for pump in self._pumps))
        self.report()

    def report(self) -> None:
        """What has been received so far, for the row."""
        tracks = [track for track in self._tracks.values() if track.last is not NEVER]
        if self._metadata is None or not tracks:
            return
        found: dict[str, Any] = {}
        for pump in self._pumps:
            found |= pump.sink.results()
        received = AudioReceived(
            call_connection_id=self._connection_id,
            subscription_id=self._metadata.subscription_id,
            started_at=min(track.first for track in tracks),
            until=max(track.last + track.step for track in tracks),
            frames=self._frames + self._dropped,
            missing=round(sum(track.missing.total_seconds() for track in tracks), 3),
            late=sum(track.late for track in tracks),
            dropped=self.dropped,
            **found,
        )
        self._reports.send(self._call_id, received)

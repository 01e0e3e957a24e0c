"""A sink that answers by sound: it repeats what the caller has said, and stops when the caller speaks again.

``MEDIA_SINKS=samples.echo:Echo``, in calls with bidirectional streaming of unmixed audio.
"""

from __future__ import annotations

from media.audio.level import is_loud
from media.audio.sink import AudioStream, Item, Sink
from media.wire import Frame

PAUSE, LONGEST = 0.6, 20.0  # seconds: the pause that ends a phrase; the longest echo


class Echo(Sink):
    pause = 0.02

    def __init__(self, stream: AudioStream) -> None:
        self.stream, self.heard, self.spoke_at, self.plays_until = stream, bytearray(), 0.0, 0.0

    async def take(self, items: list[Item]) -> None:
        for frame in items:
            if isinstance(frame, Frame) and not frame.late:
                await self.hear(frame)

    async def hear(self, frame: Frame) -> None:
        if is_loud(frame):
            if frame.at < self.plays_until:
                await self.stream.hush()
            self.spoke_at, self.plays_until = frame.at, 0.0
        seconds = len(self.heard) / self.stream.format.bytes_per_second
        if self.heard and (frame.at - self.spoke_at > PAUSE or seconds > LONGEST):
            await self.stream.say(bytes(self.heard))
            self.heard.clear()
            self.plays_until = frame.at + seconds
        elif self.spoke_at and frame.at - self.spoke_at <= PAUSE:
            self.heard += frame.pcm

"""Media streaming: the sound of a call in frames of 20 ms, and what the application streams into it.

Sound is as fast as the wall's clock, as it is in recordings, whatever the emulator's speed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from emulator.acs import hearing
from emulator.acs.audio import FRAMES_PER_SECOND, Tones, mixed
from emulator.acs.media.streams import messages
from emulator.acs.media.streams.stream import Json, Stream
from emulator.acs.parties import CALL
from emulator.acs.provenance import STREAM_LATE
from emulator.acs.results import STREAMING_LOST

MOST_SPEAKERS = 4  # azure-docs, audio-streaming-concept.md


class AudioStream(Stream):
    name: ClassVar[str] = "MediaStreaming"
    unreachable: ClassVar[str] = "initialWebSocketConnectionFailed"
    lost = STREAMING_LOST

    @property
    def rate(self) -> int:
        return messages.RATES[self.options.get("audioFormat") or "pcm16KMono"]

    def metadata(self) -> Json:
        return messages.audio_metadata(self.subscription.id, self.rate)

    def update(self, what: str, details: str) -> Json:
        status = {"mediaStreamingStatus": f"mediaStreaming{what}", "mediaStreamingStatusDetails": details}
        return {"mediaStreamingUpdate": {"contentType": "Audio", **status}}

    async def run(self) -> None:
        clock, began = self.service.clock, self.service.clock.now()
        for n in itertools.count():
            moment = self.began + n / FRAMES_PER_SECOND
            await clock.until(moment)
            if clock.wall() - moment > STREAM_LATE.seconds:
                continue
            at = began + timedelta(seconds=n / FRAMES_PER_SECOND)
            for raw_id, tones in self._sounding(moment):
                frame = mixed(tones, self.rate)
                await self.send(messages.audio_data(at, frame, raw_id, silent=not tones))

    def press(self, key: str) -> None:
        if self.options.get("enableDtmfTones"):
            self.spawn(self.send(messages.dtmf_data(key)))

    def receive(self, text: str) -> None:
        message, now = messages.received(text), self.service.clock.wall()
        if message is None or not self.options.get("enableBidirectional"):
            self.note("ignores", "a message that is not understood" if message is None else "not bidirectional")
        elif message.pcm is None:
            self.call.sounds.streamed.stop(now)
            self.note("hears StopAudio")
        else:
            self.call.sounds.streamed.play(message.pcm, self.rate, now)

    def _sounding(self, moment: float) -> Iterator[tuple[str | None, Tones]]:
        """What sounds then: all participants together, or each by their raw id."""
        said = {each.raw_id: hearing.said_in_call(self.call, each, moment) for each in self._participants(moment)}
        if self.options["audioChannelType"] == "mixed":
            yield None, tuple(itertools.chain.from_iterable(said.values()))
        else:
            heard_first = sorted(said.items(), key=lambda one: not one[1])
            yield from heard_first[:MOST_SPEAKERS]

    def _participants(self, moment: float) -> Iterator[Any]:
        return (each for each in self.call.participants.values() if each.presence.at(moment).place == CALL)

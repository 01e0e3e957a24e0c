"""Transcription: what the participants of a call say, as text. Their phrases are known: nothing is recognized."""

from __future__ import annotations

from typing import ClassVar

from emulator.acs.media.streams import messages
from emulator.acs.media.streams.messages import Word
from emulator.acs.media.streams.stream import Json, Stream
from emulator.acs.parties import CALL, Phrase
from emulator.acs.provenance import SPOKEN_CHARACTER, TRANSCRIBED
from emulator.acs.results import TRANSCRIPTION_LOST


class TranscriptionStream(Stream):
    name: ClassVar[str] = "Transcription"
    unreachable: ClassVar[str] = "streamConnectionUnsuccessful"
    lost = TRANSCRIPTION_LOST

    def metadata(self) -> Json:
        ids = self.call.connection_id or "", self.call.correlation_id
        return messages.transcription_metadata(self.subscription.id, self.options["locale"], *ids)

    def update(self, what: str, details: str) -> Json:
        status = {"transcriptionStatus": f"transcription{what}", "transcriptionStatusDetails": details}
        return {"transcriptionUpdate": status}

    def say(self, raw_id: str, phrase: Phrase) -> None:
        presence = self.call.participants[raw_id].presence.at(self.service.clock.wall())
        if phrase.text.split() and self.subscription.active and presence.place == CALL and presence.audible:
            self.spawn(self._transcribe(raw_id, phrase))

    async def _transcribe(self, raw_id: str, phrase: Phrase) -> None:
        clock, words = self.service.clock, self._words(phrase)
        for n, word in enumerate(words[:-1], start=1):
            await clock.until(self.began + word.offset + word.duration)
            if self.options.get("enableIntermediateResults"):
                await self.send(messages.transcription_data(words[:n], phrase.confidence, raw_id, final=False))
        await clock.until(self.began + words[-1].offset + words[-1].duration)
        await clock.sleep(TRANSCRIBED.seconds)
        await self.send(messages.transcription_data(words, phrase.confidence, raw_id, final=True))

    def _words(self, phrase: Phrase) -> list[Word]:
        """When each word is said, in seconds of the wall's clock since the socket was opened."""
        character = SPOKEN_CHARACTER.seconds / self.service.clock.speed
        at, words = self.service.clock.wall() - self.began, []
        for text in phrase.text.split():
            words.append(Word(text, at, len(text) * character))
            at += (len(text) + 1) * character
        return words

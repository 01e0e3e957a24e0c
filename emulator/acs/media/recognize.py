"""Recognition of keys and speech: azure-docs, ``articles/communication-services/concepts/call-automation/``,
``recognize-action.md`` and ``recognize-ai-action.md``.

A phrase is given as text and is recognized as that text, once it has been said and the silence after it has lasted.
"""

from __future__ import annotations

import asyncio
from typing import Any

from emulator.acs import acting
from emulator.acs.calls import Call
from emulator.acs.identifiers import canonical
from emulator.acs.media import sources
from emulator.acs.media.choices import choice_of_key, choice_of_phrase
from emulator.acs.parties import Phrase
from emulator.acs.provenance import END_SILENCE, INITIAL_SILENCE, INTER_TONE
from emulator.acs.results import (
    BAD_FILE,
    CANCELED,
    INTER_DIGIT,
    MAX_DIGITS,
    OPTION_MATCHED,
    PHRASE_MATCHED,
    SILENCE,
    SPEECH_NOT_RECOGNIZED,
    SPEECH_RECOGNIZED,
    STOP_TONE,
    WRONG_PHRASE,
    WRONG_TONE,
    Result,
)
from emulator.acs.service import Service


class Recognize:
    def __init__(self, service: Service, call: Call, body: dict[str, Any]) -> None:
        self._service, self._call, self._body = service, call, body
        self._type = body["recognizeInputType"]
        self._options = body["recognizeOptions"]
        self._dtmf = self._options.get("dtmfOptions") or {}
        self._from = canonical(self._options["targetParticipant"])["rawId"]
        self._heard: asyncio.Queue[str | Phrase] = asyncio.Queue()  # keys, and phrases that begin
        self._listening = bool(self._options.get("interruptPrompt"))

    async def run(self) -> None:
        prompts = self._body.get("playPrompts") or []
        if not prompts and self._body.get("playPrompt"):
            prompts = [self._body["playPrompt"]]
        if (bad := sources.first_missing(prompts)) is not None:
            self._fail(BAD_FILE, failedPlaySourceIndex=bad)
            return
        first = await self._prompt(prompts)
        self._listening = True
        await self._collect(first)

    def cancel(self) -> None:
        self._service.emit(self._call, "RecognizeCanceled", request=self._body, result=CANCELED)

    def hear(self, raw_id: str, heard: str | Phrase) -> None:
        ignored = self._type == ("dtmf" if isinstance(heard, Phrase) else "speech")
        if self._listening and raw_id == self._from and not ignored:
            self._heard.put_nowait(heard)

    async def _prompt(self, prompts: list[dict[str, Any]]) -> str | Phrase | None:
        """The key or the phrase that interrupted the prompts, if one did."""
        for source in prompts:
            with self._call.sounds.lasting(
                sources.name(source), self._service.clock, listeners=frozenset({self._from})
            ):
                if heard := await self._next(sources.duration(source)):
                    return heard
        return None

    async def _collect(self, first: str | Phrase | None) -> None:
        seconds = self._options.get("initialSilenceTimeoutInSeconds")
        heard = first or await self._next(INITIAL_SILENCE.seconds if seconds is None else seconds)
        if heard is None:
            self._fail(SILENCE)
        elif isinstance(heard, Phrase):
            await self._understand(heard)
        elif self._type == "choices":
            self._choose_by_key(heard)
        else:
            await self._collect_tones(heard)

    async def _collect_tones(self, tone: str | Phrase | None) -> None:
        tones: list[str] = []
        pause = self._dtmf.get("interToneTimeoutInSeconds", INTER_TONE.seconds)
        while isinstance(tone, str):
            if tone in (self._dtmf.get("stopTones") or ()):
                self._complete(STOP_TONE, recognitionType="dtmf", dtmfResult={"tones": tones})
                return
            tones.append(tone)
            if len(tones) == self._dtmf.get("maxTonesToCollect"):
                self._complete(MAX_DIGITS, recognitionType="dtmf", dtmfResult={"tones": tones})
                return
            tone = await self._next(pause)
        self._fail(INTER_DIGIT)

    async def _understand(self, phrase: Phrase) -> None:
        """Phrases that follow each other without the silence that ends them are one."""
        text, confidence = [phrase.text], phrase.confidence
        await self._service.clock.sleep(acting.duration(phrase))
        while isinstance(more := await self._next(self._end_silence), Phrase):
            await self._service.clock.sleep(acting.duration(more))
            text.append(more.text)
            confidence = min(confidence, more.confidence)
        speech = {"speech": " ".join(filter(None, text)), "confidence": confidence}
        if not speech["speech"]:
            self._fail(SPEECH_NOT_RECOGNIZED)
        elif self._type == "choices":
            self._choose_by_phrase(str(speech["speech"]), confidence)
        else:
            self._complete(SPEECH_RECOGNIZED, recognitionType="speech", speechResult=speech)

    @property
    def _end_silence(self) -> float:
        milliseconds = (self._options.get("speechOptions") or {}).get("endSilenceTimeoutInMs")
        return END_SILENCE.seconds if milliseconds is None else milliseconds / 1000

    def _choose_by_key(self, tone: str) -> None:
        if choice := choice_of_key(self._options["choices"], tone):
            self._chosen(OPTION_MATCHED, {"label": choice["label"], "recognizedPhrase": None})
        else:
            self._fail(WRONG_TONE)

    def _choose_by_phrase(self, speech: str, confidence: float) -> None:
        choice, phrase = choice_of_phrase(self._options["choices"], speech)
        if choice is None:
            self._fail(WRONG_PHRASE)
        else:
            result = {"label": choice["label"], "recognizedPhrase": phrase, "confidence": confidence}
            self._chosen(PHRASE_MATCHED, result)

    def _chosen(self, result: Result, choice: dict[str, Any]) -> None:
        self._complete(result, recognitionType="choices", choiceResult=choice)

    async def _next(self, seconds: float) -> str | Phrase | None:
        try:
            return await self._service.clock.within(seconds, self._heard.get())
        except TimeoutError:
            return None

    def _complete(self, result: Result, **data: Any) -> None:
        self._service.emit(self._call, "RecognizeCompleted", data, request=self._body, result=result)

    def _fail(self, result: Result, **data: Any) -> None:
        self._service.emit(self._call, "RecognizeFailed", data, request=self._body, result=result)

"""DTMF recognition: azure-docs, ``articles/communication-services/concepts/call-automation/recognize-action.md``.

There is no speech: recognition of speech ends in initial silence.
"""

from __future__ import annotations

import asyncio
from typing import Any

from emulator.acs.calls import Call
from emulator.acs.identifiers import canonical
from emulator.acs.media import sources
from emulator.acs.provenance import INITIAL_SILENCE, INTER_TONE
from emulator.acs.results import (
    BAD_FILE,
    CANCELED,
    INTER_DIGIT,
    MAX_DIGITS,
    OPTION_MATCHED,
    SILENCE,
    STOP_TONE,
    WRONG_TONE,
    Result,
)
from emulator.acs.service import Service


class Recognize:
    def __init__(self, service: Service, call: Call, body: dict[str, Any]) -> None:
        self._service, self._call, self._body = service, call, body
        self._options = body["recognizeOptions"]
        self._dtmf = self._options.get("dtmfOptions") or {}
        self._from = canonical(self._options["targetParticipant"])["rawId"]
        self._tones: asyncio.Queue[str] = asyncio.Queue()
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

    def hear(self, raw_id: str, tone: str) -> None:
        if self._listening and raw_id == self._from and self._body["recognizeInputType"] != "speech":
            self._tones.put_nowait(tone)

    async def _prompt(self, prompts: list[dict[str, Any]]) -> str | None:
        """The tone that interrupted the prompts, if one did."""
        for source in prompts:
            with self._call.sounds.lasting(
                sources.name(source), self._service.clock, listeners=frozenset({self._from})
            ):
                if tone := await self._next_tone(sources.duration(source)):
                    return tone
        return None

    async def _collect(self, first: str | None) -> None:
        seconds = self._options.get("initialSilenceTimeoutInSeconds")
        tone = first or await self._next_tone(INITIAL_SILENCE.seconds if seconds is None else seconds)
        if tone is None:
            self._fail(SILENCE)
        elif self._body["recognizeInputType"] == "choices":
            self._choose(tone)
        else:
            await self._collect_tones(tone)

    async def _collect_tones(self, tone: str | None) -> None:
        tones: list[str] = []
        pause = self._dtmf.get("interToneTimeoutInSeconds", INTER_TONE.seconds)
        while tone is not None:
            if tone in (self._dtmf.get("stopTones") or ()):
                self._complete(STOP_TONE, recognitionType="dtmf", dtmfResult={"tones": tones})
                return
            tones.append(tone)
            if len(tones) == self._dtmf.get("maxTonesToCollect"):
                self._complete(MAX_DIGITS, recognitionType="dtmf", dtmfResult={"tones": tones})
                return
            tone = await self._next_tone(pause)
        self._fail(INTER_DIGIT)

    def _choose(self, tone: str) -> None:
        for choice in self._options.get("choices") or ():
            if choice.get("tone") == tone:
                result = {"label": choice["label"], "recognizedPhrase": None}
                self._complete(OPTION_MATCHED, recognitionType="choices", choiceResult=result)
                return
        self._fail(WRONG_TONE)

    async def _next_tone(self, seconds: float) -> str | None:
        try:
            return await self._service.clock.within(seconds, self._tones.get())
        except TimeoutError:
            return None

    def _complete(self, result: Result, **data: Any) -> None:
        self._service.emit(self._call, "RecognizeCompleted", data, request=self._body, result=result)

    def _fail(self, result: Result, **data: Any) -> None:
        self._service.emit(self._call, "RecognizeFailed", data, request=self._body, result=result)

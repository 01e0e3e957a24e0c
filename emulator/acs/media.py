"""What is played to a call and heard from it: prompts, keys, streams.

azure-docs, ``articles/communication-services/concepts/call-automation/play-action.md`` and
``recognize-action.md``: operations wait for each other unless told to interrupt; result codes.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from emulator.acs import errors
from emulator.acs.calls import Call
from emulator.acs.identifiers import canonical
from emulator.acs.repeatability import Answer
from emulator.acs.requests import Request, present
from emulator.acs.service import Result, Service

SECONDS_PER_CHARACTER = 0.06  # a synthetic voice, roughly
SECONDS_PER_FILE = 1.0
INITIAL_SILENCE = 5.0  # seconds; recognize-action.md, the default of initialSilenceTimeout
INTER_TONE = 2  # seconds; recognize-action.md, the default of interToneTimeout

MAX_DIGITS: Result = (200, 8531, "Action completed, max digits received.")
STOP_TONE: Result = (200, 8514, "Action completed, stop tone was detected.")
OPTION_MATCHED: Result = (200, 8533, "Action completed, DTMF option matched.")
SILENCE: Result = (400, 8510, "Action failed, initial silence timeout reached.")
INTER_DIGIT: Result = (400, 8532, "Action failed, inter-digit silence timeout reached.")
WRONG_TONE: Result = (400, 8534, "Action failed, incorrect tone entered.")
BAD_FILE: Result = (400, 8535, "Action failed, file format is invalid or the file could not be fetched.")
CANCELED: Result = (400, 8508, "Action failed, the operation was canceled.")


class MediaOperation(Protocol):
    async def run(self) -> None: ...
    def cancel(self) -> None: ...
    def hear(self, raw_id: str, tone: str) -> None: ...


class Playlist:
    """A call's media operations, one after the other."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._operations: list[MediaOperation] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, operation: MediaOperation, *, interrupt: bool) -> None:
        if interrupt:
            self.cancel()
        self._operations.append(operation)
        if self._task is None or self._task.done():
            self._task = self._service.work.start(self._run(), busy=False)

    def cancel(self) -> None:
        """Stop what is on and what waits, and say so."""
        canceled = list(self._operations)
        self.stop()
        for operation in canceled:
            operation.cancel()

    def stop(self) -> None:
        if self._task:
            self._task.cancel()
            self._task = None
        self._operations.clear()

    def hear(self, raw_id: str, tone: str) -> None:
        if self._operations:
            self._operations[0].hear(raw_id, tone)

    async def _run(self) -> None:
        while self._operations:
            operation = self._operations[0]
            await operation.run()
            self._operations.remove(operation)


class Play:
    def __init__(self, service: Service, call: Call, body: dict[str, Any]) -> None:
        self._service, self._call, self._body = service, call, body
        self._loop = (body.get("playOptions") or {}).get("loop", False)

    async def run(self) -> None:
        sources = self._body["playSources"]
        if (bad := _first_missing(sources)) is not None:
            data = {"failedPlaySourceIndex": bad}
            self._service.emit(self._call, "PlayFailed", data, request=self._body, result=BAD_FILE)
            return
        self._service.emit(self._call, "PlayStarted", request=self._body)
        while True:
            for source in sources:
                await self._service.clock.sleep(_duration(source))
            if not self._loop:
                break
        self._service.emit(self._call, "PlayCompleted", request=self._body)

    def cancel(self) -> None:
        self._service.emit(self._call, "PlayCanceled", request=self._body, result=CANCELED)

    def hear(self, raw_id: str, tone: str) -> None:
        """A mere prompt doesn't listen."""


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
        if (bad := _first_missing(prompts)) is not None:
            self._fail(BAD_FILE, failedPlaySourceIndex=bad)
            return
        first = await self._prompt(sum(map(_duration, prompts)))
        self._listening = True
        await self._collect(first)

    def cancel(self) -> None:
        self._service.emit(self._call, "RecognizeCanceled", request=self._body, result=CANCELED)

    def hear(self, raw_id: str, tone: str) -> None:
        if self._listening and raw_id == self._from and self._body["recognizeInputType"] != "speech":
            self._tones.put_nowait(tone)

    async def _prompt(self, seconds: float) -> str | None:
        """The tone that interrupted the prompt, if one did."""
        return await self._next_tone(seconds) if seconds else None

    async def _collect(self, first: str | None) -> None:
        seconds = self._options.get("initialSilenceTimeoutInSeconds")
        tone = first or await self._next_tone(INITIAL_SILENCE if seconds is None else seconds)
        if tone is None:
            self._fail(SILENCE)
        elif self._body["recognizeInputType"] == "choices":
            self._choose(tone)
        else:
            await self._collect_tones(tone)

    async def _collect_tones(self, tone: str | None) -> None:
        tones: list[str] = []
        pause = self._dtmf.get("interToneTimeoutInSeconds", INTER_TONE)
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
                result = {"label": choice["label"]}
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


def play(service: Service, request: Request) -> Answer:
    body, call = request.body, request.call
    if not body["playSources"]:
        raise errors.invalid("The field 'playSources' must name something to play.")
    _check_sources(body["playSources"])
    for who in body.get("playTo") or ():
        present(call, canonical(who))
    operation = Play(service, call, body)
    _playlist(service, call).add(operation, interrupt=bool(body.get("interruptCallMediaOperation")))
    return Answer()


def recognize(service: Service, request: Request) -> Answer:
    body, call = request.body, request.call
    _check_sources([*(body.get("playPrompts") or ()), *([body["playPrompt"]] if body.get("playPrompt") else ())])
    present(call, canonical(body["recognizeOptions"]["targetParticipant"]))
    if body["recognizeInputType"] == "choices" and not body["recognizeOptions"].get("choices"):
        raise errors.invalid("The field 'recognizeOptions.choices' is required to recognize choices.")
    operation = Recognize(service, call, body)
    _playlist(service, call).add(operation, interrupt=bool(body.get("interruptCallMediaOperation")))
    return Answer()


def cancel_all_media_operations(service: Service, request: Request) -> Answer:
    _playlist(service, request.call).cancel()
    return Answer()


def start_continuous_dtmf_recognition(_: Service, request: Request) -> Answer:
    person = present(request.call, canonical(request.body["targetParticipant"]))
    request.call.continuous_dtmf[person.raw_id] = request.body
    return Answer()


def stop_continuous_dtmf_recognition(service: Service, request: Request) -> Answer:
    person = present(request.call, canonical(request.body["targetParticipant"]))
    if request.call.continuous_dtmf.pop(person.raw_id, None):
        service.emit(request.call, "ContinuousDtmfRecognitionStopped", request=request.body)
    return Answer()


def send_dtmf_tones(service: Service, request: Request) -> Answer:
    present(request.call, canonical(request.body["targetParticipant"]))
    if not request.body["tones"]:
        raise errors.invalid("The field 'tones' must hold at least one tone.")
    service.emit(request.call, "SendDtmfTonesCompleted", request=request.body)
    context = request.body.get("operationContext")
    return Answer({"operationContext": context} if context else {})


def start_media_streaming(service: Service, request: Request) -> Answer:
    if not request.call.media_streaming:
        raise errors.AcsError(400, errors.INVALID_MEDIA_MODE, "The call was set up without mediaStreamingOptions.")
    _streaming(service, request.call, "Started", request.body)
    return Answer()


def stop_media_streaming(service: Service, request: Request) -> Answer:
    if not request.call.media_streaming:
        raise errors.AcsError(400, errors.INVALID_MEDIA_MODE, "The call was set up without mediaStreamingOptions.")
    _streaming(service, request.call, "Stopped", request.body)
    return Answer()


def start_transcription(service: Service, request: Request) -> Answer:
    return _transcription(service, request, "Started", "subscriptionStarted")


def stop_transcription(service: Service, request: Request) -> Answer:
    return _transcription(service, request, "Stopped", "subscriptionStopped")


def update_transcription(service: Service, request: Request) -> Answer:
    return _transcription(service, request, "Updated", "transcriptionLocaleUpdated")


def started_media(service: Service, call: Call) -> None:
    """The streams that were asked for together with the call."""
    if (call.media_streaming or {}).get("startMediaStreaming"):
        _streaming(service, call, "Started", {"operationContext": call.operation_context})
    if (call.transcription or {}).get("startTranscription"):
        about = Request(params={}, body={"operationContext": call.operation_context}, about=call)
        _transcription(service, about, "Started", "subscriptionStarted")


def _streaming(service: Service, call: Call, what: str, body: dict[str, Any]) -> None:
    update = {
        "contentType": "audio",
        "mediaStreamingStatus": f"mediaStreaming{what}",
        "mediaStreamingStatusDetails": f"subscription{what}",
    }
    service.emit(call, f"MediaStreaming{what}", {"mediaStreamingUpdate": update}, request=body)


def _transcription(service: Service, request: Request, what: str, details: str) -> Answer:
    if not request.call.transcription:
        raise errors.AcsError(400, errors.INVALID_MEDIA_MODE, "The call was set up without transcriptionOptions.")
    update = {"transcriptionStatus": f"transcription{what}", "transcriptionStatusDetails": details}
    data = {"transcriptionUpdate": update}
    service.emit(request.call, f"Transcription{what}", data, request=request.body)
    return Answer()


def _playlist(service: Service, call: Call) -> Playlist:
    if call.playlist is None:
        call.playlist = Playlist(service)
    return call.playlist


def _check_sources(sources: list[dict[str, Any]]) -> None:
    for index, source in enumerate(sources):
        if not source.get(source["kind"]):
            raise errors.invalid(f"The play source {index} is of kind {source['kind']!r} and has none.")


def _first_missing(sources: list[dict[str, Any]]) -> int | None:
    """Which source can't be played: files are not fetched, but one named ``…missing.wav`` isn't there."""
    for index, source in enumerate(sources):
        if source["kind"] == "file" and source["file"]["uri"].endswith("missing.wav"):
            return index
    return None


def _duration(source: dict[str, Any]) -> float:
    if source["kind"] == "file":
        return SECONDS_PER_FILE
    text = source["text"]["text"] if source["kind"] == "text" else source["ssml"]["ssmlText"]
    return len(text) * SECONDS_PER_CHARACTER

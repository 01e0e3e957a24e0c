"""Callers who say things: phrases are given as text and come out of recognition."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from azure.communication.callautomation import (
    DtmfTone,
    PhoneNumberIdentifier,
    RecognitionChoice,
    RecognizeInputType,
    TextSource,
)

from tests.emulator.client import CALLER, Answered, Application, Control

CALLING = PhoneNumberIdentifier(CALLER)
CHOICES = [
    RecognitionChoice(label="sales", phrases=["sales", "sales department"], tone=DtmfTone.ONE),
    RecognitionChoice(label="support", phrases=["help", "support"], tone=DtmfTone.TWO),
]


async def _listen(call: Answered, input_type: Any = RecognizeInputType.SPEECH, **options: Any) -> None:
    await call.connection.start_recognizing_media(input_type, CALLING, operation_context="listening", **options)


async def _say(control: Control, call: Answered, phrase: str, **more: Any) -> None:
    status, answer = await control.status("POST", f"calls/{call.id}/say", {"phrase": phrase, **more})
    assert status == 200, answer


def _result(data: dict[str, Any]) -> tuple[int, int]:
    return data["resultInformation"]["code"], data["resultInformation"]["subCode"]


async def test_speech_is_recognized_as_the_text_that_was_said(
    answered: Any, app: Application, control: Control
) -> None:
    call = await answered()
    await _listen(call)
    await _say(control, call, "I have lost my card.", confidence=0.75)
    completed = await app.event("RecognizeCompleted")
    assert (_result(completed), completed["operationContext"]) == ((200, 8569), "listening")
    assert completed["recognitionType"] == "speech"
    assert completed["speechResult"] == {"speech": "I have lost my card.", "confidence": 0.75}


async def test_a_dialled_caller_speaks_by_their_script(answered: Any, app: Application) -> None:
    call = await answered(says=[{"after": 6, "phrase": "Hello?"}, {"after": 6.5, "phrase": "Anyone there?"}])
    await _listen(call, initial_silence_timeout=30, end_silence_timeout=1)
    completed = await app.event("RecognizeCompleted")
    assert completed["speechResult"]["speech"] == "Hello? Anyone there?", "without a pause it is one utterance"


async def test_the_initial_silence_ends_when_a_phrase_begins(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    await _listen(call, initial_silence_timeout=6)
    long = "long " * 40  # 12 seconds
    await _say(control, call, long)
    assert (await app.event("RecognizeCompleted"))["speechResult"]["speech"] == long


@pytest.mark.parametrize(
    ("phrase", "input_type", "result"),
    [
        ("", RecognizeInputType.SPEECH, (400, 8563)),
        ("Something else", RecognizeInputType.CHOICES, (400, 8547)),
        ("", RecognizeInputType.CHOICES, (400, 8563)),
        ("wholesales", RecognizeInputType.CHOICES, (400, 8547)),
    ],
)
async def test_speech_fails(
    answered: Any, app: Application, control: Control, *, phrase: str, input_type: Any, result: tuple[int, int]
) -> None:
    call = await answered()
    await _listen(call, input_type, choices=CHOICES if input_type == RecognizeInputType.CHOICES else None)
    await _say(control, call, phrase)
    assert _result(await app.event("RecognizeFailed")) == result


async def test_a_caller_who_says_nothing(answered: Any, app: Application) -> None:
    call = await answered()
    await _listen(call, initial_silence_timeout=1)
    assert _result(await app.event("RecognizeFailed")) == (400, 8510)


@pytest.mark.parametrize(
    ("said", "label", "phrase"),
    [
        ("Sales!", "sales", "sales"),
        ("the sales department, please", "sales", "sales department"),
        ("I need HELP", "support", "help"),
    ],
)
async def test_a_choice_by_phrase(
    answered: Any, app: Application, control: Control, *, said: str, label: str, phrase: str
) -> None:
    call = await answered()
    await _listen(call, RecognizeInputType.CHOICES, choices=CHOICES)
    await _say(control, call, said)
    completed = await app.event("RecognizeCompleted")
    assert (_result(completed), completed["recognitionType"]) == ((200, 8545), "choices")
    assert completed["choiceResult"] == {"label": label, "recognizedPhrase": phrase, "confidence": 0.92}


async def test_keys_or_speech_whichever_comes_first(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    await _listen(call, RecognizeInputType.SPEECH_OR_DTMF, dtmf_max_tones_to_collect=2)
    for tone in ("one", "two"):
        await control("POST", f"calls/{call.id}/press", {"tone": tone})
    completed = await app.event("RecognizeCompleted")
    assert (completed["recognitionType"], completed["dtmfResult"]) == ("dtmf", {"tones": ["one", "two"]})
    app.events.clear()
    await _listen(call, RecognizeInputType.SPEECH_OR_DTMF, dtmf_max_tones_to_collect=2)
    await _say(control, call, "one two")
    completed = await app.event("RecognizeCompleted")
    assert (completed["recognitionType"], completed["speechResult"]["speech"]) == ("speech", "one two")


async def test_keys_are_no_speech_and_speech_is_no_key(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    await _listen(call, initial_silence_timeout=1)
    await control("POST", f"calls/{call.id}/press", {"tone": "one"})
    assert _result(await app.event("RecognizeFailed")) == (400, 8510)
    app.events.clear()
    await _listen(call, RecognizeInputType.DTMF, dtmf_max_tones_to_collect=1, initial_silence_timeout=1)
    await _say(control, call, "one")
    assert _result(await app.event("RecognizeFailed")) == (400, 8510)


async def test_a_phrase_interrupts_the_prompt_if_it_may(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    long = TextSource(text="x" * 5000, voice_name="a")
    await _listen(call, play_prompt=long, interrupt_prompt=True)
    await _say(control, call, "Stop")
    assert (await app.event("RecognizeCompleted"))["speechResult"]["speech"] == "Stop"


async def test_others_are_not_recognized(answered: Any, app: Application, control: Control) -> None:
    call = await answered(kind="acs", to="8:acs:res_app")
    await call.connection.add_participant(PhoneNumberIdentifier("+15550100"), source_caller_id_number=CALLING)
    await app.event("AddParticipantSucceeded")
    await _listen(call, initial_silence_timeout=2)
    await _say(control, call, "Me too", who="4:+15550100")
    assert _result(await app.event("RecognizeFailed")) == (400, 8510)


async def test_a_caller_who_hangs_up_while_speaking(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    await _listen(call)
    await _say(control, call, "I am just " * 20)
    await control("POST", f"calls/{call.id}/hangup")
    await app.event("CallDisconnected")
    await asyncio.sleep(0.05)
    assert app.of("RecognizeCompleted") == app.of("RecognizeFailed") == []
    status, answer = await control.status("POST", f"calls/{call.id}/say", {"phrase": "Hello?"})
    assert (status, answer) == (400, {"error": "the call is not connected: nothing can be said"})


async def test_a_phrase_is_heard_by_the_others(answered: Any, control: Control) -> None:
    call = await answered()
    await _say(control, call, "Hello there")
    assert "Hello there" in (await control("GET", f"calls/{call.id}/sounds"))["sounds"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "'phrase' is a string"),
        ({"phrase": 7}, "'phrase' is a string"),
        ({"phrase": "a", "confidence": 2}, "from 0 to 1, not 2"),
        ({"phrase": "a", "who": "4:+1999"}, "4:+1999 is not in the call"),
        ({"phrase": "a", "text": "b"}, "a phrase to say has no 'text'"),
    ],
)
async def test_a_phrase_that_cannot_be_said_is_refused(
    answered: Any, control: Control, *, body: dict[str, Any], why: str
) -> None:
    call = await answered()
    status, answer = await control.status("POST", f"calls/{call.id}/say", body)
    assert (status, why in answer["error"]) == (400, True), answer

from __future__ import annotations

from typing import Any

import pytest
from azure.communication.callautomation import (
    DtmfTone,
    FileSource,
    PhoneNumberIdentifier,
    RecognitionChoice,
    RecognizeInputType,
    SsmlSource,
    TextSource,
)
from azure.communication.callautomation.aio import CallConnectionClient
from azure.core.exceptions import HttpResponseError

from tests.emulator.client import CALLER, Answered, Application, Control, refusal, until

CALLING = PhoneNumberIdentifier(CALLER)


def _result(data: dict[str, Any]) -> tuple[int, int]:
    return data["resultInformation"]["code"], data["resultInformation"]["subCode"]


async def _listen(call: Answered, **options: Any) -> None:
    defaults = {"input_type": RecognizeInputType.DTMF, "target_participant": CALLING, "operation_context": "listening"}
    await call.connection.start_recognizing_media(**{**defaults, **options})


async def _press(control: Control, call: Answered, *tones: str) -> None:
    for tone in tones:
        await control("POST", f"calls/{call.id}/press", {"tone": tone})


async def test_a_prompt_is_played_through(answered: Any, app: Application) -> None:
    call = await answered()
    await call.connection.play_media(TextSource(text="Hello", voice_name="a"), operation_context="greeting")
    assert (await app.event("PlayStarted"))["operationContext"] == "greeting"
    assert (await app.event("PlayCompleted"))["operationContext"] == "greeting"


@pytest.mark.parametrize(("names", "started"), [(["a", "missing"], 1), (["missing", "a"], 0)])
async def test_a_source_that_cannot_be_played_fails_when_its_turn_comes(
    answered: Any, app: Application, *, names: list[str], started: int
) -> None:
    call = await answered()
    sources = [FileSource(f"https://files.example/{name}.wav") for name in names]
    await call.connection.play_media(sources, play_to=[CALLING])
    failed = await app.event("PlayFailed")
    assert _result(failed) == (400, 8535)
    assert failed["failedPlaySourceIndex"] == names.index("missing")
    assert len(app.of("PlayStarted")) == started


async def test_an_empty_operation_context_comes_back_empty(answered: Any, app: Application) -> None:
    call = await answered()
    await call.connection.play_media(FileSource("https://files.example/a.wav"), operation_context="")
    assert (await app.event("PlayCompleted"))["operationContext"] == ""
    assert "operationContext" not in app.of("ParticipantsUpdated")[0]


async def test_the_tags_of_ssml_take_no_time(answered: Any, app: Application) -> None:
    call = await answered()
    long = f'<speak version="1.0" xml:lang="en-US"><voice name="{"x" * 10_000}">Hi</voice></speak>'
    await call.connection.play_media(SsmlSource(ssml_text=long))
    await app.event("PlayCompleted")


async def test_a_party_to_whom_alone_it_is_played_is_shown_on_hold(answered: Any, app: Application) -> None:
    call = await answered()
    await call.connection.play_media(FileSource("https://files.example/a.wav"), play_to=[CALLING], loop=True)
    await app.event("PlayStarted")
    assert (await call.connection.get_participant(CALLING)).is_on_hold is True
    await call.connection.cancel_all_media_operations()
    await app.event("PlayCanceled")
    assert (await call.connection.get_participant(CALLING)).is_on_hold is False


async def test_audio_on_hold_pauses_for_a_prompt_and_is_cut_off_by_unhold(answered: Any, app: Application) -> None:
    call = await answered(kind="acs", to="8:acs:res_app")
    music = FileSource("https://files.example/music.wav")
    await call.connection.hold(CALLING, play_source=music, operation_context="music")
    assert (await app.event("HoldAudioStarted"))["operationContext"] == "music"
    await call.connection.play_media(FileSource("https://files.example/a.wav"), play_to=[CALLING])
    for event in ("HoldAudioPaused", "PlayCompleted", "HoldAudioResumed"):
        await app.event(event)
    await call.connection.unhold(CALLING)
    completed = await app.event("HoldAudioCompleted")
    assert (_result(completed), completed["operationContext"]) == ((400, 8508), "music")


async def test_prompts_wait_for_each_other_unless_they_interrupt(answered: Any, app: Application) -> None:
    call = await answered()
    file = FileSource("https://files.example/a.wav")
    for context in ("first", "second"):
        await call.connection.play_media(file, loop=True, operation_context=context)
    await call.connection.play_media(file, operation_context="third", interrupt_call_media_operation=True)
    await app.event("PlayCompleted")
    assert sorted(data["operationContext"] for data in app.of("PlayCanceled")) == ["first", "second"]
    assert "second" not in [data["operationContext"] for data in app.of("PlayStarted")]


async def test_everything_is_cancelled(answered: Any, app: Application) -> None:
    call = await answered()
    await call.connection.play_media(FileSource("https://files.example/a.wav"), loop=True)
    await _listen(call, dtmf_max_tones_to_collect=1)
    await call.connection.cancel_all_media_operations()
    await app.event("PlayCanceled")
    assert (await app.event("RecognizeCanceled"))["operationContext"] == "listening"


async def test_keys_are_recognized(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    await _listen(call, dtmf_max_tones_to_collect=3)
    await _press(control, call, "one", "two", "pound")
    completed = await app.event("RecognizeCompleted")
    assert _result(completed) == (200, 8531)
    assert completed["recognitionType"] == "dtmf"
    assert completed["dtmfResult"] == {"tones": ["one", "two", "pound"]}


async def test_keys_pressed_by_themselves(answered: Any, app: Application) -> None:
    call = await answered(presses=[{"after": 20, "tone": "five"}])  # a second of the wall
    await _listen(call, dtmf_max_tones_to_collect=1, initial_silence_timeout=60)
    assert (await app.event("RecognizeCompleted"))["dtmfResult"] == {"tones": ["five"]}


async def test_a_stop_tone_ends_the_keys(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    await _listen(call, dtmf_max_tones_to_collect=9, dtmf_stop_tones=[DtmfTone.POUND])
    await _press(control, call, "one", "pound")
    completed = await app.event("RecognizeCompleted")
    assert (_result(completed), completed["dtmfResult"]) == ((200, 8514), {"tones": ["one"]})


async def test_a_caller_who_presses_nothing(answered: Any, app: Application) -> None:
    call = await answered()
    await _listen(call, dtmf_max_tones_to_collect=1, initial_silence_timeout=1)
    assert _result(await app.event("RecognizeFailed")) == (400, 8510)


async def test_a_caller_who_stops_pressing(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    await _listen(call, dtmf_max_tones_to_collect=2, dtmf_inter_tone_timeout=1)
    await _press(control, call, "one")
    assert _result(await app.event("RecognizeFailed")) == (400, 8532)


@pytest.mark.parametrize(("tone", "event", "result"), [("one", "Completed", 8533), ("two", "Failed", 8534)])
async def test_a_choice_by_key(
    answered: Any, app: Application, control: Control, *, tone: str, event: str, result: int
) -> None:
    call = await answered()
    choices = [RecognitionChoice(label="sales", phrases=["sales"], tone=DtmfTone.ONE)]
    await _listen(call, input_type=RecognizeInputType.CHOICES, choices=choices)
    await _press(control, call, tone)
    data = await app.event(f"Recognize{event}")
    assert data["resultInformation"]["subCode"] == result
    assert data.get("choiceResult") == ({"label": "sales", "recognizedPhrase": None} if tone == "one" else None)


async def test_a_key_interrupts_the_prompt_only_if_it_may(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    long = TextSource(text="x" * 2000, voice_name="a")
    await _listen(call, play_prompt=long, dtmf_max_tones_to_collect=1, interrupt_prompt=True)
    await _press(control, call, "nine")
    assert (await app.event("RecognizeCompleted"))["dtmfResult"] == {"tones": ["nine"]}
    short = TextSource(text="x" * 100, voice_name="a")
    await _listen(call, play_prompt=short, dtmf_max_tones_to_collect=1, initial_silence_timeout=1)
    await _press(control, call, "nine")
    assert _result(await app.event("RecognizeFailed")) == (400, 8510)


async def test_keys_are_reported_during_continuous_recognition(
    answered: Any, app: Application, control: Control
) -> None:
    call = await answered()
    await call.connection.start_continuous_dtmf_recognition(CALLING, operation_context="tones")
    await _press(control, call, "three", "four")
    await until(lambda: len(app.of("ContinuousDtmfRecognitionToneReceived")) == 2)
    received = sorted(app.of("ContinuousDtmfRecognitionToneReceived"), key=lambda data: data["sequenceId"])
    assert [(data["sequenceId"], data["tone"]) for data in received] == [(1, "three"), (2, "four")]
    await call.connection.stop_continuous_dtmf_recognition(CALLING, operation_context="no more")
    assert (await app.event("ContinuousDtmfRecognitionStopped"))["operationContext"] == "no more"
    await _press(control, call, "five")
    await control.idle()
    assert len(app.of("ContinuousDtmfRecognitionToneReceived")) == 2


async def test_keys_are_sent(answered: Any, app: Application) -> None:
    call = await answered()
    sent = await call.connection.send_dtmf_tones([DtmfTone.ONE], CALLING, operation_context="sending")
    assert sent.operation_context == "sending"
    assert (await app.event("SendDtmfTonesCompleted"))["operationContext"] == "sending"


async def test_streams_need_to_be_set_up_with_the_call(answered: Any) -> None:
    call = await answered()
    assert await _streams(call.connection) == ("disabled", "disabled")
    for start in (call.connection.start_media_streaming, call.connection.start_transcription):
        with pytest.raises(HttpResponseError) as raised:
            await start()
        assert refusal(raised) == (400, "8500")


async def _streams(connection: CallConnectionClient) -> tuple[str, str]:
    """The states of media streaming and of transcription."""
    properties = await connection.get_call_properties()
    streaming, transcription = properties.media_streaming_subscription, properties.transcription_subscription
    assert streaming is not None
    assert transcription is not None
    return str(streaming.state), str(transcription.state)

"""Effects made real: what is sent to ACS, and what its answers are taken for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from emulator.config import START_RECORDING_ANSWERS
from emulator.server import Emulator
from shared.acs.executors import Performer
from shared.calls.call import Call
from shared.calls.effects import AnyAction, FindCall, HangUp, Play, StartRecording, effect_id
from shared.calls.events import Answered, EffectDone, EffectFailed, Found, Refused
from shared.calls.policy import Plan
from tests.support import CALL_ID, Servers, a_call, an_effect, asked, closed_port, drip, hang, ring

ACTIONS: list[AnyAction] = [StartRecording(1), Play("announcement", "Hello."), HangUp(), FindCall()]


@pytest.fixture
def performer(make_performer: Callable[..., Performer]) -> Performer:
    return make_performer()


@pytest.fixture
async def call(performer: Performer, emulator: Emulator) -> Call:
    """A call that is up."""
    answered = (await performer.answer(CALL_ID, await ring(emulator), 8)).data
    assert isinstance(answered, Answered)
    assert answered.call_connection_id
    return a_call(answered.call_connection_id)


async def perform(performer: Performer, call: Call, action: AnyAction, limit: float = 8) -> Any:
    return (await performer.perform(call, an_effect(action), limit)).data


def answering(status: int, body: Any = None) -> Callable[[web.Request], Any]:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, status=status) if body is not None else web.Response(status=status)

    return answer


# -- Answering -----------------------------------------------------------------------------------------------


async def test_an_answer_says_where_callbacks_go_and_what_it_is_an_answer_to(
    performer: Performer, call: Call, emulator: Emulator, callback_url: str
) -> None:
    (request,) = asked(emulator, "AnswerCall")
    assert request["body"]["callbackUri"] == f"{callback_url}/api/callbacks/{CALL_ID}"
    assert request["body"]["operationContext"] == effect_id(CALL_ID, "answer")
    assert request["headers"]["Repeatability-Request-ID"] == effect_id(CALL_ID, "answer")


async def test_an_answer_is_plain_unless_settings_ask_for_more(call: Call, emulator: Emulator) -> None:
    (request,) = asked(emulator, "AnswerCall")
    extras = {"callIntelligenceOptions", "mediaStreamingOptions", "transcriptionOptions"}
    assert not {name for name in extras if request["body"].get(name)}


async def test_settings_bring_streaming_transcription_and_speech(
    make_performer: Callable[..., Performer], emulator: Emulator
) -> None:
    performer = make_performer(
        MEDIA_STREAMING_URL="wss://media.example/audio",
        MEDIA_STREAMING_CHANNELS="unmixed",
        TRANSCRIPTION_URL="wss://media.example/text",
        TRANSCRIPTION_LOCALE="de-DE",
        COGNITIVE_SERVICES_ENDPOINT="https://speech.example",
    )
    assert isinstance((await performer.answer(CALL_ID, await ring(emulator), 8)).data, Answered)
    body = asked(emulator, "AnswerCall")[0]["body"]
    assert body["callIntelligenceOptions"] == {"cognitiveServicesEndpoint": "https://speech.example"}
    streaming = body["mediaStreamingOptions"]
    assert (streaming["transportUrl"], streaming["transportType"]) == ("wss://media.example/audio", "websocket")
    assert (streaming["audioChannelType"], streaming["startMediaStreaming"]) == ("unmixed", True)
    transcription = body["transcriptionOptions"]
    assert (transcription["transportUrl"], transcription["locale"]) == ("wss://media.example/text", "de-DE")
    assert (transcription["transportType"], transcription["startTranscription"]) == ("websocket", True)


async def test_a_context_that_was_used_is_refused(performer: Performer, emulator: Emulator) -> None:
    context = await ring(emulator)
    assert isinstance((await performer.answer(CALL_ID, context, 8)).data, Answered)
    other = CALL_ID[:-1] + "0"
    refused = await performer.answer(other, context, 8)
    assert refused.type == "AnswerRefused"
    assert (refused.data.code, refused.data.sub_code) == (400, 8523)


async def test_the_same_answer_sent_twice_is_one_answer(performer: Performer, emulator: Emulator) -> None:
    context = await ring(emulator)
    first, second = [(await performer.answer(CALL_ID, context, 8)).data for _ in range(2)]
    assert first.call_connection_id == second.call_connection_id


UNREADABLE = [(b"", "application/json"), (b"null", "application/json"), (b"<html>", "text/html")]


def unreadably(body: bytes, kind: str) -> Callable[[web.Request], Any]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=kind)

    return answer


@pytest.mark.parametrize(("body", "kind"), UNREADABLE)
async def test_an_answer_that_was_taken_is_taken_whatever_comes_with_it(
    make_performer: Callable[..., Performer], servers: Servers, body: bytes, kind: str
) -> None:
    performer = make_performer(ACS_ENDPOINT=await servers.start(unreadably(body, kind)))
    answered = (await performer.answer(CALL_ID, "context", 8)).data
    assert isinstance(answered, Answered)
    assert answered.call_connection_id is None


@pytest.mark.parametrize(("body", "kind"), UNREADABLE)
async def test_a_call_of_which_nothing_is_told_is_asked_about_again(
    make_performer: Callable[..., Performer], servers: Servers, body: bytes, kind: str
) -> None:
    performer = make_performer(ACS_ENDPOINT=await servers.start(unreadably(body, kind)))
    assert await perform(performer, a_call(), FindCall()) == Found("unknown")


@pytest.mark.parametrize("reason", ["busy", "forbidden"])
async def test_a_call_can_be_rejected(performer: Performer, emulator: Emulator, reason: str) -> None:
    rejected = await performer.reject(CALL_ID, await ring(emulator), reason, 8)
    assert rejected.type == "Rejected"
    (request,) = asked(emulator, "RejectCall")
    assert request["body"]["callRejectReason"] == reason
    assert request["headers"]["Repeatability-Request-ID"] == effect_id(CALL_ID, "reject")


# -- Recording -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", START_RECORDING_ANSWERS)
async def test_every_shape_of_accepted_is_accepted(
    performer: Performer, call: Call, emulator: Emulator, shape: str
) -> None:
    emulator.service.options.start_recording_answer = shape
    done = await perform(performer, call, StartRecording(1))
    assert isinstance(done, EffectDone)
    assert bool(done.recording_id) is (shape in {"by-version", "200", "202"})


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[]", b"not JSON", b'{"recordingId": null}'])
@pytest.mark.parametrize("status", [200, 202])
async def test_accepted_is_accepted_whatever_comes_with_it(
    make_performer: Callable[..., Performer], servers: Servers, status: int, body: bytes
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status, content_type="application/json")

    performer = make_performer(ACS_ENDPOINT=await servers.start(answer))
    assert isinstance(await perform(performer, a_call(), StartRecording(1)), EffectDone)


@pytest.mark.parametrize("channels", ["mixed", "unmixed"])
async def test_a_recording_is_asked_for_by_the_calls_connection(
    performer: Performer, call: Call, emulator: Emulator, callback_url: str, channels: Any
) -> None:
    effect = an_effect(StartRecording(1))
    await performer.perform(a_call(call.call_connection_id or "", plan=Plan(channels=channels)), effect, 8)
    (request,) = asked(emulator, "StartRecording")
    body = {name: value for name, value in request["body"].items() if value not in (None, [])}
    assert body == {
        "callConnectionId": call.call_connection_id,
        "recordingStateCallbackUri": f"{callback_url}/api/callbacks/{CALL_ID}",
        "recordingContentType": "audio",
        "recordingChannelType": channels,
        "recordingFormatType": "wav",
    }
    assert request["headers"]["Repeatability-Request-ID"] == effect.id == str(UUID(effect.id))


async def test_a_recording_can_go_to_a_container_of_our_own(
    make_performer: Callable[..., Performer], call: Call, emulator: Emulator
) -> None:
    url = "https://ours.blob.core.windows.net/calls"
    await perform(make_performer(RECORDING_CONTAINER_URL=url), call, StartRecording(1))
    storage = asked(emulator, "StartRecording")[0]["body"]["externalStorage"]
    assert storage["recordingDestinationContainerUrl"] == url
    assert storage["recordingStorageKind"] == "azureBlobStorage"


# -- What is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: type(action).__name__)
@pytest.mark.parametrize("codes", [(400, 8559), (403, 7504), (409, 8519), (429, 8529), (500, 8511)], ids=str)
async def test_a_refusal_has_the_platforms_codes(
    performer: Performer, call: Call, emulator: Emulator, action: AnyAction, codes: tuple[int, int]
) -> None:
    operation = {"StartRecording": "StartRecording", "Play": "Play", "HangUp": "TerminateCall", "FindCall": "GetCall"}
    name = operation[type(action).__name__]
    rule = {"where": "acs", "do": "status", "status": codes[0], "code": str(codes[1]), "message": "because"}
    emulator.faults.add(rule | {"match": {"operation": name}})
    failed = await perform(performer, call, action)
    assert isinstance(failed, EffectFailed)
    assert (failed.code, failed.sub_code, failed.message) == (*codes, "because")
    assert failed.action == type(action).__name__


@pytest.mark.parametrize(
    "body",
    [
        *(None, "text", [], {}, {"error": None}, {"error": "x"}, {"error": []}),
        {"error": {"code": "²", "message": 7}},
        {"error": {"code": ["8519"], "message": {}}},
    ],
)
@pytest.mark.parametrize("action", [StartRecording(1), Play("notice", "Bye."), HangUp()], ids=str)
async def test_a_refusal_without_codes_is_judged_by_its_status(
    make_performer: Callable[..., Performer], servers: Servers, action: AnyAction, body: Any
) -> None:
    performer = make_performer(ACS_ENDPOINT=await servers.start(answering(400, body)))
    failed = await perform(performer, a_call(), action)
    assert isinstance(failed, EffectFailed)
    assert (failed.code, failed.sub_code) == (400, 0)


async def test_a_code_may_be_a_number(make_performer: Callable[..., Performer], servers: Servers) -> None:
    body = {"error": {"code": 8523, "message": 7}}
    performer = make_performer(ACS_ENDPOINT=await servers.start(answering(400, body)))
    refused = await performer.answer(CALL_ID, "context", 8)
    assert refused.data == Refused(400, 8523, "7")
    failed = await perform(performer, a_call(), HangUp())
    assert (failed.code, failed.sub_code, failed.message) == (400, 8523, "7")


@pytest.mark.parametrize("action", [HangUp(), FindCall()], ids=str)
async def test_a_call_that_is_gone_is_found_to_be(performer: Performer, emulator: Emulator, action: AnyAction) -> None:
    assert await perform(performer, a_call("unknown"), action) == Found("gone")


@pytest.mark.parametrize("action", [StartRecording(1), Play("notice", "Bye.")], ids=str)
async def test_what_needs_the_call_fails_without_it(
    performer: Performer, emulator: Emulator, action: AnyAction
) -> None:
    failed = await perform(performer, a_call("unknown"), action)
    assert (failed.code, failed.sub_code) == (404, 8522)


async def test_a_call_that_is_up_is_found(performer: Performer, call: Call) -> None:
    assert await perform(performer, call, FindCall()) == Found("connected")


async def test_hanging_up_ends_the_call_for_everyone(performer: Performer, call: Call, emulator: Emulator) -> None:
    assert isinstance(await perform(performer, call, HangUp()), EffectDone)
    assert len(asked(emulator, "TerminateCall")) == 1
    assert await perform(performer, call, FindCall()) == Found("gone")


# -- Prompts -------------------------------------------------------------------------------------------------


async def test_text_is_spoken_with_the_voice_of_the_settings(
    make_performer: Callable[..., Performer], call: Call, emulator: Emulator
) -> None:
    effect = an_effect(Play("announcement", "Grüße"))
    await make_performer(PROMPT_VOICE="de-DE-KatjaNeural").perform(call, effect, 8)
    body = asked(emulator, "Play")[0]["body"]
    (source,) = body["playSources"]
    assert (source["kind"], source["text"]["text"]) == ("text", "Grüße")
    assert source["text"]["voiceName"] == "de-DE-KatjaNeural"
    assert body["operationContext"] == effect.id
    assert not body.get("playTo")


async def test_an_url_is_played_as_a_file(performer: Performer, call: Call, emulator: Emulator) -> None:
    await perform(performer, call, Play("announcement", "https://prompts.example/recorded.wav"))
    (source,) = asked(emulator, "Play")[0]["body"]["playSources"]
    assert (source["kind"], source["file"]["uri"]) == ("file", "https://prompts.example/recorded.wav")


# -- A platform that is in trouble ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_prompt_is_sent_once(make_performer: Callable[..., Performer], servers: Servers, status: int) -> None:
    """ACS knows no repeatability here: what is sent twice can be heard twice."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": "0"})

    performer = make_performer(ACS_ENDPOINT=await servers.start(answer))
    failed = await perform(performer, a_call(), Play("announcement", "Hello."))
    assert failed.code == status
    assert len(servers.requests) == 1


async def test_an_answer_is_tried_three_times(make_performer: Callable[..., Performer], servers: Servers) -> None:
    performer = make_performer(ACS_ENDPOINT=await servers.start(503))
    refused = await performer.answer(CALL_ID, "context", 8)
    assert isinstance(refused.data, Refused)
    assert refused.data.code == 503
    assert len(servers.requests) == 3
    assert {request.headers["Repeatability-Request-ID"] for request in servers.requests} == {
        effect_id(CALL_ID, "answer")
    }


@pytest.mark.parametrize(("pause", "asked_for"), [("60", 1), ("soon", 1), ("0.1", 3)])
async def test_what_acs_refuses_with_is_told_instead_of_waited_out(
    make_performer: Callable[..., Performer], servers: Servers, pause: str, asked_for: int
) -> None:
    async def throttled(_: web.Request) -> web.Response:
        said = {"error": {"code": "8516", "message": "too many"}}
        return web.json_response(said, status=429, headers={"Retry-After": pause})

    performer, started = make_performer(ACS_ENDPOINT=await servers.start(throttled)), time.monotonic()
    assert (await performer.answer(CALL_ID, "context", 6)).data == Refused(429, 8516, "too many")
    assert len(servers.requests) == asked_for
    failed = await perform(performer, a_call(), StartRecording(1))
    assert (failed.code, failed.sub_code, failed.wait) == (429, 8516, 30 if pause == "60" else 0)
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: type(action).__name__)
async def test_a_platform_that_is_away_is_a_failure_that_can_pass(
    make_performer: Callable[..., Performer], action: AnyAction
) -> None:
    failed = await perform(make_performer(ACS_ENDPOINT=closed_port()), a_call(), action)
    assert (failed.code, failed.sub_code) == (503, 0)


async def patient(_: web.Request) -> web.Response:
    return web.Response(status=429, headers={"Retry-After": "60"})


@pytest.mark.parametrize("trouble", [hang, drip, patient])
async def test_nothing_is_waited_for_longer_than_its_limit(
    make_performer: Callable[..., Performer], servers: Servers, trouble: Any
) -> None:
    performer = make_performer(ACS_ENDPOINT=await servers.start(trouble))
    started = time.monotonic()
    waits: list[Any] = [perform(performer, a_call(), action, 0.3) for action in ACTIONS]
    waits += [performer.answer(CALL_ID, "context", 0.3), performer.reject(CALL_ID, "context", "busy", 0.3)]
    outcomes = await asyncio.gather(*waits)
    assert time.monotonic() - started < 1.5
    codes = [getattr(outcome, "data", outcome).code for outcome in outcomes]
    assert set(codes) <= {408, 429}


async def test_contexts_and_numbers_stand_in_no_refusal(
    make_performer: Callable[..., Performer], servers: Servers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "shared")
    performer = make_performer(ACS_ENDPOINT=await servers.start(400))
    refused = await performer.answer(CALL_ID, "secret-context", 8)
    assert "secret-context" not in repr(refused) + caplog.text

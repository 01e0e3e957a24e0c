"""Answering and rejecting: what is sent to ACS, and how its responses are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulator.server import Emulator
from shared.acs.answering import IncomingCallResponder
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import CallAnswered, RequestRejected
from shared.calls.effect import effect_id
from shared.calls.emergency import MARK
from tests.support import CALL_ID, UNREADABLE_BODIES, Servers, asked, responding, ring, unreadable

MakeResponder = Callable[..., IncomingCallResponder]


async def test_an_answer_has_the_callback_url_and_the_ids_of_its_operation(
    answered_call: Call, emulator: Emulator, callback_url: str
) -> None:
    (request,) = asked(emulator, "AnswerCall")
    assert request["body"]["callbackUri"] == f"{callback_url}/api/callbacks/{CALL_ID}"
    assert request["body"]["operationContext"] == effect_id(CALL_ID, "answer")
    assert request["headers"]["Repeatability-Request-ID"] == effect_id(CALL_ID, "answer")


async def test_an_answer_is_plain_unless_settings_ask_for_more(
    make_responder: MakeResponder, emulator: Emulator
) -> None:
    responder = make_responder(COGNITIVE_SERVICES_ENDPOINT="")
    assert isinstance((await responder.answer(CALL_ID, await ring(emulator), 8)).data, CallAnswered)
    (request,) = asked(emulator, "AnswerCall")
    extras = {"callIntelligenceOptions", "mediaStreamingOptions", "transcriptionOptions"}
    assert not {name for name in extras if request["body"].get(name)}


async def test_settings_add_streaming_transcription_and_speech(
    make_responder: MakeResponder, emulator: Emulator
) -> None:
    responder = make_responder(
        MEDIA_STREAMING_URL="wss://media.example/audio",
        MEDIA_STREAMING_CHANNELS="unmixed",
        MEDIA_STREAMING_SAMPLE_RATE="24000",
        MEDIA_STREAMING_BIDIRECTIONAL="on",
        TRANSCRIPTION_URL="wss://media.example/text",
        TRANSCRIPTION_LOCALE="de-DE",
        COGNITIVE_SERVICES_ENDPOINT="https://speech.example",
    )
    assert isinstance((await responder.answer(CALL_ID, await ring(emulator), 8)).data, CallAnswered)
    body = asked(emulator, "AnswerCall")[0]["body"]
    assert body["callIntelligenceOptions"] == {"cognitiveServicesEndpoint": "https://speech.example"}
    streaming = body["mediaStreamingOptions"]
    assert (streaming["transportUrl"], streaming["transportType"]) == (
        f"wss://media.example/audio/{CALL_ID}",
        "websocket",
    )
    assert (streaming["audioChannelType"], streaming["startMediaStreaming"]) == ("unmixed", True)
    assert (streaming["audioFormat"], streaming["enableBidirectional"]) == ("pcm24KMono", True)
    assert not streaming["enableDtmfTones"]
    transcription = body["transcriptionOptions"]
    assert transcription["enableIntermediateResults"]
    assert (transcription["transportUrl"], transcription["locale"]) == (f"wss://media.example/text/{CALL_ID}", "de-DE")
    assert (transcription["transportType"], transcription["startTranscription"]) == ("websocket", True)


async def test_the_audio_of_a_call_of_an_emergency_service_goes_nowhere(
    make_responder: MakeResponder, emulator: Emulator
) -> None:
    responder = make_responder(
        MEDIA_STREAMING_URL="wss://media.example/audio", TRANSCRIPTION_URL="wss://media.example/text"
    )
    await responder.answer(CALL_ID, await ring(emulator), 8, emergency=True)
    body = asked(emulator, "AnswerCall")[0]["body"]
    assert not {"mediaStreamingOptions", "transcriptionOptions"} & {name for name, value in body.items() if value}
    assert body["operationContext"] == f"{effect_id(CALL_ID, 'answer')}{MARK}"


async def test_a_context_that_was_used_is_rejected(responder: IncomingCallResponder, emulator: Emulator) -> None:
    context = await ring(emulator)
    assert isinstance((await responder.answer(CALL_ID, context, 8)).data, CallAnswered)
    other = CALL_ID[:-1] + "0"
    rejected = await responder.answer(other, context, 8)
    assert (rejected.type, rejected.data.codes) == ("RequestRejected", (400, 8523))


async def test_the_same_answer_sent_twice_is_one_answer(responder: IncomingCallResponder, emulator: Emulator) -> None:
    context = await ring(emulator)
    first, second = [(await responder.answer(CALL_ID, context, 8)).data for _ in range(2)]
    assert isinstance(first, CallAnswered)
    assert isinstance(second, CallAnswered)
    assert first.call_connection_id == second.call_connection_id


@pytest.mark.parametrize(("body", "kind"), UNREADABLE_BODIES)
async def test_an_answer_that_acs_accepts_is_accepted_with_any_body(
    make_responder: MakeResponder, servers: Servers, body: bytes, kind: str
) -> None:
    responder = make_responder(ACS_ENDPOINT=await servers.start(unreadable(body, kind)))
    answered = (await responder.answer(CALL_ID, "context", 8)).data
    assert isinstance(answered, CallAnswered)
    assert answered.call_connection_id is None


@pytest.mark.parametrize("reason", ["busy", "forbidden"])
async def test_a_call_can_be_rejected(responder: IncomingCallResponder, emulator: Emulator, reason: str) -> None:
    rejected = await responder.reject(CALL_ID, await ring(emulator), reason, 8)
    assert rejected.type == "CallRejected"
    (request,) = asked(emulator, "RejectCall")
    assert request["body"]["callRejectReason"] == reason
    assert request["headers"]["Repeatability-Request-ID"] == effect_id(CALL_ID, "reject")


async def test_an_answer_is_tried_three_times(make_responder: MakeResponder, servers: Servers) -> None:
    responder = make_responder(ACS_ENDPOINT=await servers.start(503))
    rejected = await responder.answer(CALL_ID, "context", 8)
    assert isinstance(rejected.data, RequestRejected)
    assert rejected.data.code == 503
    assert len(servers.requests) == 3
    assert {request.headers["Repeatability-Request-ID"] for request in servers.requests} == {
        effect_id(CALL_ID, "answer")
    }


async def test_a_sub_code_may_be_a_number(make_responder: MakeResponder, servers: Servers) -> None:
    body = {"error": {"code": 8523, "message": 7}}
    responder = make_responder(ACS_ENDPOINT=await servers.start(responding(400, body)))
    assert (await responder.answer(CALL_ID, "context", 8)).data == RequestRejected(400, 8523, "7")


async def test_no_context_is_in_an_event_or_a_log(
    make_responder: MakeResponder, servers: Servers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "shared")
    responder = make_responder(ACS_ENDPOINT=await servers.start(400))
    rejected = await responder.answer(CALL_ID, "secret-context", 8)
    assert "secret-context" not in repr(rejected) + caplog.text

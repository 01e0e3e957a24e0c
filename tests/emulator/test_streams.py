"""Media streaming and transcription over web sockets, to a receiver that keeps what it is sent."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import jwt
import pytest
from aiohttp import web
from azure.communication.callautomation import (
    MediaStreamingOptions,
    PhoneNumberIdentifier,
    TextSource,
    TranscriptionOptions,
)
from azure.communication.callautomation.aio import CallAutomationClient

from emulator.acs.audio import frequency, mixed
from emulator.listening import as_wav, heard, passages
from emulator.server import Emulator
from tests.emulator.client import CALLER, Answered, Application, Control, until
from tests.emulator.receiver import Connection, Receiver

CALLER_ID, CALLEE = f"4:{CALLER}", PhoneNumberIdentifier("+4915112345")
CALLING = PhoneNumberIdentifier(CALLER)
Answer = Callable[..., Any]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = web.Application()
    server.add_routes([web.get("/stream", receiver.serve)])
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/stream"
    yield receiver
    await runner.cleanup()


@pytest.fixture
def answer(control: Control, app: Application, client: CallAutomationClient, receiver: Receiver) -> Answer:
    async def answer(
        media: dict[str, Any] | None = None, text: dict[str, Any] | None = None, **fields: Any
    ) -> Answered:
        dialled = await control.dial(**fields)
        stream: dict[str, Any] = {"transport_url": receiver.url, "transport_type": "websocket"}
        usual = {"content_type": "audio", "audio_channel_type": "mixed", "start_media_streaming": True}
        spoken = {"locale": "en-US", "start_transcription": True}
        answered = await client.answer_call(
            dialled["incomingCallContext"],
            app.url,
            operation_context="answering",
            media_streaming=None if media is None else MediaStreamingOptions(**stream | usual | media),
            transcription=None if text is None else TranscriptionOptions(**stream | spoken | text),
        )
        id = str(answered.call_connection_id)
        await app.connection(id)
        return Answered(dialled["id"], client.get_call_connection(id), id, dialled)

    return answer


def _hertz(frame: bytes, candidates: range = range(150, 3_000, 150)) -> set[int]:
    """The frequencies in a frame."""
    return {int(name) for name in heard(as_wav(frame), {str(hertz): hertz for hertz in candidates})}


def _frame(message: dict[str, Any]) -> bytes:
    return base64.b64decode(message["data"])


async def _voice(control: Control, call: Answered, raw_id: str) -> int:
    return int((await control("GET", f"calls/{call.id}/sounds"))["sounds"][raw_id])


async def test_the_mixed_sound_of_a_call_comes_in_frames_of_20_ms(
    answer: Answer, receiver: Receiver, app: Application, emulator: Emulator, control: Control
) -> None:
    call = await answer(media={})
    stream = await receiver.connection()
    frames = await stream.first("AudioData", 10)
    started = await app.event("MediaStreamingStarted")
    assert started["operationContext"] == "answering"
    assert started["mediaStreamingUpdate"]["mediaStreamingStatusDetails"] == "subscriptionStarted"
    (metadata,) = stream.of("AudioMetadata")
    assert metadata.pop("subscriptionId")
    assert metadata == {"encoding": "PCM", "sampleRate": 16000, "channels": 1, "length": 640}
    assert stream.messages[0]["kind"] == "AudioMetadata"
    assert {len(_frame(each)) for each in frames} == {640}
    assert {each["silent"] for each in frames} == {False}
    assert all("participantRawID" not in each for each in frames)
    assert _hertz(_frame(frames[0])) == {await _voice(control, call, CALLER_ID)}
    times = [datetime.fromisoformat(each["timestamp"]) for each in frames]
    assert {round((b - a).total_seconds() * 1000) for a, b in itertools.pairwise(times)} == {20}


async def test_the_socket_is_opened_with_a_signed_token_and_the_calls_ids(
    answer: Answer, receiver: Receiver, emulator: Emulator
) -> None:
    call = await answer(media={})
    headers = (await receiver.connection()).headers
    assert headers["x-ms-call-connection-id"] == call.connection_id
    assert headers["x-ms-call-correlation-id"] == call.dialled["correlationId"]
    token = headers["Authorization"].removeprefix("Bearer ")
    claims = emulator.service.keys.verify(token, audience=emulator.config.resource_id, issuer=emulator.url)
    assert claims["exp"] - claims["iat"] == 24 * 3600
    with pytest.raises(jwt.InvalidAudienceError):
        emulator.service.keys.verify(token, audience="another")


async def test_unmixed_sound_has_a_frame_for_each_participant_at_24_khz(
    answer: Answer, receiver: Receiver, app: Application, control: Control
) -> None:
    call = await answer(
        media={"audio_channel_type": "unmixed", "audio_format": "pcm24KMono"}, kind="acs", to="8:acs:r_a"
    )
    await call.connection.add_participant(CALLEE, source_caller_id_number=CALLING)
    await app.event("AddParticipantSucceeded")
    await control("POST", f"calls/{call.id}/client", {"who": CALLEE.raw_id, "muted": True})
    stream = await receiver.connection()
    assert stream.of("AudioMetadata")[0]["sampleRate"] == 24000
    await until(lambda: any(each["silent"] for each in stream.of("AudioData")))
    by_id = {each["participantRawID"]: each for each in stream.of("AudioData")}
    assert {raw_id: each["silent"] for raw_id, each in by_id.items()} == {CALLER_ID: False, CALLEE.raw_id: True}
    assert {len(_frame(each)) for each in by_id.values()} == {960}
    assert _frame(by_id[CALLEE.raw_id]) == bytes(960)
    assert _frame(by_id[CALLER_ID]) == mixed((await _voice(control, call, CALLER_ID),), 24_000)


async def test_keys_are_streamed_where_they_were_asked_for(
    answer: Answer, receiver: Receiver, control: Control
) -> None:
    call = await answer(media={"enable_dtmf_tones": True})
    other = await answer(media={})
    stream, without = await receiver.connection(0), await receiver.connection(1)
    for tone in ("three", "pound"):
        await control("POST", f"calls/{call.id}/press", {"tone": tone})
    await control("POST", f"calls/{other.id}/press", {"tone": "three"})
    assert [each["data"] for each in await stream.first("DtmfData", 2)] == ["3", "#"]
    await without.first("AudioData", 5)
    assert without.of("DtmfData") == []


async def test_the_caller_hears_what_the_application_streams(
    answer: Answer, receiver: Receiver, control: Control
) -> None:
    async def echo(connection: Connection, message: dict[str, Any]) -> None:
        if message["kind"] == "AudioData":
            await connection.send(_frame(message["audioData"]))

    receiver.hears = echo
    call = await answer(media={"enable_bidirectional": True})
    await asyncio.sleep(0.5)
    sounds = (await control("GET", f"calls/{call.id}/sounds"))["sounds"]
    ear = await _ear(control, call)
    assert CALLER_ID in heard(ear, sounds), "the caller hears their own voice come back"
    assert CALLER_ID not in heard(ear, sounds, end=0.04), "not before it was streamed"


async def test_streamed_sound_of_any_length_is_heard_and_recorded_until_it_is_stopped(
    answer: Answer, receiver: Receiver, control: Control, client: CallAutomationClient, app: Application
) -> None:
    call = await answer(media={"enable_bidirectional": True, "audio_format": "pcm24KMono"})
    recording = await client.start_recording(
        call_connection_id=call.connection_id,
        recording_content_type="audio",
        recording_channel_type="mixed",
        recording_format_type="wav",
        recording_state_callback_url=app.url,
    )
    await app.event("RecordingStateChanged")
    stream, sounds = await receiver.connection(), {"answer": frequency(17)}
    await stream.first("AudioData")
    await stream.send(mixed((frequency(17),), 24_000) * 500)
    await _until_heard(control, call, sounds)
    await stream.stop_audio()
    await _noted(control, "hears StopAudio")
    before = len(await _ear(control, call))
    await asyncio.sleep(0.2)
    assert heard(await _ear(control, call), sounds, start=before / 32_000 + 0.04) == set(), "ten seconds were sent"
    await client.stop_recording(str(recording.recording_id))
    found = passages(await _recorded(control, client), sounds)
    assert [each.names for each in found if each.end - each.start > 0.05] == [frozenset(), {"answer"}, frozenset()]


async def test_sound_for_a_stream_in_one_direction_is_ignored(
    answer: Answer, receiver: Receiver, control: Control
) -> None:
    call = await answer(media={})
    stream = await receiver.connection()
    await stream.first("AudioData")
    await stream.send(mixed((frequency(17),)) * 50)
    await stream.socket.send_str("not JSON")
    await _noted(control, "ignores", 2)
    assert heard(await _ear(control, call), {"answer": frequency(17)}) == set()


async def test_phrases_are_transcribed_word_by_word(
    answer: Answer, receiver: Receiver, control: Control, app: Application
) -> None:
    call = await answer(text={"enable_intermediate_results": True})
    stream = await receiver.connection()
    await app.event("TranscriptionStarted")
    await control("POST", f"calls/{call.id}/say", {"phrase": "I've lost my card.", "confidence": 0.8})
    found = await stream.first("TranscriptionData", 4)
    (metadata,) = stream.of("TranscriptionMetadata")
    assert metadata.pop("subscriptionId")
    assert metadata == {
        "locale": "en-US",
        "callConnectionId": call.connection_id,
        "correlationId": call.dialled["correlationId"],
    }
    assert [(each["text"], each["resultStatus"]) for each in found] == [
        ("I've", "Intermediate"),
        ("I've lost", "Intermediate"),
        ("I've lost my", "Intermediate"),
        ("I've lost my card.", "Final"),
    ]
    final = found[-1]
    assert (final["participantRawID"], final["confidence"], final["format"]) == (CALLER_ID, 0.8, "display")
    assert [word["text"] for word in final["words"]] == ["i've", "lost", "my", "card"]
    assert final["words"][0]["offset"] == final["offset"] > 0
    last = final["words"][-1]
    assert last["offset"] + last["duration"] == pytest.approx(final["offset"] + final["duration"], abs=2)


async def test_only_what_is_heard_and_understood_is_transcribed_and_finally_unless_asked(
    answer: Answer, receiver: Receiver, control: Control
) -> None:
    call = await answer(text={})
    stream = await receiver.connection()
    await stream.first("TranscriptionMetadata")
    await control("POST", f"calls/{call.id}/client", {"who": CALLER_ID, "muted": True})
    await control("POST", f"calls/{call.id}/say", {"phrase": "To myself"})
    await control("POST", f"calls/{call.id}/client", {"who": CALLER_ID, "muted": False})
    await control("POST", f"calls/{call.id}/say", {"phrase": ""})
    await control("POST", f"calls/{call.id}/say", {"phrase": "Hello there"})
    await stream.first("TranscriptionData")
    assert [(each["text"], each["resultStatus"]) for each in stream.of("TranscriptionData")] == [
        ("Hello there", "Final")
    ]


async def test_the_state_of_a_stream_is_that_of_its_socket(answer: Answer, app: Application) -> None:
    call = await answer(media={}, text={"start_transcription": False})
    await app.event("MediaStreamingStarted")
    assert await _states(call) == ("active", "inactive")
    await call.connection.stop_media_streaming()
    await call.connection.start_transcription()
    await app.event("TranscriptionStarted")
    await call.connection.update_transcription(locale="de-DE")
    assert (await app.event("TranscriptionUpdated"))["transcriptionUpdate"] == {
        "transcriptionStatus": "transcriptionUpdated",
        "transcriptionStatusDetails": "transcriptionLocaleUpdated",
    }
    assert await _states(call) == ("inactive", "active")


async def test_a_stream_is_stopped_started_again_and_ends_with_the_call(
    answer: Answer, receiver: Receiver, app: Application
) -> None:
    call = await answer(media={"start_media_streaming": False}, text={})
    await call.connection.start_media_streaming(operation_context="first")
    await until(lambda: len(receiver.connections) == 2)
    text, first = sorted(receiver.connections, key=lambda each: bool(each.of("AudioMetadata")))
    await first.first("AudioData")
    await call.connection.start_media_streaming(operation_context="second")
    await until(lambda: len(app.of("MediaStreamingStarted")) == 2)
    assert {each["operationContext"] for each in app.of("MediaStreamingStarted")} == {"first", "second"}
    await call.connection.stop_media_streaming(operation_context="third")
    assert (await app.event("MediaStreamingStopped"))["operationContext"] == "third"
    await until(lambda: first.closed)
    await call.connection.start_media_streaming(operation_context="fourth")
    again = await receiver.connection(2)
    assert not text.closed
    await call.connection.hang_up(is_for_everyone=True)
    await until(lambda: again.closed and text.closed)
    assert app.of("MediaStreamingFailed") == app.of("TranscriptionFailed") == []


@pytest.mark.parametrize(("status", "details"), [(401, "authenticationFailure"), (500, "")])
async def test_a_refused_socket_fails_and_can_be_started_again(
    answer: Answer, receiver: Receiver, app: Application, status: int, details: str
) -> None:
    receiver.refuses = [status, status]
    call = await answer(media={}, text={})
    media, text = await app.event("MediaStreamingFailed"), await app.event("TranscriptionFailed")
    update = media["mediaStreamingUpdate"]
    assert update == {
        "contentType": "Audio",
        "mediaStreamingStatus": "mediaStreamingFailed",
        "mediaStreamingStatusDetails": details or "initialWebSocketConnectionFailed",
    }
    assert text["transcriptionUpdate"]["transcriptionStatusDetails"] == details or "streamConnectionUnsuccessful"
    for event in (media, text):
        result = event["resultInformation"]
        assert (result["code"], result["subCode"], event["operationContext"]) == (400, 8581, "answering")
    assert await _states(call) == ("inactive", "inactive")
    await call.connection.start_media_streaming()
    await app.event("MediaStreamingStarted")


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1/nothing-listens", "http://[", ""])
async def test_a_url_that_leads_nowhere_fails(answer: Answer, app: Application, url: str) -> None:
    await answer(media={"transport_url": url})
    failed = await app.event("MediaStreamingFailed")
    details = "initialWebSocketConnectionFailed" if url else "streamUrlMissing"
    assert failed["mediaStreamingUpdate"]["mediaStreamingStatusDetails"] == details


async def test_a_lost_socket_fails(answer: Answer, receiver: Receiver, app: Application) -> None:
    call = await answer(media={}, text={})
    await until(lambda: len(receiver.connections) == 2)
    for each in receiver.connections:
        await until(lambda each=each: bool(each.messages))  # type: ignore[misc]
        await each.socket.close(code=1012)
    media, text = await app.event("MediaStreamingFailed"), await app.event("TranscriptionFailed")
    assert media["mediaStreamingUpdate"]["mediaStreamingStatusDetails"] == "streamConnectionInterrupted"
    assert text["transcriptionUpdate"]["transcriptionStatusDetails"] == "streamConnectionInterrupted"
    assert [each["resultInformation"]["subCode"] for each in (media, text)] == [8603, 8578]
    await call.connection.start_transcription(locale="de-DE")
    again = await receiver.connection(2)
    (metadata,) = await again.first("TranscriptionMetadata")
    assert metadata["locale"] == "de-DE"
    assert metadata["subscriptionId"] not in str([each.messages for each in receiver.connections[:2]])


async def test_messages_are_lost_repeated_and_late_by_fault_rules(
    answer: Answer, receiver: Receiver, control: Control
) -> None:
    match = {"kind": "AudioData"}
    for rule in ({"do": "drop"}, {"do": "duplicate", "count": 3}, {"do": "delay", "seconds": 2.0}):
        await control.fault(where="streams", match=match, times=1, **rule)
    await answer(media={})
    stream = await receiver.connection()
    await until(lambda: len({each["timestamp"] for each in stream.of("AudioData")}) >= 10)
    times = [each["timestamp"] for each in stream.of("AudioData")]
    assert times.count(times[0]) == 3, "the first frame was lost, the second came three times"
    assert times != sorted(times), "the third came late"
    assert len(times) - len(set(times)) == 2


async def test_a_fault_rule_closes_the_socket(
    answer: Answer, receiver: Receiver, control: Control, app: Application
) -> None:
    await control.fault(where="streams", match={"kind": "AudioData"}, times=1, do="close")
    await answer(media={})
    await app.event("MediaStreamingFailed")
    stream = await receiver.connection()
    await until(lambda: stream.closed)
    assert (stream.socket.close_code, stream.of("AudioData")) == (1001, [])


async def test_a_stream_that_is_stopped_while_its_socket_is_opened_never_begins(
    answer: Answer, receiver: Receiver, app: Application, control: Control
) -> None:
    receiver.accepts.clear()
    call = await answer(media={}, text={})
    await until(lambda: receiver.asked == 2)
    await call.connection.stop_media_streaming()
    await app.event("MediaStreamingStopped")
    await call.connection.hang_up(is_for_everyone=True)
    receiver.accepts.set()
    await app.event("CallDisconnected")
    await control.idle()
    assert receiver.messages == []
    failed = {"MediaStreamingFailed", "TranscriptionFailed", "MediaStreamingStarted", "TranscriptionStarted"}
    assert not {event["type"].rpartition(".")[2] for event in app.events} & failed


async def test_a_receiver_that_does_not_accept_in_time_is_unreachable(
    answer: Answer, receiver: Receiver, app: Application
) -> None:
    receiver.accepts.clear()
    await answer(media={})
    failed = await app.event("MediaStreamingFailed")  # after five seconds, at the emulator's speed
    receiver.accepts.set()
    assert failed["resultInformation"]["subCode"] == 8581


async def test_a_reset_closes_the_sockets(answer: Answer, receiver: Receiver, emulator: Emulator) -> None:
    await answer(media={}, text={})
    await until(lambda: len(receiver.messages) > 4)
    await emulator.reset()
    await until(lambda: all(each.closed for each in receiver.connections))


@pytest.mark.parametrize("pcm", [b"", b"\1", b"\1\2\3"])
async def test_sound_of_an_odd_length_does_no_harm(
    answer: Answer, receiver: Receiver, control: Control, pcm: bytes
) -> None:
    call = await answer(media={"enable_bidirectional": True})
    stream = await receiver.connection()
    await stream.first("AudioData")
    await stream.send(pcm)
    await stream.send(mixed((frequency(17),)) * 5)
    await _until_heard(control, call, {"answer": frequency(17)})


async def test_prompts_are_no_part_of_what_is_streamed(
    answer: Answer, receiver: Receiver, app: Application, control: Control
) -> None:
    call = await answer(media={})
    await call.connection.play_media(TextSource(text="Welcome! " * 5, voice_name="a"))
    await app.event("PlayCompleted")
    stream = await receiver.connection()
    found = {hertz for each in stream.of("AudioData") for hertz in _hertz(_frame(each), range(300, 6_300, 50))}
    assert found == {await _voice(control, call, CALLER_ID)}


async def _states(call: Answered) -> tuple[str, str]:
    """The states of media streaming and of transcription."""
    found = await call.connection.get_call_properties()
    media, text = found.media_streaming_subscription, found.transcription_subscription
    assert media is not None
    assert text is not None
    return str(media.state), str(text.state)


async def _ear(control: Control, call: Answered) -> bytes:
    async with control.session.get(f"{control.url}/_emulator/calls/{call.id}/heard/{CALLER_ID}") as found:
        return await found.read()


async def _recorded(control: Control, client: CallAutomationClient) -> bytes:
    async with asyncio.timeout(20):
        while not (events := await control.events("RecordingFileStatusUpdated")):  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.02)
    chunk = events[0]["data"]["recordingStorageInfo"]["recordingChunks"][0]
    content: Any = await client.download_recording(chunk["contentLocation"])
    return b"".join([part async for part in content.iter_bytes()])


async def _until_heard(control: Control, call: Answered, sounds: dict[str, int]) -> None:
    async with asyncio.timeout(20):
        while not heard(await _ear(control, call), sounds):  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.02)


async def _noted(control: Control, does: str, count: int = 1) -> None:
    async with asyncio.timeout(20):
        while len(await control.journal("stream", does=does)) < count:  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.01)

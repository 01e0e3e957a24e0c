from __future__ import annotations

import asyncio
import base64
import cmath
import io
import itertools
import json
import wave
from array import array
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from azure.communication.callautomation import (
    AzureBlobContainerRecordingStorage,
    ChannelAffinity,
    CommunicationUserIdentifier,
    PhoneNumberIdentifier,
)
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient

from emulator.acs import audio
from emulator.config import Config
from emulator.server import Emulator, running
from tests.emulator.client import CALLER, Answered, Application, Control, refusal, until

AGENT = CommunicationUserIdentifier("8:acs:res_agent")
Recorded = Callable[..., Awaitable[tuple[Answered, str]]]


@pytest.fixture
def recorded(answered: Any, app: Application, client: CallAutomationClient) -> Recorded:
    async def recorded(dial: dict[str, Any] | None = None, **options: Any) -> tuple[Answered, str]:
        call = await answered(**(dial or {}))
        recording = await _start(client, app, call, **options)
        await app.event("RecordingStateChanged")
        return call, recording

    return recorded


async def _start(client: CallAutomationClient, app: Application, call: Answered, **options: Any) -> str:
    shape = {"recording_content_type": "audio", "recording_channel_type": "unmixed", "recording_format_type": "wav"}
    properties = await client.start_recording(
        call_connection_id=call.connection_id, recording_state_callback_url=app.url, **{**shape, **options}
    )
    return str(properties.recording_id)


async def _file(control: Control) -> dict[str, Any]:
    """The data of the event that announces the file."""
    await control.idle()
    (event,) = await control.events("RecordingFileStatusUpdated")
    return dict(event["data"])


async def _download(client: CallAutomationClient, url: str, **options: Any) -> bytes:
    stream: Any = await client.download_recording(url, **options)  # annotated as an iterable, and a response
    return b"".join([part async for part in stream.iter_bytes()])


def _chunks(data: dict[str, Any]) -> list[dict[str, Any]]:
    return list(data["recordingStorageInfo"]["recordingChunks"])


def _loudness(content: bytes, voice: int, channel: int, window: slice) -> float:
    """How much of a voice there is on a channel: one term of the Fourier transform."""
    with wave.open(io.BytesIO(content)) as file:
        samples = array("h", file.readframes(file.getnframes()))[channel :: file.getnchannels()][window]
    step = -2j * cmath.pi * audio.frequency(voice) / audio.SAMPLE_RATE
    return 2 * float(abs(sum(sample * cmath.exp(step * n) for n, sample in enumerate(samples)))) / max(1, len(samples))


async def test_a_recording_becomes_active_and_then_inactive(
    recorded: Recorded, app: Application, client: CallAutomationClient
) -> None:
    call, recording = await recorded()
    active = app.of("RecordingStateChanged")[0]
    assert (active["state"], active["recordingKind"]) == ("active", "azureCommunicationServices")
    assert active["recordingId"] == recording
    described = json.loads(base64.urlsafe_b64decode(recording + "=="))
    assert list(described) == ["PlatformEndpointId", "ResourceSpecificId"]
    assert described["PlatformEndpointId"] == call.connection_id
    assert "operationContext" not in active
    source = next(event["source"] for event in app.events if "recordings" in event["source"])
    assert source == f"calling/recordings/{call.dialled['serverCallId']}/{recording}/RecordingStateChanged"
    assert (await client.get_recording_properties(recording)).recording_state == "active"
    await client.stop_recording(recording)
    await until(lambda: len(app.of("RecordingStateChanged")) == 2)
    assert app.of("RecordingStateChanged")[1]["state"] == "inactive"
    for gone in (client.get_recording_properties, client.stop_recording):
        with pytest.raises(ResourceNotFoundError):
            await gone(recording)


async def test_an_unmixed_file_holds_every_party_on_a_channel_of_its_own(
    recorded: Recorded, control: Control, client: CallAutomationClient, app: Application
) -> None:
    call, _ = await recorded()
    await asyncio.sleep(0.2)
    await call.connection.add_participant(AGENT)
    await app.event("AddParticipantSucceeded")
    await asyncio.sleep(0.2)
    await call.connection.hang_up(is_for_everyone=True)
    data = await _file(control)
    (chunk,) = _chunks(data)
    content = await _download(client, chunk["contentLocation"])
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (16_000, 2, 2)
        assert file.getnframes() * 1000 / 16_000 == pytest.approx(data["recordingDurationMs"], abs=20)
    early, late = slice(0, 3200), slice(-2560, None)
    for channel, voice, window, loud in (
        (0, 0, early, True),
        (0, 0, late, True),
        (0, 1, late, False),
        (1, 1, early, False),
        (1, 1, late, True),
    ):
        assert (_loudness(content, voice, channel, window) > audio.AMPLITUDE / 2) is loud
    metadata = json.loads(await _download(client, chunk["metadataLocation"]))
    assert metadata["participants"] == [
        {"participantId": f"4:{CALLER}", "channel": 0},
        {"participantId": AGENT.raw_id, "channel": 1},
    ]
    assert metadata["recordingInfo"]["audioConfiguration"]["channels"] == 2
    assert metadata["chunkDocumentId"] == chunk["documentId"]


async def test_a_recording_is_as_long_as_it_lasted(
    recorded: Recorded, control: Control, client: CallAutomationClient
) -> None:
    loop = asyncio.get_running_loop()
    call, _ = await recorded()
    start = loop.time()
    await asyncio.sleep(0.35)
    await call.connection.hang_up(is_for_everyone=True)
    lasted = loop.time() - start
    assert (await _file(control))["recordingDurationMs"] == pytest.approx(lasted * 1000, abs=60)


async def test_a_mixed_file_holds_all_voices_on_one_channel(
    recorded: Recorded, control: Control, client: CallAutomationClient, app: Application
) -> None:
    call, _ = await recorded(recording_channel_type="mixed")
    await call.connection.add_participant(AGENT)
    await app.event("AddParticipantSucceeded")
    await asyncio.sleep(0.2)
    await call.connection.hang_up(is_for_everyone=True)
    data = await _file(control)
    content = await _download(client, _chunks(data)[0]["contentLocation"])
    assert [data[f"recording{name}Type"] for name in ("Content", "Channel", "Format")] == ["Audio", "Mixed", "Wav"]
    for voice in (0, 1):
        assert _loudness(content, voice, 0, slice(-2560, None)) > audio.AMPLITUDE / 2


async def test_channels_are_assigned_as_requested(
    recorded: Recorded, control: Control, client: CallAutomationClient
) -> None:
    affinity = [ChannelAffinity(target_participant=PhoneNumberIdentifier(CALLER), channel=2)]
    call, _ = await recorded(channel_affinity=affinity)
    await asyncio.sleep(0.1)
    await call.connection.hang_up(is_for_everyone=True)
    (chunk,) = _chunks(await _file(control))
    metadata = json.loads(await _download(client, chunk["metadataLocation"]))
    assert metadata["participants"] == [{"participantId": f"4:{CALLER}", "channel": 2}]
    assert _loudness(await _download(client, chunk["contentLocation"]), 0, 2, slice(0, 800)) > audio.AMPLITUDE / 2


async def test_paused_time_is_left_out(recorded: Recorded, control: Control, client: CallAutomationClient) -> None:
    call, recording = await recorded()
    await asyncio.sleep(0.1)
    await client.pause_recording(recording)
    assert (await client.get_recording_properties(recording)).recording_state == "inactive"
    await asyncio.sleep(0.5)
    await client.resume_recording(recording)
    await asyncio.sleep(0.1)
    await call.connection.hang_up(is_for_everyone=True)
    data = await _file(control)
    assert 150 < data["recordingDurationMs"] < 450
    metadata = json.loads(await _download(client, _chunks(data)[0]["metadataLocation"]))
    (interval,) = metadata["pauseResumeIntervals"]
    assert interval["duration"] == pytest.approx(500, abs=100)


async def test_inactive_can_come_before_active(recorded: Recorded, app: Application, control: Control) -> None:
    await control("POST", "options", {"leading_inactive": True})
    await recorded()
    await until(lambda: len(app.of("RecordingStateChanged")) == 2)
    dates = {data["state"]: data["startDateTime"] for data in app.of("RecordingStateChanged")}
    assert dates["inactive"].startswith("0001-01-01")
    assert dates["active"].startswith("20")


@pytest.mark.parametrize(("version", "status"), [("2025-05-15", 200), ("2025-06-15", 202), ("2026-03-12", 202)])
async def test_the_status_of_an_accepted_recording_depends_on_the_api_version(
    answered: Any, app: Application, control: Control, emulator: Emulator, *, version: str, status: int
) -> None:
    call = await answered()
    credential = AzureKeyCredential(emulator.config.access_key)
    async with CallAutomationClient(emulator.url, credential, api_version=version) as client:
        await _start(client, app, call)
    (entry,) = await control.journal("acs.request", operation="StartRecording")
    assert entry["status"] == status


async def test_channels_need_no_channel_type(answered: Any, app: Application, client: CallAutomationClient) -> None:
    affinity = [ChannelAffinity(target_participant=PhoneNumberIdentifier(CALLER), channel=2)]
    call = await answered()
    await _start(client, app, call, channel_affinity=affinity, recording_channel_type=None)
    await app.event("RecordingStateChanged")


async def test_a_recording_can_start_paused(recorded: Recorded, app: Application, control: Control) -> None:
    call, _ = await recorded(pause_on_start=True)
    assert app.of("RecordingStateChanged")[0]["state"] == "inactive"
    await call.connection.hang_up(is_for_everyone=True)
    assert (await _file(control))["recordingDurationMs"] == 0


async def test_a_recording_in_chunks(recorded: Recorded, control: Control, client: CallAutomationClient) -> None:
    call, _ = await recorded({"recording_chunks": 3})
    await asyncio.sleep(0.2)
    await call.connection.hang_up(is_for_everyone=True)
    data = await _file(control)
    chunks = _chunks(data)
    assert [chunk["index"] for chunk in chunks] == [0, 1, 2]
    frames = 0
    for chunk in chunks:
        with wave.open(io.BytesIO(await _download(client, chunk["contentLocation"]))) as file:
            frames += file.getnframes()
    assert frames / 16 == data["recordingDurationMs"]


async def test_a_file_is_announced_in_the_shape_of_2021(
    recorded: Recorded, control: Control, client: CallAutomationClient
) -> None:
    await control("POST", "options", {"recording_file_shape": "2021"})
    call, recording_id = await recorded()
    await asyncio.sleep(0.05)
    await call.connection.hang_up(is_for_everyone=True)
    data = await _file(control)
    (event,) = await control.events("RecordingFileStatusUpdated")
    assert event["subject"] == f"/recording/call/{call.connection_id}/recordingId/{recording_id}"
    assert set(data) == {"recordingStorageInfo", "recordingStartTime", "recordingDurationMs", "sessionEndReason"}
    (chunk,) = _chunks(data)
    assert set(chunk) == {"documentId", "index", "endReason", "contentLocation", "metadataLocation"}
    assert await _download(client, chunk["contentLocation"]) != b""


async def test_a_file_that_is_not_ready_is_empty_at_first(
    recorded: Recorded, control: Control, client: CallAutomationClient
) -> None:
    call, _ = await recorded({"zero_byte_downloads": 1})
    await asyncio.sleep(0.05)
    await call.connection.hang_up(is_for_everyone=True)
    (chunk,) = _chunks(await _file(control))
    assert await _download(client, chunk["contentLocation"]) == b""
    assert await _download(client, chunk["contentLocation"]) != b""


async def test_a_file_is_fetched_in_parts_and_deleted(
    recorded: Recorded, control: Control, client: CallAutomationClient
) -> None:
    call, _ = await recorded()
    await asyncio.sleep(0.05)
    await call.connection.hang_up(is_for_everyone=True)
    (chunk,) = _chunks(await _file(control))
    whole = await _download(client, chunk["contentLocation"])
    assert await _download(client, chunk["contentLocation"], offset=44, length=100) == whole[44:144]
    await client.delete_recording(chunk["deleteLocation"])
    for again in (client.delete_recording, client.download_recording):
        with pytest.raises(ResourceNotFoundError):
            await again(chunk["deleteLocation" if again == client.delete_recording else "contentLocation"])
    entries = [e for e in await control.journal("acs.request") if e["operation"].endswith("eRecording")]
    assert [entry["status"] for entry in entries] == [200, 404]
    statuses = [entry["status"] for entry in await control.journal("acs.request", operation="DownloadRecording")]
    assert statuses == [200, 206, 404]


async def test_files_are_deleted_after_a_day(
    recorded: Recorded, control: Control, client: CallAutomationClient
) -> None:
    call, _ = await recorded()
    await call.connection.hang_up(is_for_everyone=True)
    (chunk,) = _chunks(await _file(control))
    await control("POST", "options", {"speed": 1e9})
    with pytest.raises(ResourceNotFoundError):
        await client.download_recording(chunk["contentLocation"])


async def test_a_recording_fails_with_the_code_of_the_fault(
    answered: Any, app: Application, control: Control, client: CallAutomationClient
) -> None:
    await control.fault(where="recording", do="fail", code=500, subCode=8511, message="no", times=1)
    call = await answered()
    recording = await _start(client, app, call)
    failed = await app.event("StartRecordingFailed")
    assert failed["resultInformation"] == {"code": 500, "subCode": 8511, "message": "no"}
    assert failed["recordingId"] == recording
    assert await _start(client, app, call) != recording
    assert (await app.event("RecordingStateChanged"))["state"] == "active"


async def test_one_recording_at_a_time(recorded: Recorded, app: Application, client: CallAutomationClient) -> None:
    call, _ = await recorded()
    with pytest.raises(HttpResponseError) as raised:
        await _start(client, app, call)
    assert refusal(raised) == (400, "8559")


async def test_a_recording_needs_an_established_call(
    answered: Any, app: Application, client: CallAutomationClient
) -> None:
    call = await answered()
    by_server_call = await client.start_recording(server_call_id=call.dialled["serverCallId"])
    assert by_server_call.recording_kind == "azureCommunicationServices"
    await call.connection.hang_up(is_for_everyone=True)
    with pytest.raises(HttpResponseError) as raised:
        await _start(client, app, call)
    assert refusal(raised) == (400, "8528")
    with pytest.raises(HttpResponseError) as raised:
        await client.start_recording(call_connection_id="unknown")
    assert refusal(raised) == (404, "8522")


@pytest.mark.parametrize(
    "options",
    [
        {"recording_channel_type": "unmixed", "recording_format_type": "mp4"},
        {"recording_content_type": "audioVideo", "recording_format_type": "wav"},
        {"recording_storage": AzureBlobContainerRecordingStorage("https://a.blob.core.windows.net/c")},
    ],
)
async def test_an_unsupported_recording_format_is_refused(
    answered: Any, app: Application, client: CallAutomationClient, options: dict[str, Any]
) -> None:
    call = await answered()
    with pytest.raises(HttpResponseError) as raised:
        await _start(client, app, call, **options)
    assert refusal(raised) == (400, "8523")


@pytest.mark.parametrize(
    ("shape", "outcome"),
    [
        ("by-version", None),
        ("202", None),
        ("200", None),
        ("204", HttpResponseError),
        ("202-empty", AttributeError),
        ("202-bare", None),
    ],
)
async def test_an_accepted_recording_has_several_answers(
    answered: Any,
    app: Application,
    control: Control,
    client: CallAutomationClient,
    *,
    shape: str,
    outcome: type[Exception] | None,
) -> None:
    await control("POST", "options", {"start_recording_answer": shape})
    call = await answered()
    if outcome is None:
        assert (await _start(client, app, call) == "None") is (shape == "202-bare")
    else:
        with pytest.raises(outcome):
            await _start(client, app, call)
    assert (await app.event("RecordingStateChanged"))["state"] == "active"


async def test_the_recording_outlasts_the_application_while_others_talk(
    recorded: Recorded, app: Application, control: Control
) -> None:
    call, _ = await recorded()
    await call.connection.add_participant(AGENT)
    await app.event("AddParticipantSucceeded")
    await call.connection.hang_up(is_for_everyone=False)
    await app.event("CallDisconnected")
    assert len(app.of("RecordingStateChanged")) == 1
    await control("POST", f"calls/{call.id}/hangup")
    await until(lambda: len(app.of("RecordingStateChanged")) == 2)
    assert (await control("GET", f"calls/{call.id}"))["state"] == "ended"


def test_an_hour_is_written_without_holding_it(tmp_path: Any) -> None:
    runs: list[audio.Run] = list(itertools.repeat((60 * 50, [(300,)]), 60))
    assert audio.write(tmp_path / "hour.wav", runs, mixed=True) == 3600 * 50
    with wave.open(str(tmp_path / "hour.wav")) as file:
        assert file.getnframes() == 3600 * 16_000


async def test_a_file_goes_to_the_requested_container(
    app: Application, session: aiohttp.ClientSession, storage: str
) -> None:
    async with BlobServiceClient.from_connection_string(storage) as blobs:
        container = await blobs.create_container("mine")
        config = Config(port=0, speed=20, storage=storage, platform={"topics": [{"name": "acs", "kind": "system"}]})
        async with (
            running(config) as emulator,
            CallAutomationClient(emulator.url, AzureKeyCredential(config.access_key)) as client,
        ):
            control = Control(emulator.url, session)
            dialled = await control.dial()
            answer = await client.answer_call(dialled["incomingCallContext"], app.url)
            for name in ("mine", "nowhere"):
                url = container.url.replace("mine", name)
                recording = await client.start_recording(
                    call_connection_id=str(answer.call_connection_id),
                    recording_content_type="audio",
                    recording_channel_type="unmixed",
                    recording_storage=AzureBlobContainerRecordingStorage(url),
                )
                await asyncio.sleep(0.1)
                await client.stop_recording(str(recording.recording_id))
            data = await _file(control)
            (failed,) = await control.journal("upload_failed")
        content = _chunks(data)[0]["contentLocation"]
        assert content.startswith(f"{container.url}/")
        blob = container.get_blob_client(content.removeprefix(f"{container.url}/"))
        with wave.open(io.BytesIO(await (await blob.download_blob()).readall())) as file:
            assert file.getnframes() / 16 == data["recordingDurationMs"] > 0
    assert failed["container"].endswith("/nowhere")

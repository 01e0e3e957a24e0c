"""Starting a recording, and archiving its files."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from azure.storage.blob.aio import BlobServiceClient, ContainerClient
from msgspec.structs import replace

from emulator.config import START_RECORDING_ANSWERS
from emulator.server import Emulator
from shared.acs.executor import EffectExecutor
from shared.acs.recording import blob_in
from shared.calls.actions import ArchiveChunk, StartRecording
from shared.calls.capabilities import Call, reduce
from shared.calls.capabilities.lifecycle import Lifecycle
from shared.calls.capabilities.recording import ChunkArchived, Recording, RecordingAccepted, Recordings
from shared.calls.effect import Effect
from shared.calls.event import ActionFailed, Event, TimerFired, own
from shared.calls.policy import CallPolicy
from tests.golden import START
from tests.support import (
    ARCHIVE_PATH,
    CALL_ID,
    HOST,
    RECORDING_ID,
    Files,
    Servers,
    a_call,
    a_chunk,
    an_effect,
    asked,
    content_of,
    names_in,
    perform,
    to_archive,
    unreadable,
)

MakeExecutor = Callable[..., EffectExecutor]
CONTAINER = "https://contoso.blob.core.windows.net/calls"
ACCOUNT = "28:orgid:cc123456-5678-5678-1234-ccc123456789"


# -- Starting ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", START_RECORDING_ANSWERS)
async def test_every_form_of_a_202_is_accepted(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator, shape: str
) -> None:
    emulator.service.options.start_recording_answer = shape
    accepted = await perform(executor, answered_call, StartRecording(1))
    assert isinstance(accepted, RecordingAccepted)
    assert bool(accepted.recording_id) is (shape in {"by-version", "200", "202"})


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[]", b"not JSON", b'{"recordingId": null}'])
@pytest.mark.parametrize("status", [200, 202])
async def test_a_202_is_accepted_with_any_body(
    make_executor: MakeExecutor, servers: Servers, status: int, body: bytes
) -> None:
    executor = make_executor(ACS_ENDPOINT=await servers.start(unreadable(body, "application/json", status)))
    assert isinstance(await perform(executor, a_call(), StartRecording(1)), RecordingAccepted)


@pytest.mark.parametrize("channels", ["mixed", "unmixed"])
async def test_a_recording_is_started_by_the_calls_connection(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator, callback_url: str, channels: Any
) -> None:
    effect = an_effect(StartRecording(1))
    await executor.perform(replace(answered_call, policy=CallPolicy(channels=channels)), effect, 8)
    (request,) = asked(emulator, "StartRecording")
    body = {name: value for name, value in request["body"].items() if value not in (None, [])}
    assert body == {
        "callConnectionId": answered_call.call_connection_id,
        "recordingStateCallbackUri": f"{callback_url}/api/callbacks/{CALL_ID}",
        "recordingContentType": "audio",
        "recordingChannelType": channels,
        "recordingFormatType": "wav",
    }
    assert request["headers"]["Repeatability-Request-ID"] == effect.id == str(UUID(effect.id))


async def test_a_recording_goes_to_the_container_of_the_calls_policy(
    make_executor: MakeExecutor, answered_call: Call, emulator: Emulator
) -> None:
    """The setting may have changed since the call began."""
    executor = make_executor(RECORDING_CONTAINER_URL="https://contoso.blob.core.windows.net/other")
    await perform(executor, replace(answered_call, policy=CallPolicy(recording_container=CONTAINER)), StartRecording(1))
    storage = asked(emulator, "StartRecording")[0]["body"]["externalStorage"]
    assert storage["recordingDestinationContainerUrl"] == CONTAINER
    assert storage["recordingStorageKind"] == "azureBlobStorage"


# -- Archiving -----------------------------------------------------------------------------------------------


@pytest.fixture
def place(files: Files, recordings: ContainerClient) -> dict[str, str]:
    """The settings of the recordings' source and archive."""
    return {"ACS_RECORDING_ENDPOINT": files.url, "RECORDINGS_CONTAINER": recordings.container_name}


@pytest.fixture
def archiver(make_executor: MakeExecutor, place: dict[str, str]) -> EffectExecutor:
    return make_executor(**place)


async def test_a_blob_is_named_by_the_time_of_the_recording_its_id_and_the_call(
    archiver: EffectExecutor, recordings: ContainerClient
) -> None:
    """From the timer that asks for the copy to the blob: the name is the effect's."""
    recording = Recording(filed_as_of=START.replace(minute=12, second=34), chunks={"0": a_chunk()})
    call = a_call(recording=Recordings(recordings={RECORDING_ID: recording}))
    call, effects = reduce(call, own("timer", START, TimerFired()), START)
    (effect,) = (each for each in effects if isinstance(each.action, ArchiveChunk))
    await archiver.perform(call, effect, 5)
    audio, metadata = sorted(await names_in(recordings), reverse=True)
    pattern = rf"2026/11/21/0912Z-{CALL_ID}/[0-9a-f]{{8}}-0"
    assert re.fullmatch(pattern + r"\.wav", audio)
    assert re.fullmatch(pattern + r"\.json", metadata)


async def test_a_blobs_metadata_names_the_call_the_recording_and_the_account(
    archiver: EffectExecutor, recordings: ContainerClient
) -> None:
    await archiver.perform(*to_archive(a_chunk(), lifecycle=Lifecycle(callee=ACCOUNT)), 5)
    for extension in ("wav", "json"):
        properties = await recordings.get_blob_client(f"{ARCHIVE_PATH}.{extension}").get_blob_properties()
        assert properties.metadata == {"callid": CALL_ID, "recordingid": RECORDING_ID, "account": ACCOUNT}


async def test_a_file_without_metadata_is_archived(archiver: EffectExecutor, recordings: ContainerClient) -> None:
    archived = (await archiver.perform(*to_archive(replace(a_chunk(), metadata=None)), 5)).data
    assert isinstance(archived, ChunkArchived)
    assert await names_in(recordings) == [f"{ARCHIVE_PATH}.wav"]


async def test_a_file_that_is_archived_is_not_lost_when_acs_has_deleted_its_own(
    archiver: EffectExecutor, recordings: ContainerClient, files: Files
) -> None:
    """The invocation that copied it may have died before it could save that."""
    await recordings.upload_blob(f"{ARCHIVE_PATH}.wav", b"audio")
    files.served.clear()
    archived = (await archiver.perform(*to_archive(a_chunk()), 5)).data
    assert isinstance(archived, ChunkArchived)
    assert (archived.path, archived.length) == (f"{ARCHIVE_PATH}.wav", 5)


async def test_an_unreadable_setting_deletes_no_source_and_loses_no_file(
    make_executor: MakeExecutor, place: dict[str, str], files: Files
) -> None:
    executor = make_executor(**place, RECORDING_DELETE_SOURCE="yes")
    assert isinstance((await executor.perform(*to_archive(a_chunk()), 5)).data, ChunkArchived)
    assert files.seen == ["GET /v1/1", "GET /v1/1/meta"]


@pytest.mark.parametrize("location", ["https://evil.example/v1/1", "https://other.blob.core.windows.net/calls/a.wav"])
async def test_a_file_on_an_unknown_host_is_retried_and_not_lost(
    archiver: EffectExecutor, files: Files, location: str
) -> None:
    call, effect = to_archive(a_chunk(location), policy=CallPolicy(recording_container=CONTAINER))
    failed = await archiver.perform(call, effect, 5)
    assert isinstance(failed.data, ActionFailed)
    assert failed.data.code == 403
    assert chunk_of(call, effect, failed).lost is None
    assert files.seen == []


def chunk_of(call: Call, effect: Effect, outcome: Event) -> Any:
    """The file in the call after the outcome of its copy. Its effect stays open until the outcome is final."""
    after, _ = reduce(replace(call, effects=(effect,)), outcome, START)
    chunk = after.recording.recordings[RECORDING_ID].chunks["0"]
    still_wanted = chunk.path is None and chunk.lost is None
    assert still_wanted is any(isinstance(each.action, ArchiveChunk) for each in after.effects)
    return chunk


# -- A container of the policy, to which ACS writes directly -----------------------------------------------------


@pytest.mark.parametrize(
    ("container", "url"),
    [
        (CONTAINER, f"{CONTAINER}/2026/a b.wav"),
        (CONTAINER, "https://CONTOSO.Blob.Core.Windows.NET/calls/2026/a%20b.wav"),
        ("https://Contoso.blob.core.windows.net/calls/", f"{CONTAINER}/2026/a%20b.wav"),
        (CONTAINER, "https://contoso.blob.core.windows.net:443/calls/2026/a%20b.wav"),
        ("https://contoso.blob.core.windows.net:443/calls", f"{CONTAINER}/2026/a%20b.wav"),
        (CONTAINER, f"{CONTAINER}/2026/a%20b.wav?sv=2026-01-01&sig=x"),
        (CONTAINER, "HTTPS://contoso.blob.core.windows.net/calls/2026%2Fa%20b.wav#x"),
    ],
)
def test_a_file_is_found_in_the_container_by_any_form_of_its_url(container: str, url: str) -> None:
    assert blob_in(container, url) == "2026/a b.wav"


@pytest.mark.parametrize(
    "url",
    [
        f"{HOST}/v1/1",
        "http://contoso.blob.core.windows.net/calls/a.wav",
        "https://contoso.blob.core.windows.net:8443/calls/a.wav",
        "https://contoso.blob.core.windows.net/callsigns/a.wav",
        "https://contoso.blob.core.windows.net.evil.example/calls/a.wav",
        "https://contoso.blob.core.windows.net:x/calls/a.wav",
        "https://[contoso/calls/a.wav",
        "",
    ],
)
def test_other_urls_are_not_in_the_container(url: str) -> None:
    assert blob_in(CONTAINER, url) is None


def written(recordings: ContainerClient, url: str) -> tuple[Call, Effect]:
    """A call whose policy has the container, and the URL of its file."""
    return to_archive(a_chunk(url), policy=CallPolicy(recording_container=recordings.url))


@pytest.mark.parametrize("setting", ["", "https://contoso.blob.core.windows.net/other"])
async def test_a_file_is_looked_for_in_the_container_of_the_calls_policy(
    make_executor: MakeExecutor, place: dict[str, str], recordings: ContainerClient, files: Files, setting: str
) -> None:
    """The setting may have changed since the call began."""
    blob = await recordings.upload_blob("2026 11/Ä+b%41=/0-audio.wav", b"audio")
    executor = make_executor(**place, RECORDING_CONTAINER_URL=setting)
    outcome = await executor.perform(*written(recordings, f"{blob.url}?sv=x"), 5)
    assert isinstance(outcome.data, ChunkArchived)
    assert (outcome.data.path, outcome.data.length) == (f"{recordings.url}/2026 11/Ä+b%41=/0-audio.wav", 5)
    assert files.seen == []


@pytest.mark.parametrize("content", [None, b""])
async def test_a_file_that_acs_has_not_written_yet_is_retried_and_not_lost(
    archiver: EffectExecutor, recordings: ContainerClient, content: bytes | None
) -> None:
    if content is not None:
        await recordings.upload_blob("a.wav", content)
    call, effect = written(recordings, recordings.get_blob_client("a.wav").url)
    outcome = await archiver.perform(call, effect, 5)
    assert isinstance(outcome.data, ActionFailed)
    assert outcome.data.code == 503
    assert chunk_of(call, effect, outcome).lost is None


async def test_files_of_acs_are_copied_for_a_policy_with_a_container_too(
    archiver: EffectExecutor, recordings: ContainerClient, blobs: BlobServiceClient
) -> None:
    outcome = await archiver.perform(*written(recordings, f"{HOST}/v1/1"), 5)
    assert isinstance(outcome.data, ChunkArchived)
    assert await content_of(recordings, f"{ARCHIVE_PATH}.wav") == b"RIFF" * 100

"""Recordings copied from ACS to the archive."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable

import pytest
from aiohttp import web
from azure.core.exceptions import AzureError
from azure.storage.blob.aio import ContainerClient
from msgspec.structs import replace

from shared.acs.context import Context
from shared.acs.executor import EffectExecutor
from shared.calls.capabilities.recording import ChunkArchived
from shared.calls.event import ActionFailed, Event
from shared.storage.archive import METADATA_TRIES, NoContainer, NotReady, archive, delete_source
from tests.support import (
    ARCHIVE_PATH,
    HOST,
    Files,
    Handler,
    a_chunk,
    content_of,
    generated,
    hang,
    names_in,
    to_archive,
    truncated,
)

# aiohttp's advice about bodies of more than 1 MiB, which the storage SDK does not take.
pytestmark = pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")

MIB = 1024 * 1024


@pytest.fixture
def place(files: Files, recordings: ContainerClient) -> dict[str, str]:
    """The settings of the recordings' source and archive."""
    return {"ACS_RECORDING_ENDPOINT": files.url, "RECORDINGS_CONTAINER": recordings.container_name}


@pytest.fixture
def context(make_context: Callable[..., Context], place: dict[str, str]) -> Context:
    return make_context(**place)


@pytest.fixture
def executor(context: Context) -> EffectExecutor:
    return EffectExecutor(context)


async def copy(context: Context, container: ContainerClient, *, tries: int = 1) -> tuple[str, int]:
    return await archive(context.clients.call_automation, container, a_chunk(), ARCHIVE_PATH, {}, tries=tries)


async def perform(
    executor: EffectExecutor, content: str = f"{HOST}/v1/1", *, tries: int = 1, limit: float = 5
) -> Event:
    return await executor.perform(*to_archive(a_chunk(content), tries), limit)


async def test_a_file_is_copied_whole_with_its_metadata(
    context: Context, recordings: ContainerClient, files: Files
) -> None:
    audio = bytes(range(256)) * 1000
    files.served["/v1/1"] = audio
    assert await copy(context, recordings) == (f"{ARCHIVE_PATH}.wav", len(audio))
    assert await content_of(recordings, f"{ARCHIVE_PATH}.wav") == audio
    assert await content_of(recordings, f"{ARCHIVE_PATH}.json") == files.served["/v1/1/meta"]
    assert len(await names_in(recordings)) == 2


async def test_blobs_have_content_types(context: Context, recordings: ContainerClient) -> None:
    await copy(context, recordings)
    kinds = {blob.name[-4:]: blob.content_settings.content_type async for blob in recordings.list_blobs()}
    assert kinds == {".wav": "audio/wav", "json": "application/json"}


@pytest.mark.parametrize("length", [4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB])
async def test_files_longer_than_a_block_are_whole_too(
    context: Context, recordings: ContainerClient, files: Files, length: int
) -> None:
    audio = (bytes(range(251)) * (length // 251 + 1))[:length]
    files.served["/v1/1"] = lambda request: _sent(request, audio)
    assert await copy(context, recordings) == (f"{ARCHIVE_PATH}.wav", length)
    assert await content_of(recordings, f"{ARCHIVE_PATH}.wav") == audio


async def _sent(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(body))})
    await response.prepare(request)
    for start in range(0, len(body), 100_000):
        await response.write(body[start : start + 100_000])
    return response


async def test_no_compressed_response_is_asked_for(context: Context, recordings: ContainerClient, files: Files) -> None:
    """Else the blob would hold the compressed bytes, because their number is verified."""
    text = b'{"chunk": 1}' * 1000

    async def compressed(_: web.Request) -> web.Response:
        response = web.Response(body=text)
        response.enable_compression()
        return response

    files.served |= {"/v1/1": compressed, "/v1/1/meta": compressed}
    await copy(context, recordings)
    assert await content_of(recordings, f"{ARCHIVE_PATH}.wav") == text
    assert await content_of(recordings, f"{ARCHIVE_PATH}.json") == text


async def test_memory_does_not_grow_with_the_file(context: Context, recordings: ContainerClient, files: Files) -> None:
    await copy(context, recordings)  # imports and connections of the first use do not count
    await recordings.delete_blob(f"{ARCHIVE_PATH}.wav")
    files.served["/v1/1"] = generated(100 * MIB)
    tracemalloc.start(1)
    try:
        assert await copy(context, recordings) == (f"{ARCHIVE_PATH}.wav", 100 * MIB)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * MIB


# -- Not ready -----------------------------------------------------------------------------------------------


def in_chunks(*pieces: bytes, whole: bool = True) -> Handler:
    """A file with chunked transfer encoding: no Content-Length, but an end, if ``whole``."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        if not whole:
            assert request.transport is not None
            await asyncio.sleep(0.01)
            request.transport.close()
        return response

    return answer


async def of_no_length(request: web.Request) -> web.StreamResponse:
    """A file without a length and without an end that could be verified."""
    assert request.transport is not None
    request.transport.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome of it")
    request.transport.close()
    return web.Response()


INCOMPLETE: dict[str, bytes | Handler] = {
    "zero bytes": b"",
    "broken off at once": truncated(1000, 0),
    "broken off": truncated(1000, 500),
    "broken off at the last byte": truncated(1000, 999),
    "broken off after many blocks": truncated(6 * MIB, 5 * MIB),
    "in chunks, none of them": in_chunks(),
    "in chunks, broken off": in_chunks(b"some of it", whole=False),
    "of no length": of_no_length,
}


@pytest.mark.parametrize("served", INCOMPLETE.values(), ids=INCOMPLETE)
@pytest.mark.parametrize("part", ["/v1/1", "/v1/1/meta"])
async def test_an_incomplete_file_is_not_ready_and_leaves_no_blob(
    context: Context, recordings: ContainerClient, files: Files, part: str, served: bytes | Handler
) -> None:
    files.served[part] = served
    with pytest.raises((NotReady, AzureError)):
        await copy(context, recordings)
    assert await names_in(recordings) == ([] if part == "/v1/1" else [f"{ARCHIVE_PATH}.wav"])


@pytest.mark.parametrize("served", INCOMPLETE.values(), ids=INCOMPLETE)
async def test_a_file_that_was_not_ready_is_archived_later(
    executor: EffectExecutor, recordings: ContainerClient, files: Files, served: bytes | Handler
) -> None:
    files.served["/v1/1"] = served
    failed = await perform(executor)
    assert isinstance(failed.data, ActionFailed)
    assert failed.data.code == 503
    files.served["/v1/1"] = generated(6 * MIB)
    done = await perform(executor, tries=2)
    assert isinstance(done.data, ChunkArchived)
    assert await content_of(recordings, f"{ARCHIVE_PATH}.wav") == bytes(6 * MIB)


async def test_a_download_that_hangs_ends_with_its_limit(
    executor: EffectExecutor, recordings: ContainerClient, files: Files
) -> None:
    files.served["/v1/1"] = hang
    failed = await perform(executor, limit=0.3)
    assert isinstance(failed.data, ActionFailed)
    assert failed.data.code == 408
    assert f"{ARCHIVE_PATH}.wav" not in await names_in(recordings)


# -- Once ----------------------------------------------------------------------------------------------------


async def test_a_chunked_response_is_whole_when_its_end_has_come(
    context: Context, recordings: ContainerClient, files: Files
) -> None:
    audio = in_chunks(*[b"x" * MIB] * 5, b"y")
    files.served |= {"/v1/1": audio, "/v1/1/meta": in_chunks(b'{"chunk"', b": 1}")}
    for tries in (1, 1, 2):
        assert await copy(context, recordings, tries=tries) == (f"{ARCHIVE_PATH}.wav", 5 * MIB + 1)
    assert await content_of(recordings, f"{ARCHIVE_PATH}.wav") == b"x" * 5 * MIB + b"y"
    assert await content_of(recordings, f"{ARCHIVE_PATH}.json") == b'{"chunk": 1}'


async def busy(_: web.Request) -> web.Response:
    return web.Response(status=503, headers={"Retry-After": "soon"})


async def test_a_response_that_the_sdk_cannot_read_loses_no_recording(executor: EffectExecutor, files: Files) -> None:
    """The SDK then raises the same error as for hosts that it does not trust."""
    files.served["/v1/1"] = busy
    failed = await perform(executor)
    assert isinstance(failed.data, ActionFailed)
    assert failed.data.code == 503


@pytest.mark.parametrize("tries", [1, 2])
async def test_a_second_copy_changes_nothing(
    context: Context, recordings: ContainerClient, files: Files, tries: int
) -> None:
    first = await copy(context, recordings)
    before = {blob.name: blob.etag async for blob in recordings.list_blobs()}
    files.seen.clear()
    assert await copy(context, recordings, tries=tries) == first
    assert {blob.name: blob.etag async for blob in recordings.list_blobs()} == before
    assert bool(files.seen) is (tries == 1)


async def test_copies_at_the_same_time_end_in_one(context: Context, recordings: ContainerClient, files: Files) -> None:
    files.served["/v1/1"] = generated(9 * MIB)
    await asyncio.gather(*(copy(context, recordings) for _ in range(3)), return_exceptions=True)
    assert await copy(context, recordings, tries=2) == (f"{ARCHIVE_PATH}.wav", 9 * MIB)
    assert await content_of(recordings, f"{ARCHIVE_PATH}.wav") == bytes(9 * MIB)


async def test_a_blob_of_another_length_is_never_overwritten(context: Context, recordings: ContainerClient) -> None:
    await recordings.upload_blob(f"{ARCHIVE_PATH}.wav", b"another")
    with pytest.raises(NotReady):
        await copy(context, recordings)
    assert await content_of(recordings, f"{ARCHIVE_PATH}.wav") == b"another"


@pytest.mark.parametrize("tries", [1, 2])
async def test_a_missing_archive_container_is_raised_and_loses_no_recording(
    make_executor: Callable[..., EffectExecutor], files: Files, tries: int
) -> None:
    """It is raised: an outcome of 404 would say that the recording is gone."""
    executor = make_executor(ACS_RECORDING_ENDPOINT=files.url, RECORDINGS_CONTAINER="no-such-container")
    with pytest.raises(NoContainer, match="no-such-container"):
        await perform(executor, tries=tries)


async def test_a_file_that_acs_has_deleted_is_a_404(executor: EffectExecutor, files: Files) -> None:
    del files.served["/v1/1"]
    failed = await perform(executor)
    assert isinstance(failed.data, ActionFailed)
    assert failed.data.code == 404


def refusing(status: int) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status)

    return answer


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_audio_whose_metadata_is_refused_is_archived_without_it(
    executor: EffectExecutor, recordings: ContainerClient, files: Files, status: int
) -> None:
    files.served["/v1/1/meta"] = refusing(status)
    assert isinstance((await perform(executor)).data, ChunkArchived)
    assert await names_in(recordings) == [f"{ARCHIVE_PATH}.wav"]


@pytest.mark.parametrize("trouble", [refusing(503), hang, b""], ids=["busy", "hangs", "empty"])
async def test_metadata_that_is_not_ready_is_fetched_again_alone_and_a_limited_number_of_times(
    make_executor: Callable[..., EffectExecutor],
    place: dict[str, str],
    files: Files,
    trouble: bytes | Handler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.storage.archive.METADATA_SECONDS", 0.3)
    executor = make_executor(**place, RECORDING_DELETE_SOURCE="on")
    files.served["/v1/1/meta"] = trouble
    for tries in (1, 2):
        assert isinstance((await perform(executor, tries=tries)).data, ActionFailed)
    assert files.seen.count("GET /v1/1") == 1
    assert "DELETE /v1/1" not in files.seen
    assert isinstance((await perform(executor, tries=METADATA_TRIES)).data, ChunkArchived)
    assert files.seen[-1] == "DELETE /v1/1"


@pytest.mark.parametrize("metadata", [f"{HOST}/v1/gone", "https://evil.example/meta"])
async def test_audio_without_metadata_is_archived(
    executor: EffectExecutor, recordings: ContainerClient, metadata: str
) -> None:
    done = await executor.perform(*to_archive(replace(a_chunk(), metadata=metadata)), 5)
    assert isinstance(done.data, ChunkArchived)
    assert await names_in(recordings) == [f"{ARCHIVE_PATH}.wav"]


# -- The source ----------------------------------------------------------------------------------------------


async def test_the_source_is_not_deleted_by_default(
    executor: EffectExecutor, recordings: ContainerClient, files: Files
) -> None:
    assert isinstance((await perform(executor)).data, ChunkArchived)
    assert files.seen == ["GET /v1/1", "GET /v1/1/meta"]


async def test_the_source_is_deleted_after_the_copy_if_asked_for(
    make_executor: Callable[..., EffectExecutor], place: dict[str, str], files: Files
) -> None:
    executor = make_executor(**place, RECORDING_DELETE_SOURCE="on")
    assert isinstance((await perform(executor)).data, ChunkArchived)
    assert files.seen == ["GET /v1/1", "GET /v1/1/meta", "DELETE /v1/1"]


@pytest.mark.parametrize("served", INCOMPLETE.values(), ids=INCOMPLETE)
async def test_the_source_is_never_deleted_without_a_copy(
    make_executor: Callable[..., EffectExecutor], place: dict[str, str], files: Files, served: bytes | Handler
) -> None:
    executor = make_executor(**place, RECORDING_DELETE_SOURCE="on")
    files.served["/v1/1"] = served
    assert isinstance((await perform(executor)).data, ActionFailed)
    assert not [line for line in files.seen if line.startswith("DELETE")]


@pytest.mark.parametrize("location", [None, f"{HOST}/v1/gone", "https://evil.example/v1/1"])
async def test_a_source_that_cannot_be_deleted_fails_no_archiving(
    context: Context, files: Files, location: str | None
) -> None:
    chunk = a_chunk()
    await delete_source(context.clients.call_automation, type(chunk)(chunk.content, chunk.metadata, location))
    assert "/v1/1" in files.served


# -- Hosts ---------------------------------------------------------------------------------------------------


ELSEWHERE = [
    "https://evil.example/v1/1",
    "http://emulator.asm.skype.com/v1/1",
    "https://asm.skype.com.evil.example/v1/1",
    "https://evilasm.skype.com/v1/1",
    "https://emulator.asm.skype.com@evil.example/v1/1",
    "https://evil.example#.asm.skype.com/v1/1",
    "file:///etc/passwd",
    "/v1/1",
    "",
]


@pytest.mark.parametrize("content", ELSEWHERE)
async def test_credentials_are_sent_to_recording_hosts_only(
    executor: EffectExecutor, recordings: ContainerClient, files: Files, content: str
) -> None:
    files.served["/v1/1/meta"] = b"{}"
    failed = await perform(executor, content)
    assert isinstance(failed.data, ActionFailed)
    assert failed.data.code == 403
    assert f"{ARCHIVE_PATH}.wav" not in await names_in(recordings)
    assert "GET /v1/1" not in files.seen

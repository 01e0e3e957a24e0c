"""Recordings on their way from ACS to our own container."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable

import pytest
from aiohttp import web
from azure.core.exceptions import AzureError
from azure.storage.blob.aio import ContainerClient
from msgspec.structs import replace

from shared.acs.executors import Performer
from shared.calls.events import EffectDone, EffectFailed, Event
from shared.calls.machine import reduce
from shared.storage.archive import METADATA_TRIES, NoContainer, NotReady, archive, delete_source, path_of
from tests.golden import START
from tests.support import (
    CALL_ID,
    HOST,
    RECORDING_ID,
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

PATH = path_of(CALL_ID, RECORDING_ID, 0)
MIB = 1024 * 1024


@pytest.fixture
def place(files: Files, recordings: ContainerClient) -> dict[str, str]:
    """The settings that say where recordings come from and go to."""
    return {"ACS_RECORDING_ENDPOINT": files.url, "RECORDINGS_CONTAINER": recordings.container_name}


@pytest.fixture
def performer(make_performer: Callable[..., Performer], place: dict[str, str]) -> Performer:
    return make_performer(**place)


async def copy(performer: Performer, container: ContainerClient, *, tries: int = 1) -> tuple[str, int]:
    acs = performer._clients.call_automation
    return await archive(acs, container, a_chunk(), PATH, tries=tries)


async def perform(performer: Performer, content: str = f"{HOST}/v1/1", *, tries: int = 1, limit: float = 5) -> Event:
    return await performer.perform(*to_archive(a_chunk(content), tries), limit)


def test_a_recording_is_filed_under_the_day_of_its_call() -> None:
    assert path_of(CALL_ID, "a+/b==", 2) == f"2026/11/21/{CALL_ID}/a-_b/2"


async def test_a_file_is_copied_whole_with_its_metadata(
    performer: Performer, recordings: ContainerClient, files: Files
) -> None:
    audio = bytes(range(256)) * 1000
    files.served["/v1/1"] = audio
    assert await copy(performer, recordings) == (f"{PATH}.wav", len(audio))
    assert await content_of(recordings, f"{PATH}.wav") == audio
    assert await content_of(recordings, f"{PATH}.json") == files.served["/v1/1/meta"]
    assert len(await names_in(recordings)) == 2


async def test_blobs_say_what_they_are(performer: Performer, recordings: ContainerClient) -> None:
    await copy(performer, recordings)
    kinds = {blob.name[-4:]: blob.content_settings.content_type async for blob in recordings.list_blobs()}
    assert kinds == {".wav": "audio/wav", "json": "application/json"}


@pytest.mark.parametrize("length", [4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB])
async def test_files_longer_than_a_block_are_whole_too(
    performer: Performer, recordings: ContainerClient, files: Files, length: int
) -> None:
    audio = (bytes(range(251)) * (length // 251 + 1))[:length]
    files.served["/v1/1"] = lambda request: _sent(request, audio)
    assert await copy(performer, recordings) == (f"{PATH}.wav", length)
    assert await content_of(recordings, f"{PATH}.wav") == audio


async def _sent(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(body))})
    await response.prepare(request)
    for start in range(0, len(body), 100_000):
        await response.write(body[start : start + 100_000])
    return response


async def test_a_server_that_compresses_is_not_let(
    performer: Performer, recordings: ContainerClient, files: Files
) -> None:
    """Else the blob would hold the compressed bytes, since their number is what is verified."""
    text = b'{"chunk": 1}' * 1000

    async def compressed(_: web.Request) -> web.Response:
        response = web.Response(body=text)
        response.enable_compression()
        return response

    files.served |= {"/v1/1": compressed, "/v1/1/meta": compressed}
    await copy(performer, recordings)
    assert await content_of(recordings, f"{PATH}.wav") == text
    assert await content_of(recordings, f"{PATH}.json") == text


async def test_memory_does_not_grow_with_the_file(
    performer: Performer, recordings: ContainerClient, files: Files
) -> None:
    await copy(performer, recordings)  # what is imported and connected on first use does not count
    await recordings.delete_blob(f"{PATH}.wav")
    files.served["/v1/1"] = generated(100 * MIB)
    tracemalloc.start(1)
    try:
        assert await copy(performer, recordings) == (f"{PATH}.wav", 100 * MIB)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * MIB


# -- Not ready -----------------------------------------------------------------------------------------------


def in_chunks(*pieces: bytes, whole: bool = True) -> Handler:
    """A file whose length is not told before, but by its end, if that comes."""

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
    """A file whose length nobody tells: it cannot be verified."""
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
async def test_what_is_not_all_there_is_not_ready_and_leaves_no_blob(
    performer: Performer, recordings: ContainerClient, files: Files, part: str, served: bytes | Handler
) -> None:
    files.served[part] = served
    with pytest.raises((NotReady, AzureError)):
        await copy(performer, recordings)
    assert await names_in(recordings) == ([] if part == "/v1/1" else [f"{PATH}.wav"])


@pytest.mark.parametrize("served", INCOMPLETE.values(), ids=INCOMPLETE)
async def test_what_is_not_ready_can_be_had_later(
    performer: Performer, recordings: ContainerClient, files: Files, served: bytes | Handler
) -> None:
    files.served["/v1/1"] = served
    failed = await perform(performer)
    assert isinstance(failed.data, EffectFailed)
    assert failed.data.code == 503
    files.served["/v1/1"] = generated(6 * MIB)
    done = await perform(performer, tries=2)
    assert isinstance(done.data, EffectDone)
    assert await content_of(recordings, f"{PATH}.wav") == bytes(6 * MIB)


async def test_a_download_that_hangs_ends_with_its_limit(
    performer: Performer, recordings: ContainerClient, files: Files
) -> None:
    files.served["/v1/1"] = hang
    failed = await perform(performer, limit=0.3)
    assert isinstance(failed.data, EffectFailed)
    assert failed.data.code == 408
    assert f"{PATH}.wav" not in await names_in(recordings)


# -- Once ----------------------------------------------------------------------------------------------------


async def test_what_comes_in_chunks_is_whole_when_its_end_has_come(
    performer: Performer, recordings: ContainerClient, files: Files
) -> None:
    audio = in_chunks(*[b"x" * MIB] * 5, b"y")
    files.served |= {"/v1/1": audio, "/v1/1/meta": in_chunks(b'{"chunk"', b": 1}")}
    for tries in (1, 1, 2):
        assert await copy(performer, recordings, tries=tries) == (f"{PATH}.wav", 5 * MIB + 1)
    assert await content_of(recordings, f"{PATH}.wav") == b"x" * 5 * MIB + b"y"
    assert await content_of(recordings, f"{PATH}.json") == b'{"chunk": 1}'


async def busy(_: web.Request) -> web.Response:
    return web.Response(status=503, headers={"Retry-After": "soon"})


async def test_an_answer_that_the_sdk_cannot_read_loses_no_recording(performer: Performer, files: Files) -> None:
    """What it raises then is what it raises for hosts that are not to be trusted."""
    files.served["/v1/1"] = busy
    failed = await perform(performer)
    assert isinstance(failed.data, EffectFailed)
    assert failed.data.code == 503


@pytest.mark.parametrize("tries", [1, 2])
async def test_a_second_copy_changes_nothing(
    performer: Performer, recordings: ContainerClient, files: Files, tries: int
) -> None:
    first = await copy(performer, recordings)
    before = {blob.name: blob.etag async for blob in recordings.list_blobs()}
    files.seen.clear()
    assert await copy(performer, recordings, tries=tries) == first
    assert {blob.name: blob.etag async for blob in recordings.list_blobs()} == before
    assert bool(files.seen) is (tries == 1)


async def test_copies_at_the_same_time_end_in_one(
    performer: Performer, recordings: ContainerClient, files: Files
) -> None:
    files.served["/v1/1"] = generated(9 * MIB)
    await asyncio.gather(*(copy(performer, recordings) for _ in range(3)), return_exceptions=True)
    assert await copy(performer, recordings, tries=2) == (f"{PATH}.wav", 9 * MIB)
    assert await content_of(recordings, f"{PATH}.wav") == bytes(9 * MIB)


async def test_a_blob_of_another_length_is_never_overwritten(performer: Performer, recordings: ContainerClient) -> None:
    await recordings.upload_blob(f"{PATH}.wav", b"somebody else's")
    with pytest.raises(NotReady):
        await copy(performer, recordings)
    assert await content_of(recordings, f"{PATH}.wav") == b"somebody else's"


@pytest.mark.parametrize("tries", [1, 2])
async def test_a_missing_container_is_our_fault_and_loses_no_recording(
    make_performer: Callable[..., Performer], files: Files, tries: int
) -> None:
    """It is raised: an outcome of 404 would say that the recording is gone."""
    performer = make_performer(ACS_RECORDING_ENDPOINT=files.url, RECORDINGS_CONTAINER="nobody-made-it")
    with pytest.raises(NoContainer, match="nobody-made-it"):
        await perform(performer, tries=tries)


async def test_a_file_that_is_gone_is_said_to_be(performer: Performer, files: Files) -> None:
    del files.served["/v1/1"]
    failed = await perform(performer)
    assert isinstance(failed.data, EffectFailed)
    assert failed.data.code == 404


def refusing(status: int) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status)

    return answer


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_audio_whose_metadata_is_refused_is_kept_without(
    performer: Performer, recordings: ContainerClient, files: Files, status: int
) -> None:
    files.served["/v1/1/meta"] = refusing(status)
    assert isinstance((await perform(performer)).data, EffectDone)
    assert await names_in(recordings) == [f"{PATH}.wav"]


@pytest.mark.parametrize("trouble", [refusing(503), hang, b""], ids=["busy", "hangs", "empty"])
async def test_metadata_that_may_come_is_fetched_again_without_the_audio_and_not_for_ever(
    make_performer: Callable[..., Performer],
    place: dict[str, str],
    files: Files,
    trouble: bytes | Handler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.storage.archive.METADATA_SECONDS", 0.3)
    performer = make_performer(**place, RECORDING_DELETE_SOURCE="on")
    files.served["/v1/1/meta"] = trouble
    for tries in (1, 2):
        assert isinstance((await perform(performer, tries=tries)).data, EffectFailed)
    assert files.seen.count("GET /v1/1") == 1
    assert "DELETE /v1/1" not in files.seen
    assert isinstance((await perform(performer, tries=METADATA_TRIES)).data, EffectDone)
    assert files.seen[-1] == "DELETE /v1/1"


@pytest.mark.parametrize("metadata", [f"{HOST}/v1/gone", "https://evil.example/meta"])
async def test_audio_without_metadata_is_kept(performer: Performer, recordings: ContainerClient, metadata: str) -> None:
    done = await performer.perform(*to_archive(replace(a_chunk(), metadata=metadata)), 5)
    assert isinstance(done.data, EffectDone)
    assert await names_in(recordings) == [f"{PATH}.wav"]


# -- A container that ACS writes to itself -------------------------------------------------------------------


OURS = "2026 11/Ä+b%41=/0-audio.wav"


@pytest.fixture
def writing_itself(make_performer: Callable[..., Performer], recordings: ContainerClient) -> Performer:
    return make_performer(RECORDING_CONTAINER_URL=recordings.url)


async def test_what_acs_wrote_to_our_container_stays_there(
    writing_itself: Performer, recordings: ContainerClient
) -> None:
    blob = await recordings.upload_blob(OURS, b"audio")
    done = await perform(writing_itself, blob.url)
    assert isinstance(done.data, EffectDone)
    assert done.data.archived == (f"{recordings.url}/{OURS}", 5)


@pytest.mark.parametrize("content", [None, b""])
async def test_what_acs_has_not_written_yet_is_not_ready(
    writing_itself: Performer, recordings: ContainerClient, content: bytes | None
) -> None:
    if content is not None:
        await recordings.upload_blob(OURS, content)
    failed = await perform(writing_itself, recordings.get_blob_client(OURS).url)
    assert isinstance(failed.data, EffectFailed)
    assert failed.data.code == 503


# -- The source ----------------------------------------------------------------------------------------------


async def test_the_source_is_left_alone(performer: Performer, recordings: ContainerClient, files: Files) -> None:
    assert isinstance((await perform(performer)).data, EffectDone)
    assert files.seen == ["GET /v1/1", "GET /v1/1/meta"]


async def test_the_source_is_deleted_after_the_copy_if_asked_for(
    make_performer: Callable[..., Performer], place: dict[str, str], files: Files
) -> None:
    performer = make_performer(**place, RECORDING_DELETE_SOURCE="on")
    assert isinstance((await perform(performer)).data, EffectDone)
    assert files.seen == ["GET /v1/1", "GET /v1/1/meta", "DELETE /v1/1"]


@pytest.mark.parametrize("served", INCOMPLETE.values(), ids=INCOMPLETE)
async def test_the_source_is_never_deleted_without_a_copy(
    make_performer: Callable[..., Performer], place: dict[str, str], files: Files, served: bytes | Handler
) -> None:
    performer = make_performer(**place, RECORDING_DELETE_SOURCE="on")
    files.served["/v1/1"] = served
    assert isinstance((await perform(performer)).data, EffectFailed)
    assert not [line for line in files.seen if line.startswith("DELETE")]


@pytest.mark.parametrize("location", [None, f"{HOST}/v1/gone", "https://evil.example/v1/1"])
async def test_a_source_that_cannot_be_deleted_does_no_harm(
    performer: Performer, files: Files, location: str | None
) -> None:
    chunk = a_chunk()
    await delete_source(performer._clients.call_automation, type(chunk)(chunk.content, chunk.metadata, location))
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
async def test_only_recording_hosts_are_sent_our_credentials(
    performer: Performer, recordings: ContainerClient, files: Files, content: str
) -> None:
    """What is elsewhere is lost at once: trying again and again would not make it safe."""
    files.served["/v1/1/meta"] = b"{}"
    call, effect = to_archive(a_chunk(content))
    failed = await performer.perform(call, effect, 5)
    assert isinstance(failed.data, EffectFailed)
    assert f"{PATH}.wav" not in await names_in(recordings)
    assert "GET /v1/1" not in files.seen
    after, effects = reduce(replace(call, effects=(effect,)), failed, START)
    assert after.recordings[RECORDING_ID].chunks["0"].lost
    assert not effects

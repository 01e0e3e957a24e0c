"""Stored events: a blob that cannot be read does not affect the others."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from shared.service.replay.__main__ import main
from shared.service.replay.stored import events_of
from tests.golden import START, cloud_event
from tests.support import names_in

ODD = {"1": b"{", "2": b"[7]", "3": b"7", "4": b"[{}]", "5": b"\xff"}

Run = Callable[..., Awaitable[int]]


@pytest.fixture
async def letters(blobs: BlobServiceClient) -> AsyncIterator[ContainerClient]:
    """Unreadable blobs in a container of the test's own, and after them an event of a call of this test."""
    container = await blobs.create_container(f"letters-{uuid.uuid4().hex}")
    good = cloud_event("call_connected") | {"callid": f"20261121-{uuid.uuid4().hex}", "deadletterreason": "late"}
    for name, content in (ODD | {"6": json.dumps([good]).encode()}).items():
        await container.upload_blob(name, content)
    yield container
    await container.delete_container()


@pytest.fixture
def run(environment: dict[str, str], letters: ContainerClient, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, with the settings of a test."""

    async def run(command: str, **changed: str) -> int:
        for name, value in (environment | {"DEADLETTERS_CONTAINER": letters.container_name} | changed).items():
            monkeypatch.setenv(name, value)
        return await main(["deadletters", command])

    return run


async def test_every_blob_is_listed_with_its_reason(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("list") == 0
    assert capsys.readouterr().out.splitlines() == [
        "1  it is no JSON",
        "2  it is no JSON object",
        "3  it is no JSON object",
        "4  no reason given",
        "5  it is no JSON",
        "6  late",
        "6 in deadletters",
    ]


async def test_readable_events_are_replayed_and_the_others_stay(
    run: Run, letters: ContainerClient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("replay", RECORDING="off") == 1
    assert await names_in(letters) == list(ODD)
    assert "1  failed: JSONDecodeError" in capsys.readouterr().out


async def test_a_missing_setting_stops_the_replay(
    run: Run, letters: ContainerClient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("replay", CALLBACK_BASE_URL="") == 1
    assert await names_in(letters) == [*ODD, "6"]
    assert "not done: CALLBACK_BASE_URL is missing" in capsys.readouterr().err


@pytest.mark.parametrize("time", ["2026-11-21 09:00:00z", "2026-11-21t09:00:00Z", "2026-11-21T10:00:00+0100"])
def test_the_time_of_a_stored_event_is_read_as_everywhere(time: str) -> None:
    (event,) = events_of({"reason": "", "event": cloud_event("call_connected") | {"time": time}})
    assert event.time == START

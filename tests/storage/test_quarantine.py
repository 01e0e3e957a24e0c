from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from shared.storage.quarantine import Quarantine
from tests.golden import START
from tests.support import kept, names_in

EVENT = {"id": "1", "data": {"from": "4:+12065551212"}}


async def store(container: ContainerClient, event: Any, source: str = "callbacks", at: datetime = START) -> str:
    return await Quarantine(lambda: container, lambda: at).add(event, "it has no time", source)


def nested(levels: int) -> Any:
    value: Any = "core"
    for _ in range(levels):
        value = [value]
    return value


async def test_an_event_is_stored_with_the_reason(quarantine: ContainerClient) -> None:
    name = await store(quarantine, EVENT)
    assert await names_in(quarantine) == [name]
    assert name.startswith("2026/11/21/")
    (record,) = await kept(quarantine)
    assert record == {
        "event": EVENT,
        "reason": "it has no time",
        "source": "callbacks",
        "received_at": START.isoformat(),
    }


async def test_an_event_is_stored_once_a_day_however_often_it_is_delivered(quarantine: ContainerClient) -> None:
    for later in (timedelta(), timedelta(hours=1), timedelta(days=1)):
        await store(quarantine, dict(reversed(EVENT.items())), at=START + later)
        await store(quarantine, EVENT, at=START + later)
    assert len(await names_in(quarantine)) == 2


async def test_concurrent_duplicates_are_stored_once(quarantine: ContainerClient) -> None:
    names = await asyncio.gather(*(store(quarantine, EVENT) for _ in range(10)))
    assert set(names) == set(await names_in(quarantine))
    assert len(set(names)) == 1


async def test_different_events_are_stored_apart(quarantine: ContainerClient) -> None:
    await store(quarantine, EVENT)
    await store(quarantine, EVENT, "incoming_call")
    await store(quarantine, EVENT | {"id": "2"})
    assert len(await names_in(quarantine)) == 3


@pytest.mark.parametrize(
    "event",
    ["no JSON", "", "\udcff", b"bytes", None, 7, [], {1: 2}, {"at": START}, "x" * 1_000_000, "\u0000🙂"],
    ids=lambda event: repr(event)[:20],
)
async def test_anything_can_be_stored(quarantine: ContainerClient, event: Any) -> None:
    await store(quarantine, event)
    assert len(await kept(quarantine)) == 1


@pytest.mark.parametrize("levels", [100, 500, 900, 2000, 20_000])
async def test_nesting_does_not_inflate_the_blob(quarantine: ContainerClient, levels: int) -> None:
    await store(quarantine, nested(levels))
    (blob,) = [blob async for blob in quarantine.list_blobs()]
    assert blob.size < 2 * levels + 300


async def test_the_content_is_not_logged(quarantine: ContainerClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shared")
    for _ in range(2):
        await store(quarantine, EVENT)
    assert "it has no time" in caplog.text
    assert "12065551212" not in caplog.text


async def test_a_missing_container_is_an_error(blobs: BlobServiceClient) -> None:
    with pytest.raises(ResourceNotFoundError):
        await store(blobs.get_container_client("missing"), EVENT)

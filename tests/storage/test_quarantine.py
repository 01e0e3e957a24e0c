from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from shared.storage.quarantine import keep_aside
from tests.golden import START
from tests.support import kept, names_in

EVENT = {"id": "1", "data": {"from": "4:+12065551212"}}


def nested(levels: int) -> Any:
    value: Any = "core"
    for _ in range(levels):
        value = [value]
    return value


async def test_an_event_is_kept_with_the_reason(quarantine: ContainerClient) -> None:
    name = await keep_aside(quarantine, EVENT, "it has no time", "callbacks", START)
    assert await names_in(quarantine) == [name]
    assert name.startswith("2026/11/21/")
    (record,) = await kept(quarantine)
    assert record == {
        "event": EVENT,
        "reason": "it has no time",
        "source": "callbacks",
        "received_at": START.isoformat(),
    }


async def test_it_is_kept_once_a_day_however_often_it_comes(quarantine: ContainerClient) -> None:
    for later in (timedelta(), timedelta(hours=1), timedelta(days=1)):
        await keep_aside(quarantine, dict(reversed(EVENT.items())), "why", "callbacks", START + later)
        await keep_aside(quarantine, EVENT, "why", "callbacks", START + later)
    assert len(await names_in(quarantine)) == 2


async def test_duplicates_at_once_are_kept_once(quarantine: ContainerClient) -> None:
    names = await asyncio.gather(*(keep_aside(quarantine, EVENT, "why", "callbacks", START) for _ in range(10)))
    assert set(names) == set(await names_in(quarantine))
    assert len(set(names)) == 1


async def test_different_events_are_kept_apart(quarantine: ContainerClient) -> None:
    await keep_aside(quarantine, EVENT, "why", "callbacks", START)
    await keep_aside(quarantine, EVENT, "why", "incoming_call", START)
    await keep_aside(quarantine, EVENT | {"id": "2"}, "why", "callbacks", START)
    assert len(await names_in(quarantine)) == 3


@pytest.mark.parametrize(
    "event",
    ["no JSON", "", "\udcff", b"bytes", None, 7, [], {1: 2}, {"at": START}, "x" * 1_000_000, "\u0000🙂"],
    ids=lambda event: repr(event)[:20],
)
async def test_anything_can_be_kept(quarantine: ContainerClient, event: Any) -> None:
    await keep_aside(quarantine, event, "why", "callbacks", START)
    assert len(await kept(quarantine)) == 1


@pytest.mark.parametrize("levels", [100, 500, 900, 2000, 20_000])
async def test_depth_costs_nothing(quarantine: ContainerClient, levels: int) -> None:
    await keep_aside(quarantine, nested(levels), "why", "callbacks", START)
    (blob,) = [blob async for blob in quarantine.list_blobs()]
    assert blob.size < 2 * levels + 300


async def test_what_it_holds_is_not_logged(quarantine: ContainerClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shared")
    for _ in range(2):
        await keep_aside(quarantine, EVENT, "it has no time", "callbacks", START)
    assert "it has no time" in caplog.text
    assert "12065551212" not in caplog.text


async def test_a_missing_container_is_an_error(blobs: BlobServiceClient) -> None:
    with pytest.raises(ResourceNotFoundError):
        await keep_aside(blobs.get_container_client("nobody-made-it"), EVENT, "why", "callbacks", START)

"""An emulator of this process with Entra, Graph and ACS, an Azurite, and the app's directory on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from itertools import groupby
from typing import Any

import aiohttp
import pytest
from azure.data.tables.aio import TableClient

from emulator.config import Config
from emulator.server import Emulator, running
from local.stack import LOCAL, SAMPLE, Ports, Stack
from local.storage_log import storage_requests
from shared.directory.caller import Caller
from shared.directory.directory import Directory
from shared.service.container import Container
from tests.directory.fixtures import SignedIn, token_for
from tests.emulator.client import Control
from tests.parts import opened


@pytest.fixture
def stored(azurite: Stack) -> Callable[[], list[str]]:
    """The requests to storage so far, such as ``GET directory()``."""
    before = len(storage_requests(azurite.logs))
    return lambda: [str(request) for request in storage_requests(azurite.logs)[before:]]


@pytest.fixture(scope="session")
async def _emulator(storage: str) -> AsyncIterator[Emulator]:
    platform = LOCAL | {"subscriptions": []}
    async with running(Config(port=0, tls_port=0, platform=platform, storage=storage, seed=1)) as emulator:
        yield emulator


@pytest.fixture
async def emulator(_emulator: Emulator) -> Emulator:
    await _emulator.reset()
    return _emulator


@pytest.fixture
async def control(emulator: Emulator) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession() as session:
        yield Control(emulator.url, session)


@pytest.fixture
def environment(emulator: Emulator, storage: str) -> dict[str, str]:
    standard = Ports()
    moved = dict(SAMPLE)
    for here, there in (
        (f"http://127.0.0.1:{standard.emulator}", emulator.url),
        (f"https://127.0.0.1:{standard.tls}", emulator.tls_url),
    ):
        moved = {name: value.replace(here, there) for name, value in moved.items()}
    return moved | {"AzureWebJobsStorage": storage, "CALL_STORAGE": storage}


@pytest.fixture
async def parts(environment: dict[str, str]) -> AsyncIterator[Container]:
    async with opened(environment) as parts:
        yield parts


@pytest.fixture
def directory(parts: Container) -> Directory:
    return parts.directory


@pytest.fixture
async def table(storage: str) -> AsyncIterator[TableClient]:
    """The directory's table, empty."""
    async with TableClient.from_connection_string(storage, "directory") as table:
        rows = [row async for row in table.list_entities(select=["PartitionKey", "RowKey"])]
        for _, those in groupby(rows, key=lambda row: row["PartitionKey"]):
            of_one = [("delete", row) for row in those]
            for start in range(0, len(of_one), 100):
                await table.submit_transaction(of_one[start : start + 100])
        yield table


@pytest.fixture
def signed_in(directory: Directory, control: Control) -> SignedIn:
    async def sign_in(user: str | None = None, **how: Any) -> Caller:
        whom = {"user": user} if user else {}
        return await directory.token_validator.validate(f"Bearer {await token_for(control, **whom, **how)}")

    return sign_in

"""The media service beside the emulator and Azurite, and calls in its table."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from emulator.server import Emulator
from media.service import Service
from shared.calls.capabilities import Call
from shared.calls.state import CallState
from shared.platform import clock
from shared.storage.calls import CallStore, Row
from shared.storage.keys import call_id_of
from tests.media.peer import CONNECTION, Peer

MakePeer = Callable[..., Awaitable[Peer]]
MakeCall = Callable[..., Awaitable[Call]]


@pytest.fixture
async def make_peer(environment: dict[str, str], emulator: Emulator) -> AsyncIterator[MakePeer]:
    """Starts a service, with changed settings, and ACS's end of it."""
    async with AsyncExitStack() as stack:

        async def make(**changed: str) -> Peer:
            local = {"MEDIA_HOST": "127.0.0.1", "MEDIA_PORT": "0", "MEDIA_DRAIN_SECONDS": "0"}
            service = await stack.enter_async_context(Service(environment | local | changed))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            return Peer(service, emulator, session)

        yield make


@pytest.fixture
async def peer(make_peer: MakePeer) -> Peer:
    return await make_peer()


@pytest.fixture
def store(peer: Peer) -> CallStore:
    return peer.service.store


@pytest.fixture
def make_call(peer: Peer) -> MakeCall:
    """Saves the row of a call, connected unless it is changed."""

    async def make(**changed: Any) -> Call:
        id = call_id_of(uuid.uuid4().hex, clock.now())
        known: dict[str, Any] = {"state": CallState.CONNECTED, "call_connection_id": CONNECTION} | changed
        call = Call(id=id, **known)
        await peer.service.store.write(Row(), call)
        return call

    return make


@pytest.fixture
async def call(make_call: MakeCall) -> Call:
    return await make_call()


@pytest.fixture
async def transcripts(storage: str) -> AsyncIterator[ContainerClient]:
    async with BlobServiceClient.from_connection_string(storage) as client:
        yield client.get_container_client("transcripts")

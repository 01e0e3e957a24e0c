"""Fixtures: the emulator, Azurite, faulty servers, and the app's container."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from emulator.config import Config
from emulator.server import Emulator, running
from local.stack import LOCAL
from shared.acs.answering import IncomingCallResponder
from shared.acs.context import Context
from shared.acs.executor import EffectExecutor
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import CallAnswered
from shared.platform import clock
from shared.platform.clients import Clients
from shared.platform.settings import Settings
from shared.service.container import Container
from tests.golden import START
from tests.support import CALL_ID, Files, Issuer, Servers, a_call, ring, settings_for


@pytest.fixture(scope="session")
async def _emulator(storage: str) -> AsyncIterator[Emulator]:
    platform = LOCAL | {"subscriptions": []}
    async with running(Config(port=0, speed=20, platform=platform, storage=storage, seed=1)) as emulator:
        yield emulator


@pytest.fixture
async def emulator(_emulator: Emulator) -> Emulator:
    await _emulator.reset()
    return _emulator


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with Servers() as servers:
        yield servers


@pytest.fixture
async def files(servers: Servers) -> Files:
    """A server of recording files, which tests define."""
    files = Files()
    files.url = await servers.start(files.answer)
    return files


@pytest.fixture(scope="session")
def keys() -> Issuer:
    """An issuer with key pairs that all tests share, because generating one is slow."""
    return Issuer()


@pytest.fixture
async def issuer(keys: Issuer, servers: Servers) -> Issuer:
    issuer = Issuer(keys.private)
    issuer.url = await servers.start(issuer.publish)
    return issuer


@pytest.fixture
async def callback_url(servers: Servers) -> str:
    """An application that accepts every callback."""
    return await servers.start(200)


@pytest.fixture
def environment(emulator: Emulator, storage: str, callback_url: str) -> dict[str, str]:
    """Settings for the emulator; tests change theirs before they request a container."""
    return settings_for(emulator.url, storage) | {"CALLBACK_BASE_URL": callback_url}


@pytest.fixture
async def make_container(environment: dict[str, str]) -> AsyncIterator[Callable[..., Container]]:
    """Makes containers with changed settings, and closes them at the end."""
    containers: list[Container] = []

    def make(now: Callable[[], datetime] = clock.now, **changed: str) -> Container:
        containers.append(Container(environment | changed, now))
        return containers[-1]

    yield make
    for container in containers:
        await container.close()


@pytest.fixture
def container(make_container: Callable[..., Container]) -> Container:
    return make_container()


@pytest.fixture
async def make_context(environment: dict[str, str]) -> AsyncIterator[Callable[..., Context]]:
    """Makes contexts of executors with changed settings. Their clock stands at START."""
    opened: list[Clients] = []

    def make(**changed: str) -> Context:
        settings = Settings(environment | changed)
        opened.append(Clients(settings))
        return Context(settings, opened[-1], lambda: START)

    yield make
    for clients in opened:
        await clients.close()


@pytest.fixture
def make_executor(make_context: Callable[..., Context]) -> Callable[..., EffectExecutor]:
    return lambda **changed: EffectExecutor(make_context(**changed))


@pytest.fixture
def make_responder(make_context: Callable[..., Context]) -> Callable[..., IncomingCallResponder]:
    return lambda **changed: IncomingCallResponder(make_context(**changed))


@pytest.fixture
def executor(make_executor: Callable[..., EffectExecutor]) -> EffectExecutor:
    return make_executor()


@pytest.fixture
def responder(make_responder: Callable[..., IncomingCallResponder]) -> IncomingCallResponder:
    return make_responder()


@pytest.fixture
async def answered_call(responder: IncomingCallResponder, emulator: Emulator) -> Call:
    """A call that is connected at the emulator."""
    answered = (await responder.answer(CALL_ID, await ring(emulator), 8)).data
    assert isinstance(answered, CallAnswered)
    assert answered.call_connection_id
    return a_call(answered.call_connection_id)


@pytest.fixture
async def blobs(storage: str) -> AsyncIterator[BlobServiceClient]:
    async with BlobServiceClient.from_connection_string(storage) as client:
        yield client


@pytest.fixture
async def recordings(blobs: BlobServiceClient) -> AsyncIterator[ContainerClient]:
    """A blob container for this test."""
    container = await blobs.create_container(f"recordings-{uuid.uuid4().hex}")
    yield container
    await container.delete_container()


@pytest.fixture
async def quarantine(blobs: BlobServiceClient) -> ContainerClient:
    """The quarantine's blob container, empty."""
    container = blobs.get_container_client("quarantine")
    async for name in container.list_blob_names():
        await container.delete_blob(name)
    return container


@pytest.fixture
def tenant() -> str:
    """The id of a tenant that no other test uses."""
    return str(uuid.uuid4())


@pytest.fixture(name="clock")
def ticking_clock() -> Callable[[], datetime]:
    """A second later each time."""
    at = [datetime(2026, 11, 21, 9, tzinfo=UTC)]

    def now() -> datetime:
        at[0] += timedelta(seconds=1)
        return at[0]

    return now

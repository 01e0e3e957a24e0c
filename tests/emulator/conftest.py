"""An emulator on a free port, an application that receives its callbacks, and the real SDK between them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential

from emulator.config import Config
from emulator.server import Emulator, running
from tests.emulator.client import Answered, Application, Control, Rerouted
from tests.emulator.graph_client import Graph

SPEED = 20.0


@pytest.fixture(scope="session")
def config() -> Config:
    return Config(
        port=0,
        tls_port=0,
        tls_certificate=Path(os.environ["SSL_CERT_FILE"]),
        speed=SPEED,
        platform={"topics": [{"name": "acs", "kind": "system"}], "subscriptions": []},
    )


@pytest.fixture(scope="session")
async def _process(config: Config) -> AsyncIterator[Emulator]:
    async with running(config) as emulator:
        yield emulator


@pytest.fixture
async def emulator(_process: Emulator) -> AsyncIterator[Emulator]:
    """One emulator for all tests, put back to its start after each."""
    yield _process
    _process.config.seed = None
    await _process.reset()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def control(emulator: Emulator, session: aiohttp.ClientSession) -> Control:
    return Control(emulator.url, session)


@pytest.fixture
def graph(emulator: Emulator, session: aiohttp.ClientSession) -> Graph:
    return Graph(emulator, session)


@pytest.fixture
async def app() -> AsyncIterator[Application]:
    application = Application()
    server = web.Application()
    server.add_routes([web.post("/callbacks", application.receive)])
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    application.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callbacks"
    yield application
    await runner.cleanup()


@pytest.fixture
async def client(emulator: Emulator, config: Config) -> AsyncIterator[CallAutomationClient]:
    credential = AzureKeyCredential(config.access_key)
    async with CallAutomationClient(
        emulator.url, credential, transport=Rerouted(emulator.url), retry_total=0
    ) as client:
        yield client


@pytest.fixture
def answered(control: Control, app: Application, client: CallAutomationClient) -> Callable[..., Any]:
    async def answered(**fields: Any) -> Answered:
        dialled = await control.dial(**fields)
        answer = await client.answer_call(dialled["incomingCallContext"], app.url, operation_context="answering")
        await app.event("CallConnected")
        connection_id = str(answer.call_connection_id)
        return Answered(dialled["id"], client.get_call_connection(connection_id), connection_id, dialled)

    return answered

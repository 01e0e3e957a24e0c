from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import AzureError

from shared.platform.clients import Clients
from shared.platform.settings import SettingError, Settings
from shared.service.container import Container
from tests.support import Servers, a_chunk

IDENTITY = {
    "ACS_ENDPOINT": "https://x.communication.azure.com",
    "ACS_ACCESS_KEY": "",
    "ACS_RECORDING_ENDPOINT": "",
    "EVENTS_TOPIC_ENDPOINT": "https://x.westeurope-1.eventgrid.azure.net/api/events",
    "EVENTS_TOPIC_KEY": "",
    "CALL_STORAGE": "",
    "CALL_STORAGE__tableServiceUri": "https://x.table.core.windows.net",
    "CALL_STORAGE__blobServiceUri": "https://x.blob.core.windows.net",
    "CALL_STORAGE__queueServiceUri": "https://x.queue.core.windows.net",
    "RECORDING_CONTAINER_URL": "https://y.blob.core.windows.net/calls",
}
ALL = [
    "call_automation",
    "call_automation_once",
    "identities",
    "acs",
    "topic",
    "calls",
    "directory",
    "wakes",
]


def transport_of(client: Any) -> Any:
    """The HTTP transport at the bottom of an SDK client, wherever it keeps it."""
    seen: set[int] = set()
    todo = [client]
    while todo:
        each = todo.pop(0)
        if hasattr(each, "connection_config"):
            return each
        if id(each) in seen or not hasattr(each, "__dict__"):
            continue
        seen.add(id(each))
        todo += [
            value for name, value in vars(each).items() if "client" in name or "transport" in name or "pipeline" in name
        ]
    raise AssertionError(f"{client} has no transport")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("settings", [{}, IDENTITY], ids=["emulator", "identity"])
async def test_no_client_waits_for_minutes(environment: dict[str, str], name: str, settings: dict[str, str]) -> None:
    clients = Clients(Settings(environment | settings))
    config = transport_of(getattr(clients, name)).connection_config
    assert config.timeout <= 2
    assert config.read_timeout <= 20
    await clients.close()


@pytest.mark.parametrize("settings", [{}, IDENTITY], ids=["emulator", "identity"])
async def test_a_recording_container_is_reached_as_quickly_and_its_client_is_made_once(
    environment: dict[str, str], settings: dict[str, str]
) -> None:
    clients = Clients(Settings(environment | settings))
    url = "https://y.blob.core.windows.net/calls"
    client = clients.recording_container(url)
    assert clients.recording_container(url) is client
    assert transport_of(client).connection_config.read_timeout <= 20
    await clients.close()


async def test_clients_are_made_once(environment: dict[str, str]) -> None:
    clients = Clients(Settings(environment))
    assert all(getattr(clients, name) is getattr(clients, name) for name in ALL)
    await clients.close()


async def test_clients_that_were_never_needed_need_no_settings() -> None:
    await Clients(Settings({})).close()
    await Container({}).close()


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("call_automation", "ACS_ENDPOINT"),
        ("topic", "EVENTS_TOPIC_ENDPOINT"),
        ("calls", "CALL_STORAGE__tableServiceUri"),
        ("wakes", "CALL_STORAGE__queueServiceUri"),
        ("_blobs", "CALL_STORAGE__blobServiceUri"),
    ],
)
async def test_a_client_names_the_setting_it_lacks(name: str, setting: str) -> None:
    with pytest.raises(SettingError, match=setting):
        getattr(Clients(Settings({})), name)


async def use(clients: Clients) -> None:
    """Have every client open a connection."""
    await clients.wakes.get_queue_properties()
    await clients.container("recordings").get_container_properties()
    with pytest.raises(AzureError):
        await clients.calls.get_entity("nobody", "nothing")
    with pytest.raises(AzureError):
        await clients.call_automation.get_call_connection("unknown").get_call_properties()
    with pytest.raises(AzureError):
        await clients.call_automation.download_recording(a_chunk().content)
    with pytest.raises((AzureError, ValueError)):
        await clients.topic.send([{"id": "1"}])


async def test_closing_leaves_nothing_open(environment: dict[str, str]) -> None:
    """A session that is left open warns when it is collected, and warnings are errors here."""
    clients = Clients(Settings(environment))
    await use(clients)
    transports = [transport_of(getattr(clients, name)) for name in ALL]
    await clients.close()
    assert all(transport.session is None or transport.session.closed for transport in transports)
    del clients, transports
    gc.collect()


async def test_closing_an_identity_leaves_nothing_open(environment: dict[str, str]) -> None:
    clients = Clients(Settings(environment | IDENTITY))
    assert all(getattr(clients, name) for name in ALL)
    await clients.close()
    del clients
    gc.collect()


async def test_closing_twice_is_closing_once(environment: dict[str, str]) -> None:
    clients = Clients(Settings(environment))
    await use(clients)
    await clients.close()
    await clients.close()


async def test_what_cannot_be_closed_keeps_nothing_else_open(environment: dict[str, str]) -> None:
    class Stuck:
        async def close(self) -> None:
            raise OSError("stuck")

    clients = Clients(Settings(environment))
    transport = transport_of(clients.calls)
    with pytest.raises(AzureError):
        await clients.calls.get_entity("nobody", "nothing")
    clients._keep(Stuck())
    with pytest.raises((OSError, ExceptionGroup)):
        await clients.close()
    assert transport.session is None or transport.session.closed


async def test_recordings_are_redirected_and_nothing_else_is(environment: dict[str, str], servers: Servers) -> None:
    acs, files = await servers.start(404), await servers.start(200)
    clients = Clients(Settings(environment | {"ACS_ENDPOINT": acs, "ACS_RECORDING_ENDPOINT": files}))
    with pytest.raises(AzureError):
        await clients.call_automation.get_call_connection("unknown").get_call_properties()
    await (await clients.call_automation.download_recording(a_chunk().content)).close()  # type: ignore[attr-defined]
    await clients.close()
    assert [f"http://{request.host}" for request in servers.requests] == [acs, files]
    assert servers.requests[1].path == "/v1/1"


async def test_an_app_closes_what_it_opened(make_app: Callable[..., Container]) -> None:
    app = make_app()
    assert app.keys
    await use(app.clients)
    await app.close()
    gc.collect()

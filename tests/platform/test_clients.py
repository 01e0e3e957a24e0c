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
    """The HTTP transport of an SDK client, wherever the client has it."""
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
async def test_every_client_has_short_timeouts(
    environment: dict[str, str], name: str, settings: dict[str, str]
) -> None:
    clients = Clients(Settings(environment | settings))
    config = transport_of(getattr(clients, name)).connection_config
    assert config.timeout <= 2
    assert config.read_timeout <= 20
    await clients.close()


@pytest.mark.parametrize("settings", [{}, IDENTITY], ids=["emulator", "identity"])
async def test_the_client_of_a_recording_container_has_the_same_timeouts_and_is_made_once(
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


async def test_unused_clients_need_no_settings() -> None:
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
        await clients.calls.get_entity("no-partition", "no-row")
    with pytest.raises(AzureError):
        await clients.call_automation.get_call_connection("unknown").get_call_properties()
    with pytest.raises(AzureError):
        await clients.call_automation.download_recording(a_chunk().content)
    with pytest.raises((AzureError, ValueError)):
        await clients.topic.send([{"id": "1"}])


async def test_closing_leaves_nothing_open(environment: dict[str, str]) -> None:
    """An open session warns when it is collected, and warnings are errors in the tests."""
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


async def test_closing_twice_raises_nothing(environment: dict[str, str]) -> None:
    clients = Clients(Settings(environment))
    await use(clients)
    await clients.close()
    await clients.close()


async def test_an_error_while_closing_leaves_no_other_client_open(environment: dict[str, str]) -> None:
    class Stuck:
        async def close(self) -> None:
            raise OSError("stuck")

    clients = Clients(Settings(environment))
    transport = transport_of(clients.calls)
    with pytest.raises(AzureError):
        await clients.calls.get_entity("no-partition", "no-row")
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


async def test_a_container_closes_its_clients(make_container: Callable[..., Container]) -> None:
    container = make_container()
    assert container.keys
    await use(container.clients)
    await container.close()
    gc.collect()

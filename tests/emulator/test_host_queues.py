from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import azure.functions as func
import pytest
from azure.storage.queue.aio import QueueClient

from emulator.host import BadSettings, HostSettings
from emulator.host.invoke import Invoker
from emulator.host.queues import QueueListener, service
from emulator.host.settings import DEV_STORAGE, connection
from tests.emulator.eventgrid_fixtures import until
from tests.emulator.host_fixtures import functions, hosting


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return "q-" + re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:50].strip("-")


@pytest.fixture
async def queue(storage: str, name: str) -> AsyncIterator[QueueClient]:
    async with QueueClient.from_connection_string(storage, name) as client:
        await client.create_queue()
        yield client


class Errands:
    """An app whose function takes messages, and fails those that say so."""

    def __init__(self, queue: str, connection: str = "STORE") -> None:
        self.taken: list[Any] = []
        self.release = asyncio.Event()
        self.app = func.FunctionApp()

        @self.app.queue_trigger(arg_name="message", queue_name=queue, connection=connection)
        async def errand(message: func.QueueMessage) -> None:
            self.taken.append(message)
            match message.get_body().decode().partition(" ")[0]:
                case "fail":
                    raise ValueError("on request")
                case "fail-once" if message.dequeue_count == 1:
                    raise ValueError("on request")
                case "wait":
                    await self.release.wait()

    def bodies(self) -> list[str]:
        return [message.get_body().decode() for message in self.taken]


async def send(queue: QueueClient, text: str, **options: Any) -> None:
    await queue.send_message(base64.b64encode(text.encode()).decode(), **options)


async def left(queue: QueueClient) -> int:
    return (await queue.get_queue_properties()).approximate_message_count or 0


async def emptied(queue: QueueClient) -> None:
    async with asyncio.timeout(20):
        while await left(queue):  # noqa: ASYNC110 - storage sends no notification
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(errands: Errands, storage: str, **settings: Any) -> AsyncIterator[aiohttp.ClientSession]:
    environment = {"STORE": storage, "QUEUE": "resolved"}
    async with hosting(errands.app, environment, dataclasses.replace(HostSettings(), **settings)) as http:
        yield http


async def test_a_message_is_taken_promptly_and_deleted(storage: str, name: str, queue: QueueClient) -> None:
    errands = Errands(name)
    async with running(errands, storage):
        await send(queue, "wäke")
        await until(lambda: errands.taken, 0.5)
        await emptied(queue)
    (message,) = errands.taken
    assert isinstance(message, func.QueueMessage)
    assert message.get_body().decode() == "wäke"
    assert message.dequeue_count == 1
    assert message.id
    assert message.pop_receipt
    inserted, visible, expires = message.insertion_time, message.time_next_visible, message.expiration_time
    assert inserted is not None
    assert visible is not None
    assert expires is not None
    assert inserted.tzinfo is not None
    assert inserted < visible < expires


async def test_a_delayed_message_is_taken_when_it_becomes_visible(storage: str, name: str, queue: QueueClient) -> None:
    errands = Errands(name)
    async with running(errands, storage):
        await send(queue, "later", visibility_timeout=1)
        await asyncio.sleep(0.5)
        assert errands.taken == []
        await until(lambda: errands.taken, 1.5)


async def test_a_message_whose_function_fails_comes_again(storage: str, name: str, queue: QueueClient) -> None:
    errands = Errands(name)
    async with running(errands, storage):
        await send(queue, "fail-once")
        await emptied(queue)
    assert [message.dequeue_count for message in errands.taken] == [1, 2]


async def test_a_failed_message_waits_for_the_visibility_timeout(storage: str, name: str, queue: QueueClient) -> None:
    errands = Errands(name)
    async with running(errands, storage, visibility_timeout=1):
        await send(queue, "fail-once")
        await until(lambda: errands.taken)
        await asyncio.sleep(0.5)
        assert len(errands.taken) == 1
        await emptied(queue)
    assert len(errands.taken) == 2


async def test_a_message_that_always_fails_ends_in_the_poison_queue(
    storage: str, name: str, queue: QueueClient, caplog: pytest.LogCaptureFixture
) -> None:
    errands = Errands(name)
    poison = QueueClient.from_connection_string(storage, f"{name}-poison")
    async with running(errands, storage, max_dequeue_count=3), poison:
        await send(queue, "fail always")
        await emptied(queue)
        (message,) = [m async for m in poison.receive_messages()]
    assert base64.b64decode(message.content) == b"fail always"
    assert len(errands.taken) == 3
    assert "Message has reached MaxDequeueCount of 3" in caplog.text


async def test_a_message_that_cannot_be_decoded_ends_there_as_it_was(
    storage: str, name: str, queue: QueueClient
) -> None:
    errands = Errands(name)
    poison = QueueClient.from_connection_string(storage, f"{name}-poison")
    async with running(errands, storage, max_dequeue_count=2), poison:
        await queue.send_message("not base64!")
        await emptied(queue)
        (message,) = [m async for m in poison.receive_messages()]
    assert message.content == "not base64!"
    assert errands.taken == []


async def test_plain_messages_are_taken_where_host_json_says_so(storage: str, name: str, queue: QueueClient) -> None:
    errands = Errands(name)
    async with running(errands, storage, message_encoding="none"):
        await queue.send_message("plain <text>")
        await until(lambda: errands.taken)
    assert errands.bodies() == ["plain <text>"]


async def test_messages_are_worked_on_side_by_side(storage: str, name: str, queue: QueueClient) -> None:
    errands = Errands(name)
    for n in range(12):
        await send(queue, f"wait {n}")
    async with running(errands, storage):
        await until(lambda: len(errands.taken) == 12)
        assert await left(queue) == 12, "nothing is deleted before it is done"
        errands.release.set()
        await emptied(queue)


async def test_no_more_is_taken_on_than_the_batch_allows(storage: str, name: str, queue: QueueClient) -> None:
    errands = Errands(name)
    for n in range(6):
        await send(queue, f"wait {n}")
    async with running(errands, storage, batch_size=2, new_batch_threshold=1):
        await until(lambda: len(errands.taken) >= 2)
        await asyncio.sleep(0.3)
        assert len(errands.taken) <= 3
        errands.release.set()
        await emptied(queue)


async def test_a_message_stays_invisible_for_as_long_as_it_is_worked_on(
    storage: str, name: str, queue: QueueClient
) -> None:
    errands = Errands(name)
    (function,) = functions(errands.app)
    invoker = Invoker()
    listener = QueueListener(
        function,
        name,
        service(connection("STORE", {"STORE": storage})),
        invoker=invoker,
        settings=HostSettings(),
        lease=1.0,
    )
    polling = asyncio.create_task(listener.run())
    await send(queue, "wait long")
    await asyncio.sleep(1.6)
    assert len(errands.taken) == 1, "longer than a lease, and no other consumer saw it"
    errands.release.set()
    await emptied(queue)
    polling.cancel()
    await invoker.close(0)
    await listener.close()


async def test_a_message_in_work_is_given_back_when_the_host_stops(storage: str, name: str, queue: QueueClient) -> None:
    errands = Errands(name)
    async with running(errands, storage):
        await send(queue, "wait")
        await until(lambda: errands.taken)
    (message,) = [m async for m in queue.receive_messages()]
    assert message.dequeue_count == 2


async def test_a_missing_queue_is_awaited_and_logged_once(
    storage: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    errands = Errands(name)
    async with running(errands, storage):
        await asyncio.sleep(0.4)
        assert caplog.text.count(f"queue '{name}' does not exist yet") == 1
        async with QueueClient.from_connection_string(storage, name) as queue:
            await queue.create_queue()
            await send(queue, "hello")
            await until(lambda: errands.taken)


async def test_unreachable_storage_is_logged_once_and_awaited(
    storage: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    away = re.sub(r"QueueEndpoint=http://127.0.0.1:\d+", "QueueEndpoint=http://127.0.0.1:1", storage)
    async with running(Errands(name), away):
        await asyncio.sleep(0.3)
    assert caplog.text.count("cannot be read: ServiceRequestError") == 1


async def test_a_queues_name_may_be_a_setting(storage: str) -> None:
    errands = Errands("%QUEUE%")
    async with QueueClient.from_connection_string(storage, "resolved") as queue:
        await queue.create_queue()
        async with running(errands, storage):
            await send(queue, "hello")
            await until(lambda: errands.taken)


async def test_a_connection_may_be_an_address(storage: str, name: str, queue: QueueClient) -> None:
    errands = Errands(name)
    address = re.search(r"QueueEndpoint=([^;]+)", storage)
    assert address
    async with hosting(errands.app, {"STORE__queueServiceUri": address[1]}):
        await send(queue, "hello")
        await until(lambda: errands.taken)


async def test_a_missing_connection_is_named() -> None:
    with pytest.raises(BadSettings, match="function 'errand': connection 'STORE': there is neither"):
        async with hosting(Errands("q").app):
            pass


def test_connections_are_found_as_the_host_finds_them() -> None:
    assert connection("", {"AzureWebJobsStorage": "x=y"}).string == "x=y"
    assert connection("Other", {"AzureWebJobsOther": "x=y"}).string == "x=y"
    assert connection("C", {"C": "UseDevelopmentStorage=true"}).string == DEV_STORAGE
    assert connection("C", {"C__serviceUri": "https://q"}).queue_service == "https://q"
    assert connection("C", {"C__accountName": "a"}).queue_service == "https://a.queue.core.windows.net"


async def test_identity_is_used_for_an_address_in_azure() -> None:
    async with service(connection("C", {"C__accountName": "a"})) as client:
        assert type(client.credential).__name__ == "DefaultAzureCredential"
        await client.credential.close()


async def test_a_queue_function_can_be_run_by_hand(storage: str, name: str, queue: QueueClient) -> None:
    errands = Errands(name)
    async with running(errands, storage) as http:
        async with http.post("/admin/functions/ERRAND", json={"input": "by hand"}) as answer:
            assert answer.status == 202
        await until(lambda: errands.taken)
    assert errands.bodies() == ["by hand"]

from __future__ import annotations

import asyncio
import base64
import time
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from shared.service.container import Container
from shared.storage.wakes import Wakes
from tests.support import CALL_ID


@pytest.fixture
async def queue(storage: str) -> AsyncIterator[QueueClient]:
    """A queue of the test's own, with the encoding that the app's client has."""
    name = f"q{uuid.uuid4().hex}"
    async with QueueServiceClient.from_connection_string(storage) as service:
        await service.create_queue(name)
        encode = TextBase64EncodePolicy()
        async with QueueClient.from_connection_string(storage, name, message_encode_policy=encode) as queue:
            yield queue
        await service.delete_queue(name)


async def arrived(queue: QueueClient) -> list[str]:
    return [message.content async for message in queue.receive_messages()]


async def test_a_message_is_encoded_as_the_host_reads_it(container: Container, storage: str) -> None:
    """The Functions host decodes Base64, which the client that reads here does not."""
    await container.clients.wakes.clear_messages()
    await container.wakes.schedule(CALL_ID)
    async with QueueClient.from_connection_string(storage, "wakes") as raw:
        assert await arrived(raw) == [base64.b64encode(CALL_ID.encode()).decode()]


async def test_a_timer_is_never_early(queue: QueueClient) -> None:
    sent = time.time()
    await Wakes(lambda: queue).schedule(CALL_ID, timedelta(seconds=0.4))
    assert await arrived(queue) == []
    while not await arrived(queue):  # noqa: ASYNC110  # polls over HTTP
        await asyncio.sleep(0.1)
    assert 0.4 <= time.time() - sent < 3


@pytest.mark.parametrize("delay", [timedelta(), timedelta(seconds=-30)])
async def test_an_overdue_timer_is_visible_at_once(queue: QueueClient, delay: timedelta) -> None:
    await Wakes(lambda: queue).schedule(CALL_ID, delay)
    assert len(await arrived(queue)) == 1


async def test_a_timer_can_be_a_day_ahead(queue: QueueClient) -> None:
    await Wakes(lambda: queue).schedule(CALL_ID, timedelta(days=1))
    assert await arrived(queue) == []
    assert (await queue.get_queue_properties()).approximate_message_count == 1

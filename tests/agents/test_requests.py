"""What claims and queues cost: requests to Table storage, and the rows that they read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.data.tables.aio import TableClient
from msgspec import json

from shared.agents.claims import FRONT
from tests.agents.conftest import ADA, Centre, user

AGENTS = [user(n) for n in range(20)]
CALLERS = 100


class Counter(SansIOHTTPPolicy[Any, Any]):
    """Counts requests, and the rows of the responses."""

    def __init__(self) -> None:
        self.requests = self.rows = 0

    def on_response(self, request: Any, response: Any) -> None:  # noqa: ARG002  # azure-core calls it so
        self.requests += 1
        if response.http_request.method == "GET":
            self.rows += len(json.decode(response.http_response.body()).get("value", "1"))

    def counted(self) -> tuple[int, int]:
        """Since the last time."""
        found = self.requests, self.rows
        self.requests = self.rows = 0
        return found


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
async def counted(storage: str, centre: Centre, counter: Counter) -> AsyncIterator[Centre]:
    async with TableClient.from_connection_string(storage, "agents", per_retry_policies=[counter]) as table:
        yield Centre(table, centre.wakes)


async def test_an_answered_call_costs_seven_requests(counted: Centre, counter: Counter) -> None:
    await counted.staff(*AGENTS)
    counter.counted()
    await counted.one.offer(counted.offer("call"))
    assert counter.counted() == (2, 21), "all agents and the group; the claim"
    await counted.one.engage(counted.tenant, AGENTS[0], "call")
    assert counter.counted() == (2, 1)
    await counted.one.release(counted.tenant, AGENTS[0], "call", "accepted")
    assert counter.counted() == (3, 1), "the agent, twice; whether a call waits"


async def test_a_number_costs_no_request(counted: Centre, counter: Counter) -> None:
    await counted.one.offer(counted.offer("call", "4:+493012345"))
    assert counter.counted() == (0, 0)


async def test_an_agent_who_is_free_costs_a_call_that_could_wait_two_requests_more(
    counted: Centre, counter: Counter
) -> None:
    await counted.staff(ADA)
    counter.counted()
    await counted.one.offer(counted.waits("call", 1))
    assert counter.counted()[0] == 4


async def test_each_of_100_callers_asks_in_one_request_and_those_in_front_in_two(
    counted: Centre, counter: Counter
) -> None:
    await counted.staff(*AGENTS)
    await asyncio.gather(*(counted.one.offer(counted.offer(id)) for id in AGENTS))
    for id in AGENTS:
        await counted.one.engage(counted.tenant, id, id)
    await asyncio.gather(*(counted.one.offer(counted.waits(f"{n:03}", n)) for n in range(CALLERS)))
    counted.passes(15)
    counter.counted()
    found = await asyncio.gather(*(counted.two.offer(counted.waits(f"{n:03}", n, turn=2)) for n in range(CALLERS)))
    requests, rows = counter.counted()
    assert [each.position for each in found] == [n + 1 for n in range(CALLERS)]
    assert requests == CALLERS + FRONT + 1, "each row; the agents, for those in front; the queue, once"
    assert rows == FRONT * (len(AGENTS) + 1) + CALLERS

"""Agents and groups in Azurite, for a tenant of each test, with a clock that the test sets."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables.aio import TableClient
from azure.storage.queue.aio import QueueClient

from shared.agents.candidates import Order, Search
from shared.agents.claims import Claims, Offer
from shared.agents.models import Agent, Group, Status
from shared.agents.queue import Queue
from shared.agents.states import available, status
from shared.agents.store import AgentStore
from shared.storage.wakes import Wakes

BEGIN = datetime(2026, 11, 21, 9, tzinfo=UTC)


@dataclass
class Centre:
    """A tenant with agents. Its two instances of the app share nothing but storage."""

    table: TableClient
    wakes: QueueClient
    tenant: str = field(default_factory=lambda: str(uuid.uuid4()))
    now: datetime = BEGIN

    def __post_init__(self) -> None:
        self.store = AgentStore(self.table)
        self.one, self.two = self.instance(), self.instance()

    def instance(self) -> Claims:
        wakes = Wakes(lambda: self.wakes)
        return Claims(AgentStore(self.table), Queue(self.table, lambda: self.now), wakes, lambda: self.now)

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def staff(self, *ids: str, group: str = "sales", wrap_up: int = 0, **known: Any) -> None:
        """Agents of a group who become available, a second after each other."""
        for id in ids:
            self.passes(1)
            agent = available(Agent(id, **known), self.now + timedelta(hours=1), self.now)
            await self.store.change_agent(self.tenant, id, lambda _, agent=agent: agent)  # type: ignore[misc]
        members = Group(group, group.title(), ids, wrap_up)
        await self.store.change_group(self.tenant, group, lambda _: members)

    async def status(self, id: str) -> Status:
        agent = await self.store.agent(self.tenant, id)
        assert agent is not None
        return status(agent, self.now)

    def offer(
        self,
        call: str,
        *targets: str,
        order: Order = "longestIdle",
        turn: int = 1,
        excluded: tuple[str, ...] = (),
        since: datetime | None = None,
    ) -> Offer:
        search = Search("account", targets or ("group:sales",), order, excluded)
        return Offer(self.tenant, call, "ring.1", turn, 30, search, since)

    def waits(self, call: str, after: float, *targets: str, turn: int = 1, excluded: tuple[str, ...] = ()) -> Offer:
        """An offer of a call that began to wait so many seconds after BEGIN."""
        since = BEGIN + timedelta(seconds=after)
        return self.offer(call, *targets, turn=turn, excluded=excluded, since=since)

    async def woken(self) -> list[str]:
        """The calls that were woken since the last time."""
        return [message.content async for message in self.wakes.receive_messages(messages_per_page=32)]


@pytest.fixture
async def centre(storage: str) -> AsyncIterator[Centre]:
    async with (
        TableClient.from_connection_string(storage, "agents") as table,
        QueueClient.from_connection_string(storage, f"q{uuid.uuid4().hex}") as wakes,
    ):
        await wakes.create_queue()
        yield Centre(table, wakes)
        await wakes.delete_queue()


async def targets_of(instance: Claims, offer: Offer) -> tuple[str, ...]:
    return (await instance.offer(offer)).targets


def user(n: int) -> str:
    return f"0000c0de-0000-4000-8000-{n:012}"


ADA, BOB, CYD = (user(n) for n in range(3))

"""The callers who wait for an agent, in Table storage: a row for each, in the order in which they began to wait.

A call is in the queue as long as it asks again: one that has not for ``SILENCE`` has died, and its row is dropped. What
decides who gets an agent is read anew each time; ``recent`` is for what may be some seconds old, so that 200 callers do
not each read 200 rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceNotFoundError
from msgspec import Struct

from shared.agents.candidates import Search
from shared.agents.rows import after
from shared.storage.calls import check_table

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

SILENCE = timedelta(minutes=2)  # a call asks every 15 seconds; the sweep finds one whose timer was lost within a minute
RECENT = timedelta(seconds=5)
MOST_DROPPED = 20  # rows at a time

WAITING = "waiting "


class Waiting(Struct, frozen=True):
    """A call that waits since ``since`` for what it searches. It asked last at ``seen_at``."""

    call: str
    since: datetime
    search: Search
    seen_at: datetime

    def is_before(self, other: Waiting) -> bool:
        """Whether it is another call, which waits longer."""
        return self.call != other.call and (self.since, self.call) < (other.since, other.call)


class Queue:
    """One for each process."""

    def __init__(self, table: TableClient, now: Callable[[], datetime]) -> None:
        self._table, self._now = table, now
        self._reading = asyncio.Lock()
        self._copies: dict[str, tuple[datetime, list[Waiting]]] = {}

    async def enter(self, tenant: str, waiting: Waiting) -> None:
        """Add the call, or note that it still waits."""
        await self._table.upsert_entity(
            _keys(tenant, waiting.call, waiting.since) | {"content": msgspec.json.encode(waiting).decode()},
            mode="replace",
        )

    async def leave(self, tenant: str, call: str, since: datetime) -> None:
        keys = _keys(tenant, call, since)
        try:
            await self._table.delete_entity(keys["PartitionKey"], keys["RowKey"])
        except ResourceNotFoundError as error:
            check_table(error)

    async def waiting(self, tenant: str) -> list[Waiting]:
        """The calls that wait, the oldest first."""
        now, found, dead = self._now(), [], []
        keys = {"tenant": tenant, "first": WAITING, "end": after(WAITING)}
        query = "PartitionKey eq @tenant and RowKey ge @first and RowKey lt @end"
        async for row in self._table.query_entities(query, parameters=keys):
            each = msgspec.json.decode(row["content"], type=Waiting)
            if each.seen_at > now - SILENCE:
                found.append(each)
            else:
                dead.append(row)
        self._copies[tenant] = now, found
        await self._drop(dead[:MOST_DROPPED])
        return found

    async def recent(self, tenant: str) -> list[Waiting]:
        """The same, as it was some seconds ago. Of many who ask at once one reads."""
        async with self._reading:
            read_at, found = self._copies.get(tenant, (None, []))
            if read_at is None or self._now() - read_at > RECENT:
                return await self.waiting(tenant)
            return found

    async def _drop(self, dead: list[Any]) -> None:
        """Delete the rows of calls that have died. One that has come back has another ETag; what fails is tried by the
        next who reads the queue.
        """
        if dead:
            unchanged = {"match_condition": MatchConditions.IfNotModified}
            steps: list[Any] = [("delete", row, {"etag": row.metadata["etag"]} | unchanged) for row in dead]
            with suppress(AzureError):
                await self._table.submit_transaction(steps)


def _keys(tenant: str, call: str, since: datetime) -> dict[str, str]:
    return {"PartitionKey": tenant, "RowKey": f"{WAITING}{since:%Y%m%dT%H%M%S%f} {call}"}

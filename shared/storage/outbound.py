"""What outbound calls keep in ``callsindex``: the call of each idempotency key, and the lines of each resource account.

A line is a row that names the call which uses it. It is not given back: the next call that finds the call of a line to
be over takes it. So a crash holds no line.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError
from msgspec import Struct

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient


class Placed(Struct, frozen=True):
    """The call of a request, and a digest of the request's body."""

    call_id: str
    body: str


class OutboundIndex:
    def __init__(self, index: TableClient) -> None:
        self._index = index

    async def placed(self, key: str, new: Placed) -> Placed:
        """The call of an idempotency key (a digest): the one that is known, or the new one."""
        partition, row = f"outbound {key}", "call"
        columns = {"call_id": new.call_id, "body": new.body}
        try:
            await self._index.create_entity({"PartitionKey": partition, "RowKey": row} | columns)
        except ResourceExistsError:
            found = await self._index.get_entity(partition, row)
            return Placed(found["call_id"], found["body"])
        return new

    async def take_line(self, account: str, call_id: str, most: int, is_over: Callable[[str], Awaitable[bool]]) -> bool:
        """Take one of the ``most`` lines of an account for a call; False if calls that are not over use them all."""
        taken = {row["RowKey"]: row async for row in self._lines(account)}
        if any(row["call_id"] == call_id for row in taken.values()):
            return True
        for line in map(str, range(1, most + 1)):
            row = taken.get(line)
            if (row is None or await is_over(row["call_id"])) and await self._take(account, line, call_id, row):
                return True
        return False

    def _lines(self, account: str) -> Any:
        return self._index.query_entities("PartitionKey eq @lines", parameters={"lines": f"lines {account}"})

    async def _take(self, account: str, line: str, call_id: str, row: Any) -> bool:
        """Whether the call has the line: it was as it was read, or the same request took it at the same moment."""
        entity = {"PartitionKey": f"lines {account}", "RowKey": line, "call_id": call_id}
        try:
            if row is None:
                await self._index.create_entity(entity)
            else:
                unchanged = {"etag": row.metadata["etag"], "match_condition": MatchConditions.IfNotModified}
                await self._index.update_entity(entity, mode="replace", **unchanged)
        except (ResourceExistsError, ResourceModifiedError):
            taken = await self._index.get_entity(entity["PartitionKey"], line)
            return bool(taken["call_id"] == call_id)
        return True

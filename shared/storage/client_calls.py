"""Calls between clients in the table ``callsindex``.

| partition | row key | contents |
|---|---|---|
| ``client {id}`` | the event's time and a digest of its id | the event. A repeated one is the same row |
| ``client-day {day}`` | the time of the start, counted down, and the call's id | the call, for lists |

The second is written from all events that the first has, and merged: it does not matter in which order two events are
handled. A call is listed once its CallStarted is there.
"""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from shared.calls.client_calls import ClientCall, ClientCallEvent, fold

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

_LATEST = 86_400_000  # milliseconds of a day, from which times are counted down
COLUMNS = ("started_at", "ended_at", "started_by", "two_party", "tenant", "seconds")


class ClientCallStore:
    def __init__(self, table: TableClient) -> None:
        self._table = table

    async def add(self, id: str, event: ClientCallEvent) -> ClientCall:
        """Keep an event of a call. Returns the call with all of its events."""
        digest = sha256(event.id.encode()).hexdigest()[:16]
        keys = {"PartitionKey": _partition(id), "RowKey": f"{event.at:%Y%m%dT%H%M%S%fZ}-{digest}"}
        await self._table.upsert_entity(keys | {"event": msgspec.json.encode(event).decode()})
        return await self.read(id)

    async def read(self, id: str) -> ClientCall:
        """The call; without a timeline if there is none."""
        rows = self._table.query_entities("PartitionKey eq @call", parameters={"call": _partition(id)})
        events = [msgspec.json.decode(row["event"], type=ClientCallEvent) async for row in rows]
        return fold(id, events)

    async def put_in_list(self, call: ClientCall, tenant: str | None) -> None:
        """Add a call to the list of the day on which it began, or change its row."""
        if call.started_at is None:
            return
        columns = {"tenant": tenant} | {name: getattr(call, name) for name in COLUMNS if name != "tenant"}
        known = {name: value for name, value in columns.items() if value is not None}
        await self._table.upsert_entity(_list_keys(call.id, call.started_at) | known, mode="merge")

    async def of_day(self, day: date, size: int, last: str, tenant: str | None) -> list[dict[str, Any]]:
        """The columns of the calls that began on a day in UTC, newest first, after the one with the key ``last``; with
        the properties ``id`` and ``key``. ``tenant``: only those of it.
        """
        query = "PartitionKey eq @day and RowKey gt @last" + (" and tenant eq @tenant" if tenant else "")
        parameters = {"day": f"client-day {day:%Y%m%d}", "last": last, "tenant": tenant}
        found: list[dict[str, Any]] = []
        async for row in self._table.query_entities(query, parameters=parameters, results_per_page=size):
            columns = {name: _plain(row.get(name)) for name in COLUMNS}
            found.append(columns | {"id": row["RowKey"].rpartition("-")[2], "key": row["RowKey"]})
            if len(found) == size:
                break
        return found

    async def tenant_of(self, call: ClientCall) -> str | None:
        """The tenant that the call is listed for; None if it is not listed."""
        if call.started_at is None:
            return None
        keys = _list_keys(call.id, call.started_at)
        query = "PartitionKey eq @partition and RowKey eq @row"
        parameters = {"partition": keys["PartitionKey"], "row": keys["RowKey"]}
        async for row in self._table.query_entities(query, parameters=parameters):
            return row.get("tenant")
        return None


def _plain(value: Any) -> Any:
    """A time without the type of the SDK, which JSON encoders do not know."""
    return datetime.combine(value.date(), value.timetz()) if isinstance(value, datetime) else value


def _partition(id: str) -> str:
    return f"client {id}"


def _list_keys(id: str, began: datetime) -> dict[str, str]:
    midnight = began.replace(hour=0, minute=0, second=0, microsecond=0)
    left = _LATEST - int((began - midnight).total_seconds() * 1000)
    return {"PartitionKey": f"client-day {began:%Y%m%d}", "RowKey": f"{left:08d}-{id}"}

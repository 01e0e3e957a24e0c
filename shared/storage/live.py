"""The calls that go on now, and the totals of the day, for pages that ask every few seconds.

A read costs sixteen requests, one for each shard, and returns what can still change: calls that have not ended, whose
recording is not settled, or that began in the last minutes. Calls before those are counted once. All who ask within
``RECENT`` share a read. The first read of a process counts the day from its beginning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from shared.calls.state import CallState
from shared.storage import lists
from shared.storage.keys import began_at, id_of, key_before, partitions_of

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

RECENT = timedelta(seconds=2)
LATE = timedelta(minutes=10)  # that the first event of a call can be delivered after the call began
OPEN = tuple(state for state in CallState if not state.is_settled)
UNSETTLED = {"starting", "active", "paused", "stopped"}  # statuses of recordings that another one follows
LOST = {"not recorded", "lost"}
FAILED = {CallState.FAILED, CallState.REFUSED, CallState.REJECTED}
_SELECTED = ["RowKey", *lists.COLUMNS]

Columns = Mapping[str, Any]  # of a call; with its ``id``


class Totals(Struct, frozen=True, rename="camel"):
    """Calls that began on the day (UTC). ``notRecorded``: of those that were to be recorded."""

    calls: int = 0
    answered: int = 0
    missed: int = 0
    failed: int = 0
    not_recorded: int = 0

    def plus(self, calls: Iterable[Columns]) -> Totals:
        found = [each for each in calls if each["state"] != CallState.NOT_OURS]
        return Totals(
            self.calls + len(found),
            self.answered + sum("connected_at" in each for each in found),
            self.missed + sum(each["state"] == CallState.MISSED for each in found),
            self.failed + sum(each["state"] in FAILED for each in found),
            self.not_recorded + sum(each["recording_status"] in LOST for each in found),
        )


class Live(Struct, frozen=True):
    """``calls`` have not ended, newest first."""

    calls: tuple[Columns, ...]
    totals: Totals


class Day(Struct, frozen=True):
    """The totals of a day: of the calls before a moment, none of which changes any more."""

    until: datetime
    settled: Totals = Totals()


class _Copy(Struct, frozen=True):
    read_at: datetime
    live: Live
    day: Day
    ran_over: bool  # calls of yesterday go on


class LiveCalls:
    """One for each process."""

    def __init__(self, calls: TableClient, now: Callable[[], datetime]) -> None:
        self._calls, self._now = calls, now
        self._reading = asyncio.Lock()
        self._copies: dict[str, _Copy] = {}

    async def of(self, tenant: str) -> Live:
        """Of a tenant (its id in lower case), as it was some seconds ago. Of many who ask at once one reads."""
        async with self._reading:
            copy = self._copies.get(tenant)
            if copy is None or self._now() - copy.read_at > RECENT:
                copy = self._copies[tenant] = await self._read(tenant, copy)
            return copy.live

    async def _read(self, tenant: str, before: _Copy | None) -> _Copy:
        now = self._now()
        known = before.day if before and before.day.until.date() == now.date() else Day(_midnight(now.date()))
        of_today, of_yesterday = await asyncio.gather(
            self._of_day(tenant, known), self._of_yesterday(tenant, now, before)
        )
        calls = [each for each in (*of_today, *of_yesterday) if each["state"] in OPEN]
        calls.sort(key=lambda each: str(each["id"]), reverse=True)
        live = Live(tuple(calls), known.settled.plus(of_today))
        return _Copy(now, live, _settled(known, of_today, now), bool(of_yesterday))

    async def _of_day(self, tenant: str, day: Day) -> list[Columns]:
        """The calls that are not counted yet."""
        return await self._rows(tenant, day.until.date(), key_before(day.until))

    async def _of_yesterday(self, tenant: str, now: datetime, before: _Copy | None) -> list[Columns]:
        """The calls that have not ended; none once there were none, after the first minutes of today."""
        is_over = now - _midnight(now.date()) > LATE
        if before is not None and is_over and not before.ran_over and before.read_at.date() == now.date():
            return []
        return await self._rows(tenant, now.date() - timedelta(days=1), "g", OPEN)

    async def _rows(self, tenant: str, day: date, last: str, states: tuple[CallState, ...] = ()) -> list[Columns]:
        """The rows of a tenant's list before a key, of some states or of all."""
        name = f"tenant {tenant}"
        terms = ["PartitionKey eq @partition", "RowKey gt @first", "RowKey lt @last"]
        any_state = " or ".join(f"state eq '{each.value}'" for each in states)
        terms += [f"({any_state})"] if states else []
        keys = {"first": lists.row_key(name, ""), "last": lists.row_key(name, last)}

        async def of(partition: str) -> list[Columns]:
            rows = self._calls.query_entities(
                " and ".join(terms), parameters=keys | {"partition": partition}, select=_SELECTED
            )
            return [{**row, "id": id_of(row["RowKey"].rpartition(" ")[2])} async for row in rows]

        return [row for rows in await asyncio.gather(*map(of, partitions_of(day))) for row in rows]


def _settled(day: Day, calls: list[Columns], now: datetime) -> Day:
    """The day, with the calls before the first that can still change."""
    moments = [began_at(each["id"]) for each in calls if _can_change(each)]
    until = max(day.until, min([now.replace(microsecond=0) - LATE, *moments]))
    return Day(until, day.settled.plus(each for each in calls if began_at(each["id"]) < until))


def _can_change(columns: Columns) -> bool:
    return columns["state"] in OPEN or columns["recording_status"] in UNSETTLED


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

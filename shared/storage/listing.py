"""Reads lists of calls, newest first, page by page. A page costs a number of requests that does not depend on how many
calls there are.

A list by day, state or account is sixteen ranges of keys, one for each shard, which are merged. Without a day it goes
back from today, day by day. A list by number or agent is a range of the index; the columns of its calls are read from
their rows, one by one. ``lists`` says which rows there are.
"""

from __future__ import annotations

import asyncio
import heapq
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError
from msgspec import Struct

from shared.calls.state import CallState
from shared.storage import lists
from shared.storage.keys import LAST_DAY, SHARDS, keys_of, newest_first_key, partitions_of

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

MOST_DAYS = 7  # that one request goes back
OLDEST = timedelta(days=90)  # that a list without a day goes back in all
MOST_EXAMINED = 200  # calls of a number or an agent, of which other filters may leave few
ID = len("20261121-0816400112233445566778899aabbcc3")
_POSITION = re.compile(r"[0-9]{8}(-[0-9a-f]{32})?")
_SELECTED = ["PartitionKey", "RowKey", *lists.COLUMNS]

Columns = Mapping[str, Any]  # of a call; with its ``id``


class CallFilter(Struct, frozen=True):
    """``None`` is no filter. ``tenant``, ``account`` and ``agent`` are ids in lower case; ``numbers`` are E.164."""

    tenant: str | None = None
    state: CallState | None = None
    day: date | None = None
    account: str | None = None
    agent: str | None = None
    numbers: tuple[str, ...] | None = None

    def passes(self, columns: Columns) -> bool:
        return (
            self.tenant in (None, columns.get("tenant", "").lower())
            and self.state in (None, columns["state"])
            and self.account in (None, lists.account_of(columns))
        )


class CallPage(Struct, frozen=True):
    """``position`` is where the next page begins; None after the last one."""

    calls: tuple[Columns, ...]
    position: str | None


class CallLists:
    def __init__(self, calls: TableClient, index: TableClient, oldest: timedelta = OLDEST) -> None:
        self._calls, self._index, self._oldest = calls, index, oldest

    async def page(self, wanted: CallFilter, size: int, position: str | None, today: date) -> CallPage:
        """``size`` calls at most. ``position`` is that of the page before: a call's id, or a day."""
        if wanted.numbers is not None or wanted.agent is not None:
            return await self._of_index(wanted, size, position)
        return await self._of_days(wanted, size, position, today)

    async def of_request(self, name: str) -> str | None:
        """The id of the newest call of a client's request (``lists.request_name``); None if there is none."""
        async for row in self._rows(self._index, ["PartitionKey eq @name"], {"name": name}, ["RowKey"], 1):
            return _key_of(row)[-ID:]
        return None

    # -- Days --

    async def _of_days(self, wanted: CallFilter, size: int, position: str | None, today: date) -> CallPage:
        found: list[Columns] = []
        days = list(_days(wanted.day, position, today, today - self._oldest))
        for day in days[:MOST_DAYS]:
            after = keys_of(position)[1] if position and position.startswith(f"{day:%Y%m%d}-") else ""
            calls, more = await self._of_day(day, wanted, size - len(found), after)
            found += calls
            if len(found) == size and (more or day != days[-1]):
                return CallPage(tuple(found), found[-1]["id"])
        following = days[MOST_DAYS:]
        return CallPage(tuple(found), f"{following[0]:%Y%m%d}" if following else None)

    async def _of_day(self, day: date, wanted: CallFilter, size: int, after: str) -> tuple[list[Columns], bool]:
        """The newest calls of a day after a key, and whether there are more."""
        each = min(size + 1, 2 * size // len(SHARDS) + 3)  # of a shard at a time: seldom is a second request needed
        streams = [self._stream(partition, wanted, after, each) for partition in partitions_of(day)]
        return await _merged(streams, size)

    def _stream(self, partition: str, wanted: CallFilter, after: str, size: int) -> AsyncIterator[dict[str, Any]]:
        name, others = _list_of(wanted)
        first, last = (lists.row_key(name, after), lists.row_key(name, "g")) if name else (after, lists.PREFIX)
        terms = ["PartitionKey eq @partition", "RowKey gt @first", "RowKey lt @last"]
        terms += [f"{column} eq @{column}" for column in others]
        parameters = {"partition": partition, "first": first, "last": last, **others}
        return aiter(self._rows(self._calls, terms, parameters, _SELECTED, size))

    # -- Numbers and agents --

    async def _of_index(self, wanted: CallFilter, size: int, position: str | None) -> CallPage:
        partitions = [lists.agent_partition(wanted.agent or "")]
        if wanted.numbers is not None:
            partitions = [lists.number_partition(number) for number in wanted.numbers]
        found: list[Columns] = []
        for _ in range(max(1, MOST_EXAMINED // size)):
            streams = [self._index_stream(each, wanted.day, position, size) for each in sorted(set(partitions))]
            named, more = await _merged(streams, size - len(found))
            calls = await asyncio.gather(*(self._columns(row["id"], wanted) for row in named))
            found += [columns for columns in calls if columns is not None and wanted.passes(columns)]
            position = named[-1]["id"] if named and more else None
            if len(found) == size or position is None:
                break
        return CallPage(tuple(found), position)

    def _index_stream(
        self, partition: str, day: date | None, position: str | None, size: int
    ) -> AsyncIterator[dict[str, Any]]:
        first, last = _range_of(day)
        if position and len(position) == ID:
            first = max(first, newest_first_key(position))
        terms = ["PartitionKey eq @partition", "RowKey gt @first", "RowKey lt @last"]
        parameters = {"partition": partition, "first": first, "last": last}
        return aiter(self._rows(self._index, terms, parameters, ["RowKey"], size + 1))

    async def _columns(self, id: str, wanted: CallFilter) -> Columns | None:
        """The columns of a call's row; None if there is none yet, or if the agent was not in the call."""
        try:
            if wanted.numbers is not None and wanted.agent is not None:
                agent = lists.agent_partition(wanted.agent)
                await self._index.get_entity(agent, newest_first_key(id), select=["RowKey"])
            return {**await self._calls.get_entity(*keys_of(id), select=_SELECTED), "id": id}
        except ResourceNotFoundError:
            return None

    @staticmethod
    def _rows(table: TableClient, terms: list[str], parameters: dict[str, Any], columns: list[str], size: int) -> Any:
        return table.query_entities(" and ".join(terms), parameters=parameters, select=columns, results_per_page=size)


def _list_of(wanted: CallFilter) -> tuple[str, dict[str, str]]:
    """The list to read, and the columns that the storage compares. Most calls end, so that reading past the others is
    cheap; calls in any other state have a list of their own.
    """
    others = {"tenant": wanted.tenant, "account": wanted.account, "state": wanted.state and wanted.state.value}
    if wanted.state not in (None, CallState.ENDED):
        name = "state"
    else:
        name = next((each for each in ("account", "tenant") if others[each]), "")
    listed = f"{name} {others.pop(name)}" if name else ""
    return listed, {column: value for column, value in others.items() if value}


def _days(day: date | None, position: str | None, today: date, oldest: date) -> Iterator[date]:
    """The days of a list, from that of the position on."""
    first = day_of(position) if position else day or today
    while first >= oldest if day is None else first == day:
        yield first
        first -= timedelta(days=1)


def day_of(position: str) -> date:
    """The day of a position. Raises ValueError if it is none."""
    if not _POSITION.fullmatch(position):
        raise ValueError("it is no position of a list of calls")
    return date(int(position[:4]), int(position[4:6]), int(position[6:8]))


def _range_of(day: date | None) -> tuple[str, str]:
    """The row keys of a day's calls in the index, or of all."""
    if day is None:
        return "0", "a"
    inverted = f"{LAST_DAY - int(f'{day:%Y%m%d}')}"
    return f"{inverted}-", f"{inverted}."


async def _merged(streams: Sequence[AsyncIterator[dict[str, Any]]], size: int) -> tuple[list[Columns], bool]:
    """The ``size`` first rows of sorted streams, each once and with its call's id; and whether there are more."""
    heads = await asyncio.gather(*(anext(stream, None) for stream in streams))
    heap = [(_key_of(row), n, row) for n, row in enumerate(heads) if row]
    heapq.heapify(heap)
    found: list[Columns] = []
    while heap and len(found) < size:
        key, n, row = heap[0]
        if not found or found[-1]["id"] != key[-ID:]:
            found.append({**row, "id": key[-ID:]})
        following = await anext(streams[n], None)
        if following:
            heapq.heapreplace(heap, (_key_of(following), n, following))
        else:
            heapq.heappop(heap)
    return found, bool(heap)


def _key_of(row: Columns) -> str:
    """The row's key without the name of its list."""
    return str(row["RowKey"]).rpartition(" ")[2]

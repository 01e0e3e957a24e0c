"""What lists of calls cost: ``make lists`` writes 10,000 calls of a day to an Azurite of its own, and reads a page of
fifty by each filter.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableClient
from msgspec import Struct

from local.processes import as_command
from local.stack import Ports, Stack
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import Lifecycle
from shared.calls.capabilities.participants import Participants
from shared.calls.identities import agent
from shared.calls.state import CallState
from shared.storage import lists
from shared.storage.calls import Row, encode
from shared.storage.keys import call_id_of
from shared.storage.listing import CallFilter, CallLists

CALLS = 10_000
PAGE = 50
DAY = datetime(2026, 11, 21, tzinfo=UTC)
TENANTS, ACCOUNTS, AGENTS = ([str(uuid.UUID(int=n)) for n in range(first, first + 20)] for first in (100, 200, 300))
NUMBERS = [f"+1206555{n:04}" for n in range(50)]
LARGEST_BATCH = 100  # of the storage service
AT_ONCE = 8
RARELY = 20  # one call in so many was missed

FILTERS = {
    "none": CallFilter(),
    "day": CallFilter(day=DAY.date()),
    "tenant": CallFilter(tenant=TENANTS[0]),
    "account": CallFilter(account=ACCOUNTS[1]),
    "state: ended": CallFilter(tenant=TENANTS[0], state=CallState.ENDED),
    "state: missed": CallFilter(tenant=TENANTS[0], state=CallState.MISSED),
    "account and state": CallFilter(tenant=TENANTS[0], account=ACCOUNTS[1], state=CallState.MISSED),
    "agent": CallFilter(tenant=TENANTS[0], agent=AGENTS[1]),
    "number": CallFilter(tenant=TENANTS[0], numbers=(NUMBERS[1],)),
    "customer": CallFilter(tenant=TENANTS[0], numbers=tuple(NUMBERS[1:4])),
}


class PageCost(Struct, frozen=True):
    calls: int
    requests: int
    bytes: int
    seconds: float


class Counting(AioHttpTransport):  # type: ignore[misc]  # azure-core loads it lazily
    """Keeps the responses, to count them and their bytes."""

    def __init__(self, responses: list[Any]) -> None:
        super().__init__()
        self._responses = responses

    async def send(self, request: Any, **kwargs: Any) -> Any:
        self._responses.append(await super().send(request, **kwargs))
        return self._responses[-1]


async def seed(calls: TableClient, index: TableClient, count: int) -> None:
    """Write calls of a day: nearly all have ended."""
    rows, named = [], []
    for n in range(count):
        call = _call(n, count)
        entity = encode(call, Row())
        change = lists.change(call.id, entity, "")
        rows += [entity, *(change.written if change else ())]
        named += [lists.index_row(call.id, partition) for partition in lists.indexed(call)]
    limit = asyncio.Semaphore(AT_ONCE)

    async def submit(table: TableClient, batch: list[dict[str, Any]]) -> None:
        async with limit:
            await table.submit_transaction([("create", row) for row in batch])

    batches = [submit(table, batch) for table, found in ((calls, rows), (index, named)) for batch in _batches(found)]
    await asyncio.gather(*batches)


def _call(n: int, count: int) -> Call:
    tenant = TENANTS[0] if n % 10 else TENANTS[1]
    people = (agent(str(uuid.UUID(int=1)), tenant, AGENTS[n % len(AGENTS)]),)
    return Call(
        id=call_id_of(uuid.uuid5(uuid.NAMESPACE_OID, str(n)).hex, DAY + n * timedelta(days=1) / count),
        state=CallState.MISSED if n // 10 % RARELY == 0 else CallState.ENDED,
        lifecycle=Lifecycle(
            caller=f"4:{NUMBERS[n % len(NUMBERS)]}",
            callee=f"28:orgid:{ACCOUNTS[n % 10]}",
            callee_name="Support line",
            callee_number="+18005550100",
            tenant=tenant,
            called_at=DAY,
        ),
        participants=Participants(joined_at=dict.fromkeys(people, DAY)),
    )


def _batches(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Rows of one partition at a time."""
    partitions: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        partitions.setdefault(row["PartitionKey"], []).append(row)
    for found in partitions.values():
        yield from (found[start : start + LARGEST_BATCH] for start in range(0, len(found), LARGEST_BATCH))


async def cost_of_a_page(storage: str, tables: tuple[str, str], wanted: CallFilter, today: date) -> PageCost:
    """Of a page of a list, after another one that opened the connections."""
    responses: list[Any] = []
    clients = [TableClient.from_connection_string(storage, name, transport=Counting(responses)) for name in tables]
    async with clients[0] as calls, clients[1] as index:
        reader = CallLists(calls, index)
        await reader.page(wanted, PAGE, None, today)
        responses.clear()
        began = time.perf_counter()
        page = await reader.page(wanted, PAGE, None, today)
        seconds = time.perf_counter() - began
    return PageCost(len(page.calls), len(responses), sum(len(each.content) for each in responses), seconds)


async def main() -> int:
    stack = Stack(ports=Ports.free(), logs=Path(tempfile.mkdtemp(prefix="teams-phone-lists-")))
    try:
        await stack.start_storage()
        storage, tables = stack.ports.storage(), ("calls", "callsindex")
        clients = [TableClient.from_connection_string(storage, name) for name in tables]
        print(f"Writing {CALLS:,} calls of a day …", flush=True)
        async with clients[0] as calls, clients[1] as index:
            await seed(calls, index, CALLS)
        print(f"{'filter':<20}{'calls':>6}{'requests':>10}{'KiB':>8}{'ms':>7}")
        for name, wanted in FILTERS.items():
            cost = await cost_of_a_page(storage, tables, wanted, DAY.date())
            shown = f"{cost.calls:>6}{cost.requests:>10}{cost.bytes / 1024:>8.1f}{cost.seconds * 1000:>7.0f}"
            print(f"{name:<20}{shown}", flush=True)
    finally:
        await stack.stop()
    return 0


if __name__ == "__main__":
    sys.exit(as_command(main()))

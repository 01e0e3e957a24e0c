"""The calls that go on now, and the totals of the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from azure.data.tables.aio import TableClient
from msgspec.structs import replace

from local.lists import Counting
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import Lifecycle
from shared.calls.state import CallState
from shared.storage.calls import CallStore, Row
from shared.storage.keys import call_id_of
from shared.storage.live import LATE, RECENT, LiveCalls, Totals
from tests.golden import START
from tests.storage.test_calls import index, new_table, store, table

__all__ = ["index", "new_table", "store", "table"]  # fixtures

TENANT = "c0000000-0000-4000-8000-000000000001"
NOON = START.replace(hour=12, minute=0, second=0, microsecond=0)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def a_call(n: int, at: datetime, state: CallState = CallState.CONNECTED, tenant: str = TENANT) -> Call:
    return Call(
        id=call_id_of(f"{n:032x}"[::-1], at),
        state=state,
        lifecycle=Lifecycle(caller="4:+12065550101", tenant=tenant, called_at=at),
        reached={CallState.CONNECTED: at} if state is CallState.CONNECTED else {},
    )


async def test_calls_are_live_until_they_end_and_counted_once(store: CallStore, table: TableClient) -> None:
    clock = Clock(NOON)
    live = LiveCalls(table, clock)
    talk, missed = a_call(1, NOON - timedelta(hours=2)), a_call(2, NOON - timedelta(minutes=1), CallState.MISSED)
    row = await store.write(Row(), talk)
    await store.write(Row(), missed)
    await store.write(Row(), a_call(3, NOON, tenant="c0000000-0000-4000-8000-000000000002"))
    found = await live.of(TENANT)
    assert [each["id"] for each in found.calls] == [talk.id]
    assert found.totals == Totals(calls=2, answered=1, missed=1)
    await store.write(row, replace(talk, state=CallState.ENDED))
    assert (await live.of(TENANT)).calls != ()  # as it was some seconds ago
    clock.now += RECENT + timedelta(seconds=1)
    ended = await live.of(TENANT)
    assert (ended.calls, ended.totals.answered) == ((), 1)
    for _ in range(3):
        clock.now += LATE
        assert (await live.of(TENANT)).totals == ended.totals


async def test_an_idle_day_is_not_read_again(store: CallStore, table: TableClient, storage: str) -> None:
    responses: list[Any] = []
    counted = TableClient.from_connection_string(storage, table.table_name, transport=Counting(responses))
    clock = Clock(NOON)
    for n in range(50):
        await store.write(Row(), a_call(n, NOON - timedelta(hours=1, seconds=n), CallState.MISSED))
    async with counted:
        live = LiveCalls(counted, clock)
        assert (await live.of(TENANT)).totals.missed == 50
        first, size = len(responses), sum(len(each.content) for each in responses)
        assert first == 32  # today, and the calls of yesterday that go on
        responses.clear()
        clock.now += timedelta(minutes=1)
        assert (await live.of(TENANT)).totals.missed == 50
        assert len(responses) == 16
        assert sum(len(each.content) for each in responses) < size / 10


async def test_a_call_over_midnight_stays_until_it_ends(store: CallStore, table: TableClient) -> None:
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    clock = Clock(midnight - timedelta(minutes=1))
    live = LiveCalls(table, clock)
    talk = a_call(1, midnight - timedelta(minutes=30))
    row = await store.write(Row(), talk)
    assert (await live.of(TENANT)).totals.calls == 1
    clock.now = midnight + timedelta(hours=1)
    over = await live.of(TENANT)
    assert ([each["id"] for each in over.calls], over.totals.calls) == ([talk.id], 0)
    await store.write(row, replace(talk, state=CallState.ENDED))
    clock.now += timedelta(minutes=1)
    assert (await live.of(TENANT)).calls == ()


async def test_a_call_at_midnight_belongs_to_the_day(store: CallStore, table: TableClient) -> None:
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    await store.write(Row(), a_call(1, midnight, CallState.MISSED))
    clock = Clock(midnight + timedelta(hours=1))
    live = LiveCalls(table, clock)
    assert (await live.of(TENANT)).totals.missed == 1
    clock.now += timedelta(minutes=5)
    assert (await live.of(TENANT)).totals.missed == 1

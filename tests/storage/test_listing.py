"""Lists of calls: each filter, pages, and rows of lists that follow the row of the call."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables.aio import TableClient
from msgspec.structs import replace

from local.lists import DAY, FILTERS, PAGE, cost_of_a_page, seed
from shared.calls.actions import HangUp
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import Lifecycle
from shared.calls.capabilities.participants import Participants
from shared.calls.effect import Effect
from shared.calls.identities import agent
from shared.calls.state import CallState
from shared.storage import lists
from shared.storage.calls import CallStore, Conflict, Row
from shared.storage.keys import call_id_of, keys_of
from shared.storage.listing import CallFilter, CallLists
from tests.golden import START
from tests.storage.test_calls import index, new_table, store, table
from tests.support import AUDIENCE

__all__ = ["index", "new_table", "store", "table"]  # fixtures

TENANTS = [str(uuid.UUID(int=n)) for n in (1, 2)]
ACCOUNTS = [str(uuid.UUID(int=n)) for n in (3, 4, 5)]
AGENTS = [str(uuid.UUID(int=n)) for n in (6, 7)]
NUMBERS = ["+12065550101", "+12065550102"]
TODAY = START.date()
STATES = [CallState.ENDED, CallState.MISSED, CallState.CONNECTED]
EVERY = 120  # calls


@pytest.fixture
def call_lists(table: TableClient, index: TableClient) -> CallLists:
    return CallLists(table, index, timedelta(days=9))


def a_call(n: int, at: datetime | None = None) -> Call:
    """Calls with every combination of values, the newest first."""
    account = ACCOUNTS[n % 3]
    people = tuple(agent(AUDIENCE, TENANTS[0], each) for each in AGENTS[: n % 5 % 3])
    return Call(
        id=call_id_of(uuid.uuid4().hex, at or START - timedelta(minutes=6 * n)),
        state=STATES[n % 7 % 3],
        lifecycle=Lifecycle(
            caller=f"4:{NUMBERS[n % 2]}", callee=f"28:orgid:{account}", tenant=TENANTS[n % 3 % 2], caller_name="Ada"
        ),
        participants=Participants(present=people, joined_at=dict.fromkeys(people, START)),
    )


def filters() -> list[CallFilter]:
    """Some of all combinations: each value with most of the others."""
    options: list[list[Any]] = [
        [None, TENANTS[0]],
        [None, CallState.ENDED, CallState.MISSED],
        [None, (START - timedelta(days=1)).date()],
        [None, ACCOUNTS[0]],
        [None, AGENTS[0]],
        [None, (NUMBERS[0],), tuple(NUMBERS)],
    ]
    return [CallFilter(*values) for values in itertools.product(*options)][::11]


def passes(call: Call, wanted: CallFilter) -> bool:
    """The filter's meaning, without storage."""
    part, who = call.lifecycle, {str(each).rpartition("_")[2] for each in call.participants.all_participants}
    return all(
        (
            wanted.tenant in (None, part.tenant),
            wanted.state in (None, call.state),
            wanted.day is None or f"{wanted.day:%Y%m%d}" == call.id[:8],
            wanted.account is None or part.callee == f"28:orgid:{wanted.account}",
            wanted.agent is None or wanted.agent in who,
            wanted.numbers is None or str(part.caller)[2:] in wanted.numbers,
        )
    )


async def all_of(call_lists: CallLists, wanted: CallFilter, size: int = 20) -> list[str]:
    """The ids of a list's calls, from all of its pages."""
    found: list[str] = []
    position: str | None = None
    for _ in range(100):
        page = await call_lists.page(wanted, size, position, TODAY)
        assert len(page.calls) <= size
        found += [columns["id"] for columns in page.calls]
        position = page.position
        if position is None:
            return found
    pytest.fail("the list has no last page")


async def test_every_combination_of_filters_lists_the_same_calls_as_a_scan(
    store: CallStore, table: TableClient, index: TableClient
) -> None:
    call_lists = CallLists(table, index, timedelta(days=1))
    calls = [a_call(n) for n in range(EVERY)]
    await asyncio.gather(*(store.write(Row(), call) for call in calls))
    ids = sorted(calls, key=lambda call: call.id, reverse=True)
    for wanted in filters():
        expected = [call.id for call in calls if passes(call, wanted)]
        assert sorted(expected) == sorted(await all_of(call_lists, wanted)), wanted
    newest = await all_of(call_lists, CallFilter(), 7)
    assert newest == [call.id for call in ids]


async def test_the_rows_of_lists_follow_the_row(store: CallStore, call_lists: CallLists, table: TableClient) -> None:
    call = replace(a_call(0), state=CallState.ANSWERED)
    row = await store.write(Row(), call)
    assert await all_of(call_lists, CallFilter(state=CallState.ANSWERED)) == [call.id]
    row = await store.write(await store.read(call.id), replace(call, state=CallState.CONNECTED))
    assert await all_of(call_lists, CallFilter(state=CallState.ANSWERED)) == []
    assert await all_of(call_lists, CallFilter(state=CallState.CONNECTED)) == [call.id]
    await store.write(row, replace(call, state=CallState.ENDED))
    assert await all_of(call_lists, CallFilter(state=CallState.CONNECTED)) == []
    of_account = CallFilter(account=ACCOUNTS[0], state=CallState.ENDED)
    (columns,) = (await call_lists.page(of_account, 5, None, TODAY)).calls
    assert (columns["id"], columns["state"], columns["caller_name"]) == (call.id, "ended", "Ada")
    assert sorted([e["RowKey"] async for e in table.list_entities()]) == sorted(
        [keys_of(call.id)[1], *(lists.row_key(name, keys_of(call.id)[1]) for name in lists.names_of(columns))]
    )


async def test_a_write_that_leases_effects_leaves_the_lists_for_the_next(
    store: CallStore, call_lists: CallLists
) -> None:
    call = replace(a_call(0), state=CallState.ANSWERED)
    row = await store.write(Row(), call)
    leased = Effect("e", HangUp(), START, "lifecycle", 1, START)
    row = await store.write(row, replace(call, state=CallState.CONNECTED, effects=(leased,)))
    assert await all_of(call_lists, CallFilter(state=CallState.CONNECTED)) == []
    await store.write(row, replace(call, state=CallState.CONNECTED))
    assert await all_of(call_lists, CallFilter(state=CallState.CONNECTED)) == [call.id]
    assert await all_of(call_lists, CallFilter(state=CallState.ANSWERED)) == []


async def test_a_conflict_leaves_the_lists_as_they_are(store: CallStore, call_lists: CallLists) -> None:
    call = replace(a_call(0), state=CallState.ANSWERED)
    stale = await store.write(Row(), call)
    await store.write(stale, replace(call, state=CallState.CONNECTED))
    for row in (stale, Row()):
        with pytest.raises(Conflict):
            await store.write(row, replace(call, state=CallState.FAILED))
    assert await all_of(call_lists, CallFilter(state=CallState.FAILED)) == []
    assert await all_of(call_lists, CallFilter(state=CallState.CONNECTED)) == [call.id]


async def test_a_row_of_a_list_that_is_missing_does_not_block_the_call(
    store: CallStore, call_lists: CallLists, table: TableClient
) -> None:
    call = replace(a_call(0), state=CallState.ANSWERED)
    row = await store.write(Row(), call)
    partition, key = keys_of(call.id)
    await table.delete_entity(partition, lists.row_key("state answered", key))
    await store.write(row, replace(call, state=CallState.CONNECTED))
    assert await all_of(call_lists, CallFilter(state=CallState.CONNECTED)) == [call.id]


async def test_a_list_goes_back_day_by_day_and_comes_to_an_end(store: CallStore, call_lists: CallLists) -> None:
    ages = [0, 6, 7, 9, 10]
    calls = [a_call(0, datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC) - timedelta(days=n)) for n in ages]
    await asyncio.gather(*(store.write(Row(), call) for call in calls))
    assert await all_of(call_lists, CallFilter()) == [call.id for call in calls[:-1]]
    assert await all_of(call_lists, CallFilter(numbers=(NUMBERS[0],))) == [call.id for call in calls]


async def test_a_page_of_fifty_costs_a_number_of_requests_that_does_not_depend_on_the_calls(
    storage: str, table: TableClient, index: TableClient
) -> None:
    """``make lists`` shows the same for 10,000 calls."""
    await seed(table, index, 1200)
    for name, wanted in FILTERS.items():
        cost = await cost_of_a_page(storage, (table.table_name, index.table_name), wanted, DAY.date())
        is_of_index = name in {"agent", "number", "customer"}
        expected = 51 + 2 if is_of_index else 16 + 4  # some shards may have more of the newest calls than others
        if name != "number":  # of which so few calls have too few
            assert cost.calls in range(6, PAGE + 1), name
        if cost.calls == PAGE:
            assert cost.requests <= expected, name
            assert cost.bytes < 150_000, name
    assert cost.calls == PAGE

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables.aio import TableClient, TableServiceClient
from msgspec.structs import replace

from shared.calls.call import Call, Chunk, Entry, Measured, Recording, Result, State
from shared.calls.effects import AnyAction, ArchiveChunk, Effect, FindCall, HangUp, Play, StartRecording
from shared.calls.policy import Plan
from shared.storage.calls import Conflict, Row, Store, partition_of, partition_ranges
from tests.golden import START

KIB = 1024


@pytest.fixture
async def table(storage: str) -> AsyncIterator[TableClient]:
    """A table of the test's own."""
    async with TableServiceClient.from_connection_string(storage) as service:
        table = await service.create_table(f"t{uuid.uuid4().hex}")
        yield table
        await table.delete_table()
        await table.close()


@pytest.fixture
def store(table: TableClient) -> Store:
    return Store(table)


def new_id(day: str = "20261121") -> str:
    return f"{day}-{uuid.uuid4().hex}"


def entries(count: int, text: str = "2 participants") -> tuple[Entry, ...]:
    moments = (START + timedelta(seconds=n, microseconds=n) for n in range(count))
    return tuple(Entry(at, str(uuid.uuid4()), "ParticipantsUpdated", text, at) for at in moments)


def rich(id: str) -> Call:
    """A call with something in every field."""
    actions: list[AnyAction] = [
        StartRecording(2),
        Play("announcement", "Grüße 🎙️ <&>"),
        HangUp(),
        FindCall(),
        ArchiveChunk("r+/=", 3),
    ]
    effects = [Effect(str(n), action, START, n, START, performed=bool(n % 2)) for n, action in enumerate(actions)]
    return Call(
        id=id,
        plan=Plan(("a", "b"), "busy", False, "mixed", "Hallo", "end", "Tschüß"),
        state=State.ENDED,
        caller="4:+12065551212",
        caller_name='\U0001d504da "O\'Neil" \u0000\u2028🙂',
        callee="28:orgid:1",
        tenant="c0000000-0000-4000-8000-000000000001",
        callee_name="Support line",
        callee_number="+18005550100",
        on_behalf_of="8:orgid:2",
        correlation_id="c",
        server_call_id="s",
        call_connection_id="cc",
        called_at=START,
        connected_at=START + timedelta(microseconds=1),
        ended_at=START + timedelta(hours=3),
        first_audio_at=START,
        result=Result("CallDisconnected", 200, 7000, "hung up"),
        participants=("4:+1", "8:acs:1"),
        participants_sequence=7,
        took_part=("4:+1", "8:acs:1", "8:acs:2"),
        recordings={
            "r+/=": Recording(
                started_at=START,
                stopped_at=START,
                chunks={"0": Chunk("c", "m", "d", "p", 2**40), "1": Chunk("c", "m", lost="x")},
            )
        },
        recording_failures={"e": Result("StartRecordingFailed", 500, 0)},
        announced="played",
        notified="not played",
        file_lost="none came",
        effects=tuple(effects),
        timeline=entries(3),
        measured=Measured(START, START, START, START, START),
    )


async def test_a_call_that_was_never_saved_is_no_row(store: Store) -> None:
    assert await store.read(new_id()) == Row()


async def test_a_call_comes_back_as_it_was_saved(store: Store) -> None:
    call = rich(new_id())
    saved = await store.write(Row(), call, START)
    assert await store.read(call.id) == saved == Row(call, saved.etag)


def test_the_rich_call_leaves_no_field_out() -> None:
    empty = Call(id="")
    assert [name for name in Call.__struct_fields__ if getattr(rich("x"), name) == getattr(empty, name)] == []


async def test_a_change_replaces_the_whole_row(store: Store) -> None:
    """What a long call needed and a short one does not is gone."""
    call = replace(rich(new_id()), timeline=entries(2000))
    saved = await store.write(Row(), call, START)
    shorter = replace(call, timeline=entries(1), ended_at=None, effects=(), state=State.CONNECTED)
    saved = await store.write(saved, shorter, START)
    assert await store.read(call.id) == saved == Row(shorter, saved.etag)


async def test_a_change_over_a_stale_row_is_a_conflict(store: Store) -> None:
    call = Call(id=new_id())
    stale = await store.write(Row(), call, START)
    fresh = await store.write(stale, replace(call, caller="first"), START)
    with pytest.raises(Conflict):
        await store.write(stale, replace(call, caller="second"), START)
    assert await store.read(call.id) == fresh


async def test_a_call_is_created_once(store: Store) -> None:
    call = Call(id=new_id())
    writes = (store.write(Row(), replace(call, caller=str(n)), START) for n in range(5))
    results = await asyncio.gather(*writes, return_exceptions=True)
    (created,) = [result for result in results if isinstance(result, Row)]
    assert [type(result) for result in results].count(Conflict) == 4
    assert await store.read(call.id) == created


async def test_one_of_many_changes_at_once_wins(store: Store) -> None:
    call = Call(id=new_id())
    row = await store.write(Row(), call, START)
    writes = (store.write(row, replace(call, caller=str(n)), START) for n in range(5))
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(result) for result in results].count(Conflict) == 4


async def test_a_row_that_is_gone_is_a_conflict(store: Store, table: TableClient) -> None:
    call = Call(id=new_id())
    row = await store.write(Row(), call, START)
    await table.delete_entity(partition_of(call.id), call.id)
    with pytest.raises(Conflict):
        await store.write(row, call, START)


# -- The limits of Table storage -----------------------------------------------------------------------------


def sizes(entity: dict[str, Any]) -> list[int]:
    """The bytes of the properties that are text, as Table storage counts them."""
    return [len(value.encode("utf-16-le")) for value in entity.values() if isinstance(value, str)]


@pytest.mark.parametrize(
    "call",
    [
        Call(id=new_id(), timeline=entries(3000)),
        Call(id=new_id(), timeline=entries(100, text="🙂" * 400)),
        Call(id=new_id(), caller_name="🙂" * 40_000),
        Call(id=new_id(), participants=tuple(f"8:acs:{uuid.uuid4()}_{uuid.uuid4()}" for _ in range(350))),
        Call(id=new_id(), timeline=entries(1, text="x" * 31_900 + "🙂" * 100)),
    ],
    ids=["3000 events", "emoji in the timeline", "an endless name", "350 participants", "emoji at the seam"],
)
async def test_a_long_call_fits_into_its_row(store: Store, table: TableClient, call: Call) -> None:
    saved = await store.write(Row(), call, START)
    entity = await table.get_entity(partition_of(call.id), call.id)
    assert max(sizes(entity)) <= 64 * KIB
    assert sum(sizes(entity)) < 1024 * KIB
    assert len(entity) < 252
    assert (await store.read(call.id)).call == saved.call == call


# -- The index of recordings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("recording_id", ["eyJQbGF0Zm9ybSI6IjEifQ", "a+b/c==", "Ümläut", "x" * 400])
async def test_a_recording_leads_to_its_call(store: Store, recording_id: str) -> None:
    call = Call(id=new_id(), recordings={recording_id: Recording()})
    await store.write(Row(), call, START)
    assert await store.call_of_recording(recording_id) == call.id


async def test_an_unknown_recording_leads_nowhere(store: Store) -> None:
    assert await store.call_of_recording("unknown") is None


async def test_a_recording_is_indexed_when_a_later_change_brings_it(store: Store) -> None:
    call = Call(id=new_id())
    row = await store.write(Row(), call, START)
    assert await store.call_of_recording("later") is None
    await store.write(row, replace(call, recordings={"later": Recording()}), START)
    assert await store.call_of_recording("later") == call.id


# -- What is due ---------------------------------------------------------------------------------------------


def waiting(id: str, due: datetime) -> Call:
    return Call(id=id, state=State.CONNECTED, effects=(Effect("e", HangUp(), due),), measured=Measured(heard_at=due))


async def due(store: Store, now: datetime = START) -> set[str]:
    return {id for partitions in partition_ranges(now, 2) async for id in store.due(partitions, now)}


@pytest.mark.parametrize(
    ("day", "seconds", "found"),
    [
        ("20261121", -1, True),
        ("20261121", 0, True),
        ("20261121", 1, False),
        ("20261120", -1, True),
        ("20261119", -1, True),
        ("20261118", -1, False),
        ("20261122", -1, True),  # a clock that is ahead of ours, around midnight
        ("20261123", -1, False),
    ],
)
async def test_calls_are_due_when_their_moment_has_come(store: Store, day: str, seconds: int, found: bool) -> None:
    call = waiting(new_id(day), START + timedelta(seconds=seconds))
    await store.write(Row(), call, START)
    assert await due(store) == ({call.id} if found else set())


async def test_what_is_over_is_never_due(store: Store) -> None:
    over = Call(id=new_id(), state=State.ENDED, ended_at=START, recordings={"r": Recording()})
    over = replace(over, recordings={"r": Recording(chunks={"0": Chunk("c", "m", path="p", length=1)})})
    await store.write(Row(), over, START)
    assert await due(store, START + timedelta(days=1)) == set()


async def test_every_shard_is_looked_at(store: Store) -> None:
    calls = [waiting(f"20261121-{shard}{uuid.uuid4().hex[1:]}", START) for shard in "0123456789abcdef"]
    await asyncio.gather(*(store.write(Row(), call, START) for call in calls))
    assert await due(store) == {call.id for call in calls}
    assert len({partition_of(call.id) for call in calls}) == 16


# -- A table that is not there -------------------------------------------------------------------------------


async def test_a_missing_table_is_an_error_and_no_empty_answer(storage: str) -> None:
    async with TableClient.from_connection_string(storage, "nobodymadeit") as table:
        store = Store(table)
        call = Call(id=new_id(), recordings={"r": Recording()})
        with pytest.raises(ResourceNotFoundError, match="TableNotFound"):
            await store.read(call.id)
        with pytest.raises(ResourceNotFoundError):
            await store.write(Row(), call, START)
        with pytest.raises(ResourceNotFoundError):
            await store.write(Row(), Call(id=call.id), START)
        with pytest.raises(ResourceNotFoundError):
            await store.write(Row(call, 'W/"1"'), call, START)
        with pytest.raises(ResourceNotFoundError):
            await store.call_of_recording("r")
        with pytest.raises(ResourceNotFoundError):
            await due(store)

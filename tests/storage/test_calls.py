"""The rows of calls: saving and reading, rows of other versions, limits, the index of recordings and due calls."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables.aio import TableClient, TableServiceClient
from msgspec import Struct
from msgspec.structs import replace

from shared.calls.actions import AnyAction, ArchiveChunk, FetchCallState, HangUp, Play, SendDtmf, StartRecording
from shared.calls.capabilities import Call, next_check_at
from shared.calls.capabilities.consult import Consults
from shared.calls.capabilities.dtmf import MOST_TONES, Dtmf, Tone
from shared.calls.capabilities.lifecycle import Lifecycle, Result
from shared.calls.capabilities.media import Audio, AudioFile, Media, Talker, Transcript
from shared.calls.capabilities.on_behalf_of import OnBehalfOf
from shared.calls.capabilities.outbound import Outbound
from shared.calls.capabilities.participants import MOST_INVITATIONS, MOST_PARTICIPANTS, MOST_PRESENT, Participants, Ring
from shared.calls.capabilities.prompts import Prompts
from shared.calls.capabilities.recognition import LONGEST_SPEECH, MOST_RESULTS, Recognition, Recognized
from shared.calls.capabilities.recording import MOST_CHUNKS, MOST_RECORDINGS, Chunk, Failure, Recording, Recordings
from shared.calls.capabilities.routing import Answer, Chosen, Offer, Routing
from shared.calls.capabilities.streams import Stream, StreamFailure, Streams, StreamState
from shared.calls.capabilities.transfer import MOST_TRANSFERS, Transfer, Transfers
from shared.calls.capabilities.wrap_up import WrapUp, WrapUps
from shared.calls.capability import NoPart
from shared.calls.effect import Effect, effect_id
from shared.calls.event import LONGEST_MESSAGE
from shared.calls.operations import (
    MOST_REQUESTED,
    MOST_UNKNOWN,
    Operations,
    Outcome,
    OutcomeStatus,
    Requested,
    UnknownOutcome,
)
from shared.calls.outbox import Outbox
from shared.calls.plans.base import Visit
from shared.calls.plans.document import Plan
from shared.calls.plans.leaving import HangUpStep
from shared.calls.policy import CallPolicy
from shared.calls.queues import COMMANDS
from shared.calls.state import CallState
from shared.calls.timeline import LONGEST_TIMELINE, TimelineEntry
from shared.storage.calls import PAUSE, VERSION, CallStore, Conflict, Row, UnreadableRow
from shared.storage.keys import SHARDS, call_id_of, entity_keys, id_of, keys_of, partition_ranges
from shared.storage.lists import PREFIX
from tests.golden import START
from tests.support import entity_size, size

KIB = 1024
HOUR = timedelta(hours=1)


async def new_table(storage: str) -> AsyncIterator[TableClient]:
    async with TableServiceClient.from_connection_string(storage) as service:
        table = await service.create_table(f"t{uuid.uuid4().hex}")
        yield table
        await table.delete_table()
        await table.close()


@pytest.fixture
async def table(storage: str) -> AsyncIterator[TableClient]:
    """A table of the test's own."""
    async for table in new_table(storage):
        yield table


@pytest.fixture
async def index(storage: str) -> AsyncIterator[TableClient]:
    async for table in new_table(storage):
        yield table


@pytest.fixture
def store(table: TableClient, index: TableClient) -> CallStore:
    return CallStore(table, index)


def new_id(day: str = "20261121") -> str:
    return f"{day}-{uuid.uuid4().hex}"


def entries(count: int, text: str = "2 participants") -> tuple[TimelineEntry, ...]:
    moments = (START + timedelta(seconds=n, microseconds=n) for n in range(count))
    return tuple(TimelineEntry(at, str(uuid.uuid4()), "ParticipantsUpdated", text, at) for at in moments)


def named(call: Call, caller: str) -> Call:
    return replace(call, lifecycle=replace(call.lifecycle, caller=caller))


def with_recording(id: str, recording_id: str, recording: Recording | None = None) -> Call:
    return Call(id=id, recording=Recordings(recordings={recording_id: recording or Recording(was_accepted=True)}))


def rich(id: str) -> Call:
    """A call with a value in every field."""
    actions: list[tuple[AnyAction, str]] = [
        (StartRecording(2), "recording"),
        (Play("announcement", "Grüße 🎙️ <&>"), "prompts"),
        (HangUp(), "participants"),
        (FetchCallState(), "lifecycle"),
        (ArchiveChunk("r+/=", 3, "2026/11/21/x"), "recording"),
        (SendDtmf("4:+1", "12#"), COMMANDS),
    ]
    effects = [
        Effect(str(n), action, START, by, n, START, performed=bool(n % 2)) for n, (action, by) in enumerate(actions)
    ]
    outcome = Outcome(OutcomeStatus.FAILED, START, "PlayFailed", 400, 8535, "no")
    return Call(
        id=id,
        policy=CallPolicy(
            ("a", "b"), "busy", False, "mixed", "Hallo", "end", "Tschüß", "https://x/y", ("10111",), True
        ),
        state=CallState.ENDED,
        reached={CallState.CONNECTED: START + timedelta(microseconds=1), CallState.ENDED: START + 3 * HOUR},
        call_connection_id="cc",
        server_call_id="s",
        correlation_id="c",
        last_event_at=START,
        operations=Operations(
            {"a": outcome}, {"b": Requested(HangUp(), START, "user")}, {"event": UnknownOutcome("context", outcome)}
        ),
        effects=tuple(effects),
        timeline=entries(3),
        on_behalf_of=OnBehalfOf(START, ("8:orgid:2",), "https://x/ring.wav", "no rule", "request 1"),
        lifecycle=Lifecycle(
            caller="4:+12065551212",
            caller_name='\U0001d504da "O\'Neil" \u0000\u2028🙂',
            callee="28:orgid:1",
            tenant="c0000000-0000-4000-8000-000000000001",
            callee_name="Support line",
            callee_number="+18005550100",
            is_outbound=True,
            is_emergency=True,
            called_at=START,
            result=Result("CallDisconnected", 200, 7000, "hung up"),
            checked_at=START,
            received_at=START,
            answer_sent_at=START,
            answered_at=START,
        ),
        participants=Participants(
            present=("4:+1", "8:acs:1"),
            muted=("8:acs:1",),
            on_hold=("4:+1",),
            sequence_number=7,
            updated_at=START,
            joined_at={"4:+1": START, "8:acs:1": START},
            invited=("8:acs:1", "8:acs:2"),
            invitations={"operation": "invitation"},
            rings={"operation": Ring("8:acs:2", START)},
        ),
        outbox=Outbox({"CallConnected": 1}),
        wrap_up=WrapUps({"agent": WrapUp(START, "solved", "A note.")}),
        transfer=Transfers({"event": Transfer(START, "8:acs:1", "4:+1")}),
        recording=Recordings(
            {
                "r+/=": Recording(
                    started_at=START,
                    active_at=START,
                    stopped_at=START,
                    paused_at=START,
                    resumed_at=START,
                    ended_at=START,
                    was_accepted=True,
                    chunks={"0": Chunk("c", "m", "d", "p", 2**40), "1": Chunk("c", "m", lost="x")},
                )
            },
            {"e": Failure("StartRecordingFailed", 500, 0, "no", START)},
            "none came",
        ),
        prompts=Prompts(START),
        consult=Consults({"a": START}),
        recognition=Recognition({"a": Recognized(START, "12#", "yes", "Confirm", "yes", 0.5)}),
        dtmf=Dtmf({"event": Tone("#", START, 3, "a")}),
        routing=Routing(
            Plan("bye", {"bye": HangUpStep()}),
            3,
            "resource",
            True,
            {"x": "y"},
            {"c": Offer(START, ("8:acs:1",), 2)},
            {"v a": Answer(START, True)},
            {"v": Chosen(START, "bye")},
            (Visit("bye", 1, START, {"a": "b"}, START, "x", "why"),),
            "hold.wav",
            START,
            "default",
            True,
        ),
        outbound=Outbound(START, "28:orgid:1", "4:+1", "Hello."),
        media=Media(
            Transcript("x.jsonl", START, "x.vtt", START, lines=2, gaps=1, left_out=1),
            {
                "s": Audio(
                    START, START, frames=1, talkers=(Talker("4:+1", 1.0, 0.5),), files=(AudioFile("x.wav", START),)
                )
            },
        ),
        streams=Streams(
            Stream(StreamState.ACTIVE, START, "x"),
            Stream(StreamState.FAILED, START, "y"),
            {"event": StreamFailure("transcription", START, 500, 8578)},
        ),
    )


async def test_a_call_that_was_never_saved_has_no_row(store: CallStore) -> None:
    assert await store.read(new_id()) == Row()


async def test_a_call_is_read_as_it_was_saved(store: CallStore) -> None:
    call = rich(new_id())
    saved = await store.write(Row(), call)
    read = await store.read(call.id)
    assert (read.call, read.etag) == (call, saved.etag) == (saved.call, read.etag)


def fields_of(struct: Struct, path: str = "") -> dict[str, Any]:
    """The fields of a struct and of those in it, by their paths."""
    found = {f"{path}{name}": getattr(struct, name) for name in struct.__struct_fields__}
    inner = [(name, each) for name, each in found.items() if isinstance(each, Struct)]
    return found | {key: value for name, each in inner for key, value in fields_of(each, f"{name}.").items()}


def test_the_rich_call_leaves_no_field_out() -> None:
    empty, full = fields_of(Call(id="")), fields_of(rich("x"))
    left_out = [name for name, value in empty.items() if full[name] == value and not isinstance(value, NoPart)]
    assert left_out == []


async def test_a_change_replaces_the_whole_row(store: CallStore) -> None:
    """Properties that only the longer call needed are removed."""
    call = replace(rich(new_id()), timeline=entries(2000))
    saved = await store.write(Row(), call)
    shorter = replace(call, timeline=entries(1), reached={}, effects=(), state=CallState.CONNECTED)
    await store.write(saved, shorter)
    read = await store.read(call.id)
    assert (read.call, read.unknown) == (shorter, {})


async def test_a_change_over_a_stale_row_is_a_conflict(store: CallStore) -> None:
    call = Call(id=new_id())
    stale = await store.write(Row(), call)
    fresh = await store.write(stale, named(call, "first"))
    with pytest.raises(Conflict):
        await store.write(stale, named(call, "second"))
    assert await store.read(call.id) == fresh


async def test_a_call_is_created_once(store: CallStore) -> None:
    call = Call(id=new_id())
    writes = (store.write(Row(), named(call, str(n))) for n in range(5))
    results = await asyncio.gather(*writes, return_exceptions=True)
    (created,) = [result for result in results if isinstance(result, Row)]
    assert [type(result) for result in results].count(Conflict) == 4
    assert await store.read(call.id) == created


async def test_one_of_many_changes_at_once_wins(store: CallStore) -> None:
    call = Call(id=new_id())
    row = await store.write(Row(), call)
    writes = (store.write(row, named(call, str(n))) for n in range(5))
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(result) for result in results].count(Conflict) == 4


async def test_a_row_that_is_gone_is_a_conflict(store: CallStore, table: TableClient) -> None:
    call = Call(id=new_id())
    row = await store.write(Row(), call)
    await table.delete_entity(*keys_of(call.id))
    with pytest.raises(Conflict):
        await store.write(row, call)


# -- Rows of other versions ----------------------------------------------------------------------------------


async def change(table: TableClient, call_id: str, **properties: Any) -> None:
    """Another version of the app changes the row."""
    await table.update_entity(entity_keys(call_id) | properties, mode="merge")


async def entity_of(table: TableClient, call_id: str) -> dict[str, Any]:
    return dict(await table.get_entity(*keys_of(call_id)))


PARKING: dict[str, Any] = {"parking": '{"part":{"to":"Grüße"}}', "parking_1": "…", "parked_at": START}


async def test_an_unknown_capability_stays_in_the_row(store: CallStore, table: TableClient) -> None:
    call = Call(id=new_id(), state=CallState.CONNECTED)
    await store.write(Row(), call)
    more = PARKING | {"parking_z": b"\x00\xff", "parkings": 3}
    await change(table, call.id, **more)
    row = await store.read(call.id)
    row = await store.write(row, named(call, "first"))
    await store.write(row, named(call, "second"))  # the row is handed on from write to write
    entity = await entity_of(table, call.id)
    assert {name: entity[name] for name in more} == more
    assert (await store.read(call.id)).call == named(call, "second")


def checked(at: datetime) -> Call:
    """A call that is to be checked at a time."""
    return Call(id=new_id(), state=CallState.CONNECTED, effects=(Effect("e", HangUp(), at, "lifecycle"),))


@pytest.mark.parametrize(
    ("known", "wanted", "unknown", "expected"),
    [
        (2 * HOUR, HOUR, PARKING, HOUR),
        (HOUR, 2 * HOUR, PARKING, HOUR),
        (None, HOUR, PARKING, HOUR),
        (2 * HOUR, HOUR, {}, 2 * HOUR),
        (None, HOUR, {}, None),
    ],
)
async def test_a_row_is_checked_no_later_than_an_unknown_capability_wants(  # noqa: PLR0917
    store: CallStore,
    table: TableClient,
    known: timedelta | None,
    wanted: timedelta,
    unknown: dict[str, Any],
    expected: timedelta | None,
) -> None:
    call = checked(START)
    await store.write(Row(), call)
    await change(table, call.id, next_check_at=START + wanted, **unknown)
    effects = () if known is None else checked(START + known).effects
    row = await store.write(await store.read(call.id), replace(call, effects=effects))
    await store.write(row, named(replace(call, effects=effects), "again"))
    moment = (await entity_of(table, call.id)).get("next_check_at")
    assert moment == (None if expected is None else START + expected)


@pytest.mark.parametrize(
    ("version", "is_newer"), [(VERSION + 1, True), (VERSION - 1, False), (None, False), ("x", False)]
)
async def test_a_row_of_another_version_is_not_decoded(
    store: CallStore, table: TableClient, version: Any, is_newer: bool
) -> None:
    """None of its properties need to be there or be readable."""
    id = new_id()
    entity = entity_keys(id) | {"version": version, "call": "secret {"}
    await table.create_entity({name: value for name, value in entity.items() if value is not None})
    with pytest.raises(UnreadableRow, match=id) as raised:
        await store.read(id)
    assert raised.value.is_newer is is_newer
    assert "version" in str(raised.value)
    assert raised.value.entity["call"] == "secret {"


UNDECODABLE: dict[str, dict[str, Any]] = {
    "no JSON": {"call": "secret {"},
    "another shape": {"lifecycle": '{"part":{"caller":["secret"]}}'},
    "an action without its fields": {"recording": '{"effects":[{"id":"1","action":{"do":"Play"}}]}'},
    "an unknown state": {"call": '{"id":"secret","state":"secret"}'},
    "not compressed": {"timeline_z": b"secret"},
    "text for bytes": {"timeline_z": "secret"},
    "a number for text": {"participants": 7},
}


NEWER: dict[str, dict[str, Any]] = {
    "an unknown action": {"recording": '{"effects":[{"id":"1","action":{"do":"secret"}}]}'},
    "an unknown step": {"routing": '{"part":{"plan":{"start":"a","steps":{"a":{"type":"secret"}}}}}'},
}


@pytest.mark.parametrize("newer", NEWER.values(), ids=NEWER)
async def test_a_row_with_what_only_a_newer_version_knows_is_newer(
    store: CallStore, table: TableClient, newer: dict[str, Any]
) -> None:
    call = rich(new_id())
    await store.write(Row(), call)
    await change(table, call.id, **newer)
    with pytest.raises(UnreadableRow) as raised:
        await store.read(call.id)
    assert raised.value.is_newer
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("broken", UNDECODABLE.values(), ids=UNDECODABLE)
async def test_a_row_that_cannot_be_decoded_is_unreadable(
    store: CallStore, table: TableClient, broken: dict[str, Any]
) -> None:
    call = rich(new_id())
    await store.write(Row(), call)
    await change(table, call.id, **broken)
    with pytest.raises(UnreadableRow, match=call.id) as raised:
        await store.read(call.id)
    assert not raised.value.is_newer
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("missing", ["call", "timeline"])
async def test_a_row_without_a_property_is_unreadable(store: CallStore, table: TableClient, missing: str) -> None:
    call = rich(new_id())
    await store.write(Row(), call)
    entity = await entity_of(table, call.id)
    del entity[missing]
    await table.update_entity(entity, mode="replace")
    with pytest.raises(UnreadableRow, match=call.id):
        await store.read(call.id)


async def unreadable(store: CallStore, table: TableClient) -> UnreadableRow:
    call = checked(START)
    await store.write(Row(), call)
    await change(table, call.id, version=VERSION + 1, **PARKING)
    with pytest.raises(UnreadableRow) as raised:
        await store.read(call.id)
    return raised.value


async def test_postponing_a_row_changes_nothing_else(store: CallStore, table: TableClient) -> None:
    row = await unreadable(store, table)
    before = await entity_of(table, row.call_id)
    assert await due(store) == {row.call_id}
    await store.postpone(row, START)
    minute = START + timedelta(minutes=1)
    assert await entity_of(table, row.call_id) == before | {"next_check_at": minute, PAUSE: 60}
    assert await due(store) == set()
    assert await due(store, minute) == {row.call_id}


async def test_a_row_is_postponed_an_hour_at_most_and_only_when_it_is_due(store: CallStore, table: TableClient) -> None:
    id = (await unreadable(store, table)).call_id
    now, pauses = START, []
    for _ in range(8):
        with pytest.raises(UnreadableRow) as raised:
            await store.read(id)
        await store.postpone(raised.value, now - timedelta(microseconds=1))
        await store.postpone(raised.value, now)
        pauses.append((await entity_of(table, id))[PAUSE])
        now += timedelta(seconds=pauses[-1])
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]


async def test_a_version_that_can_read_the_row_decides_when_it_is_checked(store: CallStore, table: TableClient) -> None:
    row = await unreadable(store, table)
    await change(table, row.call_id, next_check_at=START + timedelta(minutes=1))
    await store.postpone(row, START)
    assert (await entity_of(table, row.call_id))["next_check_at"] == START + timedelta(minutes=1)


# -- The limits of Table storage -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        Call(id=new_id(), timeline=entries(3000)),
        Call(id=new_id(), timeline=entries(100, text="🙂" * 400)),
        Call(id=new_id(), lifecycle=Lifecycle(caller_name="🙂" * 40_000)),
        Call(
            id=new_id(),
            participants=Participants(tuple(f"8:acs:{uuid.uuid4()}_{uuid.uuid4()}" for _ in range(350))),
        ),
        Call(id=new_id(), timeline=entries(1, text="x" * 31_900 + "🙂" * 100)),
    ],
    ids=["3000 events", "emoji in the timeline", "an endless name", "350 participants", "emoji at the seam"],
)
async def test_a_long_call_fits_into_its_row(store: CallStore, table: TableClient, call: Call) -> None:
    await store.write(Row(), call)
    assert_fits(await entity_of(table, call.id))
    assert (await store.read(call.id)).call == call


def assert_fits(entity: dict[str, Any]) -> None:
    assert max(map(size, entity.values())) <= 64 * KIB
    assert entity_size(entity) <= 1024 * KIB
    assert len(entity) <= 252


def random_text(length: int) -> str:
    """Text that cannot be compressed to less than half of its length."""
    return "".join(uuid.uuid4().hex for _ in range(length // 32 + 1))[:length]


def largest() -> Call:
    """A call at every limit at once, with all the files that it can hold."""
    id = new_id()
    recording_ids = [random_text(200) for _ in range(MOST_RECORDINGS)]
    per_recording = MOST_CHUNKS
    archiving = [(recording, n) for recording in recording_ids for n in range(per_recording)]
    requests = [str(uuid.uuid4()) for _ in range(MOST_REQUESTED)]
    effects = [
        Effect(effect_id(id, f"{r} {n}"), ArchiveChunk(r, n, f"2026/11/21/0900Z-{id}/{r[:8]}-{n}"), START, "recording")
        for r, n in archiving
    ]
    effects += [Effect(each, SendDtmf(f"4:+{each}", "1"), START, COMMANDS) for each in requests]
    return Call(
        id=id,
        state=CallState.CONNECTED,
        operations=Operations(
            {each: an_outcome() for each in requests},
            {each: Requested(Play(each, random_text(1000)), START, str(uuid.uuid4())) for each in requests},
            {str(uuid.uuid4()): UnknownOutcome(str(uuid.uuid4()), an_outcome()) for _ in range(MOST_UNKNOWN)},
        ),
        effects=tuple(sorted(effects, key=lambda effect: effect.id)),
        timeline=entries(LONGEST_TIMELINE, text="350 participants"),
        participants=the_most_participants(),
        transfer=Transfers({str(uuid.uuid4()): Transfer(START, an_agent(), an_agent()) for _ in range(MOST_TRANSFERS)}),
        recording=Recordings({each: a_recording(per_recording) for each in recording_ids}),
        recognition=Recognition(
            {each: Recognized(START, speech=random_text(LONGEST_SPEECH)) for each in requests[:MOST_RESULTS]}
        ),
        dtmf=Dtmf({str(uuid.uuid4()): Tone("1", START, n, requests[0]) for n in range(MOST_TONES)}),
    )


def an_agent() -> str:
    return f"8:acs:{uuid.uuid4()}_{uuid.uuid4()}_{uuid.uuid4()}"


def the_most_participants() -> Participants:
    people = tuple(sorted(an_agent() for _ in range(MOST_PARTICIPANTS)))
    present = people[:MOST_PRESENT]
    return Participants(
        present=present,
        muted=present,
        on_hold=present,
        sequence_number=10_000,
        joined_at={each: START + timedelta(microseconds=n * 7919) for n, each in enumerate(people)},
        invited=people[:MOST_INVITATIONS],
        invitations={str(uuid.uuid4()): str(uuid.uuid4()) for _ in range(MOST_INVITATIONS)},
    )


def an_outcome() -> Outcome:
    return Outcome(OutcomeStatus.FAILED, START, "SendDtmfTonesFailed", 500, 9999, random_text(LONGEST_MESSAGE))


def a_recording(chunks: int) -> Recording:
    return Recording(START, START, START, START, chunks={str(n): a_chunk_of_acs() for n in range(chunks)})


def a_chunk_of_acs() -> Chunk:
    file = f"https://us-api.asm.skype.com/v1/objects/0-eus-d15-{uuid.uuid4().hex}/content"
    return Chunk(f"{file}/acsrecording", f"{file}/acsmetadata", file)


async def test_the_largest_call_fits_into_its_row(store: CallStore, table: TableClient) -> None:
    call = largest()
    assert len(call.effects) == MOST_RECORDINGS * MOST_CHUNKS + MOST_REQUESTED
    row = await store.write(Row(), call)
    assert_fits(await entity_of(table, call.id))
    assert (await store.read(call.id)).call == call
    await store.write(row, named(call, "again"))


# -- The index of recordings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("recording_id", ["eyJQbGF0Zm9ybSI6IjEifQ", "a+b/c==", "Ümläut", "x" * 400])
async def test_a_recording_leads_to_its_call(store: CallStore, recording_id: str) -> None:
    call = with_recording(new_id(), recording_id)
    await store.write(Row(), call)
    assert await store.call_of_recording(recording_id) == call.id


async def test_an_unknown_recording_leads_nowhere(store: CallStore) -> None:
    assert await store.call_of_recording("unknown") is None


async def test_a_recording_is_indexed_when_a_later_change_brings_it(store: CallStore) -> None:
    call = Call(id=new_id())
    row = await store.write(Row(), call)
    assert await store.call_of_recording("later") is None
    await store.write(row, with_recording(call.id, "later"))
    assert await store.call_of_recording("later") == call.id


async def test_a_recording_whose_response_is_lost_is_indexed_with_the_end_of_the_call(store: CallStore) -> None:
    call = with_recording(new_id(), "r", Recording(started_at=START, active_at=START))
    row = await store.write(Row(), call)
    assert await store.call_of_recording("r") is None
    await store.write(row, replace(call, state=CallState.ENDED))
    assert await store.call_of_recording("r") == call.id


async def test_the_index_is_a_table_of_its_own(store: CallStore, table: TableClient) -> None:
    call = with_recording(new_id(), "r")
    await store.write(Row(), call)
    keys = [entity["RowKey"] async for entity in table.list_entities()]
    assert [id_of(key) for key in keys if not key.startswith(PREFIX)] == [call.id]


# -- Partitions and due calls ---------------------------------------------------------------------------------


def test_a_partition_is_a_shard_and_a_day() -> None:
    assert keys_of("20261121-0816400112233445566778899aabbcc3") == (
        "3-20261121",
        "f7e9b-20261121-0816400112233445566778899aabbcc3",
    )
    id = call_id_of("ab" * 32, datetime.fromisoformat("2026-11-21T09:12:04+00:00"))
    assert id == "20261121-08164" + ("ab" * 32)[:27]
    assert id_of(keys_of(id)[1]) == id


def test_there_is_a_range_of_partitions_for_each_shard() -> None:
    ranges = partition_ranges(START, 2)
    assert ranges == [(f"{shard}-20261119", f"{shard}-20261123") for shard in SHARDS]
    assert len(ranges) == 16
    for day, first in (("20261119", True), ("20261122", True), ("20261118", False), ("20261123", False)):
        partition, _ = keys_of(f"{day}-{0:031x}f")
        assert [begin <= partition < end for begin, end in ranges] == [False] * 15 + [first]


async def due(store: CallStore, now: datetime = START) -> set[str]:
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
        ("20261122", -1, True),  # a clock that is ahead, around midnight
        ("20261123", -1, False),
    ],
)
async def test_calls_are_due_at_their_next_check(store: CallStore, day: str, seconds: int, found: bool) -> None:
    call = replace(checked(START + timedelta(seconds=seconds)), id=new_id(day))
    await store.write(Row(), call)
    assert await due(store) == ({call.id} if found else set())


async def test_a_call_without_effects_and_timers_is_never_due(store: CallStore) -> None:
    archived = Recording(chunks={"0": Chunk("c", "m", path="p", length=1)})
    over = replace(with_recording(new_id(), "r", archived), state=CallState.ENDED, reached={CallState.ENDED: START})
    assert next_check_at(over) is None
    await store.write(Row(), over)
    assert await due(store, START + timedelta(days=1)) == set()


async def test_every_shard_is_searched(store: CallStore) -> None:
    calls = [replace(checked(START), id=f"20261121-{uuid.uuid4().hex[1:]}{shard}") for shard in "0123456789abcdef"]
    await asyncio.gather(*(store.write(Row(), call) for call in calls))
    assert await due(store) == {call.id for call in calls}
    assert len({keys_of(call.id)[0] for call in calls}) == 16


# -- A table that is missing ---------------------------------------------------------------------------------


async def test_a_missing_table_is_an_error_and_not_an_empty_result(storage: str) -> None:
    async with TableClient.from_connection_string(storage, "nosuchtable") as table:
        store = CallStore(table, table)
        call = with_recording(new_id(), "r")
        with pytest.raises(ResourceNotFoundError, match="TableNotFound"):
            await store.read(call.id)
        with pytest.raises(ResourceNotFoundError):
            await store.write(Row(), call)
        with pytest.raises(ResourceNotFoundError):
            await store.write(Row(), Call(id=call.id))
        with pytest.raises(ResourceNotFoundError):
            await store.write(Row(call, 'W/"1"'), call)
        with pytest.raises(ResourceNotFoundError):
            await store.call_of_recording("r")
        with pytest.raises(ResourceNotFoundError):
            await due(store)

"""Rows that this version cannot read: no event is lost, the row is quarantined once, and the sweep skips it."""

from __future__ import annotations

import uuid
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.storage.blob.aio import ContainerClient
from azure.storage.queue.aio import QueueServiceClient

from emulator.acs.identifiers import parse
from emulator.server import Emulator
from shared.calls.actions import HangUp
from shared.calls.capabilities import Call
from shared.calls.capabilities.recording import Recording, Recordings
from shared.calls.effect import Effect
from shared.calls.state import CallState
from shared.platform import clock
from shared.service.answering import call_id_of
from shared.service.container import Container
from shared.storage.calls import PAUSE, VERSION, Row, UnreadableRow
from shared.storage.keys import entity_keys, id_of, keys_of
from tests.golden import START, cloud_event
from tests.service.test_triggers import Wire
from tests.support import asked, kept

NEWER: dict[str, Any] = {"version": VERSION + 1}
UNDECODABLE: dict[str, Any] = {"call": "4:+12065551212 {"}
NEWER_ACTION: dict[str, Any] = {
    "lifecycle": '{"effects":[{"id":"e","action":{"do":"X"},"due":"2026-09-14T05:54:32Z","wanted_by":"lifecycle"}]}'
}
HOUR = timedelta(hours=1)

MakeContainer = Callable[..., Container]


class Clock:
    """A clock that a test sets. It begins now, because the sweep goes by days, and the table has other tests' rows."""

    def __init__(self) -> None:
        self.time = clock.now().replace(hour=12)  # so that all of a test is on one day

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def time() -> Clock:
    return Clock()


@pytest.fixture
def container(make_container: MakeContainer, time: Clock) -> Container:
    return make_container(time)


async def saved(container: Container, changed: dict[str, Any], id: str | None = None) -> Call:
    """A call that is overdue, with a recording that the index knows, in a row that another version has changed."""
    id = id or f"{clock.now():%Y%m%d}-{uuid.uuid4().hex}"
    effects = (Effect("e", HangUp(), START - HOUR, "lifecycle"),)
    recording = Recordings(recordings={uuid.uuid4().hex: Recording(was_accepted=True)})
    call = Call(id=id, state=CallState.CONNECTED, effects=effects, recording=recording)
    await container.store.write(Row(), call)
    await container.clients.calls.update_entity(key(id) | changed, mode="merge")
    return call


def key(call_id: str) -> dict[str, Any]:
    return entity_keys(call_id)


async def entity_of(container: Container, call: Call) -> dict[str, Any]:
    return dict(await container.clients.calls.get_entity(*keys_of(call.id)))


def callback(call: Call) -> Wire:
    return Wire(cloud_event("call_disconnected", id=uuid.uuid4().hex) | {"callid": call.id})


def recording_file(call: Call) -> Wire:
    (recording_id,) = call.recording.recordings
    event = cloud_event("recording_file", id=uuid.uuid4().hex)
    return Wire(event | {"subject": f"/recording/call/x/serverCallId/y/recordingId/{recording_id}"})


async def deliver(container: Container, wire: Wire) -> None:
    handler = container.events.callback if "callid" in wire.extension_attrs else container.events.recording_file
    await handler(wire)


async def sources(quarantine: ContainerClient) -> list[str]:
    return sorted(record["source"] for record in await kept(quarantine))


# -- Events --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("event", "source"), [(callback, "call_event"), (recording_file, "recording_file_ready")])
async def test_an_event_of_an_undecodable_row_is_quarantined(
    container: Container, quarantine: ContainerClient, event: Callable[[Call], Wire], source: str
) -> None:
    call = await saved(container, UNDECODABLE)
    wire = event(call)
    await deliver(container, wire)
    (record,) = [each for each in await kept(quarantine) if each["source"] == source]
    assert record["event"]["id"] == wire.id
    assert call.id in record["reason"]
    assert "+12065551212" not in record["reason"]
    assert await sources(quarantine) == sorted([source, "row"])


@pytest.mark.parametrize("newer", [NEWER, NEWER_ACTION], ids=["version", "action"])
@pytest.mark.parametrize("event", [callback, recording_file])
async def test_an_event_of_a_newer_version_is_raised_for_redelivery(
    container: Container, quarantine: ContainerClient, event: Callable[[Call], Wire], newer: dict[str, Any]
) -> None:
    call = await saved(container, newer)
    with pytest.raises(UnreadableRow):
        await deliver(container, event(call))
    assert await sources(quarantine) == ["row"]


def rings(emulator: Emulator) -> Wire:
    """A new call; its event."""
    emulator.service.rng.seed()
    account = parse("cc123456-5678-5678-1234-ccc123456789")
    return Wire(emulator.service.incoming_call_event(emulator.service.ring(parse("+12065551212"), account, kind="tpe")))


@pytest.mark.parametrize(("changed", "kept_as"), [(UNDECODABLE, ["incoming_call", "row"]), (NEWER, ["row"])])
async def test_a_call_with_an_unreadable_row_is_answered(
    make_container: MakeContainer,
    emulator: Emulator,
    quarantine: ContainerClient,
    changed: dict[str, Any],
    kept_as: list[str],
) -> None:
    container, wire = make_container(), rings(emulator)
    await saved(container, changed, call_id_of(wire.get_json()["incomingCallContext"], wire.time))
    if changed is NEWER:
        with pytest.raises(UnreadableRow):
            await container.answering.incoming_call(wire)
    else:
        await container.answering.incoming_call(wire)
    assert [answer["status"] for answer in asked(emulator, "AnswerCall")] == [200]
    assert await sources(quarantine) == kept_as


# -- The row -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", [UNDECODABLE, NEWER], ids=["undecodable", "newer"])
async def test_a_row_is_quarantined_once_however_many_events_and_timers_come(
    container: Container, time: Clock, quarantine: ContainerClient, changed: dict[str, Any]
) -> None:
    call = await saved(container, changed)
    before = await entity_of(container, call)
    for _ in range(3):
        time.time += timedelta(minutes=10)
        await container.sweeper.wake(call.id)
        try:
            await container.events.callback(callback(call))
        except UnreadableRow:
            assert changed is NEWER
    (record,) = [each for each in await kept(quarantine) if each["source"] == "row"]
    assert id_of(record["event"]["RowKey"]) == call.id
    assert {name: record["event"][name] for name in changed} == changed
    assert await entity_of(container, call) == before | {"next_check_at": time.time + timedelta(minutes=4), PAUSE: 240}


@pytest.mark.parametrize("changed", [UNDECODABLE, NEWER], ids=["undecodable", "newer"])
async def test_a_timer_of_an_unreadable_row_raises_nothing(
    container: Container, emulator: Emulator, changed: dict[str, Any]
) -> None:
    call = await saved(container, changed)
    await container.sweeper.wake(call.id)
    assert not asked(emulator, "TerminateCall")


async def swept(container: Container, storage: str) -> set[str]:
    """The calls that a sweep wakes."""
    await container.clients.wakes.clear_messages()
    await container.sweeper.sweep()
    async with QueueServiceClient.from_connection_string(storage) as queues:
        queue = queues.get_queue_client("wakes")
        return {b64decode(message.content).decode() async for message in queue.receive_messages(messages_per_page=32)}


@pytest.mark.parametrize("changed", [UNDECODABLE, NEWER], ids=["undecodable", "newer"])
async def test_the_sweep_skips_an_unreadable_row_for_growing_intervals(
    container: Container, time: Clock, storage: str, changed: dict[str, Any]
) -> None:
    call = await saved(container, changed)
    for seconds in (60, 120, 240):
        assert call.id in await swept(container, storage)
        await container.sweeper.wake(call.id)
        assert call.id not in await swept(container, storage)
        time.time += timedelta(seconds=seconds - 1)
        assert call.id not in await swept(container, storage)
        time.time += timedelta(seconds=1)

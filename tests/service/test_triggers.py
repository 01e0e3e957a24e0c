"""The triggered functions, against the emulator and Azurite."""

from __future__ import annotations

import asyncio
import json
import uuid
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.storage.queue.aio import QueueServiceClient
from msgspec.structs import replace

from emulator.acs.identifiers import parse
from emulator.server import Emulator
from shared.calls.actions import FetchCallState
from shared.calls.capabilities import Call, recording, recording_status
from shared.calls.capabilities.lifecycle import Decision
from shared.calls.capabilities.recording import Recording, Recordings
from shared.calls.state import CallState
from shared.directory.account_cache import AccountCache
from shared.platform import clock
from shared.platform.settings import SettingError
from shared.service import answering
from shared.service.answering import call_id_of
from shared.service.container import Container
from shared.service.events import FOREIGN_RECORDING_AGE
from shared.service.processor import TryAgain
from shared.storage.calls import Conflict, Row
from tests.golden import cloud_event
from tests.support import Servers, a_call, a_chunk, asked, closed_port, hang

BUSY = {"where": "acs", "match": {"operation": "AnswerCall"}, "do": "status", "status": 429, "times": 3}
ACCOUNT = "cc123456-5678-5678-1234-ccc123456789"
OTHER = "11111111-2222-3333-4444-555555555555"


@dataclass
class Wire:
    """A CloudEvent as the app reads it."""

    event: dict[str, Any]
    extension_attrs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {"id", "source", "type", "time", "subject", "specversion", "datacontenttype", "data"}
        self.extension_attrs = {name: value for name, value in self.event.items() if name not in known}

    def __getattr__(self, name: str) -> Any:
        if name not in self.event:
            raise AttributeError(name)
        return datetime.fromisoformat(self.event["time"]) if name == "time" else self.event[name]

    def get_json(self) -> Any:
        return self.event["data"]


@pytest.fixture
def rings(emulator: Emulator) -> Callable[..., Wire]:
    """Place a new call at the emulator; its event."""
    emulator.service.rng.seed()

    def ring(kind: Any = "tpe", ringing_for: float = 0.0) -> Wire:
        target = ACCOUNT if kind == "tpe" else f"8:acs:{ACCOUNT}_1"
        call = emulator.service.ring(parse("+12065551212"), parse(target), kind=kind, ringing_for=ringing_for)
        return Wire(emulator.service.incoming_call_event(call, display_name="Ada Lovelace"))

    return ring


def id_of(wire: Wire) -> str:
    return call_id_of(wire.get_json()["incomingCallContext"], wire.time)


async def row_of(container: Container, wire: Wire) -> Call:
    call = (await container.store.read(id_of(wire))).call
    assert call is not None
    return call


# -- Incoming calls ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tpe", "acs"])
async def test_calls_of_teams_phone_and_of_acs_are_answered(
    container: Container, rings: Callable[..., Wire], emulator: Emulator, kind: str
) -> None:
    wire = rings(kind)
    await container.answering.incoming_call(wire)
    assert (await row_of(container, wire)).state is CallState.ANSWERED
    assert len(asked(emulator, "AnswerCall")) == 1


@pytest.mark.parametrize("reason", ["busy", "forbidden"])
async def test_calls_are_rejected_by_policy(
    make_container: Callable[..., Container], rings: Callable[..., Wire], emulator: Emulator, reason: str
) -> None:
    container, wire = make_container(INCOMING_CALLS=reason), rings()
    await container.answering.incoming_call(wire)
    assert (await row_of(container, wire)).state is CallState.REJECTED
    (rejection,) = asked(emulator, "RejectCall")
    assert rejection["body"]["callRejectReason"] == reason


async def test_a_call_to_another_applications_account_is_not_answered_and_its_caller_not_saved(
    make_container: Callable[..., Container], rings: Callable[..., Wire], emulator: Emulator
) -> None:
    container, wire = make_container(RESOURCE_ACCOUNTS=OTHER), rings()
    wire.event["data"]["onBehalfOfCallee"] = {"rawId": "4:+12065550000"}
    await container.answering.incoming_call(wire)
    call = await row_of(container, wire)
    assert call.state is CallState.NOT_OURS
    assert (call.lifecycle.caller, call.lifecycle.caller_name, call.on_behalf_of.callees) == (None, None, ())
    assert not asked(emulator, "AnswerCall")
    assert not asked(emulator, "RejectCall")


async def test_the_ring_of_an_invited_agent_is_not_answered(
    container: Container, rings: Callable[..., Wire], emulator: Emulator
) -> None:
    """ACS can raise IncomingCall for an invitation of this app, since agents are identities of its ACS resource."""
    wire = rings()
    agent = f"8:acs:{uuid.uuid4()}_{uuid.uuid4()}_{uuid.uuid4()}"
    wire.event["data"]["to"] = {"kind": "unknown", "rawId": agent}
    await container.answering.incoming_call(wire)
    call = await row_of(container, wire)
    assert (call.state, call.lifecycle.caller) == (CallState.NOT_OURS, None)
    assert not asked(emulator, "AnswerCall")
    assert not asked(emulator, "RejectCall")


async def test_an_event_for_other_applications_is_accepted_and_not_quarantined(
    container: Container, quarantine: Any
) -> None:
    """The subscription of an earlier version of the app still delivers it while a new one is deployed."""
    await container.events.callback(Wire(cloud_event("call_connected") | {"type": "TeamsPhone.CallEnded"}))
    assert [name async for name in quarantine.list_blob_names()] == []


async def test_the_recording_of_another_applications_call_is_noted_and_not_copied(
    make_container: Callable[..., Container], rings: Callable[..., Wire], emulator: Emulator
) -> None:
    """Another application records its calls, and the shared ACS resource sends its events to this app too."""
    container, wire = make_container(RESOURCE_ACCOUNTS=OTHER), rings()
    await container.answering.incoming_call(wire)
    event, recording_id = cloud_event("recording_file"), uuid.uuid4().hex
    event["subject"] = f"/recording/call/x/serverCallId/{wire.event['data']['serverCallId']}/recordingId/{recording_id}"
    with pytest.raises(TryAgain):  # a leg of the same call can be this app's, and its event still to come
        await container.events.recording_file(Wire(event | {"time": clock.now().isoformat()}))
    await container.events.recording_file(Wire(event | {"time": (clock.now() - FOREIGN_RECORDING_AGE).isoformat()}))
    call = await row_of(container, wire)
    assert (call.state, call.effects, recording_status(call)[0]) == (CallState.NOT_OURS, (), "off")
    assert not asked(emulator, "DownloadRecording")


async def test_a_call_is_answered_with_any_values_in_unneeded_fields(
    container: Container, rings: Callable[..., Wire]
) -> None:
    wire = rings()
    wire.event["data"] |= {"from": {}, "onBehalfOfCallee": {}, "correlationId": 7, "callerDisplayName": ["Ada"]}
    await container.answering.incoming_call(wire)
    call = await row_of(container, wire)
    assert (call.state, call.lifecycle.caller, call.lifecycle.caller_name) == (CallState.ANSWERED, None, None)
    assert [entry.text for entry in call.timeline] == [
        "unreadable: from, correlationId, callerDisplayName, onBehalfOfCallee",
        "no callee can be read: the call ends",
    ]


async def test_a_call_that_has_rung_out_is_missed_and_not_answered(
    container: Container, rings: Callable[..., Wire], emulator: Emulator
) -> None:
    wire = rings(ringing_for=31)
    await container.answering.incoming_call(wire)
    assert (await row_of(container, wire)).state is CallState.MISSED
    assert not asked(emulator, "AnswerCall")


async def test_an_answer_that_fails_for_now_is_recorded_and_must_be_delivered_again(
    container: Container, rings: Callable[..., Wire], emulator: Emulator
) -> None:
    wire = rings()
    emulator.faults.add(BUSY)
    with pytest.raises(TryAgain, match=id_of(wire)):
        await container.answering.incoming_call(wire)
    call = await row_of(container, wire)
    assert (call.state, [entry.type for entry in call.timeline]) == (
        CallState.REFUSED,
        ["IncomingCall", "PlanUnavailable", "RequestRejected"],
    )
    await container.answering.incoming_call(wire)
    assert (await row_of(container, wire)).state is CallState.ANSWERED


async def test_an_answer_with_a_final_error_is_not_retried(
    container: Container, rings: Callable[..., Wire], emulator: Emulator
) -> None:
    wire = rings()
    wire.event["data"]["incomingCallContext"] = "unknown"
    await container.answering.incoming_call(wire)
    await container.answering.incoming_call(wire)
    assert (await row_of(container, wire)).state is CallState.REFUSED
    assert len(asked(emulator, "AnswerCall")) == 1


async def test_a_missing_setting_is_named_by_the_call_that_needs_it_and_hides_no_call(
    make_container: Callable[..., Container], rings: Callable[..., Wire]
) -> None:
    container, wire = make_container(ACS_ENDPOINT=""), rings()
    with pytest.raises(SettingError, match="ACS_ENDPOINT"):
        await container.answering.incoming_call(wire)
    call = await row_of(container, wire)
    assert (call.state, call.lifecycle.caller) == (CallState.RINGING, "4:+12065551212")


async def test_an_error_in_the_decision_leaves_a_row(
    container: Container, rings: Callable[..., Wire], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Decision:
        raise ZeroDivisionError

    monkeypatch.setattr(answering, "decide", broken)
    wire = rings()
    with pytest.raises(ZeroDivisionError):
        await container.answering.incoming_call(wire)
    assert (await row_of(container, wire)).state is CallState.RINGING
    assert not asked(emulator, "AnswerCall")


async def test_an_error_in_the_directory_after_the_answer_leaves_a_row(
    container: Container, rings: Callable[..., Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(AccountCache, "find", broken)
    wire = rings()
    await container.answering.incoming_call(wire)
    assert (await row_of(container, wire)).state is CallState.ANSWERED


async def test_an_answer_needs_no_storage(
    make_container: Callable[..., Container], rings: Callable[..., Wire], emulator: Emulator, storage: str
) -> None:
    nowhere = ";".join(
        part.partition("=")[0] + f"={closed_port()}/x" if part.startswith("TableEndpoint") else part
        for part in storage.split(";")
    )
    container, wire = make_container(CALL_STORAGE=nowhere), rings()
    with pytest.raises(Exception, match="Cannot connect"):
        await container.answering.incoming_call(wire)
    (answer,) = asked(emulator, "AnswerCall")
    assert answer["status"] == 200


async def test_the_memory_of_answers_is_limited(
    container: Container, rings: Callable[..., Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "REMEMBERED_ANSWERS", 2)
    for _ in range(4):
        await container.answering.incoming_call(rings())
    assert len(container.answering._answers) == 2


# -- Later events ----------------------------------------------------------------------------------------


def callback(name: str, call_id: str, **data: Any) -> Wire:
    return Wire(cloud_event(name, **data) | {"callid": call_id})


@pytest.mark.parametrize("instances", [1, 4])
async def test_concurrent_events_are_all_in_the_row(
    make_container: Callable[..., Container], rings: Callable[..., Wire], instances: int
) -> None:
    call_id = id_of(rings())
    containers = [make_container() for _ in range(instances)]
    events = [cloud_event("tone_received", after=n) | {"callid": call_id} for n in range(8)]
    await asyncio.gather(*(containers[n % instances].events.callback(Wire(event)) for n, event in enumerate(events)))
    call = (await containers[0].store.read(call_id)).call
    assert call is not None
    assert [entry.id for entry in call.timeline] == [event["id"] for event in events]


async def test_a_row_that_never_stops_changing_is_left_to_a_later_delivery(
    container: Container, rings: Callable[..., Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id, write = id_of(rings()), container.store.write

    async def rivalled(row: Row, call: Call) -> Row:
        """Another process writes first, every time."""
        current = await container.store.read(call_id)
        await write(current, current.call or Call(id=call_id))
        return await write(row, call)

    monkeypatch.setattr(container.store, "write", rivalled)
    with pytest.raises(TryAgain, match="changed 9 times"):
        await container.events.callback(callback("call_disconnected", call_id))


async def is_woken(storage: str, call_id: str) -> bool:
    """Whether one of the queue's messages names the call within the next seconds."""
    async with QueueServiceClient.from_connection_string(storage) as queues:
        queue = queues.get_queue_client("wakes")
        for _ in range(200):
            if call_id in [b64decode(message.content).decode() async for message in queue.receive_messages()]:
                return True
            await asyncio.sleep(0.1)
        return False


async def test_a_write_whose_response_is_lost_still_sets_the_timer(
    container: Container, rings: Callable[..., Wire], emulator: Emulator, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, write = rings(), container.store.write
    await container.answering.incoming_call(wire)

    async def unconfirmed(row: Row, call: Call) -> Row:
        """The write succeeds and its response is lost; the SDK retries, and the row has changed."""
        await write(row, call)
        raise Conflict(call.id)

    monkeypatch.setattr(container.store, "write", unconfirmed)
    busy = {"where": "acs", "match": {"operation": "StartRecording"}, "do": "status", "status": 429}
    emulator.faults.add(busy)
    await container.events.callback(callback("call_connected", id_of(wire), serverCallId=id_of(wire)))
    assert await is_woken(storage, id_of(wire))


async def test_the_first_retry_of_a_recording_does_not_wait_for_the_queue(
    container: Container, rings: Callable[..., Wire], emulator: Emulator, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function of the queue may have no instance. Its message is sent all the same: an invocation can die."""
    monkeypatch.setattr(recording, "RETRY_DELAYS", (0.3, 30.0, 30.0))
    emulator.faults.add(
        {"where": "acs", "match": {"operation": "StartRecording"}, "do": "status", "status": 429, "times": 1}
    )
    wire = rings()
    await container.answering.incoming_call(wire)
    call = await row_of(container, wire)
    ids = {"callConnectionId": call.call_connection_id, "serverCallId": call.server_call_id}
    await container.events.callback(callback("call_connected", id_of(wire), **ids))
    first, second = asked(emulator, "StartRecording")
    assert (first["status"], second["status"]) == (429, 202)
    assert await is_woken(storage, id_of(wire))
    before = await container.store.read(id_of(wire))
    await container.sweeper.wake(id_of(wire))
    assert await container.store.read(id_of(wire)) == before


async def test_a_later_retry_does_not_hold_up_the_delivery(
    container: Container, rings: Callable[..., Wire], emulator: Emulator
) -> None:
    """Event Grid waits for 30 seconds, an invocation has nine: 429 with Retry-After is a matter for the queue."""
    busy = {"where": "acs", "match": {"operation": "StartRecording"}, "do": "status", "status": 429, "retry_after": 20}
    emulator.faults.add(busy)
    wire = rings()
    await container.answering.incoming_call(wire)
    async with asyncio.timeout(20):
        await container.events.callback(callback("call_connected", id_of(wire), serverCallId=id_of(wire)))
    assert len(asked(emulator, "StartRecording")) == 1


async def quiet_call_with_a_file(container: Container) -> Call:
    """A call without events for an hour, and a file that is not archived: there are two effects."""
    early = clock.now() - timedelta(hours=1)
    recording = Recordings(recordings={"r": Recording(early, early, chunks={"0": a_chunk()})})
    call_id = f"{early:%Y%m%d}-{uuid.uuid4().hex}"
    call = replace(a_call(recording=recording, last_event_at=early), id=call_id)
    await container.store.write(Row(), call)
    return call


async def test_outcomes_are_saved_at_once_however_long_a_file_is_copied(
    make_container: Callable[..., Container], servers: Servers
) -> None:
    container = make_container(ACS_RECORDING_ENDPOINT=await servers.start(hang))
    call = await quiet_call_with_a_file(container)
    waking = asyncio.create_task(container.sweeper.wake(call.id))
    for _ in range(400):
        await asyncio.sleep(0.05)
        now = (await container.store.read(call.id)).call
        if now is not None and now.state is CallState.ENDED and "CallEnded" in now.outbox.published:
            break
    assert not waking.done()
    waking.cancel()
    assert now is not None
    assert [type(effect.action).__name__ for effect in now.effects] == ["ArchiveChunk"]


async def test_only_a_copy_may_take_minutes(
    make_container: Callable[..., Container], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FetchCallState, "time_limit", 0.3)
    hanging = await servers.start(hang)
    container = make_container(ACS_ENDPOINT=hanging, ACS_RECORDING_ENDPOINT=hanging)
    call = await quiet_call_with_a_file(container)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(container.sweeper.wake(call.id), 1.5)
    now = (await container.store.read(call.id)).call
    assert now is not None
    assert [entry.text for entry in now.timeline] == ["FetchCallState: 408/0: no answer came in time"]


async def test_an_event_that_is_no_callback_is_quarantined(
    container: Container, rings: Callable[..., Wire], quarantine: Any
) -> None:
    for wire in (rings(), callback("recording_file", id_of(rings()))):
        await container.events.callback(Wire(wire.event | {"callid": id_of(rings())}))
    assert len([name async for name in quarantine.list_blob_names()]) == 2


async def test_a_file_of_an_unknown_recording_must_be_delivered_again(container: Container) -> None:
    event = cloud_event("recording_file")
    event["subject"] = f"/recording/call/x/serverCallId/{uuid.uuid4().hex}/recordingId/unknown"
    with pytest.raises(TryAgain, match="no call is known yet"):
        await container.events.recording_file(Wire(event))


async def test_a_wake_for_a_missing_call_does_nothing(container: Container, rings: Callable[..., Wire]) -> None:
    call_id = id_of(rings())
    await container.sweeper.wake(call_id)
    assert (await container.store.read(call_id)).call is None


async def test_the_sweep_wakes_an_overdue_call_and_the_wake_handles_it(
    make_container: Callable[..., Container],
    rings: Callable[..., Wire],
    emulator: Emulator,
    storage: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "RETRY_DELAYS", (5.0, 5.0, 5.0))  # too long for an invocation to wait
    wire = rings()
    emulator.faults.add({"where": "acs", "match": {"operation": "AnswerCall"}, "do": "drop"})
    container = make_container(lambda: wire.time)
    emulator.faults.add({"where": "acs", "match": {"operation": "StartRecording"}, "do": "drop"})
    with pytest.raises(TryAgain):
        await container.answering.incoming_call(wire)
    later = make_container(lambda: wire.time + timedelta(minutes=2))
    async with QueueServiceClient.from_connection_string(storage) as queues:
        queue = queues.get_queue_client("wakes")
        await queue.clear_messages()
        await container.events.callback(callback("call_connected", id_of(wire)))
        assert await later.sweeper.sweep() >= 1
        woken = [message.content async for message in queue.receive_messages()]
    assert woken
    await later.sweeper.wake(id_of(wire))
    call = await row_of(later, wire)
    assert recording_status(call)[0] in {"starting", "not recorded"}
    assert len(call.recording.failures) >= 1


async def test_a_fault_of_the_app_is_raised_and_leaves_the_effect_open(
    make_container: Callable[..., Container], rings: Callable[..., Wire]
) -> None:
    container, wire = make_container(RECORDING_CHANNELS="mixed"), rings()
    await container.answering.incoming_call(wire)
    broken = make_container(CALLBACK_BASE_URL="")
    with pytest.raises(SettingError, match="CALLBACK_BASE_URL"):
        await broken.events.callback(callback("call_connected", id_of(wire)))
    call = await row_of(container, wire)
    assert call.state is CallState.CONNECTED
    assert [type(effect.action).__name__ for effect in call.effects] == ["StartRecording"]


async def test_an_event_for_a_full_timeline_is_quarantined(
    container: Container, rings: Callable[..., Wire], monkeypatch: pytest.MonkeyPatch, quarantine: Any
) -> None:
    monkeypatch.setattr("shared.calls.timeline.LONGEST_TIMELINE", 2)
    call_id = id_of(rings())
    for n in range(3):
        await container.events.callback(Wire(cloud_event("tone_received", after=n) | {"callid": call_id}))
    names = [name async for name in quarantine.list_blob_names()]
    records = [json.loads(await (await quarantine.download_blob(name)).readall()) for name in names]
    assert [r["event"]["id"] for r in records if call_id in r["reason"]] == ["tone_received-2"]


async def test_an_answer_whose_connection_breaks_is_repeated_at_once(
    container: Container, rings: Callable[..., Wire], emulator: Emulator
) -> None:
    wire = rings()
    emulator.faults.add({"where": "acs", "match": {"operation": "AnswerCall"}, "do": "lose_ack", "times": 1})
    await container.answering.incoming_call(wire)
    assert (await row_of(container, wire)).state is CallState.ANSWERED
    assert [answer["repeated"] for answer in asked(emulator, "AnswerCall")] == [False, True]

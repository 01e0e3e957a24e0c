"""One call, from dialling to the archived file, checked through the emulator's journal."""

from __future__ import annotations

import io
import json
import wave
from datetime import datetime
from typing import Any

import pytest

from shared.calls.capabilities import Call, recording_status
from shared.calls.effect import effect_id
from shared.calls.state import CallState
from shared.storage.keys import keys_of
from tests.system.conftest import System

TYPE = "Microsoft.Communication."
FUNCTIONS = {
    "IncomingCall": "incoming_call",
    "RecordingFileStatusUpdated": "recording_file_ready",
    "CallConnected": "call_connected",
    "RecordingStateChanged": "recording_state_changed",
    "StartRecordingFailed": "start_recording_failed",
}


def fail_recording(code: int, sub_code: int, times: int | None) -> dict[str, Any]:
    rule = {"where": "recording", "do": "fail", "code": code, "subCode": sub_code, "message": ""}
    return rule | ({"times": times} if times else {})


def carried_out(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [answer for answer in answers if answer["status"] == 200 and not answer["repeated"]]


async def columns(system: System, call_id: str) -> dict[str, Any]:
    entity = await system.container.clients.calls.get_entity(*keys_of(call_id))
    return dict(entity)


async def archived(system: System, call: Call) -> list[bytes]:
    archive = system.container.clients.container("recordings")
    paths = [c.path for r in call.recording.recordings.values() for c in r.chunks.values() if c.path]
    return [await (await archive.download_blob(path)).readall() for path in paths]


async def test_a_call_is_answered_once_recorded_by_its_connection_id_and_archived(system: System) -> None:
    call_id = await system.dial(hangs_up_after=2)
    call = await system.over(call_id)

    (answer,) = await system.requests("AnswerCall")
    (recording,) = await system.requests("StartRecording")
    assert answer["body"]["callbackUri"].endswith(f"/api/callbacks/{call_id}")
    assert answer["body"]["operationContext"] == effect_id(call_id, "answer")
    assert recording["body"]["callConnectionId"] == call.call_connection_id
    assert "callLocator" not in recording["body"]
    assert recording["body"]["recordingStateCallbackUri"] == answer["body"]["callbackUri"]

    (file,) = await archived(system, call)
    (heard,) = call.recording.recordings.values()
    assert heard.started_at
    assert heard.stopped_at
    with wave.open(io.BytesIO(file)) as audio:
        length = audio.getnframes() / audio.getframerate()
    assert length == pytest.approx((heard.stopped_at - heard.started_at).total_seconds(), abs=0.25)
    assert 0 < length < 2.5  # how soon it begins depends on the machine


async def test_the_row_agrees_with_the_journal(system: System) -> None:
    call_id = await system.dial(hangs_up_after=2)
    call = await system.over(call_id)
    row = await columns(system, call_id)
    all_events = [e["event"] for e in await system.journal("event")]
    events = [event for event in all_events if event["type"].startswith(TYPE)]
    published = {e["id"]: e["type"].removeprefix(TYPE) for e in events}
    timeline = {entry.id: entry.type for entry in call.timeline}
    assert timeline.pop(f"{call_id}/plan unavailable") == "PlanUnavailable"  # no accounts were copied
    assert timeline == published
    times = {e["type"].removeprefix(TYPE): datetime.fromisoformat(e["time"]) for e in events}
    assert row["called_at"] == times["IncomingCall"]
    assert row["connected_at"] == times["CallConnected"]
    assert row["ended_at"] == times["CallDisconnected"]
    assert (row["state"], row["recording_status"]) == ("ended", "archived")
    announcement = call.operations.outcome(effect_id(call_id, "announcement"))
    assert announcement is not None
    assert announcement.status == "succeeded"
    assert "next_check_at" not in row
    assert call.effects == ()


async def test_the_archive_has_the_file_and_its_metadata_at_the_documented_path(system: System) -> None:
    call_id = await system.dial(hangs_up_after=2, recording_chunks=2)
    call = await system.over(call_id)
    assert len(call.recording.recordings) == 1
    (recording,) = call.recording.recordings.values()
    folder = f"{recording.started_at:%Y/%m/%d/%H%MZ}-{call_id}/"
    archive = system.container.clients.container("recordings")
    names = [blob.name async for blob in archive.list_blobs(name_starts_with=folder)]
    assert [name.rpartition("-")[2] for name in names] == ["0.json", "0.wav", "1.json", "1.wav"]
    metadata = json.loads(await (await archive.download_blob(names[0])).readall())
    assert metadata["chunkIndex"] == 0


async def test_the_logs_name_no_caller_and_hold_no_secret(system: System) -> None:
    await system.over(await system.dial(hangs_up_after=2, display_name="Ada Lovelace"))
    context = (await system.requests("AnswerCall"))[0]["body"]["incomingCallContext"]
    log = (system.stack.logs / "host.log").read_text()
    for secret in ("12065551212", "Ada Lovelace", context, "Bearer"):
        assert secret not in log


async def test_an_incoming_call_delivered_five_times_at_once_is_answered_once(system: System) -> None:
    rule = {"where": "eventgrid", "match": {"type": f"{TYPE}IncomingCall"}, "do": "duplicate", "count": 5, "times": 1}
    await system.control("POST", "faults", rule)
    call_id = await system.dial(hangs_up_after=1)
    await system.over(call_id)
    deliveries = [d for d in await system.journal("delivery") if d["function"] == "incoming_call"]
    assert [d["status"] for d in deliveries] == [202] * 5
    assert len(await system.requests("AnswerCall")) == 1
    assert len(await system.requests("StartRecording")) == 1


async def test_deliveries_that_reach_different_instances_are_held_off_by_acs(system: System) -> None:
    call_id = await system.dial()
    await system.until(call_id, lambda call: call.state is CallState.CONNECTED)
    (event,) = [e["event"] for e in await system.journal("event") if e["event"]["type"] == f"{TYPE}IncomingCall"]
    await system.stack.stop_host()
    await system.stack.start_host()
    assert await system.deliver("incoming_call", [event]) == 202
    answers = await system.requests("AnswerCall")
    assert len(answers) == 2
    assert len(carried_out(answers)) == 1
    call = await system.call(call_id)
    assert call is not None
    assert call.state is CallState.CONNECTED


async def test_two_calls_in_one_batch_get_two_answers(system: System) -> None:
    rule = {"where": "eventgrid", "match": {"type": f"{TYPE}IncomingCall"}, "do": "drop"}
    await system.control("POST", "faults", rule)
    ids = [await system.dial(), await system.dial()]
    batch = [e["event"] for e in await system.journal("event")]
    await system.deliver_until_accepted("incoming_call", batch)
    for call_id in ids:
        await system.until(call_id, lambda call: call.state is CallState.CONNECTED)
    assert len(carried_out(await system.requests("AnswerCall"))) == 2


async def test_a_bad_event_in_a_batch_is_quarantined_and_the_other_is_answered(system: System) -> None:
    rule = {"where": "eventgrid", "match": {"type": f"{TYPE}IncomingCall"}, "do": "drop"}
    await system.control("POST", "faults", rule)
    call_id = await system.dial()
    events = [e["event"] for e in await system.journal("event")]
    (good,) = [event for event in events if event["type"] == f"{TYPE}IncomingCall"]
    bad = good | {"id": "bad", "data": {"to": {"rawId": "28:orgid:x"}, "marker": call_id}}
    await system.deliver_until_accepted("incoming_call", [bad, good])
    await system.until(call_id, lambda call: call.state is CallState.CONNECTED)
    quarantine = system.container.clients.container("quarantine")
    quarantined = [await (await quarantine.download_blob(b.name)).readall() async for b in quarantine.list_blobs()]
    (record,) = [json.loads(text) for text in quarantined if call_id.encode() in text]
    assert "missing required field" in record["reason"]


async def test_all_events_again_in_reverse_and_twice_make_the_same_row(system: System) -> None:
    call_id = await system.dial(hangs_up_after=2)
    await system.over(call_id)
    before = await columns(system, call_id)
    events = [e["event"] for e in await system.journal("event")]

    await system.container.clients.calls.delete_entity(*keys_of(call_id))
    await _deliver_all(system, [event for event in reversed(events) for _ in range(2)])
    await system.until(call_id, lambda call: recording_status(call)[0] == "archived")
    after = await columns(system, call_id)
    assert _without_arrivals(after) == _without_arrivals(before)
    assert len(await system.requests("StartRecording")) == 1

    await _deliver_all(system, events)
    assert _without_arrivals(await columns(system, call_id)) == _without_arrivals(before)


async def _deliver_all(system: System, events: list[dict[str, Any]]) -> None:
    """Deliver each in turn; those that were not accepted again at the end, as Event Grid does."""
    for _ in range(3):
        events = [event for event in events if await system.deliver(_function(event), [event]) != 202]
    assert events == []


def _function(event: dict[str, Any]) -> str:
    return FUNCTIONS.get(event["type"].removeprefix(TYPE), "call_progressed")


def _without_arrivals(row: dict[str, Any]) -> dict[str, Any]:
    """The row without what depends on when things reached the app, and on the responses to its requests."""
    call, lifecycle = json.loads(row["call"]), json.loads(row["lifecycle"])["part"]
    timeline = [entry | {"received": None} for entry in json.loads(row["timeline"])]
    call["reached"].pop("answered")
    call.pop("last_event_at")
    for name in ("received_at", "answer_sent_at", "answered_at"):
        lifecycle.pop(name, None)
    recording = row["recording"].replace('"was_accepted":true,', "")  # by the response, which no event repeats
    changed = {"call": call, "lifecycle": lifecycle, "timeline": timeline, "recording": recording}
    return row | changed | {"outbox": None}  # it is in the order of arrival


async def test_recording_that_fails_twice_for_a_passing_reason_is_retried_until_it_runs(system: System) -> None:
    await system.control("POST", "faults", fail_recording(429, 8530, 2))
    call_id = await system.dial(hangs_up_after=9)
    await system.over(call_id)
    attempts = await system.requests("StartRecording")
    ids = [a["headers"]["Repeatability-Request-ID"] for a in attempts]
    assert ids == [effect_id(call_id, f"start recording {n}") for n in (1, 2, 3)]


async def test_a_call_that_cannot_be_recorded_goes_on_and_its_row_has_the_reason(system: System) -> None:
    await system.control("POST", "faults", fail_recording(403, 0, None))
    call_id = await system.dial(hangs_up_after=1.5)
    call = await system.until(call_id, lambda call: call.state is CallState.ENDED)
    row = await columns(system, call_id)
    assert (row["recording_status"], row["recording_reason"]) == ("not recorded", "403/0: the app may not do this")
    assert len(await system.requests("StartRecording")) == 1
    assert await system.requests("TerminateCall") == []
    assert any(e.type == "StartRecordingFailed" for e in call.timeline)


async def test_a_recording_file_announced_in_the_shape_of_2021_is_archived(system: System) -> None:
    """Its event names neither the server call id nor where to delete the file."""
    await system.control("POST", "options", {"recording_file_shape": "2021"})
    call_id = await system.dial(hangs_up_after=2)
    call = await system.over(call_id)
    (event,) = [e["event"] for e in await system.journal("event") if e["event"]["type"].endswith("FileStatusUpdated")]
    assert "serverCallId" not in event["subject"]
    (file,) = await archived(system, call)
    assert len(file) > 44


async def test_an_empty_recording_file_is_fetched_again(system: System) -> None:
    call_id = await system.dial(hangs_up_after=2, zero_byte_downloads=1)
    call = await system.over(call_id)
    (file,) = await archived(system, call)
    assert len(file) > 44


async def test_a_call_survives_a_crash_of_the_host_between_failure_and_retry(system: System) -> None:
    await system.control("POST", "faults", fail_recording(429, 8530, 1))
    call_id = await system.dial()
    await system.until(call_id, lambda call: bool(call.recording.failures))
    await system.stack.stop_host()
    await system.stack.start_host()
    await system.until(call_id, lambda call: recording_status(call)[0] == "active")
    assert len(await system.requests("StartRecording")) == 2


@pytest.mark.parametrize(
    "token",
    [
        pytest.param({"expires_in": -600}, id="expired"),
        pytest.param({"audience": "another-resource"}, id="for another resource"),
        pytest.param({"issuer": "https://evil.example"}, id="of another issuer"),
        pytest.param({"kid": "unknown"}, id="with an unknown key"),
        pytest.param(None, id="unsigned"),
    ],
)
async def test_a_callback_that_acs_did_not_sign_is_refused_and_changes_nothing(
    system: System, token: dict[str, Any] | None
) -> None:
    call_id = await system.dial()
    await system.until(call_id, lambda call: recording_status(call)[0] == "active")
    await system.idle()
    before = await columns(system, call_id)
    events = [e["event"] for e in await system.journal("event") if e["topic"] == "call-events"]
    forged = events[0] | {"id": "forged", "type": f"{TYPE}CallDisconnected"}
    text = (await system.control("POST", "tokens", token))["token"] if token is not None else "e30.e30."
    url = f"{system.stack.host_url}/api/callbacks/{call_id}"
    async with system.http.post(url, json=[forged], headers={"Authorization": f"Bearer {text}"}) as response:
        assert (response.status, await response.text()) == (401, "")
    assert await columns(system, call_id) == before
    assert not [e for e in await system.journal("event") if e["event"]["id"] == "forged"]


async def test_health_returns_status_ok_and_nothing_else(system: System) -> None:
    async with system.http.get(f"{system.stack.host_url}/api/health") as response:
        assert (response.status, await response.json()) == (200, {"status": "ok"})

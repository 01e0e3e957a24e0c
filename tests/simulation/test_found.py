"""Defects of the app that the simulator found, as the smallest schedules that show them."""

from __future__ import annotations

from shared.calls.capabilities import recording_status
from tests.simulation.campaign import several
from tests.simulation.invariants import broken
from tests.simulation.schedules import PREFIX
from tests.simulation.transport import NetworkFault
from tests.simulation.world import Caller, RunResult, Schedule, simulate


def dropped(type: str) -> dict[str, object]:
    return {"where": "callbacks", "match": {"type": PREFIX + type}, "do": "drop"}


def the_recording_of(result: RunResult) -> tuple[str, str | None]:
    (call,) = result.calls.values()
    return recording_status(call)


def test_a_recording_whose_id_is_unknown_is_archived() -> None:
    bare = {"start_recording_answer": "202-bare"}
    result = simulate(Schedule("bare", options=bare, rules=[dropped("RecordingStateChanged")]))
    assert broken(result) == []
    assert the_recording_of(result) == ("archived", None)


def test_a_recording_of_which_the_answer_was_lost_is_archived() -> None:
    lost = NetworkFault("acs", "StartRecording", "answer lost")
    result = simulate(Schedule("lost", rules=[dropped("RecordingStateChanged")], network_faults=[lost]))
    assert broken(result) == []
    assert the_recording_of(result) == ("archived", None)


def test_a_call_of_which_only_the_end_is_received_has_a_reason_for_not_being_recorded() -> None:
    rules = [dropped("CallConnected"), dropped("ParticipantsUpdated")]
    result = simulate(Schedule("deaf", callers=(Caller(0.0, 10.0),), rules=rules))
    assert broken(result) == []
    assert the_recording_of(result) == ("not recorded", "the call ended before a recording had started")


def test_keys_that_change_just_after_they_were_fetched_lose_no_callback() -> None:
    result = simulate(Schedule("rotated", rotations=((5.0, True),)))
    assert broken(result) == []
    assert {entry["status"] for entry in result.journal if entry["kind"] == "callback"} == {200}


def test_a_key_withdrawn_while_the_keys_endpoint_is_unreachable_loses_no_callback() -> None:
    unreachable = NetworkFault("acs", "GetKeys", "unanswered")
    result = simulate(Schedule("withdrawn", rotations=((1.0, True),), network_faults=[unreachable]))
    assert broken(result) == []
    assert 503 in {entry["status"] for entry in result.journal if entry["kind"] == "callback"}


def test_a_recording_started_by_an_instance_that_crashed_is_archived() -> None:
    assert several(["unnamed-25", "unnamed-27"]).broken == {}

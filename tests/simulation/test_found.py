"""What the simulator has found wrong in the app, kept as the smallest worlds that show it."""

from __future__ import annotations

from shared.calls.capabilities import recording_status
from tests.simulation.campaign import several
from tests.simulation.invariants import broken
from tests.simulation.plans import PREFIX
from tests.simulation.transport import NetworkFault
from tests.simulation.world import Caller, Plan, RunResult, simulate


def dropped(type: str) -> dict[str, object]:
    return {"where": "callbacks", "match": {"type": PREFIX + type}, "do": "drop"}


def the_recording_of(result: RunResult) -> tuple[str, str | None]:
    (call,) = result.calls.values()
    return recording_status(call)


def test_a_recording_that_nobody_told_the_id_of_is_archived() -> None:
    bare = {"start_recording_answer": "202-bare"}
    result = simulate(Plan("bare", options=bare, rules=[dropped("RecordingStateChanged")]))
    assert broken(result) == []
    assert the_recording_of(result) == ("archived", None)


def test_a_recording_of_which_the_answer_was_lost_is_archived() -> None:
    lost = NetworkFault("acs", "StartRecording", "answer lost")
    result = simulate(Plan("lost", rules=[dropped("RecordingStateChanged")], network_faults=[lost]))
    assert broken(result) == []
    assert the_recording_of(result) == ("archived", None)


def test_a_call_of_which_nothing_is_heard_but_its_end_tells_why_it_is_not_recorded() -> None:
    rules = [dropped("CallConnected"), dropped("ParticipantsUpdated")]
    result = simulate(Plan("deaf", callers=(Caller(0.0, 10.0),), rules=rules))
    assert broken(result) == []
    assert the_recording_of(result) == ("not recorded", "the call ended before a recording had started")


def test_keys_that_change_just_after_they_were_fetched_cost_no_callback() -> None:
    result = simulate(Plan("rotated", rotations=((5.0, True),)))
    assert broken(result) == []
    assert {entry["status"] for entry in result.journal if entry["kind"] == "callback"} == {200}


def test_a_key_that_is_withdrawn_while_the_keys_are_out_of_reach_costs_no_callback() -> None:
    assert several(["5923", "6623"]).broken == {}


def test_a_recording_that_was_asked_for_by_an_instance_that_died_over_it_is_archived() -> None:
    assert several(["unnamed-25", "unnamed-27"]).broken == {}


def test_a_wake_is_not_judged_by_a_row_that_is_merely_remembered() -> None:
    assert several(["1982", "953"]).broken == {}

"""Digits that the caller enters: what counts, and what happens to secrets."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.calls.actions import (
    CancelMedia,
    HangUp,
    PauseRecording,
    Play,
    Recognize,
    ResumeRecording,
    TransferCall,
)
from shared.calls.capabilities.recording import RecordingStatus
from shared.calls.effect import effect_id
from shared.calls.event import OperationRequested, own
from shared.calls.plans.inputs import CollectStep
from shared.calls.policy import CallPolicy
from tests.calls.driver import CALL, at, timer
from tests.calls.plans.driver import PlannedCall
from tests.golden import cloud_event, event

PIN = ["four", "seven", "one", "one"]
RECORDING = str(cloud_event("recording_active")["data"]["recordingId"])
COLLECT: dict[str, Any] = {
    "type": "collect",
    "prompt": {"text": "Your number, please."},
    "digits": 4,
    "least": 4,
    "tries": 2,
    "then": "thanks",
    "otherwise": "bye",
}
PLAN: dict[str, dict[str, Any]] = {
    "pin": COLLECT,
    "thanks": {"type": "play", "prompt": {"file": "https://audio/thanks.wav"}, "then": "bye"},
    "bye": {"type": "hangUp"},
}
SECRET = {**PLAN, "pin": {**COLLECT, "secret": True}}
QUESTION = Recognize("4:+1", "keys", source="Your number, please.", max_keys=4, inter_key_seconds=3, stop_keys="#")


def recorded(plan: dict[str, dict[str, Any]] = SECRET) -> PlannedCall:
    """A call whose recording runs when the plan has begun."""
    call = PlannedCall(plan, CallPolicy()).connect().accepted(1.1)
    return call.receive(event("recording_active", 1.5))


def status(call: PlannedCall) -> RecordingStatus:
    return call.recording[0]


def test_digits_lead_on() -> None:
    call = PlannedCall(PLAN).connect()
    assert call.asked == [QUESTION]
    call.accepted(1.1).presses(PIN, 6, "pin.1/try 1")
    assert call.way == [("pin.1", "digits entered"), ("thanks.1", "")]


def test_the_stop_key_does_not_count_as_a_digit() -> None:
    call = PlannedCall(PLAN).connect().accepted(1.1).presses(["four", "seven", "one", "pound"], 6, "pin.1/try 1")
    assert call.asked == [QUESTION]
    assert call.accepted(6.1).presses([*PIN, "pound"], 9, "pin.1/try 2").where == "thanks.1"


def test_other_keys_than_digits_do_not_count() -> None:
    call = PlannedCall(PLAN).connect().accepted(1.1).presses(["four", "asterisk", "one", "one"], 6, "pin.1/try 1")
    assert call.where == "pin.1"


def test_no_digits_lead_on_otherwise() -> None:
    call = PlannedCall(PLAN).connect().accepted(1.1).reports("recognize_failed", 6, "pin.1/try 1")
    call.accepted(6.1).reports("recognize_failed", 12, "pin.1/try 2")
    assert call.way == [("pin.1", "no digits in 2 tries"), ("bye.1", "")]


def test_the_digits_stand_in_the_row_and_nowhere_else() -> None:
    call = PlannedCall(PLAN).connect().accepted(1.1).presses(PIN, 6, "pin.1/try 1")
    assert call.call.recognition.results[effect_id(CALL, "plan/pin.1/try 1")].keys == "4711"
    others = msgspec.structs.replace(call.call, recognition=type(call.call.recognition)())
    assert "4711" not in msgspec.json.encode(others).decode()


# -- Secrets -----------------------------------------------------------------------------------------------------


def test_the_recording_pauses_before_the_caller_is_asked_and_resumes_after() -> None:
    call = recorded()
    assert call.asked == [PauseRecording(RECORDING)]
    assert call.accepted(1.6).asked == [QUESTION]
    assert status(call) == RecordingStatus.PAUSED
    call.accepted(1.7).presses(PIN, 6, "pin.1/try 1")
    assert ResumeRecording(RECORDING) in call.asked
    call.accepted(6.1)
    assert status(call) == RecordingStatus.ACTIVE
    assert call.wake(600).open.count(ResumeRecording(RECORDING)) == 0


def test_the_caller_is_not_asked_while_the_recording_starts() -> None:
    call = PlannedCall(SECRET, CallPolicy()).connect()
    assert QUESTION not in call.asked
    assert call.accepted(1.1).wake(4).asked == []


def test_the_caller_is_not_asked_if_it_never_starts() -> None:
    call = PlannedCall(SECRET, CallPolicy()).connect().accepted(1.1).wake(9.1)
    assert call.way == [("pin.1", "the recording could not be paused"), ("bye.1", "")]


def test_the_caller_is_not_asked_if_the_recording_cannot_be_paused() -> None:
    call = recorded().fails(1.6, 400, 8573)
    assert call.way == [("pin.1", "the recording could not be paused"), ("bye.1", "")]
    assert call.asked == [HangUp()]


def test_a_call_without_a_recording_is_asked_at_once() -> None:
    call = PlannedCall(SECRET).connect()
    assert call.asked == [QUESTION]
    call.accepted(1.1).presses(PIN, 6, "pin.1/try 1")
    assert not any(isinstance(action, ResumeRecording) for action in call.open)


def test_a_recording_that_a_command_has_paused_stays_paused() -> None:
    plan = {"wait": {"type": "play", "prompt": {"file": "https://audio/a.wav"}, "then": "pin"}, **SECRET}
    call = recorded(plan)
    call.receive(own(effect_id(CALL, "c"), at(2), OperationRequested(PauseRecording(RECORDING), "user"))).accepted(2.1)
    call.reports("play_completed", 3, "wait.1/play 1")
    assert call.asked == [QUESTION]
    call.accepted(3.1).presses(PIN, 6, "pin.1/try 1")
    assert call.asked == [Play("plan", "https://audio/thanks.wav")]


def test_a_recording_that_a_command_pauses_meanwhile_stays_paused() -> None:
    call = recorded().accepted(1.6).accepted(1.7)
    call.receive(own(effect_id(CALL, "c"), at(2), OperationRequested(PauseRecording(RECORDING), "user"))).accepted(2.1)
    assert ResumeRecording(RECORDING) not in call.presses(PIN, 6, "pin.1/try 1").asked


def test_the_question_ends_if_a_command_resumes_the_recording() -> None:
    call = recorded().accepted(1.6).accepted(1.7)
    resume = OperationRequested(ResumeRecording(RECORDING), "user")
    call.receive(own(effect_id(CALL, "c"), at(2), resume)).accepted(2.1)
    assert call.way[0] == ("pin.1", "the recording was resumed meanwhile")
    assert CancelMedia(effect_id(CALL, "plan/pin.1/try 1")) in call.asked


def test_the_recording_resumes_once_a_command_has_taken_the_call_over() -> None:
    call = recorded().accepted(1.6).accepted(1.7)
    call.receive(own(effect_id(CALL, "c"), at(2), OperationRequested(TransferCall("4:+1555"), "user")))
    assert CancelMedia(effect_id(CALL, "plan/pin.1/try 1")) in call.asked
    assert ResumeRecording(RECORDING) not in call.asked
    call.reports("recognize_canceled", 2.5, "pin.1/try 1")
    assert call.asked == [ResumeRecording(RECORDING)]
    assert status(call.accepted(2.6)) == RecordingStatus.ACTIVE


def test_a_pause_whose_response_comes_after_the_step_is_resumed() -> None:
    call = recorded()
    pause = call.effects
    call.receive(own(effect_id(CALL, "c"), at(2), OperationRequested(TransferCall("4:+1555"), "user")))
    assert ResumeRecording(RECORDING) not in call.asked
    call.effects = pause
    assert call.done(2.2).asked == [ResumeRecording(RECORDING)]


def test_the_recording_stays_paused_between_two_secrets() -> None:
    plan = {**SECRET, "pin": {**SECRET["pin"], "then": "card"}, "card": {**SECRET["pin"]}}
    call = recorded(plan).accepted(1.6).accepted(1.7).presses(PIN, 6, "pin.1/try 1")
    assert call.asked == [QUESTION]
    call.accepted(6.1).presses(PIN, 12, "card.1/try 1")
    assert call.asked.count(ResumeRecording(RECORDING)) == 1


def test_the_recording_pauses_again_for_a_secret_that_follows_a_resume() -> None:
    plan = {**SECRET, "thanks": {"type": "record", "recording": "resume", "then": "pin"}}
    call = recorded(plan).accepted(1.6).accepted(1.7).presses(PIN, 6, "pin.1/try 1")
    first, second = call.effects  # both are under way: of the step before, and of the step record
    call.effects = (first,)
    assert call.done(6.1).asked == []
    call.effects = (second,)
    assert call.done(6.2).asked == [PauseRecording(RECORDING)]
    assert call.where == "pin.2"
    assert call.done(6.3).asked == [QUESTION]


def test_keys_that_are_reported_one_by_one_are_not_kept_while_a_secret_is_collected() -> None:
    call = PlannedCall(SECRET).connect().accepted(1.1)
    call.receive(event("tone_received", 3, id="during"))
    assert call.call.dtmf.received == {}
    call.presses(PIN, 6, "pin.1/try 1").receive(event("tone_received", 8, id="after"))
    assert list(call.call.dtmf.received) == ["after"]


def test_a_caller_who_is_unknown_is_awaited_for_five_seconds() -> None:
    call = PlannedCall(PLAN)
    call.call = msgspec.structs.replace(call.call, lifecycle=msgspec.structs.replace(call.call.lifecycle, caller=None))
    assert call.connect().asked == []
    assert call.receive(timer(5)).where == "pin.1"
    assert call.receive(timer(6)).way[0] == ("pin.1", "it is not known which participant is the caller")


def test_least_is_not_more_than_digits() -> None:
    step = msgspec.convert({**COLLECT, "least": 5}, CollectStep)
    assert step.problems() == {"least": "must not be more than digits"}

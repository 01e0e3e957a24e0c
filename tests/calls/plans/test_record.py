"""The step that changes the recording."""

from __future__ import annotations

from typing import Any

from shared.calls.actions import PauseRecording, RequestRecording, ResumeRecording, StopRecording
from shared.calls.capabilities.recording import RecordingStatus
from shared.calls.policy import CallPolicy
from tests.calls.plans.driver import PlannedCall
from tests.calls.plans.test_collect import RECORDING
from tests.golden import event

HELLO: dict[str, Any] = {"type": "play", "prompt": {"file": "https://audio/hello.wav"}, "then": "bye"}
BYE: dict[str, Any] = {"type": "hangUp"}


def of(*changes: str) -> dict[str, dict[str, Any]]:
    """A plan that plays a prompt once it has changed the recording."""
    names = [f"{change}It" for change in changes]
    steps = {
        name: {"type": "record", "recording": change, "then": then}
        for name, change, then in zip(names, changes, [*names[1:], "hello"], strict=True)
    }
    return {**steps, "hello": HELLO, "bye": BYE}


def recorded(*changes: str) -> PlannedCall:
    call = PlannedCall(of(*changes), CallPolicy()).connect().accepted(1.1)
    return call.receive(event("recording_active", 1.5))


def test_a_recording_is_started() -> None:
    call = PlannedCall(of("start")).connect()
    assert call.asked == [RequestRecording()]
    assert call.accepted(1.1).way == [("startIt.1", "the recording is started"), ("hello.1", "")]


def test_a_recording_that_starts_already_is_not_started_again() -> None:
    call = PlannedCall(of("start"), CallPolicy()).connect()
    assert RequestRecording() not in call.asked
    assert call.way[0] == ("startIt.1", "a recording runs already")


def test_the_call_goes_on_if_the_recording_cannot_be_started() -> None:
    call = PlannedCall(of("start")).connect().fails(1.1, 400, 8553)
    assert call.way[0] == ("startIt.1", "the recording could not be started")


def test_a_recording_is_paused_and_resumed_and_stopped() -> None:
    call = recorded("pause", "resume", "stop")
    assert call.asked == [PauseRecording(RECORDING)]
    assert call.accepted(1.6).recording[0] is RecordingStatus.PAUSED
    assert call.asked == [ResumeRecording(RECORDING)]
    assert call.accepted(1.7).recording[0] is RecordingStatus.ACTIVE
    assert call.asked == [StopRecording(RECORDING)]
    assert [reason for _, reason in call.accepted(1.8).way] == [
        "the recording is paused",
        "the recording is resumed",
        "the recording is stopped",
        "",
    ]


def test_a_recording_that_starts_is_awaited() -> None:
    call = PlannedCall(of("pause"), CallPolicy()).connect().accepted(1.1)
    assert call.where == "pauseIt.1"
    assert call.receive(event("recording_active", 2)).asked == [PauseRecording(RECORDING)]


def test_one_that_never_starts_is_awaited_for_eight_seconds() -> None:
    call = PlannedCall(of("pause"), CallPolicy()).connect().accepted(1.1).wake(8.9)
    assert call.where == "pauseIt.1"
    assert call.wake(9).way[0] == ("pauseIt.1", "no recording to pause")


def test_the_call_goes_on_without_a_recording() -> None:
    assert PlannedCall(of("pause")).connect().way[0] == ("pauseIt.1", "no recording to pause")
    assert PlannedCall(of("resume")).connect().way[0] == ("resumeIt.1", "no recording to resume")


def test_a_recording_that_is_stopped_while_it_is_paused_does_not_run() -> None:
    call = recorded("pause", "stop").accepted(1.6)
    call.receive(event("recording_inactive", 1.7)).receive(event("recording_inactive", 1.9))
    call.effects = tuple(e for e in call.call.effects if isinstance(e.action, StopRecording))
    call.done(2)
    assert call.where == "hello.1"
    assert not any(each.runs for each in call.call.recording.recordings.values())

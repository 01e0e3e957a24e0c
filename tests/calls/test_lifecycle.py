"""The lifecycle of a call: ringing, answered, connected, ended, and calls without events."""

from __future__ import annotations

from shared.calls.actions import FetchCallState, StartRecording
from shared.calls.capabilities import latencies, next_check_at
from shared.calls.capabilities.lifecycle import Decision, RequestRejected
from shared.calls.capabilities.recording import RecordingStatus
from shared.calls.event import own
from shared.calls.policy import CallPolicy
from shared.calls.state import CallState
from tests.calls.driver import (
    CallDriver,
    answered,
    at,
    connected,
    fetched,
    incoming,
)
from tests.golden import event

# -- The lifecycle --


def test_a_call_is_answered_connected_and_ended() -> None:
    driver = CallDriver(CallPolicy(record=False))
    states = [driver.receive(e).call.state for e in (incoming(), answered(), event("call_connected", 1))]
    states.append(driver.receive(event("call_disconnected", 9)).call.state)
    assert states == [CallState.RINGING, CallState.ANSWERED, CallState.CONNECTED, CallState.ENDED]
    assert (driver.call.connected_at, driver.call.ended_at) == (at(1), at(9))
    assert driver.call.lifecycle.result is not None
    assert (driver.call.lifecycle.result.code, driver.call.lifecycle.result.sub_code) == (200, 7000)


def test_any_event_may_be_the_first_to_create_the_call() -> None:
    driver = (
        CallDriver().receive(event("call_disconnected", 9)).receive(incoming(Decision.TOO_LATE, received=40), now=40)
    )
    assert driver.call.state is CallState.ENDED
    assert driver.call.lifecycle.caller == "4:+1"


def test_a_call_that_is_not_answered_is_missed_after_the_ring_window() -> None:
    driver = CallDriver().receive(incoming())
    assert driver.wake(29).call.state is CallState.RINGING
    assert driver.wake(31).call.state is CallState.MISSED


def test_a_late_event_makes_a_missed_call_unless_it_was_answered_after_all() -> None:
    driver = CallDriver().receive(incoming(Decision.TOO_LATE, received=45), now=45)
    assert driver.call.state is CallState.MISSED
    assert driver.receive(event("call_connected", 1)).call.state is CallState.CONNECTED


def test_a_refused_answer_settles_the_call_with_the_reason() -> None:
    refused = own("answer/rejected", at(1), RequestRejected(400, 8523, "no such context"))
    driver = CallDriver().receive(incoming()).receive(refused)
    assert driver.call.state is CallState.REFUSED
    assert driver.call.timeline[-1].text == "400/8523: an argument is not valid"


def test_the_reason_of_a_failed_set_up_prevails_over_the_end_of_the_call() -> None:
    for first, second in (("answer_failed", "call_disconnected"), ("call_disconnected", "answer_failed")):
        driver = CallDriver().receive(event(first, 2)).receive(event(second, 2))
        assert driver.call.lifecycle.result is not None
        assert driver.call.lifecycle.result.sub_code == 10003


def test_the_newest_list_of_participants_is_kept() -> None:
    driver = connected().receive(event("participants_updated", 5, sequenceNumber=9, participants=[]))
    driver.receive(event("participants_updated", 4, sequenceNumber=3))
    assert driver.call.participants.present == ()


def test_the_four_latencies_are_measured() -> None:
    driver = connected().receive(event("play_started", 2.5))
    assert latencies(driver.call) == {
        "time to notify": 0.2,
        "time to answer": 0.1,
        "time to connect": 0.7,
        "time to first audio": 1.5,
    }


# -- Calls without events --


def test_the_state_of_a_call_without_events_is_fetched() -> None:
    driver = connected(CallPolicy(record=False))
    assert next_check_at(driver.call) == at(1 + 15 * 60)
    assert driver.wake(1000).asked == [FetchCallState()]


def test_the_state_of_a_call_known_by_one_callback_only_is_fetched() -> None:
    driver = CallDriver(CallPolicy(record=False)).receive(event("participants_updated", 9))
    assert driver.call.state is CallState.ANSWERED
    assert next_check_at(driver.call) == at(9 + 60)
    assert driver.wake(70).asked == [FetchCallState()]


def test_a_fetched_state_keeps_a_connected_call_and_ends_a_missing_one() -> None:
    for state, expected in (
        ("connected", CallState.CONNECTED),
        ("gone", CallState.ENDED),
        ("disconnected", CallState.ENDED),
    ):
        driver = CallDriver(CallPolicy(record=False)).receive(incoming()).receive(answered()).wake(100)
        assert driver.asked == [FetchCallState()]
        driver.receive(fetched(state, 101))
        assert driver.call.state is expected
        assert driver.asked == []


def test_a_call_without_a_connection_id_fails_until_an_event_shows_that_it_is_connected() -> None:
    driver = CallDriver().receive(incoming()).receive(answered(call_connection_id=None))
    assert next_check_at(driver.call) == at(0.5 + 300)
    assert driver.wake(300).asked == []
    assert driver.wake(301).call.state is CallState.FAILED
    assert next_check_at(driver.call) is None
    assert driver.receive(event("call_connected", 1)).call.state is CallState.CONNECTED


def test_a_fetched_state_that_is_already_known_changes_nothing() -> None:
    driver = CallDriver().receive(incoming()).receive(answered())
    before = driver.call
    assert driver.receive(answered(), now=5).call == before


def test_a_call_whose_fetched_state_is_connected_is_recorded() -> None:
    driver = CallDriver().receive(incoming()).receive(answered()).wake(100)
    assert driver.receive(fetched("connected", 101)).asked == [StartRecording(1)]


def test_the_state_of_a_call_that_is_being_set_up_is_fetched_again() -> None:
    driver = CallDriver().receive(incoming()).receive(answered()).wake(100)
    driver.receive(fetched("connecting", 101))
    assert driver.call.state is CallState.ANSWERED
    assert driver.wake(170).asked == [FetchCallState()]


def test_a_call_that_ends_before_its_connected_event_has_the_reason_why_it_is_not_recorded() -> None:
    driver = CallDriver().receive(incoming()).receive(answered()).receive(event("call_disconnected", 9))
    assert driver.recording == (RecordingStatus.NOT_RECORDED, "the call ended before a recording had started")


def test_a_call_that_could_not_be_set_up_needs_no_recording() -> None:
    driver = (
        CallDriver()
        .receive(incoming())
        .receive(answered())
        .receive(event("answer_failed", 2))
        .receive(event("call_disconnected", 2))
    )
    assert driver.recording == (RecordingStatus.OFF, None)

"""The life of a call: rings, answered, connected, ended, and what silence means."""

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

# -- The life of a call --


def test_a_call_is_answered_connected_and_ended() -> None:
    life = CallDriver(CallPolicy(record=False))
    states = [life.receive(e).call.state for e in (incoming(), answered(), event("call_connected", 1))]
    states.append(life.receive(event("call_disconnected", 9)).call.state)
    assert states == [CallState.RINGING, CallState.ANSWERED, CallState.CONNECTED, CallState.ENDED]
    assert (life.call.connected_at, life.call.ended_at) == (at(1), at(9))
    assert life.call.lifecycle.result is not None
    assert (life.call.lifecycle.result.code, life.call.lifecycle.result.sub_code) == (200, 7000)


def test_any_event_may_be_the_first_to_create_the_call() -> None:
    life = CallDriver().receive(event("call_disconnected", 9)).receive(incoming(Decision.TOO_LATE, received=40), now=40)
    assert life.call.state is CallState.ENDED
    assert life.call.lifecycle.caller == "4:+1"


def test_a_call_that_nobody_answers_is_missed_once_it_has_rung_out() -> None:
    life = CallDriver().receive(incoming())
    assert life.wake(29).call.state is CallState.RINGING
    assert life.wake(31).call.state is CallState.MISSED


def test_a_late_event_makes_a_missed_call_unless_it_was_answered_after_all() -> None:
    life = CallDriver().receive(incoming(Decision.TOO_LATE, received=45), now=45)
    assert life.call.state is CallState.MISSED
    assert life.receive(event("call_connected", 1)).call.state is CallState.CONNECTED


def test_a_refused_answer_settles_the_call_with_the_reason() -> None:
    refused = own("answer/rejected", at(1), RequestRejected(400, 8523, "no such context"))
    life = CallDriver().receive(incoming()).receive(refused)
    assert life.call.state is CallState.REFUSED
    assert life.call.timeline[-1].text == "400/8523: an argument is not valid"


def test_why_the_set_up_failed_outweighs_that_the_call_is_over() -> None:
    for first, second in (("answer_failed", "call_disconnected"), ("call_disconnected", "answer_failed")):
        life = CallDriver().receive(event(first, 2)).receive(event(second, 2))
        assert life.call.lifecycle.result is not None
        assert life.call.lifecycle.result.sub_code == 10003


def test_the_newest_list_of_participants_is_kept() -> None:
    life = connected().receive(event("participants_updated", 5, sequenceNumber=9, participants=[]))
    life.receive(event("participants_updated", 4, sequenceNumber=3))
    assert life.call.participants.present == ()


def test_the_four_latencies_are_measured() -> None:
    life = connected().receive(event("play_started", 2.5))
    assert latencies(life.call) == {
        "time to notify": 0.2,
        "time to answer": 0.1,
        "time to connect": 0.7,
        "time to first audio": 1.5,
    }


# -- Calls that fall silent --


def test_acs_is_asked_about_a_call_that_has_been_silent() -> None:
    life = connected(CallPolicy(record=False))
    assert next_check_at(life.call) == at(1 + 15 * 60)
    assert life.wake(1000).asked == [FetchCallState()]


def test_acs_is_asked_about_a_call_of_which_only_a_callback_in_passing_is_known() -> None:
    life = CallDriver(CallPolicy(record=False)).receive(event("participants_updated", 9))
    assert life.call.state is CallState.ANSWERED
    assert next_check_at(life.call) == at(9 + 60)
    assert life.wake(70).asked == [FetchCallState()]


def test_a_call_that_is_found_connected_lives_on_and_one_that_is_gone_ends() -> None:
    for state, expected in (
        ("connected", CallState.CONNECTED),
        ("gone", CallState.ENDED),
        ("disconnected", CallState.ENDED),
    ):
        life = CallDriver(CallPolicy(record=False)).receive(incoming()).receive(answered()).wake(100)
        assert life.asked == [FetchCallState()]
        life.receive(fetched(state, 101))
        assert life.call.state is expected
        assert life.asked == []


def test_a_call_whose_connection_nobody_tells_is_given_up_unless_it_is_heard_of_after_all() -> None:
    life = CallDriver().receive(incoming()).receive(answered(call_connection_id=None))
    assert next_check_at(life.call) == at(0.5 + 300)
    assert life.wake(300).asked == []
    assert life.wake(301).call.state is CallState.FAILED
    assert next_check_at(life.call) is None
    assert life.receive(event("call_connected", 1)).call.state is CallState.CONNECTED


def test_an_answer_that_is_known_changes_nothing() -> None:
    life = CallDriver().receive(incoming()).receive(answered())
    before = life.call
    assert life.receive(answered(), now=5).call == before


def test_a_call_that_is_found_connected_is_recorded() -> None:
    life = CallDriver().receive(incoming()).receive(answered()).wake(100)
    assert life.receive(fetched("connected", 101)).asked == [StartRecording(1)]


def test_a_call_that_is_still_being_set_up_is_asked_about_again() -> None:
    life = CallDriver().receive(incoming()).receive(answered()).wake(100)
    life.receive(fetched("connecting", 101))
    assert life.call.state is CallState.ANSWERED
    assert life.wake(170).asked == [FetchCallState()]


def test_a_call_that_is_over_before_we_heard_that_it_was_connected_tells_why_it_is_not_recorded() -> None:
    life = CallDriver().receive(incoming()).receive(answered()).receive(event("call_disconnected", 9))
    assert life.recording == (RecordingStatus.NOT_RECORDED, "the call ended before a recording had started")


def test_a_call_that_could_not_be_set_up_was_none_to_record() -> None:
    life = (
        CallDriver()
        .receive(incoming())
        .receive(answered())
        .receive(event("answer_failed", 2))
        .receive(event("call_disconnected", 2))
    )
    assert life.recording == (RecordingStatus.OFF, None)

"""Recording: started, retried, announced, archived."""

from __future__ import annotations

import itertools
from hashlib import sha256

import pytest

from shared.calls.actions import (
    AnyAction,
    ArchiveChunk,
    HangUp,
    PauseRecording,
    Play,
    ResumeRecording,
    StartRecording,
    StopRecording,
)
from shared.calls.capabilities import Call, next_check_at, next_timer_at, recording
from shared.calls.capabilities.lifecycle import Decision
from shared.calls.capabilities.recording import RecordingStatus
from shared.calls.effect import effect_id
from shared.calls.event import ActionPerformed, Event, own
from shared.calls.operations import OutcomeStatus
from shared.calls.policy import CallPolicy
from tests.calls.driver import (
    ANNOUNCED,
    CALL,
    STRICT,
    CallDriver,
    at,
    connected,
    incoming,
    step_event,
)
from tests.golden import START, event


def unnamed(call: Call) -> bool:
    return recording.is_unnamed(call, call.recording)


# -- Recording --


def test_recording_starts_when_the_call_is_connected() -> None:
    assert connected().asked == [StartRecording(1)]


def test_no_recording_starts_against_the_policy_or_while_one_runs_or_after_the_call() -> None:
    assert connected(CallPolicy(record=False)).asked == []
    early = CallDriver().receive(event("recording_active", 2)).receive(event("call_connected", 1))
    assert early.asked == []
    over = CallDriver().receive(event("call_disconnected", 2)).receive(event("call_connected", 1))
    assert over.asked == []


def test_a_transient_failure_is_retried_after_2_5_and_15_seconds_with_four_attempts_at_most() -> None:
    driver, now = connected(), 1.0
    for attempt, delay in ((2, 2), (3, 5), (4, 15)):
        driver.done(now).receive(event("start_recording_failed", now, id=f"failed-{attempt}"))
        assert driver.asked == []
        assert next_timer_at(driver.call) == at(now + delay)
        assert driver.wake(now + delay - 0.1).asked == []
        now += delay
        assert driver.wake(now).asked == [StartRecording(attempt)]
    driver.done(now).receive(event("start_recording_failed", now, id="failed-5"))
    status, reason = driver.recording
    assert status is RecordingStatus.NOT_RECORDED
    assert reason is not None
    assert "4 attempts failed" in reason
    assert driver.asked == []
    assert next_timer_at(driver.call) is None


def test_the_next_attempt_waits_for_the_retry_after_of_acs() -> None:
    for asked, delay in ((0, 2), (1, 2), (30, 30)):
        assert next_timer_at(connected().fails(1, 429, 8516, retry_after=asked).call) == at(1 + delay)


def test_a_retry_after_delays_the_next_attempt_only() -> None:
    driver = connected().fails(1, 429, 8516, retry_after=30).wake(31).fails(31, 503)
    assert next_timer_at(driver.call) == at(31 + 5)


def test_each_attempt_has_an_id_of_its_own_and_a_repeated_one_the_same() -> None:
    first = connected().effects[0].id
    driver = connected().receive(event("start_recording_failed", 1)).wake(3)
    assert first == effect_id(CALL, "start recording 1")
    assert driver.effects[0].id == effect_id(CALL, "start recording 2")


def test_a_final_failure_is_not_retried_and_has_a_reason() -> None:
    failed = {"code": 403, "subCode": 0, "message": "Forbidden"}
    driver = connected().receive(event("start_recording_failed", 2, resultInformation=failed))
    assert driver.recording == (RecordingStatus.NOT_RECORDED, "403/0: the app may not do this")
    assert driver.asked == []


def test_already_active_is_reconciled_as_recording() -> None:
    driver = connected().fails(2, 400, 8559)
    assert driver.recording[0] is RecordingStatus.ACTIVE
    assert driver.wake(3).asked == []


def test_an_active_recording_prevails_over_every_failure() -> None:
    forbidden = {"code": 403, "subCode": 0, "message": ""}
    driver = connected().receive(event("start_recording_failed", 2, resultInformation=forbidden))
    assert driver.receive(event("recording_active", 3)).recording[0] is RecordingStatus.ACTIVE


def test_an_accepted_start_without_events_counts_as_a_failed_attempt() -> None:
    driver = connected().done(2)
    assert driver.wake(30).asked == []
    driver.wake(63)
    assert len(driver.call.recording.failures) == 1
    assert driver.wake(66).asked == [StartRecording(2)]


def test_a_recording_that_is_paused_and_resumed_is_active_again() -> None:
    driver = connected().receive(event("recording_active", 2)).receive(event("recording_inactive", 5))
    assert driver.recording == (RecordingStatus.STOPPED, None)
    driver.receive(event("recording_active", 8, id="resumed"))
    assert driver.recording == (RecordingStatus.ACTIVE, None)
    assert driver.asked == []


def test_a_call_that_ends_before_its_recording_started_has_that_reason() -> None:
    driver = connected().receive(event("call_disconnected", 2))
    assert driver.recording == (RecordingStatus.NOT_RECORDED, "the call ended before a recording had started")


def test_a_recording_of_which_only_the_end_is_known_has_run_and_its_file_is_awaited() -> None:
    driver = connected().done(1.2, recording_id="r").receive(event("recording_inactive", 5))
    assert driver.recording == (RecordingStatus.STOPPED, None)
    assert driver.wake(90).asked == []
    driver.receive(event("call_disconnected", 91))
    assert driver.recording == (RecordingStatus.STOPPED, None)
    assert next_check_at(driver.call) == at(91 + 24 * 3600 + 5)


def test_the_end_of_a_recording_that_could_not_be_started_does_not_count_as_a_recording() -> None:
    driver = connected(CallPolicy(on_recording_failure="end", notice="")).fails(1, 403)
    driver.receive(event("recording_inactive", 2))
    assert driver.call.effects[0].action == HangUp()
    assert driver.recording[0] is RecordingStatus.NOT_RECORDED


def test_a_time_of_the_recording_without_a_zone_is_utc() -> None:
    driver = connected().receive(event("recording_active", 2, startDateTime="2026-11-21T09:00:02"))
    driver.receive(event("recording_active", 8, id="resumed", startDateTime=None))
    assert [recording.started_at for recording in driver.call.recording.recordings.values()] == [at(2)]


def test_a_call_that_was_never_connected_needs_no_recording() -> None:
    assert CallDriver().receive(incoming(Decision.TOO_LATE)).recording == (RecordingStatus.OFF, None)


def test_the_announcement_is_played_once_when_the_recording_runs() -> None:
    driver = connected(ANNOUNCED).done(1.2).receive(event("recording_active", 1.5))
    assert driver.asked == [Play("announcement", "This call is recorded.")]
    driver.done(1.6).receive(step_event("play_completed", 3, "announcement"))
    assert driver.open == []
    assert driver.wake(200).asked == []


def test_a_final_failure_of_an_announcement_is_noted_and_a_transient_one_is_retried() -> None:
    driver = connected(ANNOUNCED).receive(event("recording_active", 1.5)).fails(2, 503)
    assert driver.outcome("announcement") is None
    driver.wake(10)
    assert driver.asked == [Play("announcement", "This call is recorded.")]
    driver.fails(11, 400, 8535)
    outcome = driver.outcome("announcement")
    assert outcome is not None
    assert (outcome.status, outcome.code, outcome.sub_code) == (OutcomeStatus.FAILED, 400, 8535)
    assert driver.wake(200).asked == []


def test_a_failed_play_event_is_noted_and_a_completed_prompt_prevails() -> None:
    driver = connected(ANNOUNCED).receive(event("recording_active", 1.5)).done(2)
    driver.receive(step_event("play_failed", 3, "announcement"))
    failed = driver.outcome("announcement")
    assert failed is not None
    assert (failed.source_event, failed.code, failed.sub_code) == ("PlayFailed", 400, 8535)
    played = driver.receive(step_event("play_completed", 4, "announcement")).outcome("announcement")
    assert played is not None
    assert played.status is OutcomeStatus.SUCCEEDED


def test_a_prompt_that_has_started_is_not_played_again_without_an_event_of_its_end() -> None:
    driver = connected(ANNOUNCED).receive(event("recording_active", 1.5)).done(2)
    driver.receive(step_event("play_started", 2.5, "announcement"))
    assert driver.wake(300).asked == []
    assert driver.open == []


def test_a_notice_without_an_event_of_its_end_does_not_keep_the_call_alive() -> None:
    driver = connected(STRICT).fails(2, 403).done(2.5)
    driver.receive(step_event("play_started", 3, "notice"))
    assert driver.asked == []
    assert driver.wake(200).asked == [HangUp()]


def notice_started(at: float) -> Event:
    return step_event("play_started", at, "notice")


def test_a_notice_that_is_playing_is_not_cut_off_when_its_request_timed_out() -> None:
    driver = connected(STRICT).fails(2, 403)
    request = driver.effects
    driver.receive(notice_started(3))
    driver.effects = request
    assert driver.fails(8, 408).asked == []
    started = driver.outcome("notice")
    assert started is not None
    assert started.status is OutcomeStatus.PROGRESSED
    assert driver.wake(60).asked == []
    assert driver.wake(125).asked == [HangUp()]


def test_a_notice_that_is_playing_is_not_played_again() -> None:
    timed_out = connected(STRICT).fails(2, 403).fails(8, 408).receive(notice_started(3), now=9)
    died = connected(STRICT).fails(2, 403).receive(notice_started(3))
    for driver in (timed_out, died):
        assert driver.wake(30).asked == []
        assert driver.receive(step_event("play_completed", 31, "notice")).asked == [HangUp()]


def test_an_announcement_that_is_playing_is_not_played_again() -> None:
    driver = connected(ANNOUNCED).receive(event("recording_active", 1.5)).fails(8, 408)
    driver.receive(step_event("play_started", 3, "announcement"), now=9)
    assert driver.wake(30).asked == []


def test_a_repeated_play_started_event_extends_no_wait() -> None:
    driver = connected(STRICT).fails(2, 403).receive(notice_started(3))
    waiting = driver.call.effects
    assert driver.receive(notice_started(3), now=60).call.effects == waiting


def test_a_late_time_out_does_not_fail_what_another_invocation_has_completed() -> None:
    driver = connected()
    frozen = driver.effects
    driver.receive(event("call_connected", 1), now=11.5).done(12)
    driver.effects = frozen
    assert driver.fails(13, 408).call.recording.failures == {}
    assert driver.asked == []


def test_participants_who_have_left_are_remembered() -> None:
    driver = connected().receive(event("participants_updated", 4, sequenceNumber=3))
    driver.receive(event("participants_updated", 5, sequenceNumber=9, participants=[]))
    assert driver.call.participants.present == ()
    assert "4:+12065551212" in driver.call.participants.all_participants


def test_a_prompt_of_another_application_is_no_announcement() -> None:
    driver = connected(ANNOUNCED).receive(event("play_completed", 3, operationContext="another-application"))
    assert (driver.outcome("announcement"), driver.outcome("notice")) == (None, None)


def test_an_unrecordable_call_ends_after_a_notice_by_policy() -> None:
    forbidden = {"code": 403, "subCode": 0, "message": ""}
    driver = connected(STRICT).receive(event("start_recording_failed", 2, resultInformation=forbidden))
    assert driver.asked == [Play("notice", "Please call again later.")]
    driver.done(2.5).receive(step_event("play_completed", 5, "notice"))
    assert driver.asked == [HangUp()]


def test_a_notice_that_cannot_be_played_does_not_keep_the_call_alive() -> None:
    driver = connected(STRICT).fails(2, 403).fails(3, 400, 8535)
    assert driver.asked == [HangUp()]


def test_a_recording_is_archived_file_by_file() -> None:
    driver = connected().receive(event("recording_active", 2)).receive(event("call_disconnected", 9))
    assert driver.recording[0] is RecordingStatus.STOPPED
    driver.receive(event("recording_file", 10))
    recording_id = next(iter(driver.call.recording.recordings))
    digits = sha256(recording_id.encode()).hexdigest()[:8]
    assert driver.asked == [ArchiveChunk(recording_id, 0, f"2026/11/21/0900Z-{CALL}/{digits}-0")]
    driver.archived(11)
    assert driver.recording == (RecordingStatus.ARCHIVED, None)
    assert driver.call.recording.recordings[recording_id].chunks["0"].length == 640044
    assert next_check_at(driver.call) is None


def test_a_file_that_is_not_ready_is_fetched_again_with_growing_delays() -> None:
    driver = connected().receive(event("recording_file", 10))
    archive = [e for e in driver.effects if isinstance(e.action, ArchiveChunk)]
    waits, now = [], 10.0
    for _ in range(4):
        driver.effects = tuple(archive)
        driver.fails(now, 503)
        due = next(e.due for e in driver.call.effects if isinstance(e.action, ArchiveChunk))
        waits.append((due - at(now)).total_seconds())
        now = (due - START).total_seconds()
        archive = [e for e in driver.wake(now).effects if isinstance(e.action, ArchiveChunk)]
    assert waits == [2, 4, 8, 16]


def test_a_file_that_is_gone_is_lost_with_the_reason() -> None:
    driver = connected(CallPolicy(record=False)).receive(event("recording_file", 10)).fails(11, 404, 8522)
    assert driver.recording == (RecordingStatus.LOST, "the file was no longer there")
    assert driver.asked == []


def test_a_file_that_cannot_be_copied_is_lost_when_acs_has_deleted_it() -> None:
    driver = connected().receive(event("call_disconnected", 9)).receive(event("recording_file", 10)).fails(11, 403)
    assert driver.wake(24 * 3600).recording[0] is RecordingStatus.STOPPED
    assert driver.wake(48 * 3600 + 20).recording == (RecordingStatus.LOST, "it could not be copied within 24 hours")
    assert driver.asked == []


def test_a_recording_without_a_file_is_lost_after_a_day() -> None:
    driver = connected().receive(event("recording_active", 2)).receive(event("call_disconnected", 9))
    look = next_check_at(driver.call)
    assert look == at(9 + 24 * 3600 + 5)
    assert driver.wake(24 * 3600).recording[0] is RecordingStatus.STOPPED
    assert driver.wake(24 * 3600 + 20).recording[0] is RecordingStatus.LOST
    assert next_check_at(driver.call) is None


def test_a_file_that_is_announced_after_a_day_is_archived() -> None:
    driver = (
        connected().receive(event("recording_active", 2)).receive(event("call_disconnected", 9)).wake(24 * 3600 + 20)
    )
    assert driver.recording[0] is RecordingStatus.LOST
    now = 24 * 3600 + 1800
    driver.receive(event("recording_file", 10), now=now).archived(now + 1)
    assert driver.recording == (RecordingStatus.ARCHIVED, None)


def test_the_recording_of_another_applications_call_is_ignored_unless_the_call_is_answered_later() -> None:
    driver = CallDriver().receive(incoming(Decision.NOT_OURS)).receive(event("recording_file", 10))
    assert driver.asked == []
    assert driver.recording == (RecordingStatus.OFF, None)
    assert next_check_at(driver.call) is None
    driver.receive(event("call_connected", 1), now=11)
    assert [type(action) for action in driver.asked] == [ArchiveChunk]


def test_a_recording_without_an_id_is_unnamed_until_the_id_is_known() -> None:
    driver = connected()
    assert not unnamed(driver.call)
    assert unnamed(driver.done(2).call)
    assert not unnamed(driver.receive(event("recording_active", 3)).call)


def test_a_failed_request_to_record_may_have_started_a_recording() -> None:
    assert unnamed(connected().fails(2, 503).call)
    assert not unnamed(connected().done(2, recording_id="r").call)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_recording_is_paused_after_the_last_command_says_so_in_any_order(order: tuple[int, ...]) -> None:
    driver = connected().receive(event("recording_active", 1))
    (id,) = driver.call.recording.recordings
    actions: list[AnyAction] = [PauseRecording(id), ResumeRecording(id), PauseRecording(id)]
    events = [own(f"{n}/done", at(2 + n), ActionPerformed(str(n), action)) for n, action in enumerate(actions)]
    for n in order:
        driver.receive(events[n], 5)
    assert driver.recording == (RecordingStatus.PAUSED, None)
    driver.receive(own("stop/done", at(6), ActionPerformed("stop", StopRecording(id))))
    driver.receive(event("recording_inactive", 7))
    assert driver.recording == (RecordingStatus.STOPPED, None)
    assert driver.asked == [], "the policy does not start it again"

"""Recording: started, tried again, announced, archived."""

from __future__ import annotations

from shared.calls.actions import ArchiveChunk, HangUp, Play, StartRecording
from shared.calls.capabilities import Call, next_check_at, recording
from shared.calls.capabilities.lifecycle import Decision
from shared.calls.capabilities.recording import RecordingStatus
from shared.calls.effect import effect_id
from shared.calls.engine import next_timer_at
from shared.calls.event import Event
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


def test_no_recording_is_asked_for_where_the_plan_says_so_or_once_one_runs_or_the_call_is_over() -> None:
    assert connected(CallPolicy(record=False)).asked == []
    early = CallDriver().receive(event("recording_active", 2)).receive(event("call_connected", 1))
    assert early.asked == []
    over = CallDriver().receive(event("call_disconnected", 2)).receive(event("call_connected", 1))
    assert over.asked == []


def test_a_transient_failure_is_tried_again_after_2_5_and_15_seconds_and_four_times_at_most() -> None:
    life, now = connected(), 1.0
    for attempt, delay in ((2, 2), (3, 5), (4, 15)):
        life.done(now).receive(event("start_recording_failed", now, id=f"failed-{attempt}"))
        assert life.asked == []
        assert next_timer_at(life.call) == at(now + delay)
        assert life.wake(now + delay - 0.1).asked == []
        now += delay
        assert life.wake(now).asked == [StartRecording(attempt)]
    life.done(now).receive(event("start_recording_failed", now, id="failed-5"))
    status, reason = life.recording
    assert status is RecordingStatus.NOT_RECORDED
    assert reason is not None
    assert "4 attempts failed" in reason
    assert life.asked == []
    assert next_timer_at(life.call) is None


def test_the_next_attempt_waits_as_long_as_acs_asks() -> None:
    for asked, delay in ((0, 2), (1, 2), (30, 30)):
        assert next_timer_at(connected().fails(1, 429, 8516, retry_after=asked).call) == at(1 + delay)


def test_that_acs_asked_once_to_be_left_alone_delays_no_later_attempt() -> None:
    life = connected().fails(1, 429, 8516, retry_after=30).wake(31).fails(31, 503)
    assert next_timer_at(life.call) == at(31 + 5)


def test_each_attempt_has_an_id_of_its_own_and_a_repeated_one_the_same() -> None:
    first = connected().effects[0].id
    life = connected().receive(event("start_recording_failed", 1)).wake(3)
    assert first == effect_id(CALL, "start recording 1")
    assert life.effects[0].id == effect_id(CALL, "start recording 2")


def test_a_final_failure_is_not_tried_again_and_is_put_in_words() -> None:
    failed = {"code": 403, "subCode": 0, "message": "Forbidden"}
    life = connected().receive(event("start_recording_failed", 2, resultInformation=failed))
    assert life.recording == (RecordingStatus.NOT_RECORDED, "403/0: the app may not do this")
    assert life.asked == []


def test_already_active_is_reconciled_as_recording() -> None:
    life = connected().fails(2, 400, 8559)
    assert life.recording[0] is RecordingStatus.ACTIVE
    assert life.wake(3).asked == []


def test_a_recording_that_runs_outweighs_every_failure() -> None:
    forbidden = {"code": 403, "subCode": 0, "message": ""}
    life = connected().receive(event("start_recording_failed", 2, resultInformation=forbidden))
    assert life.receive(event("recording_active", 3)).recording[0] is RecordingStatus.ACTIVE


def test_silence_after_an_accepted_start_counts_as_a_failed_attempt() -> None:
    life = connected().done(2)
    assert life.wake(30).asked == []
    life.wake(63)
    assert len(life.call.recording.failures) == 1
    assert life.wake(66).asked == [StartRecording(2)]


def test_a_recording_that_is_paused_and_resumed_is_active_again() -> None:
    life = connected().receive(event("recording_active", 2)).receive(event("recording_inactive", 5))
    assert life.recording == (RecordingStatus.STOPPED, None)
    life.receive(event("recording_active", 8, id="resumed"))
    assert life.recording == (RecordingStatus.ACTIVE, None)
    assert life.asked == []


def test_a_call_that_ends_before_its_recording_started_says_so() -> None:
    life = connected().receive(event("call_disconnected", 2))
    assert life.recording == (RecordingStatus.NOT_RECORDED, "the call ended before a recording had started")


def test_a_recording_of_which_only_the_end_is_known_has_run_and_its_file_is_awaited() -> None:
    life = connected().done(1.2, recording_id="r").receive(event("recording_inactive", 5))
    assert life.recording == (RecordingStatus.STOPPED, None)
    assert life.wake(90).asked == []
    life.receive(event("call_disconnected", 91))
    assert life.recording == (RecordingStatus.STOPPED, None)
    assert next_check_at(life.call) == at(91 + 24 * 3600 + 5)


def test_that_a_recording_ended_which_could_not_be_started_does_not_make_it_one() -> None:
    life = connected(CallPolicy(on_recording_failure="end", notice="")).fails(1, 403)
    life.receive(event("recording_inactive", 2))
    assert life.call.effects[0].action == HangUp()
    assert life.recording[0] is RecordingStatus.NOT_RECORDED


def test_a_time_of_the_recording_without_a_zone_is_utc() -> None:
    life = connected().receive(event("recording_active", 2, startDateTime="2026-11-21T09:00:02"))
    life.receive(event("recording_active", 8, id="resumed", startDateTime=None))
    assert [recording.started_at for recording in life.call.recording.recordings.values()] == [at(2)]


def test_a_call_that_was_never_connected_needs_no_recording() -> None:
    assert CallDriver().receive(incoming(Decision.TOO_LATE)).recording == (RecordingStatus.OFF, None)


def test_the_announcement_is_played_once_when_the_recording_runs() -> None:
    life = connected(ANNOUNCED).done(1.2).receive(event("recording_active", 1.5))
    assert life.asked == [Play("announcement", "This call is recorded.")]
    life.done(1.6).receive(step_event("play_completed", 3, "announcement"))
    assert life.open == []
    assert life.wake(200).asked == []


def test_an_announcement_that_cannot_be_played_is_noted_and_one_that_may_pass_is_tried_again() -> None:
    life = connected(ANNOUNCED).receive(event("recording_active", 1.5)).fails(2, 503)
    assert life.outcome("announcement") is None
    life.wake(10)
    assert life.asked == [Play("announcement", "This call is recorded.")]
    life.fails(11, 400, 8535)
    outcome = life.outcome("announcement")
    assert outcome is not None
    assert (outcome.status, outcome.code, outcome.sub_code) == (OutcomeStatus.FAILED, 400, 8535)
    assert life.wake(200).asked == []


def test_a_failed_play_event_is_noted_and_a_played_prompt_outweighs_it() -> None:
    life = connected(ANNOUNCED).receive(event("recording_active", 1.5)).done(2)
    life.receive(step_event("play_failed", 3, "announcement"))
    failed = life.outcome("announcement")
    assert failed is not None
    assert (failed.source_event, failed.code, failed.sub_code) == ("PlayFailed", 400, 8535)
    played = life.receive(step_event("play_completed", 4, "announcement")).outcome("announcement")
    assert played is not None
    assert played.status is OutcomeStatus.SUCCEEDED


def test_a_prompt_that_has_started_is_not_played_again_though_nothing_tells_its_end() -> None:
    life = connected(ANNOUNCED).receive(event("recording_active", 1.5)).done(2)
    life.receive(step_event("play_started", 2.5, "announcement"))
    assert life.wake(300).asked == []
    assert life.open == []


def test_a_notice_whose_end_nothing_tells_does_not_keep_the_call_alive() -> None:
    life = connected(STRICT).fails(2, 403).done(2.5)
    life.receive(step_event("play_started", 3, "notice"))
    assert life.asked == []
    assert life.wake(200).asked == [HangUp()]


def notice_started(at: float) -> Event:
    return step_event("play_started", at, "notice")


def test_a_notice_that_is_being_heard_is_not_cut_off_because_the_request_for_it_timed_out() -> None:
    life = connected(STRICT).fails(2, 403)
    request = life.effects
    life.receive(notice_started(3))
    life.effects = request
    assert life.fails(8, 408).asked == []
    started = life.outcome("notice")
    assert started is not None
    assert started.status is OutcomeStatus.PROGRESSED
    assert life.wake(60).asked == []
    assert life.wake(125).asked == [HangUp()]


def test_a_notice_that_is_being_heard_is_not_played_again() -> None:
    timed_out = connected(STRICT).fails(2, 403).fails(8, 408).receive(notice_started(3), now=9)
    died = connected(STRICT).fails(2, 403).receive(notice_started(3))
    for life in (timed_out, died):
        assert life.wake(30).asked == []
        assert life.receive(step_event("play_completed", 31, "notice")).asked == [HangUp()]


def test_an_announcement_that_is_being_heard_is_not_played_again_either() -> None:
    life = connected(ANNOUNCED).receive(event("recording_active", 1.5)).fails(8, 408)
    life.receive(step_event("play_started", 3, "announcement"), now=9)
    assert life.wake(30).asked == []


def test_that_a_prompt_has_started_is_heard_twice_and_waited_for_once() -> None:
    life = connected(STRICT).fails(2, 403).receive(notice_started(3))
    waiting = life.call.effects
    assert life.receive(notice_started(3), now=60).call.effects == waiting


def test_what_another_invocation_has_had_carried_out_does_not_fail_by_a_late_time_out() -> None:
    life = connected()
    frozen = life.effects
    life.receive(event("call_connected", 1), now=11.5).done(12)
    life.effects = frozen
    assert life.fails(13, 408).call.recording.failures == {}
    assert life.asked == []


def test_who_took_part_is_remembered_when_they_have_gone() -> None:
    life = connected().receive(event("participants_updated", 4, sequenceNumber=3))
    life.receive(event("participants_updated", 5, sequenceNumber=9, participants=[]))
    assert life.call.participants.present == ()
    assert "4:+12065551212" in life.call.participants.all_participants


def test_prompts_of_others_are_no_announcement() -> None:
    life = connected(ANNOUNCED).receive(event("play_completed", 3, operationContext="somebody else's"))
    assert (life.outcome("announcement"), life.outcome("notice")) == (None, None)


def test_where_the_policy_says_so_an_unrecordable_call_ends_after_a_notice() -> None:
    forbidden = {"code": 403, "subCode": 0, "message": ""}
    life = connected(STRICT).receive(event("start_recording_failed", 2, resultInformation=forbidden))
    assert life.asked == [Play("notice", "Please call again later.")]
    life.done(2.5).receive(step_event("play_completed", 5, "notice"))
    assert life.asked == [HangUp()]


def test_a_notice_that_cannot_be_played_does_not_keep_the_call_alive() -> None:
    life = connected(STRICT).fails(2, 403).fails(3, 400, 8535)
    assert life.asked == [HangUp()]


def test_a_recording_is_archived_file_by_file() -> None:
    life = connected().receive(event("recording_active", 2)).receive(event("call_disconnected", 9))
    assert life.recording[0] is RecordingStatus.STOPPED
    life.receive(event("recording_file", 10))
    recording_id = next(iter(life.call.recording.recordings))
    assert life.asked == [ArchiveChunk(recording_id, 0, recording.archive_path(life.call, recording_id, "0"))]
    life.archived(11)
    assert life.recording == (RecordingStatus.ARCHIVED, None)
    assert life.call.recording.recordings[recording_id].chunks["0"].length == 640044
    assert next_check_at(life.call) is None


def test_a_file_that_is_not_ready_is_fetched_again_later_and_less_and_less_often() -> None:
    life = connected().receive(event("recording_file", 10))
    archive = [e for e in life.effects if isinstance(e.action, ArchiveChunk)]
    waits, now = [], 10.0
    for _ in range(4):
        life.effects = tuple(archive)
        life.fails(now, 503)
        due = next(e.due for e in life.call.effects if isinstance(e.action, ArchiveChunk))
        waits.append((due - at(now)).total_seconds())
        now = (due - START).total_seconds()
        archive = [e for e in life.wake(now).effects if isinstance(e.action, ArchiveChunk)]
    assert waits == [2, 4, 8, 16]


def test_a_file_that_is_gone_is_lost_with_the_reason() -> None:
    life = connected(CallPolicy(record=False)).receive(event("recording_file", 10)).fails(11, 404, 8522)
    assert life.recording == (RecordingStatus.LOST, "the file was no longer there")
    assert life.asked == []


def test_a_file_that_cannot_be_copied_is_given_up_when_acs_no_longer_has_it() -> None:
    life = connected().receive(event("call_disconnected", 9)).receive(event("recording_file", 10)).fails(11, 403)
    assert life.wake(24 * 3600).recording[0] is RecordingStatus.STOPPED
    assert life.wake(48 * 3600 + 20).recording == (RecordingStatus.LOST, "it could not be copied within 24 hours")
    assert life.asked == []


def test_a_recording_whose_file_never_comes_is_lost_after_a_day() -> None:
    life = connected().receive(event("recording_active", 2)).receive(event("call_disconnected", 9))
    look = next_check_at(life.call)
    assert look == at(9 + 24 * 3600 + 5)
    assert life.wake(24 * 3600).recording[0] is RecordingStatus.STOPPED
    assert life.wake(24 * 3600 + 20).recording[0] is RecordingStatus.LOST
    assert next_check_at(life.call) is None


def test_a_file_that_comes_after_a_day_all_the_same_is_archived() -> None:
    life = connected().receive(event("recording_active", 2)).receive(event("call_disconnected", 9)).wake(24 * 3600 + 20)
    assert life.recording[0] is RecordingStatus.LOST
    now = 24 * 3600 + 1800
    life.receive(event("recording_file", 10), now=now).archived(now + 1)
    assert life.recording == (RecordingStatus.ARCHIVED, None)


def test_the_recording_of_a_call_that_is_not_ours_is_left_alone_unless_the_call_is_ours_after_all() -> None:
    life = CallDriver().receive(incoming(Decision.NOT_OURS)).receive(event("recording_file", 10))
    assert life.asked == []
    assert life.recording == (RecordingStatus.OFF, None)
    assert next_check_at(life.call) is None
    life.receive(event("call_connected", 1), now=11)
    assert [type(action) for action in life.asked] == [ArchiveChunk]


def test_a_recording_whose_id_was_not_told_is_unnamed_until_it_is() -> None:
    life = connected()
    assert not unnamed(life.call)
    assert unnamed(life.done(2).call)
    assert not unnamed(life.receive(event("recording_active", 3)).call)


def test_a_request_to_record_that_failed_may_have_been_carried_out_all_the_same() -> None:
    assert unnamed(connected().fails(2, 503).call)
    assert not unnamed(connected().done(2, recording_id="r").call)

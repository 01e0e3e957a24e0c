"""The machine: what the call becomes, and what is asked for, event by event."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from shared.calls.call import Call, RecordingStatus, State, latencies
from shared.calls.effects import (
    Action,
    ArchiveChunk,
    Effect,
    FindCall,
    HangUp,
    Play,
    StartRecording,
    effect_id,
)
from shared.calls.events import Answered, EffectDone, EffectFailed, Event, Found, Rang, Refused
from shared.calls.machine import next_look, next_wake, recording_is_unnamed, recording_status, reduce
from shared.calls.policy import Decision, Plan
from tests.golden import START, event

CALL = "20261121-00112233445566778899aabbccddeeff"
ANNOUNCED = Plan(announcement="This call is recorded.")
STRICT = Plan(unrecorded="end", notice="Please call again later.")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def rang(decision: Decision = Decision.ANSWER, after: float = 0.0, received: float = 0.2) -> Event:
    data = Rang(decision, "4:+1", "28:orgid:a", None, None, "server", "correlation", at(received))
    return Event("incoming", "IncomingCall", at(after), data)


def answered() -> Event:
    return Event("answer/done", "Answered", at(0.5), Answered("connection", "server", "correlation", at(0.3), at(0.5)))


class Life:
    """A call living through events; ``asked`` are the actions that the last event led to."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.call = Call(id=CALL, plan=plan or Plan())
        self.effects: tuple[Effect, ...] = ()

    def hear(self, said: Event, now: float | None = None) -> Life:
        moment = said.at if now is None else at(now)
        self.call, self.effects = reduce(self.call, said, moment)
        return self

    def wake(self, now: float) -> Life:
        return self.hear(Event("woken", "Woken", at(now), None))

    def done(self, now: float, recording_id: str | None = None, archived: tuple[str, int] | None = None) -> Life:
        effect = self.effects[0]
        data = EffectDone(effect.id, recording_id, archived)
        return self.hear(Event(f"{effect.id}/done", "EffectDone", at(now), data))

    def fails(self, now: float, code: int, sub_code: int = 0, wait: float = 0.0) -> Life:
        effect = self.effects[0]
        data = EffectFailed(effect.id, type(effect.action).__name__, code, sub_code, "", wait=wait)
        return self.hear(Event(f"{effect.id}/failed/{effect.tries}", "EffectFailed", at(now), data))

    @property
    def asked(self) -> list[Action]:
        return [effect.action for effect in self.effects]

    @property
    def recording(self) -> tuple[RecordingStatus, str | None]:
        return recording_status(self.call)


def connected(plan: Plan | None = None) -> Life:
    return Life(plan).hear(rang()).hear(answered()).hear(event("call_connected", 1))


# -- The life of a call --


def test_a_call_is_answered_connected_and_ended() -> None:
    life = Life(Plan(record=False))
    states = [life.hear(e).call.state for e in (rang(), answered(), event("call_connected", 1))]
    states.append(life.hear(event("call_disconnected", 9)).call.state)
    assert states == [State.RINGING, State.ANSWERED, State.CONNECTED, State.ENDED]
    assert (life.call.connected_at, life.call.ended_at) == (at(1), at(9))
    assert life.call.result is not None
    assert (life.call.result.code, life.call.result.sub_code) == (200, 7000)


def test_any_event_may_be_the_first_to_create_the_call() -> None:
    life = Life().hear(event("call_disconnected", 9)).hear(rang(Decision.TOO_LATE, received=40), now=40)
    assert life.call.state is State.ENDED
    assert life.call.caller == "4:+1"


def test_a_call_that_nobody_answers_is_missed_once_it_has_rung_out() -> None:
    life = Life().hear(rang())
    assert life.wake(29).call.state is State.RINGING
    assert life.wake(31).call.state is State.MISSED


def test_a_late_event_makes_a_missed_call_unless_it_was_answered_after_all() -> None:
    life = Life().hear(rang(Decision.TOO_LATE, received=45), now=45)
    assert life.call.state is State.MISSED
    assert life.hear(event("call_connected", 1)).call.state is State.CONNECTED


def test_a_refused_answer_settles_the_call_with_the_reason() -> None:
    refused = Event("answer/refused", "AnswerRefused", at(1), Refused(400, 8523, "no such context"))
    life = Life().hear(rang()).hear(refused)
    assert life.call.state is State.REFUSED
    assert life.call.timeline[-1].text == "400/8523: an argument is not valid"


def test_why_the_set_up_failed_outweighs_that_the_call_is_over() -> None:
    for first, second in (("answer_failed", "call_disconnected"), ("call_disconnected", "answer_failed")):
        life = Life().hear(event(first, 2)).hear(event(second, 2))
        assert life.call.result is not None
        assert life.call.result.sub_code == 10003


def test_the_newest_list_of_participants_is_kept() -> None:
    life = connected().hear(event("participants_updated", 5, sequenceNumber=9, participants=[]))
    life.hear(event("participants_updated", 4, sequenceNumber=3))
    assert life.call.participants == ()


def test_the_four_latencies_are_measured() -> None:
    life = connected().hear(event("play_started", 2.5))
    assert latencies(life.call) == {
        "time to notify": 0.2,
        "time to answer": 0.1,
        "time to connect": 0.7,
        "time to first audio": 1.5,
    }


# -- Recording --


def test_recording_starts_when_the_call_is_connected() -> None:
    assert connected().asked == [StartRecording(1)]


def test_no_recording_is_asked_for_where_the_plan_says_so_or_once_one_runs_or_the_call_is_over() -> None:
    assert connected(Plan(record=False)).asked == []
    early = Life().hear(event("recording_active", 2)).hear(event("call_connected", 1))
    assert early.asked == []
    over = Life().hear(event("call_disconnected", 2)).hear(event("call_connected", 1))
    assert over.asked == []


def test_a_transient_failure_is_tried_again_after_2_5_and_15_seconds_and_four_times_at_most() -> None:
    life, now = connected(), 1.0
    for attempt, delay in ((2, 2), (3, 5), (4, 15)):
        life.done(now).hear(event("start_recording_failed", now, id=f"failed-{attempt}"))
        assert life.asked == []
        assert next_wake(life.call) == at(now + delay)
        assert life.wake(now + delay - 0.1).asked == []
        now += delay
        assert life.wake(now).asked == [StartRecording(attempt)]
    life.done(now).hear(event("start_recording_failed", now, id="failed-5"))
    status, reason = life.recording
    assert status is RecordingStatus.NOT_RECORDED
    assert reason is not None
    assert "4 attempts failed" in reason
    assert life.asked == []
    assert next_wake(life.call) is None


def test_the_next_attempt_waits_as_long_as_acs_asks() -> None:
    for asked, delay in ((0, 2), (1, 2), (30, 30)):
        assert next_wake(connected().fails(1, 429, 8516, wait=asked).call) == at(1 + delay)


def test_that_acs_asked_once_to_be_left_alone_delays_no_later_attempt() -> None:
    life = connected().fails(1, 429, 8516, wait=30).wake(31).fails(31, 503)
    assert next_wake(life.call) == at(31 + 5)


def test_each_attempt_has_an_id_of_its_own_and_a_repeated_one_the_same() -> None:
    first = connected().effects[0].id
    life = connected().hear(event("start_recording_failed", 1)).wake(3)
    assert first == effect_id(CALL, "start recording 1")
    assert life.effects[0].id == effect_id(CALL, "start recording 2")


def test_a_final_failure_is_not_tried_again_and_is_put_in_words() -> None:
    failed = {"code": 403, "subCode": 0, "message": "Forbidden"}
    life = connected().hear(event("start_recording_failed", 2, resultInformation=failed))
    assert life.recording == (RecordingStatus.NOT_RECORDED, "403/0: the app may not do this")
    assert life.asked == []


def test_already_active_is_reconciled_as_recording() -> None:
    life = connected().fails(2, 400, 8559)
    assert life.recording[0] is RecordingStatus.ACTIVE
    assert life.wake(3).asked == []


def test_a_recording_that_runs_outweighs_every_failure() -> None:
    forbidden = {"code": 403, "subCode": 0, "message": ""}
    life = connected().hear(event("start_recording_failed", 2, resultInformation=forbidden))
    assert life.hear(event("recording_active", 3)).recording[0] is RecordingStatus.ACTIVE


def test_silence_after_an_accepted_start_counts_as_a_failed_attempt() -> None:
    life = connected().done(2)
    assert life.wake(30).asked == []
    life.wake(63)
    assert len(life.call.recording_failures) == 1
    assert life.wake(66).asked == [StartRecording(2)]


def test_a_recording_that_is_paused_and_resumed_is_active_again() -> None:
    life = connected().hear(event("recording_active", 2)).hear(event("recording_inactive", 5))
    assert life.recording == (RecordingStatus.STOPPED, None)
    life.hear(event("recording_active", 8, id="resumed"))
    assert life.recording == (RecordingStatus.ACTIVE, None)
    assert life.asked == []


def test_a_call_that_ends_before_its_recording_started_says_so() -> None:
    life = connected().hear(event("call_disconnected", 2))
    assert life.recording == (RecordingStatus.NOT_RECORDED, "the call ended before a recording had started")


def test_a_recording_of_which_only_the_end_is_known_has_run_and_its_file_is_awaited() -> None:
    life = connected().done(1.2, recording_id="r").hear(event("recording_inactive", 5))
    assert life.recording == (RecordingStatus.STOPPED, None)
    assert life.wake(90).asked == []
    life.hear(event("call_disconnected", 91))
    assert life.recording == (RecordingStatus.STOPPED, None)
    assert next_look(life.call, at(91)) == at(91 + 24 * 3600 + 5)


def test_that_a_recording_ended_which_could_not_be_started_does_not_make_it_one() -> None:
    life = connected(Plan(unrecorded="end", notice="")).fails(1, 403)
    life.hear(event("recording_inactive", 2))
    assert life.call.effects[0].action == HangUp()
    assert life.recording[0] is RecordingStatus.NOT_RECORDED


def test_a_time_of_the_recording_without_a_zone_is_utc() -> None:
    life = connected().hear(event("recording_active", 2, startDateTime="2026-11-21T09:00:02"))
    life.hear(event("recording_active", 8, id="resumed", startDateTime=None))
    assert [recording.started_at for recording in life.call.recordings.values()] == [at(2)]


def test_a_call_that_was_never_connected_needs_no_recording() -> None:
    assert Life().hear(rang(Decision.TOO_LATE)).recording == (RecordingStatus.OFF, None)


def test_the_announcement_is_played_once_when_the_recording_runs() -> None:
    life = connected(ANNOUNCED).done(1.2).hear(event("recording_active", 1.5))
    assert life.asked == [Play("announcement", "This call is recorded.")]
    life.done(1.6).hear(event("play_completed", 3, operationContext=effect_id(CALL, "announcement")))
    assert life.call.announced == "played"
    assert life.wake(200).asked == []


def test_an_announcement_that_cannot_be_played_is_noted_and_one_that_may_pass_is_tried_again() -> None:
    life = connected(ANNOUNCED).hear(event("recording_active", 1.5)).fails(2, 503)
    assert life.call.announced is None
    life.wake(10)
    assert life.asked == [Play("announcement", "This call is recorded.")]
    life.fails(11, 400, 8535)
    assert life.call.announced == "not played: 400/8535: the audio file of a prompt could not be used"


def test_a_failed_play_event_is_noted_and_a_played_prompt_outweighs_it() -> None:
    context = effect_id(CALL, "announcement")
    life = connected(ANNOUNCED).hear(event("recording_active", 1.5)).done(2)
    life.hear(event("play_failed", 3, operationContext=context))
    assert life.call.announced is not None
    assert life.call.announced.startswith("not played: 400/8535")
    assert life.hear(event("play_completed", 4, operationContext=context)).call.announced == "played"


def test_a_prompt_that_has_started_is_not_played_again_though_nothing_tells_its_end() -> None:
    life = connected(ANNOUNCED).hear(event("recording_active", 1.5)).done(2)
    life.hear(event("play_started", 2.5, operationContext=effect_id(CALL, "announcement")))
    assert life.call.announced == "started"
    assert life.wake(300).asked == []


def test_a_notice_whose_end_nothing_tells_does_not_keep_the_call_alive() -> None:
    life = connected(STRICT).fails(2, 403).done(2.5)
    life.hear(event("play_started", 3, operationContext=effect_id(CALL, "notice")))
    assert life.asked == []
    assert life.wake(200).asked == [HangUp()]


def notice_started(at: float) -> Event:
    return event("play_started", at, operationContext=effect_id(CALL, "notice"))


def test_a_notice_that_is_being_heard_is_not_cut_off_because_the_request_for_it_timed_out() -> None:
    life = connected(STRICT).fails(2, 403)
    request = life.effects
    life.hear(notice_started(3))
    life.effects = request
    assert life.fails(8, 408).asked == []
    assert life.call.notified == "started"
    assert life.wake(60).asked == []
    assert life.wake(125).asked == [HangUp()]


def test_a_notice_that_is_being_heard_is_not_played_again() -> None:
    timed_out = connected(STRICT).fails(2, 403).fails(8, 408).hear(notice_started(3), now=9)
    died = connected(STRICT).fails(2, 403).hear(notice_started(3))
    for life in (timed_out, died):
        assert life.wake(30).asked == []
        assert life.hear(event("play_completed", 31, operationContext=effect_id(CALL, "notice"))).asked == [HangUp()]


def test_an_announcement_that_is_being_heard_is_not_played_again_either() -> None:
    life = connected(ANNOUNCED).hear(event("recording_active", 1.5)).fails(8, 408)
    life.hear(event("play_started", 3, operationContext=effect_id(CALL, "announcement")), now=9)
    assert life.call.announced == "started"
    assert life.wake(30).asked == []


def test_that_a_prompt_has_started_is_heard_twice_and_waited_for_once() -> None:
    life = connected(STRICT).fails(2, 403).hear(notice_started(3))
    waiting = life.call.effects
    assert life.hear(notice_started(3), now=60).call.effects == waiting


def test_what_another_invocation_has_had_carried_out_does_not_fail_by_a_late_time_out() -> None:
    life = connected()
    frozen = life.effects
    life.hear(event("call_connected", 1), now=11.5).done(12)
    life.effects = frozen
    assert life.fails(13, 408).call.recording_failures == {}
    assert life.asked == []


def test_who_took_part_is_remembered_when_they_have_gone() -> None:
    life = connected().hear(event("participants_updated", 4, sequenceNumber=3))
    life.hear(event("participants_updated", 5, sequenceNumber=9, participants=[]))
    assert life.call.participants == ()
    assert "4:+12065551212" in life.call.took_part


def test_prompts_of_others_are_no_announcement() -> None:
    life = connected(ANNOUNCED).hear(event("play_completed", 3, operationContext="somebody else's"))
    assert (life.call.announced, life.call.notified) == (None, None)


def test_where_the_policy_says_so_an_unrecordable_call_ends_after_a_notice() -> None:
    forbidden = {"code": 403, "subCode": 0, "message": ""}
    life = connected(STRICT).hear(event("start_recording_failed", 2, resultInformation=forbidden))
    assert life.asked == [Play("notice", "Please call again later.")]
    life.done(2.5).hear(event("play_completed", 5, operationContext=effect_id(CALL, "notice")))
    assert life.asked == [HangUp()]


def test_a_notice_that_cannot_be_played_does_not_keep_the_call_alive() -> None:
    life = connected(STRICT).fails(2, 403).fails(3, 400, 8535)
    assert life.asked == [HangUp()]


def test_a_recording_is_archived_file_by_file() -> None:
    life = connected().hear(event("recording_active", 2)).hear(event("call_disconnected", 9))
    assert life.recording[0] is RecordingStatus.STOPPED
    life.hear(event("recording_file", 10))
    recording_id = next(iter(life.call.recordings))
    assert life.asked == [ArchiveChunk(recording_id, 0)]
    life.done(11, archived=("2026/11/21/x/0.wav", 640044))
    assert life.recording == (RecordingStatus.ARCHIVED, None)
    assert life.call.recordings[recording_id].chunks["0"].length == 640044
    assert next_look(life.call, at(12)) is None


def test_a_file_that_is_not_ready_is_fetched_again_later_and_less_and_less_often() -> None:
    life = connected().hear(event("recording_file", 10))
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
    life = connected(Plan(record=False)).hear(event("recording_file", 10)).fails(11, 404, 8522)
    assert life.recording == (RecordingStatus.LOST, "the file was no longer there")
    assert life.asked == []


def test_a_file_that_cannot_be_copied_is_given_up_when_acs_no_longer_has_it() -> None:
    life = connected().hear(event("call_disconnected", 9)).hear(event("recording_file", 10)).fails(11, 403)
    assert life.wake(24 * 3600).recording[0] is RecordingStatus.STOPPED
    assert life.wake(48 * 3600 + 20).recording == (RecordingStatus.LOST, "it could not be copied within 24 hours")
    assert life.asked == []


def test_a_recording_whose_file_never_comes_is_lost_after_a_day() -> None:
    life = connected().hear(event("recording_active", 2)).hear(event("call_disconnected", 9))
    look = next_look(life.call, at(9))
    assert look == at(9 + 24 * 3600 + 5)
    assert life.wake(24 * 3600).recording[0] is RecordingStatus.STOPPED
    assert life.wake(24 * 3600 + 20).recording[0] is RecordingStatus.LOST
    assert next_look(life.call, at(24 * 3600 + 20)) is None


def test_a_file_that_comes_after_a_day_all_the_same_is_archived() -> None:
    life = connected().hear(event("recording_active", 2)).hear(event("call_disconnected", 9)).wake(24 * 3600 + 20)
    assert life.recording[0] is RecordingStatus.LOST
    now = 24 * 3600 + 1800
    life.hear(event("recording_file", 10), now=now).done(now + 1, archived=("2026/11/21/x/0.wav", 640044))
    assert life.recording == (RecordingStatus.ARCHIVED, None)


def test_the_recording_of_a_call_that_is_not_ours_is_left_alone_unless_the_call_is_ours_after_all() -> None:
    life = Life().hear(rang(Decision.NOT_OURS)).hear(event("recording_file", 10))
    assert life.asked == []
    assert life.recording == (RecordingStatus.OFF, None)
    assert next_look(life.call, at(10)) is None
    life.hear(event("call_connected", 1), now=11)
    assert [type(action) for action in life.asked] == [ArchiveChunk]


# -- Effects: claimed once, done again after a crash, dropped when they are moot --


def test_an_effect_is_claimed_by_one_invocation_at_a_time() -> None:
    life = connected()
    again = Life()
    again.call = life.call
    assert again.hear(event("call_connected", 1), now=2).asked == []
    assert again.hear(event("participants_updated", 3), now=3).asked == []


def test_a_claim_whose_invocation_died_is_taken_over_when_the_event_comes_again() -> None:
    life = connected().hear(event("call_connected", 1), now=11.5)
    assert life.asked == [StartRecording(1)]
    assert life.effects[0].tries == 2


def test_the_sweep_finds_a_claim_whose_invocation_died() -> None:
    life = connected()
    assert next_look(life.call, at(1)) == at(11)
    assert next_wake(life.call) is None


def test_what_a_call_wanted_is_moot_once_it_has_ended() -> None:
    life = connected().hear(event("start_recording_failed", 2)).hear(event("call_disconnected", 3))
    assert life.call.effects == ()
    assert next_look(life.call, at(3)) is None


def test_the_outcome_of_an_effect_that_is_moot_changes_nothing() -> None:
    life = connected()
    effect = life.effects[0]
    ended = life.hear(event("call_disconnected", 3)).call
    late = EffectFailed(effect.id, "StartRecording", 500, 0, "")
    after, asked = reduce(ended, Event("x", "EffectFailed", at(4), late), at(4))
    assert asked == ()
    assert replace(after, timeline=ended.timeline) == ended


# -- Calls that fall silent --


def test_acs_is_asked_about_a_call_that_has_been_silent() -> None:
    life = connected(Plan(record=False))
    assert next_look(life.call, at(1)) == at(1 + 15 * 60)
    assert life.wake(1000).asked == [FindCall()]


def test_acs_is_asked_about_a_call_of_which_only_a_callback_in_passing_is_known() -> None:
    life = Life(Plan(record=False)).hear(event("participants_updated", 9))
    assert life.call.state is State.ANSWERED
    assert next_look(life.call, at(9)) == at(9 + 60)
    assert life.wake(70).asked == [FindCall()]


def test_a_call_that_is_found_connected_lives_on_and_one_that_is_gone_ends() -> None:
    for state, expected in (("connected", State.CONNECTED), ("gone", State.ENDED), ("disconnected", State.ENDED)):
        life = Life(Plan(record=False)).hear(rang()).hear(answered()).wake(100)
        assert life.asked == [FindCall()]
        life.hear(Event("found", "Found", at(101), Found(state)))
        assert life.call.state is expected
        assert life.asked == []


def test_a_call_whose_connection_nobody_tells_is_given_up_unless_it_is_heard_of_after_all() -> None:
    unnamed = Event("answer/done", "Answered", at(0.5), Answered(None, None, None, at(0.3), at(0.5)))
    life = Life().hear(rang()).hear(unnamed)
    assert next_look(life.call, at(1)) == at(0.5 + 300)
    assert life.wake(300).asked == []
    assert life.wake(301).call.state is State.FAILED
    assert next_look(life.call, at(301)) is None
    assert life.hear(event("call_connected", 1)).call.state is State.CONNECTED


def test_an_answer_that_is_known_changes_nothing() -> None:
    life = Life().hear(rang()).hear(answered())
    before = life.call
    assert life.hear(answered(), now=5).call == before


def test_a_call_that_is_found_connected_is_recorded() -> None:
    life = Life().hear(rang()).hear(answered()).wake(100)
    assert life.hear(Event("found", "Found", at(101), Found("connected"))).asked == [StartRecording(1)]


def test_a_call_that_is_still_being_set_up_is_asked_about_again() -> None:
    life = Life().hear(rang()).hear(answered()).wake(100)
    life.hear(Event("found", "Found", at(101), Found("connecting")))
    assert life.call.state is State.ANSWERED
    assert life.wake(170).asked == [FindCall()]


def test_a_call_that_is_over_before_we_heard_that_it_was_connected_tells_why_it_is_not_recorded() -> None:
    life = Life().hear(rang()).hear(answered()).hear(event("call_disconnected", 9))
    assert life.recording == (RecordingStatus.NOT_RECORDED, "the call ended before a recording had started")


def test_a_call_that_could_not_be_set_up_was_none_to_record() -> None:
    life = Life().hear(rang()).hear(answered()).hear(event("answer_failed", 2)).hear(event("call_disconnected", 2))
    assert life.recording == (RecordingStatus.OFF, None)


def test_a_recording_whose_id_was_not_told_is_unnamed_until_it_is() -> None:
    life = connected()
    assert not recording_is_unnamed(life.call)
    assert recording_is_unnamed(life.done(2).call)
    assert not recording_is_unnamed(life.hear(event("recording_active", 3)).call)


def test_a_request_to_record_that_failed_may_have_been_carried_out_all_the_same() -> None:
    assert recording_is_unnamed(connected().fails(2, 503).call)
    assert not recording_is_unnamed(connected().done(2, recording_id="r").call)

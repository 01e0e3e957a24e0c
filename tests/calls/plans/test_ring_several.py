"""Ringing several at once: one accepts, and the others are cancelled, removed and released. Numbers confirm."""

from __future__ import annotations

from typing import Any

import pytest

from shared.calls.actions import (
    AddParticipant,
    CancelInvitation,
    CancelMedia,
    HangUp,
    OfferCall,
    Play,
    Recognize,
    ReleaseAgent,
    RemoveParticipant,
    TransferCall,
)
from shared.calls.capabilities import next_timer_at
from shared.calls.capabilities.routing import CallOffered
from shared.calls.effect import effect_id
from shared.calls.event import OperationRequested, own
from tests.calls.driver import CALL, at
from tests.calls.plans.ringing import CALLER, NUMBER, ONE, RUNG_OUT, THREE, TWO, RingingCall, plan
from tests.golden import event

MUSIC = "https://audio.example/hold.wav"
ASKED = "You have a call. Press 1 to accept it."
CONFIRMATION = Recognize(NUMBER, "keys", ASKED, initial_silence_seconds=8)
PROMPT_OF_ITS_OWN = {"file": "https://audio.example/press-1.wav"}


def ringing(*targets: str, **ring: Any) -> RingingCall:
    """A call that rings all of the targets."""
    return RingingCall([targets], order="all", **ring)


def test_one_wins_and_the_others_are_cancelled() -> None:
    call = ringing(ONE, TWO, NUMBER)
    assert sorted(call.invited) == sorted([ONE, TWO, NUMBER])
    call.talks(TWO, 5)
    assert call.ends == {ONE: "withdrawn", TWO: "accepted", NUMBER: "withdrawn"}
    assert sorted(call.canceled) == sorted([ONE, NUMBER])
    assert call.sent(ReleaseAgent) == []
    call.says("cancel_add_participant_succeeded", 7.5, "cancel", ONE)
    assert call.sent(ReleaseAgent) == [ReleaseAgent(ONE, "withdrawn")]


def test_an_agent_whose_cancellation_is_not_reported_is_released_when_the_ringing_is_over() -> None:
    call = ringing(ONE, TWO).talks(TWO, 5)
    assert next_timer_at(call.call) == at(1 + 20 + 15)
    assert call.wake(36).sent(ReleaseAgent) == [ReleaseAgent(ONE, "withdrawn")]


def test_the_first_of_two_who_accept_within_a_second_wins() -> None:
    call = ringing(ONE, TWO).accepts(TWO, 5).accepts(ONE, 5.4).wake(7.5)
    assert call.ends == {TWO: "accepted", ONE: "withdrawn"}
    assert call.sent(RemoveParticipant) == [RemoveParticipant(ONE)]
    call.goes(ONE, 8)
    assert call.sent(ReleaseAgent) == [ReleaseAgent(ONE, "withdrawn")]
    assert call.where == "sales.1"


def test_two_who_are_first_seen_together_are_not_both_accepted() -> None:
    call = ringing(ONE, TWO).added(ONE, 5).added(TWO, 5)
    call.people += [ONE, TWO]
    call.present(5.1).wake(8)
    assert sorted(call.ends.values()) == ["accepted", "withdrawn"]
    assert len(call.sent(RemoveParticipant)) == 1


def test_in_a_conference_everyone_who_accepts_stays() -> None:
    call = ringing(ONE, TWO, THREE, conference=True).talks(ONE, 5).talks(TWO, 8).refuses(THREE, 9)
    assert call.ends == {ONE: "accepted", TWO: "accepted", THREE: "declined"}
    assert (call.sent(RemoveParticipant), call.sent(CancelInvitation)) == ([], [])
    call.goes(ONE, 20)
    assert call.where == "sales.1"
    assert call.goes(TWO, 30).where == "left.1"


def test_a_cancelled_callee_who_comes_in_all_the_same_is_removed() -> None:
    call = ringing(ONE, TWO).talks(TWO, 5)
    call.says("cancel_add_participant_failed", 7.5, "cancel", ONE).accepts(ONE, 8)
    assert call.sent(RemoveParticipant) == [RemoveParticipant(ONE)]


def test_a_removal_that_fails_is_tried_three_times() -> None:
    call = ringing(ONE, TWO).accepts(TWO, 5).accepts(ONE, 5.4).wake(7.5)
    for now, operation in ((8, "remove"), (11, "remove 2"), (14, "remove 3"), (17, "remove 3")):
        call.says("remove_participant_failed", now, operation, ONE).wake(now + 2)
    assert call.sent(RemoveParticipant) == [RemoveParticipant(ONE)] * 3


# -- What agents' clients say ------------------------------------------------------------------------------------


def test_an_agent_whose_client_accepts_need_not_stay_for_a_moment() -> None:
    call = ringing(ONE, TWO).says_by_client(ONE, 4, accepted=True)
    assert call.ends == {}
    call.joins(ONE, 4.5)
    assert call.ends == {ONE: "accepted", TWO: "withdrawn"}


def test_an_agent_whose_client_declines_is_not_rung_any_more() -> None:
    call = ringing(ONE, TWO).says_by_client(ONE, 4, accepted=False)
    assert (call.ends, call.canceled) == ({ONE: "declined"}, [ONE])
    assert call.sent(ReleaseAgent) == [ReleaseAgent(ONE, "declined")]


# -- Agents' clients die -----------------------------------------------------------------------------------------


def test_a_client_that_dies_while_it_rings_times_out() -> None:
    call = RingingCall([[ONE], [TWO]]).refuses(ONE, 21, RUNG_OUT)
    assert call.sent(ReleaseAgent) == [ReleaseAgent(ONE, "noAnswer")]
    assert call.invited == [ONE, TWO]


def test_an_invitation_without_an_outcome_is_over_after_a_while_and_not_repeated() -> None:
    call = RingingCall([[ONE], [TWO]]).wake(36.1)
    assert (call.ends, call.canceled, call.invited) == ({ONE: "noAnswer"}, [ONE], [ONE, TWO])
    call.accepts(ONE, 37)
    assert (call.ends[ONE], call.sent(RemoveParticipant)) == ("noAnswer", [RemoveParticipant(ONE)])
    for now in range(40, 1000, 20):
        call.wake(now)
    assert call.invited == [ONE, TWO]


def test_a_client_that_dies_in_the_call_has_left() -> None:
    call = ringing(ONE).talks(ONE, 5).goes(ONE, 9)
    assert call.where == "left.1"


# -- Numbers confirm ---------------------------------------------------------------------------------------------


def test_a_number_presses_1_to_accept() -> None:
    call = ringing(NUMBER).accepts(NUMBER, 5).wake(8)
    assert (call.ends, call.sent(Recognize)) == ({}, [CONFIRMATION])
    call.presses(["one"], 12)
    assert call.ends == {NUMBER: "accepted"}


@pytest.mark.parametrize(("keys", "end"), [(["two"], "declined"), ([], "noAnswer")])
def test_a_number_that_does_not_press_1_is_removed(keys: list[str], end: str) -> None:
    call = ringing(NUMBER).accepts(NUMBER, 5)
    if keys:
        call.presses(keys, 12)
    else:
        call.says("recognize_failed", 15, "confirm", NUMBER)
    assert (call.ends, call.sent(RemoveParticipant)) == ({NUMBER: end}, [RemoveParticipant(NUMBER)])


def test_a_voicemail_does_not_win() -> None:
    call = ringing(NUMBER, ONE).accepts(NUMBER, 2).says("recognize_failed", 14, "confirm", NUMBER)
    assert call.talks(ONE, 15).ends == {NUMBER: "noAnswer", ONE: "accepted"}


def test_a_number_need_not_confirm_if_the_plan_waives_it() -> None:
    call = ringing(NUMBER, confirm=False).talks(NUMBER, 5)
    assert (call.ends, call.sent(Recognize)) == ({NUMBER: "accepted"}, [])


def test_the_confirmation_interrupts_the_music_which_comes_back() -> None:
    call = ringing(NUMBER, ONE, meanwhile={"file": MUSIC}, confirmPrompt=PROMPT_OF_ITS_OWN)
    call.says("play_started", 1.5, "music 1", "").accepts(NUMBER, 5)
    assert (len(call.sent(CancelMedia)), call.sent(Recognize)) == (1, [])
    call.says("play_canceled", 5.2, "music 1", "")
    assert [each.source for each in call.sent(Recognize)] == [PROMPT_OF_ITS_OWN["file"]]
    call.says("recognize_failed", 15, "confirm", NUMBER)
    assert call.sent(Play)[-1] == Play("music 2", MUSIC, (CALLER,), loop=True)


def test_a_confirmation_ends_when_another_one_accepts() -> None:
    call = ringing(NUMBER, ONE).accepts(NUMBER, 5).talks(ONE, 6)
    assert call.sent(CancelMedia) == [CancelMedia(effect_id(CALL, f"plan/sales.1/confirm {NUMBER}"))]
    assert call.sent(RemoveParticipant) == [RemoveParticipant(NUMBER)]


def test_one_declines_another_rings_out_a_number_answers() -> None:
    call = RingingCall([[ONE], [TWO], [NUMBER]], order="inTurn")
    call.refuses(ONE, 3).refuses(TWO, 24, RUNG_OUT).accepts(NUMBER, 30).presses(["one"], 33)
    assert call.ends == {ONE: "declined", TWO: "noAnswer", NUMBER: "accepted"}
    texts = [each.text for each in call.call.timeline if each.type == "StepProgressed"]
    assert [text.rpartition(": ")[2] for text in texts] == ["declined", "no answer", "accepted"]
    assert NUMBER.removeprefix("4:") not in str(call.call.timeline)


# -- A number is in a call once ----------------------------------------------------------------------------------


def test_the_callers_own_number_is_not_invited() -> None:
    call = ringing(CALLER, ONE)
    assert (call.invited, CALLER in call.sent(OfferCall)[0].excluded) == ([ONE], True)


def test_nothing_is_offered_twice_in_a_visit() -> None:
    call = RingingCall([[ONE, TWO], [TWO, ONE.upper()], [ONE]])
    call.refuses(ONE, 3).refuses(TWO, 4)
    assert sorted(call.invited) == sorted([ONE, TWO])


def test_a_later_visit_can_invite_again() -> None:
    steps = plan() | {"declined": {"type": "play", "prompt": {"text": "Wait."}, "then": "sales"}}
    call = RingingCall([[ONE]], declined="declined", steps=steps).refuses(ONE, 3)
    call.reports("play_completed", 5, "declined.1/play 1")
    assert (call.where, call.invited) == ("sales.2", [ONE, ONE])
    call.says("add_participant_succeeded", 8, "add", ONE, "sales.2").joins(ONE, 8).wake(10)
    assert (call.where, call.sent(RemoveParticipant)) == ("sales.2", [])


# -- The caller leaves, or a command takes over ------------------------------------------------------------------


def test_the_caller_leaves_while_it_rings() -> None:
    call = ringing(ONE, TWO, meanwhile={"file": MUSIC}).says("play_started", 1.5, "music 1", "").goes(CALLER, 5)
    assert sorted(call.canceled) == sorted([ONE, TWO])
    assert (call.sent(HangUp), len(call.sent(CancelMedia))) == ([HangUp()], 1)
    call.receive(event("call_disconnected", 6))
    assert sorted(each.agent for each in call.sent(ReleaseAgent)) == sorted([ONE, TWO])
    assert {each.after for each in call.sent(ReleaseAgent)} == {"withdrawn"}


def test_the_caller_leaves_while_an_offer_is_made() -> None:
    call = RingingCall([[ONE]], answers=False)
    offer = call.effects or call.call.effects
    claimed = CallOffered(effect_id=offer[0].id, action=offer[0].action, targets=(ONE,))
    call.answers = True
    call.goes(CALLER, 2).receive(own("offered", at(3), claimed))
    assert (call.invited, call.sent(ReleaseAgent)) == ([], [ReleaseAgent(ONE, "withdrawn")])


def test_an_agent_who_accepts_as_the_caller_leaves_is_not_left_alone() -> None:
    call = ringing(ONE).accepts(ONE, 4).goes(CALLER, 5)
    assert (call.sent(HangUp), call.sent(RemoveParticipant), call.ends) == ([HangUp()], [], {})


def test_an_agent_who_accepts_as_the_caller_leaves_hears_why_if_the_app_can_speak() -> None:
    call = RingingCall([[ONE]], speaks=True).accepts(ONE, 4).goes(CALLER, 5)
    assert (call.sent(Play), call.sent(HangUp)) == ([Play("farewell", "The caller has hung up.")], [])
    call.reports("play_completed", 7, "farewell")
    assert call.sent(HangUp) == [HangUp()]


def test_the_farewell_does_not_hold_up_the_end() -> None:
    call = RingingCall([[ONE]], speaks=True).accepts(ONE, 4).goes(CALLER, 5)
    assert next_timer_at(call.call) == at(10)
    assert call.wake(10).sent(HangUp) == [HangUp()]


def test_the_caller_leaves_while_an_agent_talks() -> None:
    call = RingingCall([[ONE]], speaks=True).talks(ONE, 5).goes(CALLER, 60)
    assert (call.sent(HangUp), call.sent(RemoveParticipant)) == ([HangUp()], [])
    call.receive(event("call_disconnected", 61))
    assert call.sent(ReleaseAgent) == [ReleaseAgent(ONE, "accepted")]


def command(action: Any, now: float) -> Any:
    return own(effect_id(CALL, f"command {now}"), at(now), OperationRequested(action, "user supervisor"))


def test_a_command_that_takes_over_withdraws_the_invitations() -> None:
    call = ringing(ONE).receive(command(TransferCall("4:+1555"), 3))
    assert (call.where, call.canceled) == ("", [ONE])


def test_an_agent_whom_a_command_brings_in_is_not_removed() -> None:
    call = ringing(ONE, TWO).talks(TWO, 3).receive(command(AddParticipant(ONE), 8)).joins(ONE, 9)
    assert call.sent(RemoveParticipant) == []


def test_an_agent_who_talks_is_released_after_a_command_took_over() -> None:
    call = ringing(ONE).talks(ONE, 3).receive(command(AddParticipant("4:+1555"), 8))
    assert (call.where, call.sent(ReleaseAgent)) == ("", [])
    assert call.goes(ONE, 20).sent(ReleaseAgent) == [ReleaseAgent(ONE, "accepted")]


# -- Audio -------------------------------------------------------------------------------------------------------


def test_the_music_ends_when_an_agent_accepts() -> None:
    call = ringing(ONE, meanwhile={"file": MUSIC}).says("play_started", 1.5, "music 1", "").accepts(ONE, 5)
    assert call.sent(CancelMedia) == []
    assert len(call.wake(7).sent(CancelMedia)) == 1
    assert len(call.says("play_canceled", 7.1, "music 1", "").wake(30).sent(Play)) == 1


def test_the_timeline_says_that_the_caller_hears_nothing() -> None:
    texts = [each.text for each in ringing(ONE).call.timeline if each.type == "StepReached"]
    assert texts == ["sales.1; the caller hears nothing while it rings: meanwhile and HOLD_MUSIC are empty"]

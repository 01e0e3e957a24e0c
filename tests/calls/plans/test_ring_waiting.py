"""Waiting for an agent: offers are repeated, and the caller hears music and their position."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.calls.actions import CancelMedia, OfferCall, Play, StopWaiting
from shared.calls.capabilities import next_timer_at
from tests.calls.driver import at
from tests.calls.plans.ringing import CALLER, ONE, RingingCall
from tests.golden import event

MUSIC = "https://audio.example/hold.wav"
WAIT = {"seconds": 100, "position": "You are number {position}.", "positionSeconds": 40}


def waiting(*offers: list[str], **wait: Any) -> RingingCall:
    return RingingCall(offers, wait=WAIT | wait, meanwhile={"file": MUSIC})


def timer_of(call: RingingCall) -> float | None:
    due = next_timer_at(call.call)
    return (due - at(0)) / timedelta(seconds=1) if due else None


def test_the_offer_is_repeated_every_15_seconds() -> None:
    call = waiting([], [], [ONE])
    assert (call.where, timer_of(call), call.sent(OfferCall)[0].waits) == ("sales.1", 16, True)
    call.wake(16)
    assert (len(call.sent(OfferCall)), timer_of(call)) == (2, 31)
    call.wake(31)
    assert call.invited == [ONE]


def test_a_timer_of_an_agent_who_is_free_repeats_the_offer_at_once() -> None:
    call = waiting([], [ONE]).wake(3)
    assert call.invited == [ONE]


def test_the_wait_has_an_end() -> None:
    call = waiting()
    for now in range(16, 100, 15):
        call.wake(now)
    assert call.where == "sales.1"
    call.wake(101)
    assert call.way[0] == ("sales.1", "waited too long")
    assert call.sent(StopWaiting) == [StopWaiting(("sales",))]


def test_an_invitation_that_is_open_at_the_end_of_the_wait_goes_on() -> None:
    call = waiting([], [ONE]).wake(99).wake(102)
    assert call.where == "sales.1"
    call.talks(ONE, 105)
    assert call.ends == {ONE: "accepted"}


def test_the_call_stops_to_wait_when_an_agent_accepts() -> None:
    call = waiting([ONE]).talks(ONE, 5)
    assert call.sent(StopWaiting) == [StopWaiting(("sales",))]


def test_the_call_stops_to_wait_when_it_ends() -> None:
    call = waiting().receive(event("call_disconnected", 5))
    assert call.sent(StopWaiting) == [StopWaiting(("sales",))]
    call.wake(70)
    assert len(call.sent(StopWaiting)) == 1


def test_the_position_interrupts_the_music() -> None:
    call = waiting().says("play_started", 1.5, "music 1", "")
    for now in (16, 31, 41):
        call.wake(now)
    assert [type(each) for each in call.requested[-2:]] == [CancelMedia, OfferCall]
    call.says("play_canceled", 41.2, "music 1", "")
    assert call.sent(Play)[-1] == Play("position", "You are number 3.", (CALLER,))
    call.says("play_completed", 44, "position 1", "")
    assert call.sent(Play)[-1] == Play("music 2", MUSIC, (CALLER,), loop=True)
    call.wake(56).wake(71).wake(83)
    assert len([each for each in call.sent(Play) if each.purpose == "position"]) == 1
    call.wake(84.1).says("play_canceled", 84.2, "music 2", "")
    assert len([each for each in call.sent(Play) if each.purpose == "position"]) == 2


def test_a_position_that_cannot_be_played_is_announced_once() -> None:
    call = waiting().wake(41).says("play_canceled", 41.2, "music 1", "")
    call.says("play_failed", 42, "position 1", "").wake(85)
    assert len([each for each in call.sent(Play) if each.purpose == "position"]) == 1

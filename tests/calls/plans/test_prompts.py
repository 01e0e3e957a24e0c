"""Prompts and menus: what a key belongs to, what takes too long, and whose turn it is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shared.calls.actions import CancelMedia, Choice, HangUp, Play, Recognize
from shared.calls.capabilities import next_timer_at
from shared.calls.effect import effect_id
from shared.calls.event import OperationRequested, own
from shared.calls.plans.prompts import MenuStep
from tests.calls.driver import CALL, at, timer
from tests.calls.plans.driver import PlannedCall
from tests.golden import event

FILE = "https://audio/news.wav"
PLAY: dict[str, dict[str, Any]] = {
    "news": {"type": "play", "prompt": {"file": FILE}, "then": "bye"},
    "bye": {"type": "hangUp"},
}
MENU: dict[str, Any] = {
    "type": "menu",
    "prompt": {"text": "Sales or help?"},
    "keys": {"1": "sales", "2": "help"},
    "tries": 2,
    "otherwise": "bye",
}
STEPS: dict[str, dict[str, Any]] = {
    "menu": MENU,
    "sales": PLAY["news"],
    "help": {"type": "play", "prompt": {"file": "https://audio/help.wav"}, "then": "bye"},
    "bye": {"type": "hangUp"},
}
SPOKEN = {**STEPS, "menu": {**MENU, "phrases": {"sales": ["sales", "buy"], "help": ["help"]}}}


# -- play --------------------------------------------------------------------------------------------------------


def test_a_prompt_is_played_as_often_as_the_plan_says() -> None:
    plan = {**PLAY, "news": {**PLAY["news"], "times": 2}}
    call = PlannedCall(plan).connect().accepted(1.1).reports("play_completed", 5, "news.1/play 1")
    assert call.asked == [Play("plan", FILE)]
    assert call.accepted(5.1).reports("play_completed", 9, "news.1/play 2").asked == [HangUp()]


def test_a_prompt_that_cannot_be_played_is_passed_over() -> None:
    call = PlannedCall(PLAY).connect().accepted(1.1).reports("play_failed", 2, "news.1/play 1")
    assert call.way[0] == ("news.1", "the prompt could not be played")


def test_a_prompt_that_takes_too_long_is_cut_off() -> None:
    plan = {**PLAY, "news": {**PLAY["news"], "seconds": 10}}
    call = PlannedCall(plan).connect().accepted(1.1).reports("play_started", 1.2, "news.1/play 1")
    assert next_timer_at(call.call) == at(11.1)
    assert call.receive(timer(11)).asked == []
    assert call.receive(timer(11.1)).asked == [CancelMedia(effect_id(CALL, "plan/news.1/play 1"))]
    assert call.accepted(11.2).where == "news.1"
    call.reports("play_canceled", 11.3, "news.1/play 1")
    assert call.way == [("news.1", "the prompt was cut off"), ("bye.1", "")]


def test_a_prompt_whose_end_is_not_reported_is_passed_over() -> None:
    plan = {**PLAY, "news": {**PLAY["news"], "seconds": 10}}
    call = PlannedCall(plan).connect().accepted(1.1).receive(timer(11.1)).accepted(11.2)
    wake = next_timer_at(call.call)
    assert wake == at(16.2)
    assert call.receive(timer(16.2)).way == [("news.1", "the prompt was cut off"), ("bye.1", "")]


def test_a_long_prompt_is_awaited_as_long_as_the_plan_says() -> None:
    plan = {**PLAY, "news": {**PLAY["news"], "seconds": 600}}
    call = PlannedCall(plan).connect().accepted(1.1).reports("play_started", 1.2, "news.1/play 1")
    assert call.receive(timer(590)).where == "news.1"
    assert call.reports("play_completed", 595, "news.1/play 1").way[0] == ("news.1", "played")


# -- menu --------------------------------------------------------------------------------------------------------


def test_a_key_during_the_prompt_belongs_to_the_menu_and_one_before_it_to_no_step() -> None:
    """ACS reports a key to the recognition that listens. Tones that are reported one by one choose nothing."""
    call = PlannedCall({"news": {**PLAY["news"], "then": "menu"}, **STEPS}).connect().accepted(1.1)
    call.receive(event("tone_received", 2, tone="one"))
    assert call.where == "news.1"
    call.reports("play_completed", 3, "news.1/play 1").accepted(3.1).receive(event("tone_received", 3.2, tone="two"))
    assert call.where == "menu.1"
    assert call.presses(["one"], 4, "menu.1/try 1").where == "sales.1"


def test_a_menu_can_be_answered_by_speech() -> None:
    call = PlannedCall(SPOKEN).connect()
    choices = (Choice("sales", ("sales", "buy"), "1"), Choice("help", ("help",), "2"))
    assert call.asked == [Recognize("4:+1", "choices", source="Sales or help?", choices=choices)]
    said = {"label": "help", "recognizedPhrase": "help", "confidence": 0.9}
    call.accepted(1.1).reports("recognize_choice", 4, "menu.1/try 1", choiceResult=said)
    assert call.way[0] == ("menu.1", "said")
    assert call.where == "help.1"


def test_a_menu_with_speech_can_be_answered_by_key() -> None:
    pressed = {"label": "sales", "recognizedPhrase": None}
    call = PlannedCall(SPOKEN).connect().accepted(1.1)
    call.reports("recognize_choice", 4, "menu.1/try 1", choiceResult=pressed)
    assert (call.where, call.way[0]) == ("sales.1", ("menu.1", "pressed"))


def test_a_choice_that_the_menu_does_not_have_is_no_choice() -> None:
    call = PlannedCall(SPOKEN).connect().accepted(1.1)
    call.reports("recognize_choice", 4, "menu.1/try 1", choiceResult={"label": "bye", "recognizedPhrase": "bye"})
    assert call.where == "menu.1"


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, {}),
        ({"keys": {}}, {"keys": "a menu needs keys or phrases"}),
        ({"keys": {}, "phrases": {"sales": ["buy"]}}, {}),
        (
            {"phrases": {"sales": ["buy"]}},
            {"keys.2": "in a menu with phrases a step with a key needs phrases too: help has none"},
        ),
        (
            {"keys": {"1": "sales", "3": "sales"}, "phrases": {"sales": ["buy"]}},
            {"keys.3": "in a menu with phrases a step has one key: sales has 1"},
        ),
        (
            {"keys": {}, "phrases": {"sales": ["buy"], "help": ["Buy "]}},
            {"phrases.help": "a phrase stands for sales too"},
        ),
    ],
)
def test_what_a_menu_cannot_hear_is_refused(changes: dict[str, Any], problems: dict[str, str]) -> None:
    assert msgspec.convert(MENU | changes, MenuStep).problems() == problems


def test_a_caller_who_is_unknown_is_awaited_for_five_seconds() -> None:
    call = PlannedCall(STEPS)
    call.call = replace(call.call, lifecycle=replace(call.call.lifecycle, caller=None))
    assert call.connect().asked == []
    assert next_timer_at(call.call) == at(6)
    assert call.receive(timer(6)).way[0] == ("menu.1", "it is not known which participant is the caller")


def test_the_only_other_participant_is_the_caller() -> None:
    call = PlannedCall(STEPS)
    call.call = replace(call.call, lifecycle=replace(call.call.lifecycle, caller=None))
    people = [{"identifier": {"rawId": "4:+4930123"}}]
    call.connect().receive(event("participants_updated", 2, sequenceNumber=1, participants=people))
    assert call.asked == [Recognize("4:+4930123", "keys", source="Sales or help?")]


def test_a_plan_of_a_hundred_visits_needs_no_more_results_than_a_row_keeps() -> None:
    names = [f"menu{n}" for n in range(6)]
    plan = {
        name: {**MENU, "keys": {"1": names[(n + 1) % 6]}, "otherwise": name, "tries": 1} for n, name in enumerate(names)
    }
    call = PlannedCall(plan).connect()
    for n in range(99):
        call.accepted(10 * n + 1.1).presses(["one"], 10 * n + 5, f"{call.where}/try 1")
    assert len(call.call.recognition.results) == 50
    assert call.where == "menu3.17"
    assert all(reason == "pressed 1" for _, reason in call.way[:-1])
    assert call.presses(["one"], 1000, f"{call.where}/try 1").way[-1][1] == "the plan goes round in circles"


# -- One queue of media ------------------------------------------------------------------------------------------


def test_a_prompt_of_a_command_waits_for_the_menu_and_comes_before_the_next_step() -> None:
    call = PlannedCall(STEPS).connect().accepted(1.1)
    command = Play("prompt", "https://audio/command.wav")
    call.receive(own(effect_id(CALL, "c"), at(2), OperationRequested(command, "user")))
    assert call.asked == []
    assert call.presses(["one"], 4, "menu.1/try 1").asked == [command]
    assert call.where == "sales.1"
    call.accepted(4.1).receive(event("play_completed", 6, operationContext=effect_id(CALL, "c")))
    assert call.asked == [Play("plan", FILE)]


def test_a_prompt_that_a_command_plays_delays_the_plan_and_is_not_cut_off() -> None:
    plan = {**PLAY, "news": {**PLAY["news"], "seconds": 10}}
    call = PlannedCall(plan)
    call.receive(own(effect_id(CALL, "c"), at(0.9), OperationRequested(Play("prompt", "https://audio/c.wav"), "user")))
    call.connect().accepted(1.1)
    assert call.receive(timer(30)).asked == []
    call.receive(event("play_completed", 31, operationContext=effect_id(CALL, "c")))
    assert call.asked == [Play("plan", FILE, seconds=40)]

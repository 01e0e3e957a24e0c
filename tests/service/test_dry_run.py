"""The dry run of a plan: the way of a call that is not there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest

from shared.calls.plans.document import Plan
from shared.service.dry_run import DryRun, Situation, SituationError, dry_run

SUNDAY = datetime(2026, 11, 22, 19)  # noqa: DTZ001  # in the plan's time zone
MENU: dict[str, Any] = {
    "menu": {
        "type": "menu",
        "prompt": {"text": "For sales press 1."},
        "keys": {"1": "sales", "2": "menu"},
        "tries": 2,
        "otherwise": "sorry",
    },
    "sales": {"type": "transfer", "to": {"number": "+4930123456"}, "otherwise": "sorry"},
    "sorry": {"type": "play", "prompt": {"file": "https://audio.example/sorry.wav"}, "then": "bye"},
    "bye": {"type": "hangUp"},
}


def run(steps: dict[str, Any], **given: Any) -> DryRun:
    plan = msgspec.convert({"start": next(iter(steps)), "steps": steps}, Plan)
    return dry_run(plan, Situation(at=SUNDAY, **given))


def way(result: DryRun) -> list[tuple[str, str | None, str]]:
    return [(step.visit, step.next, step.reason) for step in result.steps]


def test_a_key_leads_through_the_menu() -> None:
    result = run(MENU, keys=("1",))
    assert way(result) == [("menu.1", "sales", "pressed 1"), ("sales.1", None, "transferred")]
    assert (result.ended, result.unused) == ("transferred", ())


def test_a_silent_caller_hears_the_prompt_as_often_as_it_is_asked() -> None:
    result = run(MENU)
    assert [heard.prompt for heard in result.steps[0].heard] == ["For sales press 1."] * 2
    assert [heard.prompt for heard in result.steps[1].heard] == ["https://audio.example/sorry.wav"]
    assert way(result)[-1] == ("bye.1", None, "")
    assert result.ended == "the app hangs up"


def test_time_passes_as_in_a_call() -> None:
    result = run(MENU)
    seconds = [(step.at - result.steps[0].at).total_seconds() for step in result.steps]
    assert seconds == pytest.approx([0, 2 * (1.2 + 5), 2 * (1.2 + 5) + 5])


def test_an_answer_at_a_visit_goes_before_that_at_the_step() -> None:
    result = run(MENU, answers={"menu": "2", "menu.2": "1"})
    assert [step.visit for step in result.steps] == ["menu.1", "menu.2", "sales.1"]


def test_a_list_of_answers_holds_for_one_time_after_the_other() -> None:
    result = run(MENU, answers={"menu": ("9", "1")})
    assert way(result)[0] == ("menu.1", "sales", "pressed 1")


def test_a_transfer_can_fail() -> None:
    result = run(MENU, keys=("1",), answers={"sales": "failed"})
    assert way(result)[1] == ("sales.1", "sorry", "the transfer failed")


def test_a_choice_can_be_said() -> None:
    menu = MENU | {"menu": MENU["menu"] | {"phrases": {"sales": ["sales", "buy something"]}}}
    assert way(run(menu, answers={"menu": "Buy something"}))[0] == ("menu.1", "sales", "said")
    assert way(run(menu, keys=("1",)))[0][1] == "sales"


def test_a_plan_that_goes_round_in_circles_ends() -> None:
    result = run(MENU, answers={"menu": "2"})
    assert result.ended == "the plan goes round in circles"
    assert len(result.steps) == 20


RING: dict[str, Any] = {
    "sales": {
        "type": "ring",
        "targets": [{"group": "sales"}, {"number": "+4930123456"}],
        "order": "inTurn",
        "left": "bye",
        "otherwise": "sorry",
        "declined": "menu",
    },
    **{name: MENU[name] for name in ("sorry", "bye")},
    "menu": MENU["menu"] | {"keys": {}, "otherwise": "bye"},
}


@pytest.mark.parametrize(
    ("answers", "left_for", "reason"),
    [
        ((), "bye", "the agent has left"),
        (("declined", "accepted"), "bye", "the agent has left"),
        ("declined", "menu", "declined"),
        ("noAnswer", "sorry", "no answer"),
        ("unavailable", "sorry", "no one was available"),
        (("declined", "declined", "declined", "voicemail"), "sorry", "no answer"),
    ],
)
def test_what_becomes_of_ringing_leads_on(answers: Any, left_for: str, reason: str) -> None:
    assert way(run(RING, answers={"sales": answers}))[0] == ("sales.1", left_for, reason)


def test_a_number_hears_the_prompt_to_confirm() -> None:
    steps = {**RING, "sales": RING["sales"] | {"targets": [{"number": "+4930123456"}]}}
    heard = run(steps).steps[0].heard
    assert [(each.by, each.prompt) for each in heard] == [("a phone number", "You have a call. Press 1 to accept it.")]


def test_what_was_not_used_is_named() -> None:
    result = run(MENU, keys=("1", "2"), answers={"sorry": (), "menu.7": "1"})
    assert result.unused == ("answers.sorry", "answers.menu.7", "keys: 2")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"answers": {"lunch": "1"}}, "answers.lunch: the plan has no such step"),
        ({"answers": {"sales": "maybe"}}, "answers.sales: 'maybe' is none of: succeeded, failed"),
        ({"answers": {"bye": "1"}}, "answers.bye: 'bye' is a step of the type hangUp, which takes no answer"),
        ({"keys": ("x",)}, "keys: 'x' has other characters than 0-9, *, #, A-D"),
    ],
)
def test_a_situation_that_does_not_fit_the_plan_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SituationError) as error:
        run(MENU, **given)
    assert str(error.value) == message

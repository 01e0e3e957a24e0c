"""Every setting, with each kind of wrong value, before or during a call, and corrected later: nothing is lost."""

from __future__ import annotations

import pytest

from local.stack import SAMPLE
from shared.platform.settings import Settings
from shared.platform.settings.table import TABLE
from tests.simulation.invariants import broken
from tests.simulation.schedules import RECORDED, crashing
from tests.simulation.world import simulate

NEEDED_TO_ANSWER = {"ACS_ENDPOINT", "ACS_ACCESS_KEY", "CALLBACK_BASE_URL"}
WRONG = [
    (name, text)
    for name in TABLE
    for text in ("", "wrong://")
    if name not in RECORDED["settings"] and name in {e.name for e in Settings(SAMPLE | {name: text}).problems()}
]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_setting_that_is_wrong_when_a_call_arrives_loses_nothing(name: str, text: str) -> None:
    schedule = crashing("recorded")
    schedule.mistyped = ((0.0, name, text, 60.0),)
    result = simulate(schedule)
    assert result.struck["setting wrong"]
    assert broken(result) == []
    assert [call.answered_at is not None for call in result.acs] == [name not in NEEDED_TO_ANSWER]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_setting_that_becomes_wrong_in_a_call_loses_nothing(name: str, text: str) -> None:
    schedule = crashing("recorded")
    schedule.mistyped = ((1.0, name, text, 600.0),)
    result = simulate(schedule)
    assert broken(result) == []
    assert [call.answered_at is not None for call in result.acs] == [True]

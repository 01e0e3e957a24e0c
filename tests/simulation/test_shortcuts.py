"""The shortcuts change nothing but the time that a run takes."""

from __future__ import annotations

import pytest
from azure.core.rest import HttpRequest

from tests.simulation import shortcuts
from tests.simulation.plans import COMBINATIONS, crashing, plan_of
from tests.simulation.process import Site
from tests.simulation.world import Life, live


@pytest.mark.parametrize("seed", range(0, len(COMBINATIONS), len(COMBINATIONS) // 20))
def test_a_seed_tells_the_same_story_without_them(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = live(plan_of(seed)).trace
    monkeypatch.setattr(shortcuts, "in_use", False)
    assert live(plan_of(seed)).trace == trace


@pytest.mark.parametrize("point", [5, 50])
def test_nor_does_a_crash_come_elsewhere(point: int, monkeypatch: pytest.MonkeyPatch) -> None:
    life = live(crashing("recorded", point))
    monkeypatch.setattr(shortcuts, "in_use", False)
    without = live(crashing("recorded", point))
    assert (without.trace, without.steps, at(without)) == (life.trace, life.steps, at(life))


def at(life: Life) -> set[Site]:
    return {site for site in life.sites if "/shared/" in site[0]}


def test_they_are_put_back() -> None:
    before = [vars(target).get(name) for target, name, _ in shortcuts._replacements()]
    live(plan_of(0))
    assert [vars(target).get(name) for target, name, _ in shortcuts._replacements()] == before
    assert HttpRequest("POST", "http://here/", json={"a": 1}).content == '{"a": 1}'

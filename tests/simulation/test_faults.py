"""A campaign in small: some hundred seeds, every crash point of a short scenario, and the simulator's own promises."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from emulator.host.functions import scaling_group
from tests.indexed import functions
from tests.simulation import patches
from tests.simulation.campaign import NOT_DIED_AT, awaits, crash_points, run_and_check, several, struck
from tests.simulation.host import ROOT
from tests.simulation.plans import COMBINATIONS, CROWD, DAY, KINDS, OFTEN, crashing, plan_of
from tests.simulation.world import simulate

SEEDS = 60


def test_nothing_is_lost_and_nothing_done_twice() -> None:
    assert several([str(seed) for seed in range(len(KINDS))]).broken == {}


def test_nor_when_faults_come_in_pairs() -> None:
    rare = range(len(KINDS), len(COMBINATIONS), len(COMBINATIONS) // SEEDS)
    assert several([str(seed) for seed in rare]).broken == {}


def test_a_life_of_which_nobody_tells_survives_a_crash_at_every_point() -> None:
    points = crash_points("silent")
    tally = several([f"silent-{point}" for point in range(1, points + 1)])
    assert tally.broken == {}
    assert tally.struck["crash"] == points
    assert len(struck(tally.sites)) > len(awaits()) / 4


def test_a_call_of_a_day_with_a_crowd_in_it_survives_what_goes_wrong_at_noon() -> None:
    result, faults = run_and_check("day-1")
    assert faults == []
    assert result is not None
    assert result.seconds > DAY - 120
    assert len(result.acs) == CROWD + 1
    assert max(result.struck[kind] for kind in result.plan.kinds) >= OFTEN


def test_whatever_is_not_died_at_exists() -> None:
    for begins in NOT_DIED_AT:
        assert any(each.text.startswith(begins[:50]) for each in awaits()), f"no await begins with {begins}"


def test_an_instance_runs_one_function_only_and_http_functions_share_theirs() -> None:
    groups: dict[int, set[str]] = {}
    places: dict[str, set[int]] = {}
    for invocation in simulate(crashing("recorded")).invocations:
        group = scaling_group(functions()[invocation.function])
        groups.setdefault(invocation.instance, set()).add(group)
        places.setdefault(group, set()).add(invocation.instance)
    assert all(len(found) == 1 for found in groups.values())
    assert len(places) > 5
    assert max(len(instances) for instances in places.values()) > 1


def test_a_seed_tells_the_same_story_twice() -> None:
    for seed in (5, 131, 250):
        assert simulate(plan_of(seed)).trace == simulate(plan_of(seed)).trace
    assert simulate(plan_of(5)).trace != simulate(plan_of(6)).trace


@pytest.mark.parametrize("seed", [5, 131])
def test_nor_do_clients_that_instances_share(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = simulate(plan_of(seed)).trace
    monkeypatch.setattr(patches, "shared_clients", list)
    assert simulate(plan_of(seed)).trace == trace


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_nor_does_the_process_make_a_difference(hash_seed: str) -> None:
    trace = simulate(plan_of(250)).trace
    told = subprocess.run(
        [sys.executable, "-m", "local.faults", "--seed", "250"],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"trace {trace}" in told


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_strikes(kind: str) -> None:
    """Not every time: what needs a certain moment can miss it."""
    alone = COMBINATIONS.index((kind,))
    assert any(simulate(plan_of(alone + n * len(COMBINATIONS))).struck[kind] for n in range(6))


def test_a_run_that_breaks_is_told_with_what_it_broke() -> None:
    result, faults = run_and_check("0")
    assert result is not None
    assert faults == []
    assert crashing("recorded", 3).kills == {3}

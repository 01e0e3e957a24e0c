"""A small campaign: some seeds, every crash point of a short scenario, and the simulator's determinism."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from emulator.host.functions import scaling_group
from tests.indexed import functions
from tests.simulation import patches, schedules
from tests.simulation.campaign import NOT_DIED_AT, awaits, crash_points, run_and_check, several, struck
from tests.simulation.host import ROOT
from tests.simulation.schedules import COMBINATIONS, DAY, KINDS, OFTEN, crashing, schedule_of
from tests.simulation.world import simulate

PAIRS = 20  # the others are those of `make faults`, which runs all combinations, and four days with larger crowds
CROWD = 40


def test_single_faults_break_no_invariant() -> None:
    assert several([str(seed) for seed in range(len(KINDS))]).broken == {}


def test_pairs_of_faults_break_no_invariant() -> None:
    rare = range(len(KINDS), len(COMBINATIONS), len(COMBINATIONS) // PAIRS)
    assert several([str(seed) for seed in rare]).broken == {}


def test_a_call_without_callbacks_survives_a_crash_at_every_point() -> None:
    points = crash_points("silent")
    tally = several([f"silent-{point}" for point in range(1, points + 1)])
    assert tally.broken == {}
    assert tally.struck["crash"] == points
    assert len(struck(tally.sites)) > 30


def test_a_call_of_a_day_survives_a_crowd_and_the_faults_at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "CROWD", CROWD)
    monkeypatch.setattr(schedules, "CROWD_STEPS", CROWD * schedules.STEPS // 2)
    result, faults = run_and_check("day-1")
    assert faults == []
    assert result is not None
    assert result.seconds > DAY - 120
    assert len(result.acs) == CROWD + 1
    assert max(result.struck[kind] for kind in result.schedule.kinds) >= OFTEN


def test_every_listed_await_exists() -> None:
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


def test_a_seed_gives_the_same_run_twice() -> None:
    for seed in (5, 131, 250):
        assert simulate(schedule_of(seed)).trace == simulate(schedule_of(seed)).trace
    assert simulate(schedule_of(5)).trace != simulate(schedule_of(6)).trace


@pytest.mark.parametrize("seed", [5, 131])
def test_shared_clients_do_not_change_a_run(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = simulate(schedule_of(seed)).trace
    monkeypatch.setattr(patches, "shared_clients", list)
    assert simulate(schedule_of(seed)).trace == trace


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_a_run_is_the_same_in_every_process(hash_seed: str) -> None:
    trace = simulate(schedule_of(250)).trace
    output = subprocess.run(
        [sys.executable, "-m", "local.faults", "--seed", "250"],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"trace {trace}" in output


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_happens(kind: str) -> None:
    """Not in every run: a fault that depends on timing can fail to happen."""
    alone = COMBINATIONS.index((kind,))
    assert any(simulate(schedule_of(alone + n * len(COMBINATIONS))).struck[kind] for n in range(6))


def test_a_failed_run_is_reported_with_the_invariants_it_broke() -> None:
    result, faults = run_and_check("0")
    assert result is not None
    assert faults == []
    assert crashing("recorded", 3).kills == {3}

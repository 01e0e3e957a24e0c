"""Tests of the invariants: each deliberate defect of the app is caught by the invariant named for it."""

from __future__ import annotations

import pytest

from tests.simulation.campaign import several
from tests.simulation.invariants import broken
from tests.simulation.mutants import MUTANTS, forgetful_acs, mutated
from tests.simulation.schedules import COMBINATIONS, PREFIX
from tests.simulation.world import Schedule, simulate

SEEDS = 400  # one of them catches each mutant, as `make faults MUTANT=all` shows
# The faults that show a mutant soonest: their seeds are tried first.
SHOWN_BY: dict[str, tuple[str] | tuple[str, str]] = {
    "401-for-503": ("topic unreachable",),
    "accept-first": ("newer rows",),
    "forgets-events": ("topic unreachable",),
    "no-age-check": ("event delayed", "event never delivered"),
    "no-sweep": ("unreadable events",),
    "unbounded": ("storage time-out", "ACS 429"),
    "unknown-dropped": ("unknown capability",),
}


def _likely(name: str) -> list[int]:
    first = COMBINATIONS.index(SHOWN_BY[name]) if name in SHOWN_BY else 0
    return [first + n * len(COMBINATIONS) for n in range(4)]


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str) -> None:
    seeds = (str(seed) for seed in (*_likely(name), *range(SEEDS)))
    for run in (*MUTANTS[name].shown_by, *seeds):
        tally = several([run], name)
        noticed = {fault.partition(":")[0] for faults in tally.broken.values() for fault in faults}
        if MUTANTS[name].caught_by in noticed:
            return
    pytest.fail(f"{name}: {MUTANTS[name].what}, and no invariant failed")


INCOMING_CALL = {"type": PREFIX + "IncomingCall"}
TWICE = Schedule(
    "twice", rules=[{"where": "eventgrid", "match": INCOMING_CALL, "do": "duplicate", "count": 3, "times": 1}]
)


def test_a_second_answer_under_another_id_is_noticed_by_one_invariant_alone() -> None:
    tally = several([str(seed) for seed in range(20)], "answers-anew")
    assert {fault.partition(":")[0] for faults in tally.broken.values() for fault in faults} == {"1 answered once"}


def test_a_call_that_is_answered_twice_is_noticed() -> None:
    with mutated("answers-twice"):
        faults = broken(simulate(TWICE))
    assert any(fault.startswith("1 answered once: a call was answered") for fault in faults)


def test_the_id_of_an_answer_prevents_a_second_one_where_acs_does_not() -> None:
    with forgetful_acs():
        result = simulate(TWICE)
    assert broken(result) == []
    assert sum(sent.operation == "AnswerCall" for sent in result.sent) > 1

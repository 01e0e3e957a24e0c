"""The test of the tests: an app with a mistake in it is caught, by the invariant that is there for it."""

from __future__ import annotations

import pytest

from tests.simulation.campaign import several
from tests.simulation.mutants import MUTANTS

# A seed that catches each of them, found by `make faults MUTANT=all`.
SEEDS = 400


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str) -> None:
    for seed in range(SEEDS):
        tally = several([str(seed)], name)
        broken = {fault.partition(":")[0] for faults in tally.broken.values() for fault in faults}
        if MUTANTS[name].caught_by in broken:
            return
    pytest.fail(f"{name}: {MUTANTS[name].what}, and nobody noticed")

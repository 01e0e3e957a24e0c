"""The app under every fault: ``make faults``, ``SEEDS=20000``, ``SEED=17``, ``MUTANT=no-etags`` or ``MUTANT=all``.

Runs are spread over the processors. A failure prints the one line that lives through it again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator

from tests.simulation.campaign import (
    Tally,
    awaits,
    count_of_pairs,
    crash_points,
    lived,
    pairs_of_crashes,
    several,
    single_crashes,
    struck,
    where,
)
from tests.simulation.invariants import INVARIANTS
from tests.simulation.mutants import MUTANTS, mutated
from tests.simulation.plans import COMBINATIONS, KINDS, LIVES

SEEDS = 2000
PAIRS = 100
BATCH = 20
MOST_SHOWN = 10
MUTANT_SEEDS = 400  # by then a mutant must have been caught
SHOWN = 110  # characters


def main() -> int:
    arguments = argparse.ArgumentParser(prog="make faults", description=__doc__)
    arguments.add_argument("--seeds", type=int, default=SEEDS, help="how many seeds")
    arguments.add_argument("--first", type=int, default=0, help="the first of them")
    arguments.add_argument("--pairs", type=int, default=PAIRS, help="how many pairs of crashes")
    arguments.add_argument("--seed", help="one run, told in full: 17, or recorded-31-44")
    arguments.add_argument("--mutant", help=f"a broken app: all, {', '.join(MUTANTS)}")
    given = arguments.parse_args()
    if given.mutant == "all":
        return max(mutant(name) for name in MUTANTS)
    if given.mutant and given.mutant not in MUTANTS:
        arguments.error(f"there is no mutant {given.mutant!r}; there are {', '.join(MUTANTS)}")
    if given.seed:
        return one(given.seed, given.mutant)
    if given.mutant:
        return mutant(given.mutant)
    return campaign(given.first, given.seeds, given.pairs)


def campaign(first: int, seeds: int, pairs: int) -> int:
    begun = time.monotonic()
    crashes = [*single_crashes(), *pairs_of_crashes(pairs)]
    names = [str(seed) for seed in range(first, first + seeds)]
    batches = [given[at : at + BATCH] for given in (names, crashes) for at in range(0, len(given), BATCH)]
    total, crashed = Tally(), Tally()
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        for batch, tally in zip(batches, pool.imap(several, batches), strict=True):
            total += tally
            crashed += tally if batch[0].partition("-")[0] in LIVES else Tally()
            failures(tally)
    seconds = time.monotonic() - begun
    print(f"runs            {total.runs} in {seconds:.1f} s: {seeds} seeds, {len(crashes)} crash points and pairs")
    speed = total.virtual / total.processor
    print(f"virtual time    {total.virtual / 3600:,.0f} h, {speed:,.0f} times real time on a core")
    print(f"traffic         {total.invocations:,} invocations, {total.requests:,} requests")
    print(f"faults          {sum(total.struck.values()):,} in {min(seeds, len(COMBINATIONS))} of "
          f"{len(COMBINATIONS)} combinations of {len(KINDS)} kinds")  # fmt: skip
    for kind in KINDS:
        print(f"  {kind:<28}{total.struck[kind]:>6}")
    points = sum(crash_points(life) for life in LIVES)
    print(f"crash points    {points} of {points} in {len(LIVES)} lives ({', '.join(LIVES)}), "
          f"{pairs} of {count_of_pairs():,} pairs")  # fmt: skip
    hit = struck(total.sites)
    print(f"awaits          {len(hit)} of the {len(awaits())} in the code; not died at:")
    for missed in sorted(set(awaits()) - hit, key=lambda a: (a.file, a.first)):
        print(f"  {where(missed):<36}{missed.text}")
    print(f"slowest         {total.slowest[1]}, {total.slowest[0]:.1f} s (SEED={total.slowest[2]})")
    print(f"invariants      {len(INVARIANTS)} checked after each run: {', '.join(INVARIANTS)}")
    print(f"broken          in {len(total.broken)} runs")
    return 1 if total.broken else 0


def failures(tally: Tally) -> None:
    for name, faults in list(tally.broken.items())[:MOST_SHOWN]:
        print(f"make faults SEED={name}  # {faults[0][:SHOWN]}", flush=True)


def one(name: str, broken_by: str | None) -> int:
    """One run, told in full."""
    with mutated(broken_by):
        life, faults = lived(name)
    if life is not None:
        for line in story(life):
            print(line)
        print(f"trace {life.trace}; {', '.join(life.plan.kinds) or 'no faults'}; struck {dict(life.struck)}")
    for fault in faults:
        print(f"BROKEN {fault}")
    return 1 if faults else 0


def story(life: object) -> Iterator[str]:
    """What happened, in the order of time."""
    from tests.simulation.story import told  # noqa: PLC0415  # only one run in thousands is told

    yield from told(life)  # type: ignore[arg-type]


def mutant(name: str) -> int:
    """Look for a run that catches the mutant by the invariant that must."""
    wanted = MUTANTS[name]
    begun = time.monotonic()
    caught: dict[str, int] = {}
    runs = 0
    for at in range(0, MUTANT_SEEDS, BATCH):
        tally = several([str(seed) for seed in range(at, at + BATCH)], name)
        runs += BATCH
        for faults in tally.broken.values():
            for invariant in {fault.partition(":")[0] for fault in faults}:
                caught[invariant] = caught.get(invariant, 0) + 1
        if wanted.caught_by in caught:
            break
    seconds = time.monotonic() - begun
    verdict = "caught" if wanted.caught_by in caught else "NOT CAUGHT"
    also = ", ".join(f"{invariant} {count}" for invariant, count in sorted(caught.items()))
    print(
        f"{name:<20}{verdict} by '{wanted.caught_by}' in {runs} runs, {seconds:.0f} s ({wanted.what}; broken: {also})"
    )
    sys.stdout.flush()
    return 0 if wanted.caught_by in caught else 1


if __name__ == "__main__":
    sys.exit(main())

"""The app under every fault: ``make faults``, ``SEEDS=20000``, ``PAIRS=all``, ``SEED=17``, ``MUTANT=all``.

Runs are spread over the processors. A failure prints the one line that repeats it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.pool import Pool

from tests.simulation.campaign import (
    Tally,
    awaits,
    pairs_of_crashes,
    run_and_check,
    schedule_named,
    several,
    single_crashes,
    some_of,
    struck,
    where,
    why_not,
)
from tests.simulation.invariants import INVARIANTS
from tests.simulation.mutants import MUTANTS, mutated
from tests.simulation.schedules import COMBINATIONS, CROWD, KINDS, PARTS, SCENARIOS

SEEDS = 495  # each combination of kinds once
PAIRS = 100
BATCH = 20
MOST_SHOWN = 10
MUTANT_SEEDS = 400  # by then a mutant must have been caught
SHOWN = 110  # characters


def main() -> int:
    arguments = argparse.ArgumentParser(prog="make faults", description=__doc__)
    arguments.add_argument("--seeds", type=int, default=SEEDS, help="how many seeds")
    arguments.add_argument("--first", type=int, default=0, help="the first of them")
    arguments.add_argument("--days", type=int, default=PARTS, help="how many 24-hour calls, with a burst of others")
    arguments.add_argument("--pairs", type=_count, default=PAIRS, help="how many pairs of crashes, or all")
    arguments.add_argument("--seed", type=_named, help="one run, in full: 17, day-3, or recorded-31-44")
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
    return campaign(given.first, given.seeds, given.days, given.pairs)


def _named(text: str) -> str:
    try:
        schedule_named(text)
    except (ValueError, IndexError):
        raise argparse.ArgumentTypeError(f"there is no run {text!r}; there are 17, day-3 and recorded-31-44") from None
    return text


def _count(text: str) -> int:
    return sys.maxsize if text == "all" else int(text)


@dataclass
class Campaign:
    """Runs of several sorts, one sort after another, each with its own time."""

    pool: Pool
    total: Tally

    def part(self, sort: str, names: list[str], batch: int = BATCH) -> Tally:
        begun, part = time.monotonic(), Tally()
        for tally in self.pool.imap(several, [names[at : at + batch] for at in range(0, len(names), batch)]):
            part += tally
            failures(tally)
        self.total += part
        seconds = time.monotonic() - begun
        each = 1000 * part.processor / max(part.runs, 1)
        print(f"{sort:<16}{part.runs:,} runs in {seconds:.1f} s, {each:,.0f} ms of a processor each", flush=True)
        return part


def campaign(first: int, seeds: int, days: int, pairs: int) -> int:
    awaits()  # as they stand in the code that runs
    deaf = (signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for this process, which ends the others
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), signal.signal, deaf) as pool:
        runs = Campaign(pool, Tally())
        runs.part("seeds", [str(seed) for seed in range(first, first + seeds)])
        runs.part(f"days, {CROWD} calls", [f"day-{day}" for day in range(days)], 1)
        points = list(single_crashes())
        singles = runs.part("crash points", points)
        every_pair = pairs_of_crashes(singles.steps)
        chosen = every_pair if pairs >= len(every_pair) else some_of(every_pair, pairs)
        runs.part("pairs of them", chosen)
    total = runs.total
    speed = total.virtual / total.processor
    print(f"virtual time    {total.virtual / 3600:,.0f} h, {speed:,.0f} times real time on a core")
    print(f"traffic         {total.invocations:,} invocations, {total.requests:,} requests")
    print(f"faults          {sum(total.struck.values()):,} in {min(seeds, len(COMBINATIONS))} of "
          f"{len(COMBINATIONS)} combinations of {len(KINDS)} kinds")  # fmt: skip
    for kind in KINDS:
        print(f"  {kind:<28}{total.struck[kind]:>6}")
    print(f"crash points    {singles.struck['crash']} of {len(points)} in the {len(SCENARIOS)} scenarios "
          f"{', '.join(SCENARIOS)}; {len(chosen):,} of {len(every_pair):,} pairs")  # fmt: skip
    undied(total)
    print(f"slowest         {total.slowest[1]}, {total.slowest[0]:.1f} s (SEED={total.slowest[2]})")
    print(f"invariants      {len(INVARIANTS)} checked after each run: {', '.join(INVARIANTS)}")
    print(f"broken          in {len(total.broken)} of {total.runs:,} runs")
    return 1 if total.broken else 0


def undied(total: Tally) -> None:
    """The awaits of the app at which no instance has died, each with the reason."""
    hit = struck(total.sites)
    print(f"awaits          {len(hit)} of the {len(awaits())} in the code; not died at:")
    for missed in sorted(set(awaits()) - hit, key=lambda a: (a.file, a.first)):
        print(f"  {where(missed):<36}{missed.text}\n    {why_not(missed)}")


def failures(tally: Tally) -> None:
    for name, faults in list(tally.broken.items())[:MOST_SHOWN]:
        print(f"make faults SEED={name}  # {faults[0][:SHOWN]}", flush=True)


def one(name: str, broken_by: str | None) -> int:
    """One run, in full."""
    with mutated(broken_by):
        result, faults = run_and_check(name)
    if result is not None:
        for line in story(result):
            print(line)
        print(f"trace {result.trace}; {', '.join(result.schedule.kinds) or 'no faults'}; struck {dict(result.struck)}")
    for fault in faults:
        print(f"BROKEN {fault}")
    return 1 if faults else 0


def story(result: object) -> Iterator[str]:
    """The run's requests, deliveries, invocations and saved events in the order of time."""
    from tests.simulation.story import lines_of  # noqa: PLC0415  # needed for single runs only

    yield from lines_of(result)  # type: ignore[arg-type]


def mutant(name: str) -> int:
    """Look for a run that catches the mutant by the invariant that must."""
    wanted = MUTANTS[name]
    begun = time.monotonic()
    caught: dict[str, int] = {}
    runs = 0
    seeds = [[str(seed) for seed in range(at, at + BATCH)] for at in range(0, MUTANT_SEEDS, BATCH)]
    for names in (list(wanted.shown_by), *seeds):
        tally = several(names, name)
        runs += len(names)
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
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

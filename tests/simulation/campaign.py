"""Many runs and their totals."""

from __future__ import annotations

import ast
import gc
import random
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.simulation.host import ROOT
from tests.simulation.invariants import UNHURRIED, broken
from tests.simulation.mutants import mutated
from tests.simulation.process import Site
from tests.simulation.schedules import SCENARIOS, crashing, day_of, schedule_of
from tests.simulation.world import RunResult, Schedule, simulate

ROOMS = ("acs", "platform", "service", "storage")
SOURCES = [ROOT / "function_app.py"]
SOURCES += [path for room in ROOMS for path in sorted((ROOT / "shared" / room).glob("*.py"))]
TIDY_EVERY = 40  # runs: what runs leave behind is in cycles, and collecting them takes as long as a run


def schedule_named(name: str) -> Schedule:
    """A run by its name: the number of a seed, ``day-3``, or ``recorded-17`` and ``recorded-17-42`` with crashes."""
    scenario, *points = name.split("-")
    if scenario == "day":
        return day_of(int(points[0]))
    if scenario in SCENARIOS:
        return crashing(scenario, *(int(point) for point in points))
    return schedule_of(int(name))


@dataclass
class Tally:
    """What runs add up to."""

    runs: int = 0
    virtual: float = 0.0
    processor: float = 0.0
    requests: int = 0
    invocations: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    sites: set[Site] = field(default_factory=set)
    steps: dict[str, int] = field(default_factory=dict)  # of scenarios with a crash in them, by their names
    slowest: tuple[float, str, str] = (0.0, "", "")
    broken: dict[str, list[str]] = field(default_factory=dict)

    def note(self, name: str, result: RunResult) -> None:
        self.runs += 1
        self.virtual += result.seconds
        self.requests += len(result.sent)
        self.invocations += len(result.invocations)
        self.struck += result.struck
        self.kinds.update(kind for kind in set(result.schedule.kinds) if result.struck[kind])
        self.sites |= result.sites
        if result.schedule.name in SCENARIOS:
            self.steps[name] = result.steps
        counted = [i for i in result.invocations if not i.frozen and not i.crashed and i.function not in UNHURRIED]
        if counted:
            slowest = max(counted, key=lambda i: i.seconds)
            self.slowest = max(self.slowest, (round(slowest.seconds, 3), slowest.function, name))

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.runs + other.runs,
            self.virtual + other.virtual,
            self.processor + other.processor,
            self.requests + other.requests,
            self.invocations + other.invocations,
            self.struck + other.struck,
            self.kinds + other.kinds,
            self.sites | other.sites,
            self.steps | other.steps,
            max(self.slowest, other.slowest),
            self.broken | other.broken,
        )


def run_and_check(name: str) -> tuple[RunResult | None, list[str]]:
    """A run, and what does not hold in it. That it does not come to its end is as bad as anything."""
    try:
        result = simulate(schedule_named(name))
    except Exception as error:  # noqa: BLE001  # whatever it is, it has a seed
        return None, ["0 comes to its end: " + "".join(traceback.format_exception(error)[-4:]).strip()]
    return result, broken(result)


def several(names: Iterable[str], mutant: str | None = None) -> Tally:
    """Runs by their names, one after another in this process."""
    tally, begun = Tally(), time.process_time()
    with mutated(mutant), _collecting_now_and_then():
        for n, name in enumerate(names):
            result, faults = run_and_check(name)
            if result is not None:
                tally.note(name, result)
            if faults:
                tally.broken[name] = faults
            result = None
            gc.collect(2 if n % TIDY_EVERY == 0 else 0)
            if n % TIDY_EVERY == 0:
                gc.freeze()
    tally.processor = time.process_time() - begun
    return tally


@contextmanager
def _collecting_now_and_then() -> Iterator[None]:
    """Garbage is collected between runs instead of by its thresholds."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@cache
def crash_points(scenario: str) -> int:
    """How many there are in the scenario: as often as code of the app is suspended in it."""
    return simulate(crashing(scenario)).steps


def single_crashes() -> Iterator[str]:
    for scenario in SCENARIOS:
        for point in range(1, crash_points(scenario) + 1):
            yield f"{scenario}-{point}"


def pairs_of_crashes(steps: dict[str, int]) -> list[str]:
    """All pairs: after the first crash, the second at every later suspension. ``steps`` is the number of suspensions
    of each scenario with one crash.
    """
    return [f"{name}-{second}" for name, last in steps.items() for second in range(_last_point(name) + 1, last + 1)]


def _last_point(name: str) -> int:
    return int(name.rpartition("-")[2])


def some_of(pairs: list[str], count: int) -> list[str]:
    """A fixed selection, spread over all scenarios."""
    rng = random.Random("pairs")  # noqa: S311  # chance that can be repeated
    return rng.sample(pairs, min(count, len(pairs)))


# -- Awaits, counted from the code --


@dataclass(frozen=True)
class Await:
    file: str
    first: int
    last: int
    text: str


@cache
def awaits() -> tuple[Await, ...]:
    """Every ``await`` and ``async for`` of the app, as they stand in the code."""
    found = []
    for path in SOURCES:
        source = path.read_text()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Await | ast.AsyncFor | ast.comprehension):
                if isinstance(node, ast.comprehension) and not node.is_async:
                    continue
                part = node.value if isinstance(node, ast.Await) else node.iter
                text = ast.get_source_segment(source, part) or ""
                found.append(Await(str(path), part.lineno, part.end_lineno or part.lineno, " ".join(text.split())[:60]))
    return tuple(sorted(found, key=lambda a: (a.file, a.first, a.last)))


def struck(sites: set[Site]) -> set[Await]:
    """The awaits at which an instance has died."""
    lines: dict[str, set[int]] = {}
    for file, line in sites:
        lines.setdefault(file, set()).add(line)
    return {a for a in awaits() if lines.get(a.file, set()) & set(range(a.first, a.last + 1))}


def where(each: Await) -> str:
    return f"{Path(each.file).relative_to(ROOT)}:{each.first}"


# Why no instance dies there, by how the code at the place begins.
UNREADABLE = "an event or a row that cannot be read: the seeds have them, the scenarios of crashes do not"
NOT_SIMULATED = "the simulated ACS has no such operation: tests/acs and tests/api have it"
NOT_DIED_AT = {
    "_answer(req": "the contact centre's API, which has no part in a call's life",
    "_api().respond(": "the same",
    "asyncio.wait_for(container.directory.refresh(": "the directory is copied apart from calls; Graph is not simulated",
    "super().send(": "the transport over real HTTP, in whose place the simulated network is",
    "archive.length_of(context.clients.recording_container": "recordings that ACS writes to a container of the policy, "
    "which the emulator does not do",
    "archive.length_of(container, f": "a file that ACS has deleted, and another instance has archived: rare",
    "length_of(container, name)": "a file that another instance has just archived, or one that comes in chunks: rare",
    'self._quarantine.add(to_builtins(event), f"the timeline': "a timeline of 10,000 entries, which tests/platform has",
    "self._after_write(work, unconfirmed": "the answer to a write is lost, and the instance dies in the queue: rare",
    "context.connection_once(call).hold(": NOT_SIMULATED,
    "context.connection_once(call).unhold(": NOT_SIMULATED,
    "accepted( context.connection(call).mute_participant": NOT_SIMULATED,
    "accepted( context.connection(call).move_participants": NOT_SIMULATED,
    "self._save_with_lists(entity, etag, replace(": "a row of a list that is missing, which tests/storage has",
    'self._quarantine.add(content, str(row), "row")': UNREADABLE,
    'self._reader.read(wire, "call_event"': UNREADABLE,
    'self._reader.quarantine(wire, str(error), "recording_file': UNREADABLE,
    "self.quarantine(wire, str(row), source)": UNREADABLE,
    "self._store.postpone(row, self._now())": UNREADABLE,
    "self._calls.update_entity( changed, mode=": UNREADABLE,
    "self._store.call_of_recording(not_ours(": "a recording of another application: the seeds have them",
    "self._folded(work.call_id, row.call, events)": "it awaits only where a timeline is full",
    "self._postpone_check(row)": "a row with a capability of a newer version: the seeds have them",
    "self._store.write(replace(row, checked_next=": "the same",
    'length_of(container, f"{path}.json")': "a copy that is tried again after its audio was archived: seeds have them",
}


# By file, where NOT_DIED_AT has no reason.
NOT_DIED_IN = {
    "shared/acs/": "a command: the seeds send it, the scenario of crashes has others",
    "shared/storage/listing.py": "the API reads a list: nothing is changed",
    "shared/storage/links.py": "the API signs a link: nothing is changed",
}


def why_not(each: Await) -> str:
    """Why no instance has died at an await; that there is no reason is a gap in the scenarios."""
    found = [why for begins, why in NOT_DIED_AT.items() if each.text.startswith(begins[:50])]
    found += [why for path, why in NOT_DIED_IN.items() if f"/{path}" in each.file]
    return found[0] if found else "no reason is known"

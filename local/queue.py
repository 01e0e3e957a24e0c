"""Many callers at once, in virtual time: ``make queue``.

All calls wait in a menu, and each caller presses a key after a time of their own. Then callers wait for the agents of a
group, for an hour. The app's code runs as it is; storage and the platform are those of the simulator.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles

from shared.calls.capabilities import Call
from shared.calls.plans.invitations import End, ends_of, invitations
from tests.simulation.agents import Behaviour
from tests.simulation.world import Caller, RunResult, Schedule, simulate

CALLS = 500  # in a menu
CALLERS, AGENTS, HOUR = 200, 20, 3600.0
TALKS = (200.0, 500.0)  # seconds: the agents are busy all the hour
STORED = ("table", "queue", "blob")
OFF = {"RECORDING": "off"}


@dataclass(frozen=True)
class Served:
    """A caller who has waited: since when, when the first agent was rung, and when one accepted."""

    since: datetime
    rung_at: datetime
    accepted_at: datetime

    @property
    def seconds(self) -> float:
        return (self.accepted_at - self.since).total_seconds()


def in_a_menu(calls: int) -> RunResult:
    """Calls within a second, each of which waits for a key."""
    rng = random.Random(f"menu {calls}")  # noqa: S311  # chance that can be repeated
    callers = tuple(Caller(rng.uniform(0, 1), 200.0, ((rng.uniform(2, 60), "1"),)) for _ in range(calls))
    return simulate(Schedule("menu", plan="long menu", callers=callers, settings=OFF))


def in_a_queue(callers: int, agents: int, seconds: float, talks: tuple[float, float] = TALKS) -> RunResult:
    """Callers who call within so many seconds, and stay until they are served."""
    rng = random.Random(f"queue {callers} {agents}")  # noqa: S311
    calling = tuple(Caller(rng.uniform(0, seconds), 4 * HOUR) for _ in range(callers))
    staff = tuple(Behaviour(talks=rng.uniform(*talks), presence=8 * HOUR, renews=0.0) for _ in range(agents))
    return simulate(Schedule("queue", plan="queue", callers=calling, agents=staff, settings=OFF))


def went_on(result: RunResult) -> int:
    """How many calls a key has led on."""
    return sum(call.routing.visits[0].reason == "pressed 1" for call in result.calls.values())


def served(result: RunResult) -> list[Served]:
    """In the order in which they began to wait."""
    found = (each for call in result.calls.values() if (each := _served(call)))
    return sorted(found, key=lambda each: each.since)


def _served(call: Call) -> Served | None:
    visit = call.routing.visits[0]
    accepted = [moment for _, end, moment in ends_of(visit.choices) if end is End.ACCEPTED]
    rung = [each.invited_at for each in invitations(visit)]
    return Served(visit.begun_at, min(rung), accepted[0]) if accepted else None


def inversions(callers: list[Served]) -> int:
    """The pairs of which the later caller was rung for first. ``callers`` are in the order in which they came."""
    return sum(b.rung_at < a.rung_at for n, a in enumerate(callers) for b in callers[n + 1 :])


def requests(result: RunResult) -> str:
    counted = Counter(sent.service for sent in result.sent)
    calls, stored = len(result.acs), sum(counted[each] for each in STORED)
    return f"{stored / calls:.0f} to storage and {counted['acs'] / calls:.0f} to ACS a call"


def main() -> int:
    begun = time.monotonic()
    menu = in_a_menu(CALLS)
    print(f"menu        {went_on(menu)} of {CALLS} calls at once go on with their key; requests: {requests(menu)}")
    queue = in_a_queue(CALLERS, AGENTS, HOUR)
    callers = served(queue)
    waits = quantiles((each.seconds for each in callers), n=20)
    late = inversions(callers)
    print(f"queue       {len(callers)} of {CALLERS} callers are served by {AGENTS} agents, {late} of them out of order")
    print(f"waits       p50 {waits[9]:.0f} s, p95 {waits[18]:.0f} s; requests: {requests(queue)}")
    print(f"virtual     {queue.seconds / HOUR:.1f} h of the queue, in {time.monotonic() - begun:.0f} s")
    return 0 if went_on(menu) == CALLS and len(callers) == CALLERS and not late else 1


if __name__ == "__main__":
    sys.exit(main())

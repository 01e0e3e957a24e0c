"""The way of a call through its plan: the visits so far, each with its exit once it is decided.

Where the call stands is the last visit. It is left when its step says so, from the outcomes of its operations and from
facts. An exit is decided once: an outcome that arrives later stands in the timeline, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from shared.calls.plans.base import Exit, Visit, VisitContext
from shared.calls.plans.document import AnyStep, Plan

MOST_VISITS = 100  # of a call
MOST_VISITS_OF_A_STEP = 20
TOO_MANY = "the plan goes round in circles"

Visits = tuple[Visit, ...]


def begun(plan: Plan, now: datetime) -> Visits:
    return (Visit(plan.start, 1, now),)


def current(visits: Visits) -> Visit | None:
    """The visit that is not over; None before the plan begins and after it has ended."""
    return visits[-1] if visits and visits[-1].left_at is None else None


def with_choices(visits: Visits, choices: Mapping[str, str]) -> Visits:
    """The choices of the current visit, each as it was made first."""
    last = visits[-1]
    return (*visits[:-1], replace(last, choices=dict(choices) | last.choices))


def left(visits: Visits, decision: Exit, now: datetime) -> Visits:
    """The current visit is over, and the next begins."""
    last = visits[-1]
    to, reason = decision.to, decision.reason
    if to is not None and not _has_room(visits, to):
        to, reason = None, TOO_MANY
    done = (*visits[:-1], replace(last, left_at=now, to=to, reason=reason))
    return done if to is None else (*done, Visit(to, _number(visits, to), now))


def step_of(plan: Plan, visit: Visit) -> AnyStep:
    return plan.steps[visit.step]


def advanced(plan: Plan, visits: Visits, at: VisitContext) -> Visits:
    """The visits after what the current step decides now; the same if it decides nothing."""
    step = step_of(plan, at.visit)
    if choices := step.choose(at):
        visits = with_choices(visits, choices)
        at = replace(at, visit=visits[-1])
    decision = step.leave(at)
    return visits if decision is None else left(visits, decision, at.time)


def _number(visits: Visits, step: str) -> int:
    return 1 + sum(each.step == step for each in visits)


def _has_room(visits: Visits, step: str) -> bool:
    return len(visits) < MOST_VISITS and _number(visits, step) <= MOST_VISITS_OF_A_STEP

"""Whether the steps of a plan fit together, and whether this app can carry them out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

import msgspec

from shared.calls.emergency import REFUSAL as EMERGENCY
from shared.calls.emergency import is_emergency_number
from shared.calls.identities import phone_number
from shared.calls.plans.base import Step
from shared.calls.plans.document import Plan
from shared.calls.plans.shapes import Problem

MOST_STEPS = 50
LARGEST = 20_000  # bytes of JSON: each call keeps its plan, and its row has room for 1 MiB
NO_SPEECH = "speech needs an AI service: set COGNITIVE_SERVICES_ENDPOINT, or use an audio file"


def check(plan: Plan, *, has_speech: bool, emergency_numbers: Collection[str] = ()) -> tuple[Problem, ...]:
    """The errors of a plan that could be read. ``has_speech``: the app names an AI service when it answers.
    ``emergency_numbers``: further ones than those of ``emergency.CODES``.
    """
    if too_large := tuple(_too_large(plan)):
        return too_large
    return (
        *_unknown_targets(plan),
        *_emergency_numbers(plan, emergency_numbers),
        *_unreachable(plan),
        *_endless(plan),
        *(() if has_speech else _speech(plan)),
    )


def _too_large(plan: Plan) -> Iterator[Problem]:
    if len(plan.steps) > MOST_STEPS:
        yield Problem("steps", f"{len(plan.steps)} steps: {MOST_STEPS} at most")
    size = len(msgspec.json.encode(plan))
    if size > LARGEST:
        yield Problem("", f"the plan has {size} bytes: {LARGEST} at most")


def _unknown_targets(plan: Plan) -> Iterator[Problem]:
    if plan.start not in plan.steps:
        yield Problem("start", f'unknown step "{plan.start}"')
    for name, step in plan.steps.items():
        for path, to in step.exits().items():
            if to not in plan.steps:
                yield Problem(f"steps.{name}.{path}", f'unknown step "{to}"')


def _emergency_numbers(plan: Plan, added: Collection[str]) -> Iterator[Problem]:
    for name, step in plan.steps.items():
        for path, target in step.targets_by_path().items():
            if target.number and is_emergency_number(phone_number(target.number), added):
                yield Problem(f"steps.{name}.{path}.number", EMERGENCY)


def _unreachable(plan: Plan) -> Iterator[Problem]:
    reached = _reachable(plan.start, lambda name: _next(plan, name))
    for name in plan.steps:
        if name not in reached and plan.start in plan.steps:
            yield Problem(f"steps.{name}", "unreachable: no way from the start leads to it")


def _endless(plan: Plan) -> Iterator[Problem]:
    """Loops in which every step is left at once: a call would go round in no time."""
    at_once = {name for name, step in plan.steps.items() if not step.takes_time}

    def following(name: str) -> list[str]:
        return [to for to in _next(plan, name) if to in at_once]

    for name in plan.steps:
        if name in at_once and any(name in _reachable(to, following) for to in following(name)):
            yield Problem(f"steps.{name}", "part of a loop in which no step takes time")


def _speech(plan: Plan) -> Iterator[Problem]:
    for name, step in plan.steps.items():
        for path in step.speech():
            yield Problem(f"steps.{name}.{path}", NO_SPEECH)


def _next(plan: Plan, name: str) -> Iterable[str]:
    step: Step | None = plan.steps.get(name)
    return step.exits().values() if step else ()


def _reachable(start: str, following: Callable[[str], Iterable[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += following(name)
    return reached

"""What a dry run assumes: the time, the caller, and what each step meets with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from shared.calls.plans.base import Step
from shared.calls.plans.branches import HoursStep
from shared.calls.plans.decide import DecideStep
from shared.calls.plans.document import Plan
from shared.calls.plans.inputs import CollectStep
from shared.calls.plans.leaving import TransferStep
from shared.calls.plans.prompts import MenuStep
from shared.calls.plans.ring import RingStep
from shared.calls.plans.targets import Number

RING = ("accepted", "declined", "noAnswer", "voicemail", "unavailable")
TRANSFER = ("succeeded", "failed")

Word = Annotated[str, Meta(max_length=200)]
Words = Annotated[tuple[Word, ...], Meta(max_length=50)]


class SituationError(ValueError):
    """The situation does not fit the plan. The text names the field by its path."""


class Situation(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A call to try a plan with.

    ``at``: when the call comes in; a time without a zone is in that of the plan's first ``hours`` step, or in UTC.
    ``keys``: what the caller enters at the menus and ``collect`` steps, one after the other. ``answers``: the same by
    step (``menu``) or visit (``menu.2``), and what other steps meet with: ``accepted``, ``declined``, ``noAnswer``,
    ``voicemail`` or ``unavailable`` at ``ring``, ``succeeded`` or ``failed`` at ``transfer``, the chosen step at
    ``decide``. A text holds each time, a list for one time after the other. Without an answer the caller enters
    nothing, the first target accepts, a transfer succeeds, and no decision comes.
    """

    at: datetime
    caller: Number = "+12065550100"
    customer: Literal["known", "unknown"] = "unknown"
    context: Annotated[dict[str, Word], Meta(max_length=50)] = msgspec.field(default_factory=dict)
    keys: Words = ()
    answers: Annotated[dict[str, Word | Words], Meta(max_length=100)] = msgspec.field(default_factory=dict)

    def begins_at(self, plan: Plan) -> datetime:
        """In UTC."""
        if self.at.tzinfo is not None:
            return self.at.astimezone(UTC)
        return self.at.replace(tzinfo=zone_of(plan)).astimezone(UTC)


def zone_of(plan: Plan) -> ZoneInfo:
    """The time zone of the plan's first ``hours`` step; UTC without one."""
    zones = (step.time_zone for step in plan.steps.values() if isinstance(step, HoursStep))
    return ZoneInfo(next(zones, "UTC"))


def check(plan: Plan, situation: Situation) -> None:
    """Raises SituationError."""
    for name, given in situation.answers.items():
        step = plan.steps.get(name.partition(".")[0])
        if step is None:
            raise SituationError(f"answers.{name}: the plan has no such step")
        for word in words(given):
            _check(step, name, word)
    for key in situation.keys:
        if not re.fullmatch("[0-9*#A-D]*", key):
            raise SituationError(f"keys: {key!r} has other characters than 0-9, *, #, A-D")


def _check(step: Step, name: str, word: str) -> None:
    allowed = _allowed(step)
    if allowed == ():
        kind = step.__struct_config__.tag
        raise SituationError(f"answers.{name}: {name!r} is a step of the type {kind}, which takes no answer")
    if allowed is not None and word not in allowed:
        raise SituationError(f"answers.{name}: {word!r} is none of: {', '.join(allowed)}")


def words(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _allowed(step: Step) -> tuple[str, ...] | None:
    """The answers that a step can have; None for any."""
    match step:
        case RingStep():
            return RING
        case TransferStep():
            return TRANSFER
        case DecideStep(choices=choices):
            return choices
        case MenuStep() | CollectStep():
            return None
    return ()


class Answers:
    """The answers of a situation, as they are used up."""

    def __init__(self, situation: Situation) -> None:
        self._given = situation.answers
        self._left = {name: list(given) for name, given in situation.answers.items() if not isinstance(given, str)}
        self._keys = list(situation.keys)
        self._used: set[str] = set()

    def next(self, visit: str) -> str | None:
        """The next answer at a visit, which stays the next one; None if there is none."""
        name = self._name(visit)
        given = self._given.get(name)
        if given is None or isinstance(given, str):
            return given
        return self._left[name][0] if self._left[name] else None

    def take(self, visit: str) -> str | None:
        """The next answer at a visit, which is used up if it is one of a list."""
        answer, name = self.next(visit), self._name(visit)
        if answer is not None:
            self._used.add(name)
            self._left.get(name, [""]).pop(0)
        return answer

    def _name(self, visit: str) -> str:
        return visit if visit in self._given else visit.partition(".")[0]

    def entered(self, visit: str) -> str:
        """The keys or the words with which the caller answers a prompt; empty for none."""
        if self._name(visit) in self._given:
            return self.take(visit) or ""
        return self._keys.pop(0) if self._keys else ""

    def unused(self) -> Iterator[str]:
        """What was given and has not been used, by the path of the field."""
        yield from (f"answers.{name}" for name in self._given if name not in self._used)
        if self._keys:
            yield f"keys: {', '.join(self._keys)}"

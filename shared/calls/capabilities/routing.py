"""Routing: the plan of a call, and its way through it.

The plan is chosen when the call comes in, and stays the same. Its steps want operations, whose outcomes decide where
the call goes on. Decisions are kept (``Visit``) and never revised, so they depend on the order of events: an outcome
that arrives after the next step has begun changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from shared.calls import commands
from shared.calls.call import BaseCall
from shared.calls.capability import Capability
from shared.calls.effect import Wanted, effect_id
from shared.calls.emergency import is_emergency, is_recorded
from shared.calls.event import ActionPerformed, Event, Fact, TimerFired, own
from shared.calls.identities import described, joined
from shared.calls.joins import bounded, latest
from shared.calls.outbox import Happened
from shared.calls.plans import emergencies, ending, walk
from shared.calls.plans.base import CALLER_LEFT, Exit, Step, Visit, VisitContext
from shared.calls.plans.document import Plan
from shared.calls.plans.invitations import invitations
from shared.calls.policy import ANNOUNCEMENT
from shared.calls.presence import caller_has_left, caller_of
from shared.calls.state import CallState

TAKEN_OVER = "a command has taken the call over"
LONGEST_WAIT = timedelta(seconds=8)  # for the announcement: the caller hears nothing before it
MOST_FACTS = 500  # of each kind: a row has room for 1 MiB


class PlanChosen(Fact, frozen=True):
    """The plan of a call. ``resource`` is the immutable id of the ACS resource, which raw ids of agents begin with.

    ``name``: the resource account whose plan it is, or ``default``. ``is_customer``: whether the caller's number is
    that of a customer; None if the plan does not ask, or it is not known. ``context``: custom context that came with
    the call, by name in lower case. ``hold_music``: what a caller hears while a step rings that names nothing else.
    ``speaks``: whether an AI service speaks text.
    """

    plan: Plan
    version: int
    resource: str
    is_customer: bool | None = None
    context: dict[str, str] = field(default_factory=dict)
    hold_music: str = ""
    name: str = ""
    speaks: bool = False


class PlanUnavailable(Fact, frozen=True):
    """The call has no plan, since it is not known which one it should have. ``is_transient``: it can be known later."""

    reason: str
    is_transient: bool = False


class CallOffered(ActionPerformed, frozen=True, kw_only=True):
    """Agents and other targets are claimed for the call; none if none is free. ``position``: the call's place in the
    queue, from 1, if it waits.
    """

    targets: tuple[str, ...] = ()
    position: int | None = None

    @property
    def offered_to(self) -> tuple[str, ...]:
        return self.targets


class OfferAnswered(Fact, frozen=True):
    """An agent's client says that the agent accepts or declines the call."""

    visit: str
    agent: str
    accepted: bool


class StepDecided(Fact, frozen=True):
    """Another application has chosen the next step of a visit."""

    visit: str
    choice: str
    decided_by: str


class StepReached(Fact, frozen=True):
    """A visit has begun. ``reason`` is why the one before it was left, ``note`` a remark on the step itself."""

    visit: str
    before: str
    reason: str
    note: str = ""


class StepProgressed(Fact, frozen=True):
    """A choice was made during a visit."""

    visit: str
    text: str


class PlanEnded(Fact, frozen=True):
    visit: str
    reason: str


class Offer(Struct, frozen=True, omit_defaults=True):
    at: datetime
    targets: tuple[str, ...] = ()
    position: int | None = None


class Answer(Struct, frozen=True, omit_defaults=True):
    at: datetime
    accepted: bool


class Chosen(Struct, frozen=True, omit_defaults=True):
    at: datetime
    choice: str


Known = TypeVar("Known", Offer, Answer, Chosen)


class Routing(Struct, frozen=True, omit_defaults=True):
    """``visits`` are decisions: the last one is where the call stands.

    Facts: ``offers`` by operation context, ``answers`` of agents by visit and raw id (``sales.1 8:acs:…``), ``chosen``
    by visit. Of several that contradict each other the earliest counts. ``woken_at``: the last timer, if the plan
    heeds timers.
    """

    plan: Plan | None = None
    version: int = 0
    resource: str = ""
    is_customer: bool | None = None
    context: dict[str, str] = {}
    offers: dict[str, Offer] = {}
    answers: dict[str, Answer] = {}
    chosen: dict[str, Chosen] = {}
    visits: tuple[Visit, ...] = ()
    hold_music: str = ""
    woken_at: datetime | None = None
    name: str = ""
    speaks: bool = False


def fold(part: Routing, event: Event) -> Routing:
    """Of two plans, the one with the lower version stays: that of the first delivery of IncomingCall."""
    match event.data:
        case PlanChosen() as chosen if not part.visits and (part.plan is None or _order(chosen) < _order(part)):
            return _with_plan(part, chosen)
        case CallOffered(effect_id=context, targets=targets, position=position):
            return replace(part, offers=_with_earliest(part.offers, context, Offer(event.at, targets, position)))
        case OfferAnswered(visit=visit, agent=agent, accepted=accepted):
            return replace(part, answers=_with_earliest(part.answers, f"{visit} {agent}", Answer(event.at, accepted)))
        case StepDecided(visit=visit, choice=choice):
            return replace(part, chosen=_with_earliest(part.chosen, visit, Chosen(event.at, choice)))
        case TimerFired() if part.plan and any(step.heeds_timers for step in part.plan.steps.values()):
            return replace(part, woken_at=latest(part.woken_at, event.at))
    return part


def _order(plan: PlanChosen | Routing) -> tuple[int, str]:
    return plan.version, plan.name


def _with_plan(part: Routing, chosen: PlanChosen) -> Routing:
    names = ("plan", "version", "resource", "is_customer", "context", "hold_music", "name", "speaks")
    return replace(part, **{name: getattr(chosen, name) for name in names})


def _with_earliest(known: dict[str, Known], name: str, found: Known) -> dict[str, Known]:
    earliest = min(known.get(name, found), found, key=lambda each: (each.at, repr(each)))
    return bounded(known | {name: earliest}, MOST_FACTS, lambda each: each.at)


# -- Decisions ---------------------------------------------------------------------------------------------------


def expire(call: BaseCall, part: Routing, now: datetime) -> Routing:
    """The visits after all that can be decided now."""
    if part.plan is None or call.state is not CallState.CONNECTED:
        return part
    if not part.visits and now < _begins_at(call):
        return part
    visits = part.visits or walk.begun(part.plan, now)
    while (visit := walk.current(visits)) is not None:
        at = VisitContext(call, part, visit, now)
        before, ended = visits, _end(at)
        visits = walk.left(visits, ended, now) if ended else walk.advanced(part.plan, visits, at)
        if visits == before:
            break
    return replace(part, visits=visits) if visits != part.visits else part


def _begins_at(call: BaseCall) -> datetime:
    """When the plan begins: after the announcement of the recording, which is awaited for a moment."""
    connected = call.connected_at or datetime.min.replace(tzinfo=UTC)
    is_announced = bool(is_recorded(call) and call.policy.announcement)
    given_up = call.recording.given_up is not None  # type: ignore[attr-defined]  # of its capability
    is_over = given_up or call.operations.is_over(effect_id(call.id, ANNOUNCEMENT))
    return connected + LONGEST_WAIT if is_announced and not is_over else connected


def _end(at: VisitContext) -> Exit | None:
    """What ends a plan at every step, or leads it past the step."""
    call = at.call
    if caller_has_left(call) and not walk.step_of(at.routing.plan, at.visit).takes_caller(at):
        return Exit(None, CALLER_LEFT)
    took_over = any(
        requested.action.takes_over and not commands.has_failed(call, context)
        for context, requested in call.operations.requested.items()
    )
    if took_over:
        return Exit(None, TAKEN_OVER)
    return emergencies.leave(at) if is_emergency(call) else None


def decided(call: BaseCall, before: Routing, after: Routing) -> Iterator[Event]:
    """The events of the decisions, for the timeline."""
    plan = after.plan
    for number, visit in enumerate(after.visits if plan else ()):
        is_new, step = number >= len(before.visits), walk.step_of(plan, visit)  # type: ignore[arg-type]  # there is one
        if is_new:
            yield _reached(call, after, number, step)
        yield from _progressed(call, step, visit, {} if is_new else before.visits[number].choices)
    for visit in after.visits[-1:]:
        if visit.left_at is not None and before.visits[-1:] != (visit,):
            yield own(f"{call.id}/plan/end", visit.left_at, PlanEnded(visit.name, visit.reason))


def _reached(call: BaseCall, part: Routing, number: int, step: Step) -> Event:
    visit, last = part.visits[number], part.visits[number - 1] if number else None
    note = step.note(VisitContext(call, part, visit, visit.begun_at))
    reached = StepReached(visit.name, last.name if last else "", last.reason if last else "", note)
    return own(f"{call.id}/plan/{visit.name}", visit.begun_at, reached)


def _progressed(call: BaseCall, step: Step, visit: Visit, known: Mapping[str, str]) -> Iterator[Event]:
    new = {name: value for name, value in visit.choices.items() if name not in known}
    for name, value in new.items():
        for moment, text in step.describe({name: value}):
            id = effect_id(call.id, f"plan/{visit.name}/{name}")
            yield own(id, moment, StepProgressed(visit.name, text))


# -- Wanted effects ----------------------------------------------------------------------------------------------


def wanted(call: BaseCall, part: Routing, now: datetime) -> Iterator[Wanted]:
    if part.plan is None:
        return
    muted, caller = is_emergency(call), caller_of(call)
    for each in _wanted(call, part, part.plan, now):
        if not (muted and emergencies.is_heard_by(caller, each.action)):
            yield each
    if call.state is CallState.CONNECTED and part.visits:
        yield from ending.wanted(call, part.visits, now, speaks=part.speaks)


def _wanted(call: BaseCall, part: Routing, plan: Plan, now: datetime) -> Iterator[Wanted]:
    """What the visits need."""
    for visit in part.visits:
        step, at = walk.step_of(plan, visit), VisitContext(call, part, visit, now)
        if call.state is not CallState.CONNECTED:
            yield from step.wanted_at_end(at)
        else:
            yield from step.wanted(at) if visit.left_at is None else step.wanted_after(at)


def steps(call: BaseCall, part: Routing) -> Iterator[str]:
    if part.plan is None:
        return
    yield ending.FAREWELL
    for visit in part.visits:
        at = VisitContext(call, part, visit, visit.begun_at)
        for operation in walk.step_of(part.plan, visit).operations(at):
            yield at.name_of(operation)


def timers(call: BaseCall, part: Routing) -> Iterator[datetime]:
    if part.plan is None or call.state is not CallState.CONNECTED:
        return
    if not part.visits:
        yield _begins_at(call)
        return
    yield from ending.timers(call, part.visits, speaks=part.speaks)
    for visit in part.visits:
        step, at = walk.step_of(part.plan, visit), VisitContext(call, part, visit, visit.begun_at)
        yield from step.timers(at) if visit.left_at is None else step.timers_after(at)


def published(call: BaseCall, part: Routing) -> Iterator[Happened]:
    for visit in part.visits:
        yield f"StepReached {visit.name}", visit.begun_at


# -- Columns -----------------------------------------------------------------------------------------------------


def current(call: BaseCall, part: Routing) -> Visit | None:
    """Where the call stands in its plan; None without one, and after its end."""
    return None if call.state.is_settled else walk.current(part.visits)


def ringing(call: BaseCall, part: Routing) -> tuple[str, ...]:
    """The raw ids of those to whom the call is offered now, and who are not in it."""
    visit = current(call, part)
    invited = invitations(visit) if visit else []
    return tuple(each.target for each in invited if each.is_open and each.present_since is None)


def columns(call: BaseCall, part: Routing) -> dict[str, Any]:
    visit = current(call, part)
    return {"step": visit.name if visit else None, "ringing": joined(ringing(call, part))}


# -- The timeline ------------------------------------------------------------------------------------------------


def describe(data: Fact) -> str:
    match data:
        case PlanChosen(version=version, name=name):
            return f"{name}, version {version}"
        case PlanUnavailable(reason=reason):
            return reason
        case StepReached(visit=visit, before=before, reason=reason, note=note):
            return "; ".join(each for each in (f"{visit}, after {before}: {reason}" if before else visit, note) if each)
        case StepProgressed(visit=visit, text=text):
            return f"{visit}: {text}"
        case PlanEnded(visit=visit, reason=reason):
            return f"at {visit}: {reason}"
        case StepDecided(visit=visit, choice=choice, decided_by=by):
            return f"{visit}: {choice}, by {by}"
        case OfferAnswered(visit=visit, agent=agent, accepted=accepted):
            return f"{visit}: {described(agent)} {'accepts' if accepted else 'declines'}"
    return ""


CAPABILITY = Capability(
    name="routing",
    part=Routing,
    fold=fold,
    expire=expire,
    decided=decided,
    wanted=wanted,
    steps=steps,
    timers=timers,
    published=published,
    columns=columns,
    describe=describe,
)

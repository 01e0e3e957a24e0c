"""The way of a call through its plan, as the API shows it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, to_builtins

from shared.api.v1.calls.models import PartyView
from shared.api.v1.calls.view import shown
from shared.calls.capabilities import Call
from shared.calls.plans.base import Visit, VisitContext
from shared.calls.plans.decide import DecideStep
from shared.calls.plans.document import AnyStep
from shared.calls.plans.inputs import CollectStep
from shared.calls.plans.invitations import End, ends_of
from shared.calls.plans.walk import step_of


class OfferView(Struct, frozen=True, rename="camel"):
    """To whom a `ring` step offers the call. `accepted` is the answer of the agent's client, null as long as there is
    none. `outcome` is null as long as the offer is open, and `withdrawn` if another one accepted or the call went on.
    """

    target: PartyView
    accepted: bool | None
    outcome: End | None


class StepView(Struct, frozen=True, rename="camel", kw_only=True):
    """A stay of a call at a step of its plan. `visit` names it: the step, and the number of the stay. `to` is the next
    step, with the reason; null as long as the call stays, and where the plan ends.

    Of a `decide` step: `choices`, and the `deadline` until which one is awaited. Of a `collect` step: the `digits`;
    those of a secret one are for supervisors. Of a `ring` step: `offers`.
    """

    visit: str
    step: str
    number: int
    type: str
    begun_at: datetime
    left_at: datetime | None
    to: str | None
    reason: str
    choices: tuple[str, ...] = ()
    deadline: datetime | None = None
    digits: str | None = None
    offers: tuple[OfferView, ...] = ()


class StepsView(Struct, frozen=True, rename="camel"):
    """The steps of a call so far, the earliest first, and its plan: that of a resource account, or ``default``."""

    plan_id: str | None
    plan_version: int | None
    value: tuple[StepView, ...]


def steps_of(call: Call, *, secrets: bool) -> StepsView:
    part = call.routing
    name, version = (part.name, part.version) if part.plan else (None, None)
    return StepsView(name, version, tuple(step_view(call, each, secrets=secrets) for each in part.visits))


def step_view(call: Call, visit: Visit, *, secrets: bool) -> StepView:
    """``secrets``: with the digits of a secret step."""
    at, step = context_of(call, visit)
    decide = step if isinstance(step, DecideStep) else None
    return StepView(
        visit=visit.name,
        step=visit.step,
        number=visit.number,
        type=to_builtins(step)["type"],
        begun_at=visit.begun_at,
        left_at=visit.left_at,
        to=visit.to,
        reason=visit.reason,
        choices=decide.choices if decide else (),
        deadline=decide.deadline(visit) if decide else None,
        digits=_digits(at, step) if secrets or not getattr(step, "secret", False) else None,
        offers=tuple(_offer(call, visit, each) for each in offered(at, step)),
    )


def context_of(call: Call, visit: Visit) -> tuple[VisitContext, AnyStep]:
    plan = call.routing.plan
    assert plan is not None  # noqa: S101  # a call with visits has one
    return VisitContext(call, call.routing, visit, visit.begun_at), step_of(plan, visit)


def offered(at: VisitContext, step: AnyStep) -> tuple[str, ...]:
    """The raw ids of those to whom the visit offers the call, each once, in the order of the offers."""
    offers = (at.routing.offers.get(at.context(each)) for each in step.operations(at))
    return tuple(dict.fromkeys(target for offer in offers if offer for target in offer.targets))


def _offer(call: Call, visit: Visit, target: str) -> OfferView:
    answer = call.routing.answers.get(f"{visit.name} {target}")
    return OfferView(shown(target), answer.accepted if answer else None, outcome_of(visit, target))


def outcome_of(visit: Visit, target: str) -> End | None:
    """What became of an offer; None as long as it is open."""
    return next((end for each, end, _ in ends_of(visit.choices) if each == target), None)


def _digits(at: VisitContext, step: AnyStep) -> str | None:
    if not isinstance(step, CollectStep):
        return None
    return next((digits for each in step.operations(at) if (digits := step.digits_of(at, each))), None)

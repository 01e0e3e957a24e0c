"""The steps of a call's plan: where the call has been, a decision of another application, an agent's answer."""

from __future__ import annotations

from collections.abc import Awaitable

from shared.api.problems import Problem
from shared.api.route import AGENTS, SUPERVISORS, RequestContext, Route, Strict
from shared.api.v1.calls.access import visible, visible_call
from shared.api.v1.calls.parameters import OF_CALL, OF_STEP
from shared.api.v1.calls.steps_view import (
    StepsView,
    StepView,
    context_of,
    offered,
    outcome_of,
    step_view,
    steps_of,
)
from shared.calls import identities
from shared.calls.capabilities import Call
from shared.calls.identities import is_same
from shared.calls.plans.base import StepName, Visit
from shared.calls.plans.decide import DECIDED, DecideStep
from shared.calls.plans.invitations import End
from shared.calls.state import CallState
from shared.service.processor import TryAgain
from shared.storage.calls import Row


class NewDecision(Strict, frozen=True):
    """One of the step's ``choices``."""

    choice: StepName


class NewAnswer(Strict, frozen=True):
    accepted: bool


async def get_steps(context: RequestContext) -> StepsView:
    return steps_of(await visible_call(context), secrets=_sees_secrets(context))


async def get_step(context: RequestContext) -> StepView:
    _, call, visit = await _of_path(context)
    return _shown(context, call, visit)


def _shown(context: RequestContext, call: Call, visit: Visit) -> StepView:
    return step_view(call, visit, secrets=_sees_secrets(context))


def _sees_secrets(context: RequestContext) -> bool:
    return bool(context.caller.roles & SUPERVISORS)


async def _of_path(context: RequestContext) -> tuple[Row, Call, Visit]:
    """The row, the call and the visit that the path names. Raises Problem."""
    row = await visible(context)
    call: Call = row.call  # type: ignore[assignment]  # ``visible`` returns no other row
    return row, call, _visit(call, context.path["visit"])


def _visit(call: Call, name: str) -> Visit:
    found = next((each for each in call.routing.visits if each.name == name), None)
    if found is None:
        raise Problem("NotFound", "The call has not been at this step.")
    return found


async def _once(noting: Awaitable[Call]) -> Call:
    try:
        return await noting
    except TryAgain:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None


def _check_is_there(call: Call, visit: Visit) -> None:
    """Raises Problem unless the call stands at the visit."""
    if visit.left_at is not None:
        where = f"it goes on at {visit.to}" if visit.to else "its plan has ended"
        raise Problem("StepLeft", f"The call has left {visit.name} ({visit.reason}); {where}.")
    if call.state is not CallState.CONNECTED:
        raise Problem("CallNotConnected", f"The call is {call.state}.")


# -- Decisions ---------------------------------------------------------------------------------------------------


async def decide(context: RequestContext) -> StepView:
    row, call, visit = await _of_path(context)
    choice = context.body.choice
    _check_choice(call, visit, choice)
    if visit.left_at is None and call.state is CallState.CONNECTED:
        by = context.caller.name
        call = await _once(context.container.steps.decide(row, visit.name, choice, by))
        visit = _visit(call, visit.name)
    if (visit.to, visit.reason) != (choice, DECIDED):
        _check_is_there(call, visit)
    return _shown(context, call, visit)


def _check_choice(call: Call, visit: Visit, choice: str) -> None:
    _, step = context_of(call, visit)
    if not isinstance(step, DecideStep):
        raise Problem("NotDecidable", f"The step {visit.step} decides by itself.")
    if choice not in step.choices:
        raise Problem("BadBody", f"`choice` must be one of {', '.join(step.choices)}.")


# -- Answers -----------------------------------------------------------------------------------------------------


async def answer(context: RequestContext) -> StepView:
    row, call, visit = await _of_path(context)
    agent, accepted = _own_raw_id(context, call, visit), context.body.accepted
    if _answer_of(call, visit, agent) is None:
        _check_is_there(call, visit)
        _check_is_open(visit, agent)
        call = await _once(context.container.steps.answer(row, visit.name, agent, accepted=accepted))
        visit = _visit(call, visit.name)
    if _answer_of(call, visit, agent) is not accepted:
        raise Problem("AnsweredAlready", f"The call was {'declined' if accepted else 'accepted'} before.")
    if accepted and outcome_of(visit, agent) is not End.ACCEPTED:
        _check_is_open(visit, agent)
    return _shown(context, call, visit)


def _check_is_open(visit: Visit, agent: str) -> None:
    if outcome := outcome_of(visit, agent):
        raise Problem("OfferOver", f"Its outcome is {outcome}.")


def _own_raw_id(context: RequestContext, call: Call, visit: Visit) -> str:
    """The caller's own identity, as the call is offered to it. Raises Problem if it is not."""
    caller = context.caller
    own = identities.agent(call.routing.resource, caller.tenant or "", caller.id) if caller.kind == "user" else ""
    found = next((each for each in offered(*context_of(call, visit)) if is_same(each, own)), None)
    if found is None:
        raise Problem("NotOffered", f"{visit.name} does not offer the call to the caller.")
    return found


def _answer_of(call: Call, visit: Visit, agent: str) -> bool | None:
    found = call.routing.answers.get(f"{visit.name} {agent}")
    return found.accepted if found else None


ROUTES = (
    Route(
        "GET",
        "calls/{callId}/steps",
        "getSteps",
        AGENTS,
        "Get the way of a call through its plan",
        {200: StepsView},
        get_steps,
        parameters=OF_CALL,
    ),
    Route(
        "GET",
        "calls/{callId}/steps/{visit}",
        "getStep",
        AGENTS,
        "Get a stay of a call at a step of its plan",
        {200: StepView},
        get_step,
        parameters=OF_CALL | OF_STEP,
    ),
    Route(
        "POST",
        "calls/{callId}/steps/{visit}",
        "decideStep",
        SUPERVISORS,
        "Choose the next step of a call that waits for a decision",
        {200: StepView},
        decide,
        parameters=OF_CALL | OF_STEP,
        body=NewDecision,
    ),
    Route(
        "POST",
        "calls/{callId}/steps/{visit}/answer",
        "answerOffer",
        AGENTS,
        "Accept or decline a call that is offered to the caller",
        {200: StepView},
        answer,
        parameters=OF_CALL | OF_STEP,
        body=NewAnswer,
    ),
)

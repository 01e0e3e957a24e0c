"""Outbound calls on behalf of a resource account."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from shared.api.parameters import ACCOUNT, Id
from shared.api.problems import Problem
from shared.api.route import SUPERVISORS, RequestContext, Result, Route, Strict
from shared.api.v1.calls.command import idempotency_key
from shared.api.v1.calls.models import CallView
from shared.api.v1.calls.sources import Source, source_of
from shared.api.v1.calls.targets import Target, raw_id_in
from shared.api.v1.calls.view import view_of
from shared.calls import identities
from shared.calls.capabilities.routing import PlanChosen
from shared.calls.emergency import REFUSAL, is_emergency_number
from shared.calls.event import CallRequested
from shared.calls.identities import Kind, kind_of
from shared.calls.plans.base import StepName
from shared.calls.state import CallState
from shared.directory.models import ResourceAccount
from shared.plans.cache import PlansUnavailable
from shared.service.commands import KeyReused
from shared.service.outbound import CallDenied, LinesBusy
from shared.service.processor import TryAgain

EXAMPLE = {"account": ACCOUNT, "target": {"number": "+12065550199"}}


class NewCall(Strict, frozen=True):
    """``account``: the object id of the resource account whose number calls. When the call is picked up, ``greeting``
    is played, and the account's plan begins at ``step``; without a step no plan runs.
    """

    account: Id
    target: Target
    greeting: Source | UnsetType = UNSET
    step: StepName | UnsetType = UNSET


async def place_call(context: RequestContext) -> Result:
    account = await _account(context, context.body.account.lower())
    requested = CallRequested(
        account=identities.account(account.id),
        target=_target(context, account),
        requested_by=context.caller.name,
        tenant=account.tenant_id,
        account_name=account.display_name,
        account_number=account.phone_number,
        greeting=source_of(context, context.body.greeting) if context.body.greeting else "",
    )
    plan = await _plan(context, account, context.body.step) if context.body.step else None
    try:
        user = context.caller.id.lower() if context.caller.kind == "user" else None
        call = await context.container.outbound.place(requested, plan, idempotency_key(context), user)
    except KeyReused:
        raise Problem("KeyReused") from None
    except CallDenied as denied:
        raise Problem("CallDenied", f"{str(denied).rstrip('.')}.") from None
    except LinesBusy:
        raise Problem("LinesBusy") from None
    except TryAgain:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None
    location = {"Location": f"{context.request.base_url}/calls/{call.id}"}
    return Result(202 if call.state is CallState.DIALING else 200, view_of(call), location)


async def _account(context: RequestContext, id: str) -> ResourceAccount:
    """The account, if the caller's tenant has it. Raises Problem."""
    account = await context.directory.account_cache.find(identities.account(id))
    own = (context.caller.tenant or "").lower()
    if account is None or own not in ("", account.tenant_id.lower()):
        raise Problem("NotFound", "No resource account with this id is linked to the app's ACS resource.")
    return account


def _target(context: RequestContext, account: ResourceAccount) -> str:
    """The raw id of who is called. Raises Problem."""
    target = raw_id_in(context, account.tenant_id, context.body.target)
    if kind_of(target) is Kind.RESOURCE_ACCOUNT:
        raise Problem("NotAllowed", "A resource account cannot be called; transfer a call to it instead.")
    if is_emergency_number(target, context.settings.emergency_numbers):
        raise Problem("NotAllowed", REFUSAL)
    return target


async def _plan(context: RequestContext, account: ResourceAccount, step: str) -> PlanChosen:
    """The account's plan from this step on. Raises Problem."""
    try:
        found = await context.container.plan_chooser.step(account.tenant_id, account.id, step)
    except PlansUnavailable as error:
        raise Problem("PlanUnreadable", str(error)) from None
    if found is None:
        raise Problem("BadBody", f"The plan of the resource account has no step `{step}`.")
    return found


ROUTES = (
    Route(
        "POST",
        "calls",
        "placeCall",
        SUPERVISORS,
        "Call a number, an agent or a Teams user on behalf of a resource account",
        {200: CallView, 202: CallView},
        place_call,
        body=Annotated[NewCall, Meta(examples=[EXAMPLE])],
        command=True,
    ),
)

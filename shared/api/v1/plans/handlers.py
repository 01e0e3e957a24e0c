"""What the routes of plans do."""

from __future__ import annotations

import asyncio
import base64

import msgspec

from shared.api.problems import FieldError, Problem
from shared.api.route import RequestContext, Result
from shared.api.tenants import check_if_match, etag_for, tenant_of
from shared.api.v1.plans.models import Checked, Drawing, RawDryRun
from shared.calls.plans.checking import check
from shared.calls.plans.document import Plan
from shared.calls.plans.drawing import mermaid, svg
from shared.calls.plans.reading import InvalidPlan, read
from shared.calls.plans.shapes import Problem as PlanProblem
from shared.directory.errors import BAD_CONTINUATION, UpstreamError
from shared.directory.models import Page
from shared.plans.models import PlanVersion, SavedPlan
from shared.plans.store import Contended
from shared.service.dry_run import DryRun, SituationError, dry_run

PAGE = 100  # plans, unless the request says how many
LONGEST_DETAIL = 3  # errors that the detail quotes


async def list_plans(context: RequestContext) -> Page[PlanVersion]:
    size = context.query.page_size or PAGE
    found = await context.plans.page(tenant_of(context), size, _position(context.query.continuation))
    return Page(tuple(found), _continuation(found[-1].id) if len(found) == size else None)


async def get_plan(context: RequestContext) -> SavedPlan:
    plan = await context.plans.get(tenant_of(context), _id(context))
    if plan is None:
        raise Problem("NotFound", "The tenant has no plan with this id.")
    return plan


async def put_plan(context: RequestContext) -> Result:
    tenant, plan = tenant_of(context), _plan(context, context.body)
    try:
        saved, created = await context.plans.put(
            tenant, _id(context), plan, context.caller.name, check_if_match(context)
        )
    except Contended:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None
    context.container.plan_cache.forget(tenant)
    return Result(201 if created else 200, saved, {"ETag": etag_for(saved)})


async def delete_plan(context: RequestContext) -> None:
    tenant = tenant_of(context)
    try:
        await context.plans.delete(tenant, _id(context), context.caller.name, check_if_match(context))
    except Contended:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None
    context.container.plan_cache.forget(tenant)


async def list_versions(context: RequestContext) -> Page[PlanVersion]:
    found = await context.plans.versions(tenant_of(context), _id(context))
    if not found:
        raise Problem("NotFound", "The tenant has never had a plan with this id.")
    return Page(tuple(found))


async def get_version(context: RequestContext) -> SavedPlan:
    plan = await context.plans.version(tenant_of(context), _id(context), int(context.path["version"]))
    if plan is None:
        raise Problem("NotFound", "The plan has no such version, or it is too old to be kept.")
    return plan


async def check_plan(context: RequestContext) -> Checked:
    try:
        _plan(context, context.body)
    except Problem as invalid:
        return Checked(invalid.errors)
    return Checked(())


async def try_plan(context: RequestContext) -> DryRun:
    try:
        body = msgspec.json.decode(context.body, type=RawDryRun)
    except msgspec.ValidationError as error:
        raise Problem("BadBody", f"{error}.") from None
    plan = _plan(context, bytes(body.plan))
    try:
        return await asyncio.to_thread(dry_run, plan, body.situation)  # a long one takes a second
    except SituationError as error:
        raise Problem("BadBody", f"The situation does not fit the plan: {error}.") from None


async def draw_document(context: RequestContext) -> Drawing:
    """Of a plan that can be saved, so that a picture of it can be seen before."""
    plan = _plan(context, context.body)
    return Drawing(mermaid(plan), svg(plan))


async def draw_plan(context: RequestContext) -> Drawing:
    plan = (await get_plan(context)).plan
    return Drawing(mermaid(plan), svg(plan))


def _plan(context: RequestContext, document: bytes) -> Plan:
    """The plan of a document. Raises Problem with all errors."""
    try:
        plan = read(document)
    except InvalidPlan as invalid:
        raise _invalid(invalid.problems) from None
    speaks, emergency = context.settings.cognitive_services_endpoint is not None, context.settings.emergency_numbers
    if found := check(plan, has_speech=speaks, emergency_numbers=emergency):
        raise _invalid(found)
    return plan


def _invalid(found: tuple[PlanProblem, ...]) -> Problem:
    texts = [f"{each.path}: {each.text}" if each.path else each.text for each in found[:LONGEST_DETAIL]]
    more = f" (and {len(found) - LONGEST_DETAIL} more)" if len(found) > LONGEST_DETAIL else ""
    errors = tuple(FieldError(each.path, each.text) for each in found)
    return Problem("InvalidPlan", f"{'; '.join(texts)}{more}.", errors=errors)


def _id(context: RequestContext) -> str:
    return context.path["planId"].lower()


def _continuation(id: str) -> str:
    return base64.urlsafe_b64encode(id.encode()).decode().rstrip("=")


def _position(continuation: str | None) -> str:
    """The id that a page ended with. A forged one stays within the tenant's plans."""
    try:
        return base64.urlsafe_b64decode((continuation or "") + "=" * (-len(continuation or "") % 4)).decode()
    except ValueError:
        raise UpstreamError(BAD_CONTINUATION) from None

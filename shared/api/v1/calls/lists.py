"""Lists of calls, newest first. Filters can be combined.

A phone number is a filter of the search alone, whose filters are in the body: URLs are logged.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from shared.api.parameters import ACCOUNT, TENANT, USER, PageQuery, guid_parameter
from shared.api.problems import Problem
from shared.api.route import AGENTS, SUPERVISORS, Paged, RequestContext, Route
from shared.api.v1.calls.models import CallSummary
from shared.api.v1.calls.view import summary_of
from shared.api.v1.customers.models import ID_PATTERN
from shared.calls.state import CallState
from shared.customers.lookup import find
from shared.directory.errors import OTHER_TENANT, UpstreamError
from shared.directory.models import Page
from shared.storage.listing import CallFilter, day_of

PAGE, LARGEST_PAGE = 50, 200

State = Annotated[CallState, Meta(description="only calls in this state")]
Day = Annotated[date, Meta(description="only calls of this day in UTC", examples=["2026-11-21"])]
Account = Annotated[str, guid_parameter("only calls to the resource account with this object id", ACCOUNT)]
Agent = Annotated[str, guid_parameter("only calls that the user with this object id was in or invited to", USER)]
TenantId = Annotated[str, guid_parameter("only calls of this tenant, for holders of keys", TENANT)]
CustomerId = Annotated[str, Meta(pattern=ID_PATTERN, description="only calls from the numbers of this customer")]
Number = Annotated[
    str, Meta(pattern=r"^\+[0-9]{3,15}$", examples=["+12065551212"], description="only calls from this number (E.164)")
]


class CallsQuery(PageQuery, frozen=True, kw_only=True):
    state: State | UnsetType = UNSET
    day: Day | UnsetType = UNSET
    account: Account | UnsetType = UNSET
    agent: Agent | UnsetType = UNSET
    customer: CustomerId | UnsetType = UNSET
    tenant: TenantId | UnsetType = UNSET


class CallSearch(CallsQuery, frozen=True, kw_only=True):
    number: Number | UnsetType = UNSET


async def list_calls(context: RequestContext) -> Page[CallSummary]:
    return await _list(context, context.query, None)


async def search_calls(context: RequestContext) -> Page[CallSummary]:
    return await _list(context, context.body, context.body.number or None)


async def _list(context: RequestContext, query: CallsQuery, number: str | None) -> Page[CallSummary]:
    size = min(query.page_size or PAGE, LARGEST_PAGE)
    tenant = _tenant(context, query.tenant.lower() if query.tenant else None)
    wanted = CallFilter(
        tenant=tenant,
        state=query.state or None,
        day=query.day or None,
        account=query.account.lower() if query.account else None,
        agent=_agent(context, query.agent.lower() if query.agent else None),
        numbers=await _numbers(context, tenant, query.customer or None, number),
    )
    today = context.container.today
    page = await context.container.call_lists.page(wanted, size, _position(query.continuation), today)
    return Page(tuple(summary_of(columns) for columns in page.calls), page.position)


def _agent(context: RequestContext, wanted: str | None) -> str | None:
    """The agent whose calls to list: agents see their own alone."""
    caller = context.caller
    if caller.tenant is None or caller.roles & SUPERVISORS:
        return wanted
    if wanted not in (None, caller.id.lower()):
        raise Problem("RoleMissing", "Agents list their own calls; those of others are for supervisors.")
    return caller.id.lower()


async def _numbers(
    context: RequestContext, tenant: str | None, customer: str | None, number: str | None
) -> tuple[str, ...] | None:
    """The numbers whose calls to list; None for calls of all."""
    if customer is None:
        return None if number is None else (number,)
    numbers = await _numbers_of(context, tenant, customer)
    return numbers if number is None else tuple(each for each in numbers if each == number)


async def _numbers_of(context: RequestContext, tenant: str | None, id: str) -> tuple[str, ...]:
    """The numbers of a customer. Raises Problem if the tenant has no such customer."""
    if tenant is None:
        raise Problem("BadParameter", "Holders of a key have no tenant: name the customer's in `tenant`.")
    customer = await find(context.customers, tenant, id=id)
    if customer is None:
        raise Problem("NotFound", "The tenant has no customer with this id.")
    return customer.numbers


def _tenant(context: RequestContext, named: str | None) -> str | None:
    """The tenant whose calls to list: the caller's own; for holders of a key the one that is named, or all."""
    own = context.caller.tenant and context.caller.tenant.lower()
    if own is not None and named not in (None, own):
        raise UpstreamError(OTHER_TENANT)
    return own or named


def _position(continuation: str | None) -> str | None:
    if continuation is not None:
        try:
            day_of(continuation)
        except ValueError:
            raise Problem("BadParameter", "continuation is not one of this list.") from None
    return continuation


ROUTES = (
    Route("GET", "calls", "listCalls", AGENTS, "List calls", {200: Paged(CallSummary)}, list_calls, query=CallsQuery),
    Route(
        "POST",
        "calls/search",
        "searchCalls",
        AGENTS,
        "List calls, by the caller's number too",
        {200: Paged(CallSummary)},
        search_calls,
        body=CallSearch,
    ),
)

"""What the routes of customers do."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from msgspec import UNSET

from shared.api.http import as_json, etag_of
from shared.api.problems import Problem
from shared.api.route import RequestContext, Result
from shared.api.v1.customers.models import ImportedCustomer, ImportResult, ImportResults
from shared.customers.models import Customer
from shared.customers.store import Contended
from shared.customers.text import fold, read_number
from shared.directory.errors import OTHER_TENANT, UpstreamError
from shared.directory.models import Page

CONCURRENT = 8  # requests to storage during an import


async def list_customers(context: RequestContext) -> Page[Customer]:
    query = context.query
    return await context.customers.newest(_tenant(context), query.page_size or None, query.continuation)


async def get_customer(context: RequestContext) -> Customer:
    customer = await context.customers.get(_tenant(context), context.path["customerId"])
    if customer is None:
        raise Problem("NotFound", "The tenant has no customer with this id.")
    return customer


async def put_customer(context: RequestContext) -> Result:
    tenant, id, body = _tenant(context), context.path["customerId"], context.body
    numbers = _numbers(body.numbers)
    try:
        customer, created = await context.customers.put(tenant, id, body.name, numbers, _check(context))
    except Contended:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None
    return Result(201 if created else 200, customer, {"ETag": _etag(customer)})


async def delete_customer(context: RequestContext) -> None:
    try:
        await context.customers.delete(_tenant(context), context.path["customerId"], _check(context))
    except Contended:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None


async def search_customers(context: RequestContext) -> Page[Customer]:
    tenant, body = _tenant(context), context.body
    if (body.number is UNSET) == (body.name is UNSET):
        raise Problem("BadBody", "Give either `number` or `name`.")
    if body.number is not UNSET:
        (number,) = _numbers((body.number,))
        return Page(tuple(await context.customers.of_number(tenant, number)))
    if not fold(body.name):
        raise Problem("BadBody", "`name` must have a letter or a digit.")
    return await context.customers.named(tenant, body.name, body.page_size or None, body.continuation)


async def import_customers(context: RequestContext) -> ImportResults:
    """Each by itself: one that fails does not affect the others, and importing again is harmless."""
    tenant, customers = _tenant(context), context.body.customers
    count = Counter(each.id for each in customers)
    at_once = asyncio.Semaphore(CONCURRENT)

    async def one(each: ImportedCustomer) -> ImportResult:
        if count[each.id] > 1:
            return ImportResult(each.id, "failed", "The import has this id more than once.")
        async with at_once:
            return await _imported(context, tenant, each)

    return ImportResults(tuple(await asyncio.gather(*(one(each) for each in customers))))


async def _imported(context: RequestContext, tenant: str, new: ImportedCustomer) -> ImportResult:
    try:
        _, created = await context.customers.put(tenant, new.id, new.name, _numbers(new.numbers))
    except Problem as error:
        return ImportResult(new.id, "failed", error.detail)
    except Contended:
        return ImportResult(new.id, "failed", "Others change the customer at this moment. Import it again.")
    return ImportResult(new.id, "created" if created else "replaced")


def _tenant(context: RequestContext) -> str:
    """The caller's tenant. Raises unless it is the one of the query; holders of keys have to name one."""
    own, named = context.caller.tenant, (context.query.tenant or "").lower()
    if own is None and not named:
        raise Problem("BadParameter", "Holders of a key have no tenant: name one in the parameter `tenant`.")
    if own is not None and named not in ("", own.lower()):
        raise UpstreamError(OTHER_TENANT)
    return named or (own or "").lower()


def _numbers(given: tuple[str, ...]) -> tuple[str, ...]:
    """In E.164, each once. Raises Problem, which does not repeat the number."""
    found = [read_number(number) for number in given]
    if None in found:
        raise Problem(
            "BadBody",
            f"Number {found.index(None) + 1} is no number with its country, such as `+49 30 1234567`.",
        )
    return tuple(dict.fromkeys(number for number in found if number))


def _check(context: RequestContext) -> Callable[[Customer | None], None]:
    """The condition of If-Match (RFC 9110, 13.1.1), for the present customer."""
    given = context.request.headers.get("if-match")
    known = {each.strip() for each in (given or "").split(",")}

    def check(present: Customer | None) -> None:
        if given is not None and (present is None or not known & {"*", _etag(present)}):
            raise Problem("Changed")

    return check


def _etag(customer: Customer) -> str:
    """That of its representation, which GET sends."""
    return etag_of(as_json(200, customer).body)

"""What the routes of customers do."""

from __future__ import annotations

import asyncio
from collections import Counter

from msgspec import UNSET

from shared.api.problems import Problem
from shared.api.route import RequestContext, Result
from shared.api.tenants import check_if_match, etag_for, tenant_of
from shared.api.v1.customers.models import ImportedCustomer, ImportResult, ImportResults
from shared.customers.models import Customer
from shared.customers.store import Contended
from shared.customers.text import fold, read_number
from shared.directory.models import Page

CONCURRENT = 8  # requests to storage during an import


async def list_customers(context: RequestContext) -> Page[Customer]:
    query = context.query
    return await context.customers.newest(tenant_of(context), query.page_size or None, query.continuation)


async def get_customer(context: RequestContext) -> Customer:
    customer = await context.customers.get(tenant_of(context), context.path["customerId"])
    if customer is None:
        raise Problem("NotFound", "The tenant has no customer with this id.")
    return customer


async def put_customer(context: RequestContext) -> Result:
    tenant, id, body = tenant_of(context), context.path["customerId"], context.body
    numbers = _numbers(body.numbers)
    try:
        customer, created = await context.customers.put(tenant, id, body.name, numbers, check_if_match(context))
    except Contended:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None
    return Result(201 if created else 200, customer, {"ETag": etag_for(customer)})


async def delete_customer(context: RequestContext) -> None:
    try:
        await context.customers.delete(tenant_of(context), context.path["customerId"], check_if_match(context))
    except Contended:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None


async def search_customers(context: RequestContext) -> Page[Customer]:
    tenant, body = tenant_of(context), context.body
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
    tenant, customers = tenant_of(context), context.body.customers
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


def _numbers(given: tuple[str, ...]) -> tuple[str, ...]:
    """In E.164, each once. Raises Problem, which does not repeat the number."""
    found = [read_number(number) for number in given]
    if None in found:
        raise Problem(
            "BadBody",
            f"Number {found.index(None) + 1} is no number with its country, such as `+49 30 1234567`.",
        )
    return tuple(dict.fromkeys(number for number in found if number))

"""Who has a number: asked by everything that shows a name.

To ask a CRM in place of the app's own list, replace the body of ``find`` (docs/customers.md has an example).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from shared.customers.models import Customer
from shared.customers.store import CustomerStore
from shared.customers.text import read_number

log = logging.getLogger(__name__)

SECONDS = 2.0  # a name must not delay what it is shown with
CONCURRENT = 10  # requests


async def find(customers: CustomerStore, tenant: str, *, number: str = "", id: str = "") -> Customer | None:
    """The customer who has this number (E.164), or this id. Of several with one number it is the one with the first id.

    May raise anything and take any time: ``customer_of`` and ``customers_of`` bound both. What needs the customer of an
    id, such as a list of the customer's calls, fails with it.
    """
    if id:
        return await customers.get(tenant, id)
    return next(iter(await customers.of_number(tenant, number)), None)


async def customer_of(customers: CustomerStore, tenant: str, number: str) -> Customer | None:
    """The customer who has this number, in any form that can be read, or as a raw id; None if that is not known in
    time.
    """
    return (await customers_of(customers, tenant, (number,))).get(number)


async def customers_of(customers: CustomerStore, tenant: str, numbers: Iterable[str]) -> dict[str, Customer]:
    """The customers of numbers by the numbers as they were given. Those that are not known in time are left out."""
    plain = {given: number for given in set(numbers) if (number := read_number(given))}
    found: dict[str, Customer] = {}
    at_once = asyncio.Semaphore(CONCURRENT)

    async def ask(number: str) -> None:
        async with at_once:
            customer = await find(customers, tenant, number=number)
        if customer is not None:
            found[number] = customer

    try:
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as asking:
            for number in set(plain.values()):
                asking.create_task(ask(number))
    except (TimeoutError, ExceptionGroup) as error:
        log.warning("names of customers are missing, tenant %s: %s", tenant, _cause(error))
    return {given: found[number] for given, number in plain.items() if number in found}


def _cause(error: BaseException) -> str:
    """The kind of the error: its text can contain names and numbers."""
    first = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
    return type(first).__name__

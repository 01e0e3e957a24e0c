"""Customers in Table storage, for each tenant apart. Rows: ``rows``."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shared.customers import rows
from shared.customers.models import Customer
from shared.customers.text import fold
from shared.directory.errors import BAD_CONTINUATION, UpstreamError
from shared.directory.models import Page
from shared.storage.calls import check_table

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

PAGE = 100  # customers, unless the request says how many
ATTEMPTS = 8  # at a customer that others change at the same time
CHANGED_SINCE = frozenset({404, 409, 412})  # a row was removed, created or changed

Check = Callable[[Customer | None], None]
Step = tuple[str, dict[str, Any]] | tuple[str, dict[str, Any], dict[str, Any]]


class Contended(Exception):
    """Others changed the customer each time that it was about to be changed."""


class CustomerStore:
    """Numbers are E.164; ``tenant`` is the id of an Entra tenant, in lower case."""

    def __init__(self, table: TableClient, now: Callable[[], datetime]) -> None:
        self._table, self._now = table, now

    async def get(self, tenant: str, id: str) -> Customer | None:
        return (await self._read(tenant, id))[0]

    async def put(
        self, tenant: str, id: str, name: str, numbers: tuple[str, ...], check: Check | None = None
    ) -> tuple[Customer, bool]:
        """Create or replace a customer; True if it is new. ``check`` gets the present one and raises to refuse.

        All rows are written each time, so that a row that is missing is there again. Raises Contended.
        """
        for attempt in range(ATTEMPTS):
            await _pause(attempt)
            before, etag = await self._read(tenant, id)
            if check is not None:
                check(before)
            customer = self._changed(before, id, name, numbers)
            steps = [_guarded(tenant, customer, etag)]
            steps += [("upsert", rows.entity(tenant, key, customer)) for key in sorted(rows.keys_of(customer))]
            gone = rows.keys_of(before) - rows.keys_of(customer) if before else set()
            steps += await self._deletions(tenant, gone, look=attempt > 0)
            if await self._submit(steps):
                return customer, before is None
        raise Contended(id)

    async def delete(self, tenant: str, id: str, check: Check | None = None) -> None:
        """Delete a customer if there is one. Raises Contended."""
        for attempt in range(ATTEMPTS):
            await _pause(attempt)
            before, etag = await self._read(tenant, id)
            if check is not None:
                check(before)
            if before is None:
                return
            guard: Step = ("delete", _keys(tenant, rows.id_key(id)), _unchanged(etag))
            if await self._submit([guard, *await self._deletions(tenant, rows.keys_of(before), look=attempt > 0)]):
                return
        raise Contended(id)

    async def of_number(self, tenant: str, number: str) -> list[Customer]:
        """The customers who have this number, in the order of their ids."""
        return [rows.customer_in(row) for row in await self._rows(tenant, rows.number_keys(number), PAGE)]

    async def newest(self, tenant: str, size: int | None = None, continuation: str | None = None) -> Page[Customer]:
        """All customers, those that were created last first."""
        return await self._page(tenant, rows.NEWEST, size, continuation)

    async def named(
        self, tenant: str, text: str, size: int | None = None, continuation: str | None = None
    ) -> Page[Customer]:
        """The customers whose name has a word that begins with this text, in the order of what follows.

        A customer with two such words is found twice. The continuation contains a name.
        """
        folded = fold(text)
        return await self._page(tenant, rows.name_keys(folded), size, continuation) if folded else Page(())

    async def _page(self, tenant: str, beginning: str, size: int | None, continuation: str | None) -> Page[Customer]:
        last = _position(continuation, beginning) if continuation else ""
        found = await self._rows(tenant, beginning, size or PAGE, last)
        following = _continuation(found[-1]["RowKey"]) if len(found) == (size or PAGE) else None
        return Page(tuple(rows.customer_in(row) for row in found), following)

    async def _rows(self, tenant: str, beginning: str, size: int, last: str = "") -> list[dict[str, Any]]:
        """The first ``size`` rows whose keys begin so and come after the last one."""
        query = "PartitionKey eq @tenant and RowKey gt @last and RowKey lt @end"
        keys = {"tenant": tenant, "last": last or beginning, "end": rows.after(beginning)}
        found: list[dict[str, Any]] = []
        async for row in self._table.query_entities(query, parameters=keys, results_per_page=size):
            found.append(row)
            if len(found) == size:
                break
        return found

    def _changed(self, before: Customer | None, id: str, name: str, numbers: tuple[str, ...]) -> Customer:
        """The customer to save. The same once more keeps its time."""
        if before is not None and (before.name, before.numbers) == (name, numbers):
            return before
        now = self._now()
        return Customer(id, name, numbers, before.created_at if before else now, now)

    async def _read(self, tenant: str, id: str) -> tuple[Customer | None, str | None]:
        """The customer, and the ETag of the row that guards it."""
        try:
            row = await self._table.get_entity(tenant, rows.id_key(id))
        except ResourceNotFoundError as error:
            check_table(error)
            return None, None
        return rows.customer_in(row), row.metadata["etag"]

    async def _submit(self, steps: list[Step]) -> bool:
        """Whether the transaction was carried out; not if rows have changed since they were read."""
        try:
            await self._table.submit_transaction(steps)
        except HttpResponseError as error:
            if error.status_code not in CHANGED_SINCE:
                raise
            return False
        return True

    async def _deletions(self, tenant: str, keys: set[str], *, look: bool) -> list[Step]:
        """A transaction fails if a row to delete does not exist. ``look``: only those that exist."""
        return [("delete", _keys(tenant, key)) for key in sorted(keys) if not look or await self._exists(tenant, key)]

    async def _exists(self, tenant: str, key: str) -> bool:
        query = "PartitionKey eq @tenant and RowKey eq @key"
        found = self._table.query_entities(query, parameters={"tenant": tenant, "key": key}, select=["RowKey"])
        return [row async for row in found] != []


async def _pause(attempt: int) -> None:
    """So that two writers do not collide again."""
    await asyncio.sleep(random.uniform(0, 0.1 * attempt))  # noqa: S311


def _guarded(tenant: str, customer: Customer, etag: str | None) -> Step:
    """The row of the id, which fails the transaction if it has changed since it was read."""
    row = rows.entity(tenant, rows.id_key(customer.id), customer)
    return ("create", row) if etag is None else ("update", row, {"mode": "replace"} | _unchanged(etag))


def _unchanged(etag: str | None) -> dict[str, Any]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def _keys(tenant: str, key: str) -> dict[str, str]:
    return {"PartitionKey": tenant, "RowKey": key}


def _continuation(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _position(continuation: str, beginning: str) -> str:
    """The key that a page ended with. A forged one stays within the rows of the question."""
    try:
        key = base64.urlsafe_b64decode(continuation + "=" * (-len(continuation) % 4)).decode()
    except ValueError:
        raise UpstreamError(BAD_CONTINUATION) from None
    if not key.startswith(beginning):
        raise UpstreamError(BAD_CONTINUATION)
    return key

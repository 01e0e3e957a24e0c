"""Routing plans in Table storage, for each tenant apart. Rows: ``rows``."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from msgspec import Struct

from shared.calls.plans.document import Plan
from shared.plans import rows
from shared.plans.models import PlanVersion, SavedPlan
from shared.storage.calls import check_table

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

ATTEMPTS = 8  # at a plan that others change at the same time
CHANGED_SINCE = frozenset({404, 409, 412})  # the row was removed, created or changed

Check = Callable[[SavedPlan | None], None]


class Contended(Exception):
    """Others changed the plan each time that it was about to be changed."""


class _Read(Struct, frozen=True):
    """The row of a plan: ``last`` is its last version, also after the plan was deleted."""

    plan: SavedPlan | None = None
    last: PlanVersion | None = None
    etag: str | None = None


class PlanStore:
    """``tenant`` is the id of an Entra tenant, ``id`` that of a resource account (in lower case) or ``default``."""

    def __init__(self, table: TableClient, now: Callable[[], datetime]) -> None:
        self._table, self._now = table, now

    async def get(self, tenant: str, id: str) -> SavedPlan | None:
        """Raises UnreadablePlan."""
        return (await self._read(tenant, id)).plan

    async def put(
        self, tenant: str, id: str, plan: Plan, changed_by: str, check: Check | None = None
    ) -> tuple[SavedPlan, bool]:
        """Create or replace a plan; True if it is new. The same plan once more keeps its version.

        ``check`` gets the present one and raises to refuse. Raises Contended and UnreadablePlan.
        """
        for attempt in range(ATTEMPTS):
            await _pause(attempt)
            before = await self._read(tenant, id)
            if check is not None:
                check(before.plan)
            if before.plan is not None and before.plan.plan == plan:
                return before.plan, False
            version = before.last.version + 1 if before.last else 1
            saved = SavedPlan(id, version, self._now(), changed_by, plan)
            if await self._save(tenant, saved, before.etag):
                return saved, before.plan is None
        raise Contended(id)

    async def delete(self, tenant: str, id: str, changed_by: str, check: Check | None = None) -> None:
        """Delete a plan if there is one; its versions remain. Raises Contended and UnreadablePlan."""
        for attempt in range(ATTEMPTS):
            await _pause(attempt)
            before = await self._read(tenant, id)
            if check is not None:
                check(before.plan)
            if before.plan is None:
                return
            last = PlanVersion(id, before.plan.version, self._now(), changed_by)
            if await self._submit([("update", rows.deleted(tenant, last), _over(before.etag))]):
                return
        raise Contended(id)

    async def page(self, tenant: str, size: int, after: str = "") -> list[PlanVersion]:
        """At most ``size`` plans, in the order of their ids, from the one that follows ``after``."""
        query = "PartitionKey eq @tenant and RowKey gt @first and RowKey lt @last and deleted eq false"
        bounds = {"first": rows.plan_key(after), "last": rows.plan_key("~")}
        return [rows.version_in(row) for row in await self._rows(query, {"tenant": tenant} | bounds, size)]

    async def versions(self, tenant: str, id: str) -> list[PlanVersion]:
        """The versions that are kept, the newest first; also of a plan that was deleted."""
        query = "PartitionKey eq @tenant and RowKey ge @first and RowKey lt @last"
        bounds = {"first": rows.version_keys(id), "last": f"{rows.version_keys(id)}~"}
        found = await self._rows(query, {"tenant": tenant} | bounds, rows.VERSIONS_KEPT)
        return sorted((rows.version_in(row) for row in found), key=lambda each: -each.version)

    async def version(self, tenant: str, id: str, version: int) -> SavedPlan | None:
        """None if there is no such version, or it is no longer kept. Raises UnreadablePlan."""
        row = await self._row(tenant, rows.version_key(id, version))
        return rows.plan_in(row) if row is not None and row["version"] == version else None

    async def _read(self, tenant: str, id: str) -> _Read:
        row = await self._row(tenant, rows.plan_key(id))
        if row is None:
            return _Read()
        return _Read(None if row["deleted"] else rows.plan_in(row), rows.version_in(row), row.metadata["etag"])

    async def _row(self, tenant: str, key: str) -> Any:
        try:
            return await self._table.get_entity(tenant, key)
        except ResourceNotFoundError as error:
            check_table(error)
            return None

    async def _rows(self, query: str, parameters: dict[str, str], size: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        select = list(rows.COLUMNS)
        async for row in self._table.query_entities(query, parameters=parameters, select=select, results_per_page=size):
            found.append(row)
            if len(found) == size:
                break
        return found

    async def _save(self, tenant: str, plan: SavedPlan, etag: str | None) -> bool:
        """Write the plan and its version in one transaction."""
        present = rows.entity(tenant, rows.plan_key(plan.id), plan)
        version = rows.entity(tenant, rows.version_key(plan.id, plan.version), plan)
        guarded = ("create", present) if etag is None else ("update", present, _over(etag))
        return await self._submit([guarded, ("upsert", version, {"mode": "replace"})])

    async def _submit(self, steps: list[Any]) -> bool:
        """Whether the transaction was carried out; not if the row has changed since it was read."""
        try:
            await self._table.submit_transaction(steps)
        except HttpResponseError as error:
            if error.status_code not in CHANGED_SINCE or getattr(error, "error_code", "") == "TableNotFound":
                raise
            return False
        return True


async def _pause(attempt: int) -> None:
    """So that two writers do not collide again."""
    await asyncio.sleep(random.uniform(0, 0.1 * attempt))  # noqa: S311


def _over(etag: str | None) -> dict[str, Any]:
    return {"mode": "replace", "etag": etag, "match_condition": MatchConditions.IfNotModified}

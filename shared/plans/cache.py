"""The routing plans in memory, for processes that answer calls: read after the answer, at most every ten seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from shared.plans import rows
from shared.plans.models import DEFAULT, SavedPlan
from shared.plans.rows import UnreadablePlan

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

log = logging.getLogger(__name__)

MAX_AGE = 10.0  # seconds until the plans of a tenant are read again; a changed plan holds for calls after it
WAIT = 2.0  # seconds that a call waits for a read, after its answer: an invocation has 9 in all
PAUSE = 5.0  # seconds after a failed read


class PlansUnavailable(Exception):
    """It is not known which plan a call has. The text says why, and quotes no plan. ``is_transient``: it can be known
    later.
    """

    def __init__(self, reason: str, *, is_transient: bool = False) -> None:
        super().__init__(reason)
        self.is_transient = is_transient


class PlanCache:
    """One for each process. A tenant's plans are read in one request, however many calls wait for it."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = table
        self._tenants: dict[str, _Copy] = {}

    async def find(self, tenant: str, account: str) -> SavedPlan | None:
        """The plan of a resource account, or else the tenant's default; None if there is neither.

        While the plans cannot be read, the last known ones hold. Raises PlansUnavailable if there are none.
        """
        copy = self._tenants.setdefault(tenant, _Copy())
        await self._catch_up(tenant, copy)
        if copy.plans is None:
            raise PlansUnavailable("the plans cannot be read from storage", is_transient=True)
        found = copy.plans.get(account, copy.plans.get(DEFAULT))
        if isinstance(found, UnreadablePlan):
            raise PlansUnavailable(str(found))
        return found

    def forget(self, tenant: str) -> None:
        """Read the tenant's plans again for the next call: one of them has been changed here."""
        if tenant in self._tenants:
            self._tenants[tenant].read_at = float("-inf")

    async def _catch_up(self, tenant: str, copy: _Copy) -> None:
        now = asyncio.get_running_loop().time()
        if now - copy.read_at <= MAX_AGE or now - copy.failed_at <= PAUSE:
            return
        if copy.reading is None or copy.reading.done():
            copy.reading = asyncio.create_task(self._read(tenant, copy))
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT):
                await asyncio.shield(copy.reading)

    async def _read(self, tenant: str, copy: _Copy) -> None:
        started = asyncio.get_running_loop().time()
        query = "PartitionKey eq @tenant and RowKey ge @first and RowKey lt @last and deleted eq false"
        parameters = {"tenant": tenant, "first": rows.PLANS, "last": rows.plan_key("~")}
        try:
            found = [row async for row in self._table().query_entities(query, parameters=parameters)]
        except Exception as error:  # noqa: BLE001  # the call is answered, and its row says that its plan is not known
            copy.failed_at = asyncio.get_running_loop().time()
            log.error("the plans of tenant %s cannot be read: %s", tenant, type(error).__name__)  # noqa: TRY400
            return
        copy.plans = {rows.version_in(row).id: _plan_in(row) for row in found}
        copy.read_at = started

    async def close(self) -> None:
        for copy in self._tenants.values():
            if copy.reading is not None:
                copy.reading.cancel()
                with suppress(asyncio.CancelledError):
                    await copy.reading


class _Copy:
    """The plans of a tenant by id; None until they have been read once."""

    def __init__(self) -> None:
        self.plans: dict[str, SavedPlan | UnreadablePlan] | None = None
        self.read_at = self.failed_at = float("-inf")
        self.reading: asyncio.Task[None] | None = None


def _plan_in(row: dict[str, object]) -> SavedPlan | UnreadablePlan:
    try:
        return rows.plan_in(row)
    except UnreadablePlan as error:
        log.error("%s", error)  # noqa: TRY400
        return error

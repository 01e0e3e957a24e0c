"""The copy of the Teams resource accounts in Table storage, by which calls are recognised and accounts listed.

Rows and partitions: ``account_cache``. Source of the accounts: ``accounts``.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import msgspec
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ResourceNotFoundError
from msgspec import Struct

from shared.directory.account_cache import ACCOUNTS, TENANTS, account, partition_of, row, tenant_of, tenant_row
from shared.directory.accounts import PAGE, PATH, account_of
from shared.directory.errors import BAD_CONTINUATION, UpstreamError
from shared.directory.graph import LARGEST_PAGE, Graph
from shared.directory.models import Page, ResourceAccount
from shared.platform.guids import is_guid
from shared.platform.settings import Settings
from shared.storage.calls import check_table

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

log = logging.getLogger(__name__)

MARKS = f"{TENANTS} begun"  # the partition of the rows that mark the start of copying a tenant's accounts
BATCH = 100  # entities in one transaction of Table storage, all of one partition


class Refreshed(Struct, frozen=True, rename="camel"):
    """The result of copying a tenant: the number of accounts in Graph, and of rows removed."""

    count: int
    removed: int
    at: datetime


class AccountCopy:
    def __init__(self, settings: Settings, graph: Graph, table: TableClient, now: Callable[[], datetime]) -> None:
        self._settings, self._graph, self._table, self._now = settings, graph, table, now

    async def refresh(
        self, tenant: str, credential: AsyncTokenCredential, page_size: int = LARGEST_PAGE, *, sees_all: bool = True
    ) -> Refreshed:
        """Copy a tenant's accounts from Graph, and remove the rows of accounts that no longer exist.

        Rows are removed after the last page, if they were not written since the start. The time stamps compared are
        the storage's, so that two concurrent runs with different clocks do not remove each other's rows. An empty
        result must be confirmed by the next run before rows are removed. Without ``sees_all`` the credential may not
        see all accounts: rows are added, and none removed.
        """
        at, (began, doubted) = self._now(), await self._begin(tenant)
        count = 0
        batch: dict[str, ResourceAccount] = {}
        async for item in self._graph.items(PATH, credential, {"$top": str(page_size)}):
            found = account_of(item, tenant)
            count += found.id not in batch
            batch[found.id] = found
            if len(batch) == BATCH:
                await self._write(batch)
        await self._write(batch)
        if not sees_all or (not count and not doubted and await self._doubt(tenant)):
            return Refreshed(count, 0, at)
        removed = await self._remove(tenant, began)
        if doubted:
            await self._mark(tenant, doubted=False)
        await self._table.upsert_entity(tenant_row(tenant, self._settings.acs_resource_id, at, count), mode="replace")
        return Refreshed(count, removed, at)

    async def forget_others(self) -> None:
        """Remove the copies of tenants that are no longer in API_TENANTS."""
        marks = self._table.query_entities("PartitionKey eq @begun", parameters={"begun": MARKS}, select=["RowKey"])
        for tenant in {str(mark["RowKey"]) async for mark in marks} - set(self._settings.api_tenants):
            removed = await self._remove(tenant)
            for partition in (TENANTS, MARKS):  # the mark last, so that an interrupted run is repeated
                await self._table.delete_entity(partition, tenant)
            log.info("tenant %s: no longer in API_TENANTS, %d resource accounts removed from the copy", tenant, removed)

    async def _begin(self, tenant: str) -> tuple[datetime, bool]:
        """The storage's time, from a row written for it, and whether the last run found no accounts."""
        await self._mark(tenant)
        entity = await self._table.get_entity(MARKS, tenant)
        return cast("datetime", entity.metadata["timestamp"]), bool(entity.get("doubted"))

    async def _mark(self, tenant: str, **columns: bool) -> None:
        await self._table.upsert_entity({"PartitionKey": MARKS, "RowKey": tenant, **columns})

    async def _doubt(self, tenant: str) -> bool:
        """Whether the copy has accounts while Graph returned none, as after a permission was narrowed."""
        parameters = {"tenant": partition_of(tenant)}
        async for _ in self._table.query_entities("PartitionKey eq @tenant", parameters=parameters):
            break
        else:
            return False
        await self._mark(tenant, doubted=True)
        log.warning(
            "tenant %s: Graph returned no resource accounts, but the copy has some. They are removed if the next run "
            "confirms it. If the tenant has resource accounts, have its administrator check the consent to "
            "TeamsResourceAccount.Read.All, and run the doctor.",
            tenant,
        )
        return True

    async def _write(self, batch: dict[str, ResourceAccount]) -> None:
        if batch:
            await self._table.submit_transaction(("upsert", row(each), {"mode": "replace"}) for each in batch.values())
        batch.clear()

    async def _remove(self, tenant: str, before: datetime | None = None) -> int:
        query = "PartitionKey eq @tenant" + (" and Timestamp lt @before" if before else "")
        parameters = {"tenant": partition_of(tenant), **({"before": before} if before else {})}
        rows = self._table.query_entities(
            query, parameters=parameters, select=["PartitionKey", "RowKey"], results_per_page=BATCH
        )
        removed = 0
        async for page in rows.by_page():
            stale = [("delete", entity) async for entity in page]
            if stale:
                await self._table.submit_transaction(stale)
            removed += len(stale)
        return removed

    async def list(
        self,
        tenant: str | None,
        *,
        acs_resource_id: str | None = None,
        app_id: str | None = None,
        page_size: int | None = None,
        continuation: str | None = None,
    ) -> Page[ResourceAccount]:
        """The accounts of a tenant, or of all of API_TENANTS. A page can be shorter than requested."""
        terms = ["PartitionKey eq @tenant"] if tenant else ["PartitionKey ge @first", "PartitionKey lt @last"]
        parameters = {"tenant": partition_of(tenant or ""), "first": ACCOUNTS[0], "last": ACCOUNTS[1]}
        for name, value in {"acs_resource_id": acs_resource_id, "app_id": app_id}.items():
            if value:
                terms.append(f"{name} eq @{name}")
                parameters[name] = value.lower()
        size = min(page_size or PAGE, LARGEST_PAGE)
        rows = self._table.query_entities(" and ".join(terms), parameters=parameters, results_per_page=size)
        pages: Any = rows.by_page(cast("Any", _position(continuation)) if continuation else None)
        tenants = (tenant,) if tenant else self._settings.api_tenants
        found = [account(entity) async for entity in await anext(pages, _no_rows()) if tenant_of(entity) in tenants]
        following = pages.continuation_token
        return Page(tuple(found), _continuation(following) if following else None)

    async def get(self, tenant: str | None, id: str) -> ResourceAccount | None:
        if not is_guid(id):
            return None
        for each in (tenant,) if tenant else self._settings.api_tenants:
            try:
                return account(await self._table.get_entity(partition_of(each), id.lower()))
            except ResourceNotFoundError as error:
                check_table(error)
        return None

    async def refreshed(self, tenant: str) -> datetime | None:
        """When all of the tenant's accounts were last copied."""
        try:
            entity = await self._table.get_entity(TENANTS, tenant)
        except ResourceNotFoundError as error:
            check_table(error)
            return None
        at: datetime = entity["at"]
        return at


def _continuation(position: dict[str, str | None]) -> str:
    """A position of Table storage, which has no row key if the next page starts with a partition."""
    return (
        base64.urlsafe_b64encode(msgspec.json.encode([position["PartitionKey"], position["RowKey"]]))
        .decode()
        .rstrip("=")
    )


def _position(continuation: str) -> dict[str, str | None]:
    """The storage's position of a page. A forged one stays within the partitions of the query."""
    try:
        padded = continuation + "=" * (-len(continuation) % 4)
        keys = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=tuple[str, str | None])
    except ValueError:
        raise UpstreamError(BAD_CONTINUATION) from None
    return {"PartitionKey": keys[0], "RowKey": keys[1]}


async def _no_rows() -> AsyncIterator[Any]:
    no_rows: list[Any] = []
    for each in no_rows:
        yield each

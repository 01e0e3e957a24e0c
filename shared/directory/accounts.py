"""The Teams resource accounts: asked of Graph on behalf of whoever calls, and copied into Table storage.

The copy is what calls are shown with, and the list of accounts that are ours. Source: Microsoft Graph beta,
``/admin/teams/resourceAccounts``.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import msgspec
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ResourceNotFoundError
from msgspec import Struct

from shared.calls.result_codes import BAD_CONTINUATION, UNREADABLE
from shared.directory.graph import LARGEST_PAGE, Graph, Refused, quoted, segment
from shared.directory.models import Page, ResourceAccount
from shared.directory.sign_in import Caller, SignIn
from shared.directory.snapshot import ACCOUNTS, TENANTS, account, partition_of, row, tenant_of, tenant_row
from shared.platform.settings import Settings
from shared.storage.calls import check_table

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

log = logging.getLogger(__name__)

PATH = "beta/admin/teams/resourceAccounts"
BEGUN = f"{TENANTS} begun"  # the partition of the rows that tell when copying a tenant's accounts was begun
BATCH = 100  # entities in one transaction of Table storage, all of one partition
PAGE = 100

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOWHERE = "00000000-0000-0000-0000-000000000000"  # how a link that was taken away can be told


class Refreshed(Struct, frozen=True, rename="camel"):
    """How a tenant's copy went: accounts that Graph told, and rows of accounts that are no more."""

    count: int
    removed: int
    at: datetime


class _Told(Struct, rename="camel"):
    id: str
    display_name: str | None = None
    user_principal_name: str | None = None
    app_id: str | None = None
    acs_resource_id: str | None = None
    phone_number: str | None = None


class Accounts:
    def __init__(
        self, settings: Settings, graph: Graph, sign_in: SignIn, table: TableClient, now: Callable[[], datetime]
    ) -> None:
        self._settings, self._graph, self._sign_in = settings, graph, sign_in
        self._table, self._now = table, now

    # -- Live --

    async def list(
        self,
        caller: Caller,
        *,
        acs_resource_id: str | None = None,
        app_id: str | None = None,
        page_size: int | None = None,
        continuation: str | None = None,
    ) -> Page[ResourceAccount]:
        """Those of the caller's tenant, as Graph tells them. Raises Refused.

        Graph is only known to filter by one of the two: by the other it is done here, and pages can be short.
        """
        params = {"$top": str(min(page_size or PAGE, LARGEST_PAGE))}
        if acs_resource_id or app_id:
            name, value = ("acsResourceId", acs_resource_id) if acs_resource_id else ("appId", app_id or "")
            params["$filter"] = f"{name} eq {quoted(value)}"
        credential = self._sign_in.on_behalf_of(caller)
        told, following = await self._graph.page(PATH, credential, params, continuation=continuation)
        found = (_account(each, caller.tenant or "") for each in told)
        return Page(tuple(each for each in found if app_id is None or each.app_id == app_id.lower()), following)

    async def get(self, caller: Caller, id: str) -> ResourceAccount:
        credential = self._sign_in.on_behalf_of(caller)
        return _account(await self._graph.get(f"{PATH}/{segment(id)}", credential), caller.tenant or "")

    # -- The copy --

    async def refresh(
        self, tenant: str, credential: AsyncTokenCredential, page_size: int = LARGEST_PAGE, *, sees_all: bool = True
    ) -> Refreshed:
        """Copy a tenant's accounts. What Graph no longer tells is removed at the end, and only if that is reached.

        Rows that were not written since the beginning are those of accounts that are no more. The storage's own time
        stamps tell, so that two who do this at once, with clocks that differ, remove nothing of each other's. That
        there are none any more must be told twice. What a person sees (not ``sees_all``) may not be all there is: it
        is added to the copy, and proves nothing of the rest.
        """
        at, (began, doubted) = self._now(), await self._begin(tenant)
        count = 0
        batch: dict[str, ResourceAccount] = {}
        async for told in self._graph.items(PATH, credential, {"$top": str(page_size)}):
            found = _account(told, tenant)
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
        marks = self._table.query_entities("PartitionKey eq @begun", parameters={"begun": BEGUN}, select=["RowKey"])
        for tenant in {str(mark["RowKey"]) async for mark in marks} - set(self._settings.api_tenants):
            removed = await self._remove(tenant)
            for partition in (TENANTS, BEGUN):  # the latter last: it leads here again, should this break off
                await self._table.delete_entity(partition, tenant)
            log.info("tenant %s: not in API_TENANTS any more, %d resource accounts forgotten", tenant, removed)

    async def _begin(self, tenant: str) -> tuple[datetime, bool]:
        """The storage's time, told by a row that is written for that; and whether there were none the last time."""
        await self._mark(tenant)
        entity = await self._table.get_entity(BEGUN, tenant)
        return cast("datetime", entity.metadata["timestamp"]), bool(entity.get("doubted"))

    async def _mark(self, tenant: str, **what: bool) -> None:
        await self._table.upsert_entity({"PartitionKey": BEGUN, "RowKey": tenant, **what})

    async def _doubt(self, tenant: str) -> bool:
        """Whether Graph tells of none where there were some: a permission that was narrowed may be why."""
        parameters = {"tenant": partition_of(tenant)}
        async for _ in self._table.query_entities("PartitionKey eq @tenant", parameters=parameters):
            break
        else:
            return False
        await self._mark(tenant, doubted=True)
        log.warning(
            "tenant %s: Graph tells of no resource accounts, where there were some. They are kept unless it says so "
            "again the next time. If there are some, have an administrator of the tenant look at the consent to "
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

    async def copied(
        self,
        tenant: str | None,
        *,
        acs_resource_id: str | None = None,
        app_id: str | None = None,
        page_size: int | None = None,
        continuation: str | None = None,
    ) -> Page[ResourceAccount]:
        """Those of a tenant, or of all of API_TENANTS, as they were copied. A page can have fewer than it might."""
        terms = ["PartitionKey eq @tenant"] if tenant else ["PartitionKey ge @first", "PartitionKey lt @last"]
        parameters = {"tenant": partition_of(tenant or ""), "first": ACCOUNTS[0], "last": ACCOUNTS[1]}
        for name, value in {"acs_resource_id": acs_resource_id, "app_id": app_id}.items():
            if value:
                terms.append(f"{name} eq @{name}")
                parameters[name] = value.lower()
        size = min(page_size or PAGE, LARGEST_PAGE)
        rows = self._table.query_entities(" and ".join(terms), parameters=parameters, results_per_page=size)
        pages: Any = rows.by_page(cast("Any", _place(continuation)) if continuation else None)
        tenants = (tenant,) if tenant else self._settings.api_tenants
        found = [account(entity) async for entity in await anext(pages, _none()) if tenant_of(entity) in tenants]
        following = pages.continuation_token
        return Page(tuple(found), _continuation(following) if following else None)

    async def copied_one(self, tenant: str | None, id: str) -> ResourceAccount | None:
        if not _GUID.fullmatch(id.lower()):
            return None
        for each in (tenant,) if tenant else self._settings.api_tenants:
            try:
                return account(await self._table.get_entity(partition_of(each), id.lower()))
            except ResourceNotFoundError as error:
                check_table(error)
        return None

    async def refreshed(self, tenant: str) -> datetime | None:
        """When the tenant's accounts were last copied, all of them."""
        try:
            entity = await self._table.get_entity(TENANTS, tenant)
        except ResourceNotFoundError as error:
            check_table(error)
            return None
        at: datetime = entity["at"]
        return at


def _account(told: dict[str, Any], tenant: str) -> ResourceAccount:
    try:
        read = msgspec.convert(told, _Told)
    except msgspec.ValidationError:
        raise Refused(UNREADABLE, detail="it is no resource account") from None
    if not _GUID.fullmatch(read.id.lower()):
        raise Refused(UNREADABLE, detail="a resource account's id is no GUID")
    linked = (read.acs_resource_id or "").lower()
    return ResourceAccount(
        id=read.id.lower(),
        tenant_id=tenant,
        display_name=read.display_name or "",
        user_principal_name=read.user_principal_name or "",
        app_id=(read.app_id or "").lower(),
        acs_resource_id=linked if linked and linked != _NOWHERE else None,
        phone_number=(read.phone_number or "").removeprefix("tel:") or None,
    )


def _continuation(place: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([place["PartitionKey"], place["RowKey"]])).decode().rstrip("=")


def _place(continuation: str) -> dict[str, str]:
    """Where a page begins, as the storage told. It can't lead out of the query's partitions."""
    try:
        padded = continuation + "=" * (-len(continuation) % 4)
        keys = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=tuple[str, str])
    except ValueError:
        raise Refused(BAD_CONTINUATION) from None
    return {"PartitionKey": keys[0], "RowKey": keys[1]}


async def _none() -> AsyncIterator[Any]:
    no_entities: Iterator[Any] = iter(())
    for each in no_entities:
        yield each

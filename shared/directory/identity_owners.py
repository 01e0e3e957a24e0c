"""The owners of ACS identities, and the number of identities in each tenant.

ACS itself has no owners: the holder of a token for an identity acts as that user.

One row for each identity in the table ``directory``, partition ``identity {tenant}``. The caller who created an
identity and the administrators of the same tenant may use it; holders of keys may use all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from shared.directory.caller import Caller
from shared.directory.errors import (
    IDENTITIES_DISABLED,
    IDENTITY_NOT_FOUND,
    IDENTITY_QUOTA_EXCEEDED,
    UpstreamError,
)
from shared.platform.settings import Settings
from shared.storage.calls import check_table

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

ADMINISTRATOR = "Administrator"
PARTITIONS = ("identity ", "identity!")  # of all tenants: from, and up to


class IdentityOwners:
    def __init__(self, settings: Settings, table: TableClient) -> None:
        self._settings, self._table = settings, table

    def require_enabled(self) -> None:
        """Raises UpstreamError if this app creates no identities."""
        if not self._settings.acs_identities_per_tenant:
            raise UpstreamError(IDENTITIES_DISABLED)

    async def check_quota(self, caller: Caller) -> None:
        """Raises UpstreamError if the caller's tenant may not have another identity.

        Holders of keys share one quota. Requests that run concurrently can exceed it by their number.
        """
        self.require_enabled()
        quota, count = self._settings.acs_identities_per_tenant, 0
        query, parameters = "PartitionKey eq @tenant", {"tenant": _partition(caller)}
        async for _ in self._table.query_entities(query, parameters=parameters, select=["RowKey"]):
            count += 1
            if count >= quota:
                raise UpstreamError(IDENTITY_QUOTA_EXCEEDED)

    async def add(self, caller: Caller, id: str) -> None:
        """Record the caller as the owner of a new identity."""
        await self._table.upsert_entity({**_keys(caller, id), "owner": caller.id})

    async def check(self, caller: Caller, id: str) -> None:
        """Raises UpstreamError unless the caller may use it. The error does not say whether it exists."""
        if caller.tenant is None:
            return
        try:
            entity = await self._table.get_entity(*_keys(caller, id).values())
        except ResourceNotFoundError as error:
            check_table(error)
            raise UpstreamError(IDENTITY_NOT_FOUND) from None
        if ADMINISTRATOR not in caller.roles and entity["owner"] != caller.id:
            raise UpstreamError(IDENTITY_NOT_FOUND)

    async def tenant_of(self, id: str) -> str | None:
        """The tenant whose caller created an identity; None if the holder of a key did, or another application."""
        query = "PartitionKey ge @first and PartitionKey lt @last and RowKey eq @id"
        parameters = {"first": PARTITIONS[0], "last": PARTITIONS[1], "id": id.lower()}
        async for entity in self._table.query_entities(query, parameters=parameters):
            return str(entity["PartitionKey"]).removeprefix(PARTITIONS[0]) or None
        return None

    async def remove(self, caller: Caller, id: str) -> None:
        """Remove the row of a deleted identity; for holders of keys, of any tenant."""
        if caller.tenant is not None:
            await self._table.delete_entity(*_keys(caller, id).values())
            return
        query = "PartitionKey ge @first and PartitionKey lt @last and RowKey eq @id"
        parameters = {"first": PARTITIONS[0], "last": PARTITIONS[1], "id": id.lower()}
        async for entity in self._table.query_entities(query, parameters=parameters):
            await self._table.delete_entity(entity)


def _keys(caller: Caller, id: str) -> dict[str, str]:
    return {"PartitionKey": _partition(caller), "RowKey": id.lower()}


def _partition(caller: Caller) -> str:
    return f"identity {caller.tenant or ''}"

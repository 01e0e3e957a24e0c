"""Whose the identities of ACS are: ACS knows ids alone, and who has a token for one is that user.

A row for each in the table ``directory``, partition ``identity {tenant}``. An identity is for whoever had it made, and
for the administrators of the same tenant; for holders of keys, who see all tenants, any is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from shared.calls.result_codes import NOT_YOURS
from shared.directory.graph import Refused
from shared.directory.sign_in import Caller
from shared.storage.calls import check_table

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

ADMINISTRATOR = "Administrator"
OWNERS = ("identity ", "identity!")  # the partitions: from, and up to


class Owners:
    def __init__(self, table: TableClient) -> None:
        self._table = table

    async def note(self, caller: Caller, id: str) -> None:
        """A new identity is the caller's."""
        await self._table.upsert_entity({**_keys(caller, id), "owner": caller.id})

    async def check(self, caller: Caller, id: str) -> None:
        """Raises Refused if it is not for the caller: whose it is then, or whether it is there, is not told."""
        if caller.tenant is None:
            return
        try:
            entity = await self._table.get_entity(*_keys(caller, id).values())
        except ResourceNotFoundError as error:
            check_table(error)
            raise Refused(NOT_YOURS) from None
        if ADMINISTRATOR not in caller.roles and entity["owner"] != caller.id:
            raise Refused(NOT_YOURS)

    async def forget(self, caller: Caller, id: str) -> None:
        """An identity that is no more: for holders of keys, whosever it was."""
        if caller.tenant is not None:
            await self._table.delete_entity(*_keys(caller, id).values())
            return
        query = "PartitionKey ge @first and PartitionKey lt @last and RowKey eq @id"
        parameters = {"first": OWNERS[0], "last": OWNERS[1], "id": id.lower()}
        async for entity in self._table.query_entities(query, parameters=parameters):
            await self._table.delete_entity(entity)


def _keys(caller: Caller, id: str) -> dict[str, str]:
    return {"PartitionKey": f"identity {caller.tenant or ''}", "RowKey": id.lower()}

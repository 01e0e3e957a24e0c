"""The outbound rules of resource accounts: rows ``outbound rules {id}`` of the table of plans, by tenant.

The rules are JSON text in ``rules_0``, ``rules_1``, …, in pieces of 16,000 characters: a property has room for 64 KiB.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from msgspec import Struct

from shared.calls.outbound_rules import OutboundRules, Rule
from shared.storage.calls import check_table

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

DEFAULT = "default"  # the rules of all accounts of a tenant that have none of their own
PIECE = 16_000  # characters


class RulesUnreadable(Exception):
    """Only a newer version of the app can read the rules."""


class SavedRules(Struct, frozen=True, rename="camel"):
    """``id`` is the object id of a resource account, or ``default``. The first rule that applies to a call decides."""

    id: str
    rules: tuple[Rule, ...]
    changed_at: datetime
    changed_by: str


class OutboundRuleStore:
    def __init__(self, table: TableClient) -> None:
        self._table = table

    async def find(self, tenant: str, account: str) -> SavedRules | None:
        """The rules of a resource account, or else the tenant's default; None if there are neither. Raises
        RulesUnreadable.
        """
        own, default = await asyncio.gather(self.read(tenant, account), self.read(tenant, DEFAULT))
        return own[0] or default[0]

    async def read(self, tenant: str, id: str) -> tuple[SavedRules | None, str | None]:
        """The rules, and the ETag of their row. Raises RulesUnreadable."""
        try:
            row: Any = await self._table.get_entity(tenant, _key(id))
        except ResourceNotFoundError as error:
            check_table(error)
            return None, None
        return _saved(id, row), row.metadata["etag"]

    async def put(self, tenant: str, saved: SavedRules, etag: str | None) -> bool:
        """Whether the rules are saved: not if the row has changed since it was read."""
        entity = _entity(tenant, saved)
        try:
            if etag is None:
                await self._table.create_entity(entity)
            else:
                unchanged: Any = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
                await self._table.update_entity(entity, mode="replace", **unchanged)
        except (ResourceExistsError, ResourceModifiedError):
            return False
        return True

    async def delete(self, tenant: str, id: str) -> None:
        await self._table.delete_entity(tenant, _key(id))


def _key(id: str) -> str:
    return f"outbound rules {id}"


def _entity(tenant: str, saved: SavedRules) -> dict[str, Any]:
    text = msgspec.json.encode(OutboundRules(saved.rules)).decode()
    pieces = {f"rules_{n}": text[start : start + PIECE] for n, start in enumerate(range(0, len(text), PIECE))}
    by = {"changed_at": saved.changed_at, "changed_by": saved.changed_by}
    return {"PartitionKey": tenant, "RowKey": _key(saved.id)} | by | pieces


def _saved(id: str, row: dict[str, Any]) -> SavedRules:
    count = sum(name.startswith("rules_") for name in row)
    text = "".join(row[f"rules_{n}"] for n in range(count))
    try:
        rules = msgspec.json.decode(text, type=OutboundRules).rules
    except msgspec.DecodeError:
        raise RulesUnreadable from None
    at: datetime = row["changed_at"]  # of a class of the SDK, which JSON encoders do not know
    return SavedRules(id, rules, datetime.combine(at.date(), at.timetz()), row["changed_by"])

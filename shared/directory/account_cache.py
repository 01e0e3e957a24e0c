"""The resource accounts in memory, for processes that answer calls, and the rows that they are read from.

In the table ``directory`` each account has a row (partition ``account {tenant}``, row key its object id), and each
tenant has one (partition ``accounts``) with the time and the ACS resource of its last copy.
Graph and Entra are not imported here, since their import would delay the answer of a call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.calls.policy import resource_account
from shared.directory.models import ResourceAccount
from shared.platform.settings import SettingError, Settings

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

log = logging.getLogger(__name__)

MAX_AGE = 300.0  # seconds until the cache is read again, after a call is answered
MAX_AGE_OF_A_GAP = 10.0  # seconds; the same for an account that is missing: it may have been linked meanwhile
WAIT = 1.0  # seconds that a call waits for a read
PAUSE = 30.0  # seconds after a failed read
TENANTS = "accounts"  # the partition of the tenants' rows
ACCOUNTS = ("account ", "account!")  # the partitions of the accounts: from, and up to
ALL = ("account ", "accountt")  # the same, with the partition of the tenants


class AccountCache:
    """The resource accounts that are linked to this ACS resource, of all of API_TENANTS.

    ``complete``: the accounts of every tenant have been copied. Before that, a missing account proves nothing.
    """

    def __init__(self, settings: Settings, table: Callable[[], TableClient]) -> None:
        self._settings = settings
        self._table = table
        self._accounts: dict[str, ResourceAccount] = {}
        self._read_at = self._started_at = self._failed_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self.complete = False

    def account(self, raw_id: str) -> ResourceAccount | None:
        """The account of a callee, from memory."""
        return self._accounts.get((resource_account(raw_id) or "").lower())

    async def find(self, raw_id: str) -> ResourceAccount | None:
        """The account of a callee whose call is answered; None if it is unknown. Raises nothing."""
        await self.catch_up()
        if self.account(raw_id) is None and resource_account(raw_id) is not None:
            await self.catch_up(MAX_AGE_OF_A_GAP)
        return self.account(raw_id)

    async def catch_up(self, max_age: float = MAX_AGE) -> None:
        """Read the rows again if the cache is older, and wait at most one second after the read started.

        Raises nothing, since calls are answered without the cache, too.
        """
        now = asyncio.get_running_loop().time()
        if now - self._read_at <= max_age or now - self._failed_at <= PAUSE:
            return
        if self._reading is None or self._reading.done():
            self._reading, self._started_at = asyncio.create_task(self._read()), now
        with suppress(TimeoutError):
            async with asyncio.timeout(self._started_at + WAIT - now):
                await asyncio.shield(self._reading)

    async def is_elsewhere(self, raw_id: str) -> bool:
        """Whether a callee is certainly not linked to this ACS resource.

        A missing account may have been linked recently, so the rows are read again. If they cannot be read, the result
        is False: Teams sends an ACS resource the calls of accounts that are linked to it, and no others.
        """
        if self.account(raw_id) is not None:
            return False
        await self.catch_up(MAX_AGE_OF_A_GAP)
        fresh = asyncio.get_running_loop().time() - self._read_at <= MAX_AGE_OF_A_GAP + WAIT
        return fresh and self.complete and self.account(raw_id) is None

    async def _read(self) -> None:
        try:
            found: dict[str, ResourceAccount] = {}
            copied: set[str] = set()
            tenants = self._tenants()
            async for entity in self._rows():
                if entity["PartitionKey"] == TENANTS:
                    copied.add(entity["RowKey"])
                elif tenants is None or tenant_of(entity) in tenants:
                    found[entity["RowKey"]] = account(entity)
            self.complete = tenants is not None and copied >= tenants
        except Exception as error:  # noqa: BLE001  # calls are answered without the cache, too
            self._failed_at = asyncio.get_running_loop().time()
            log.warning("the copy of the resource accounts cannot be read: %s", type(error).__name__)
            return
        self._accounts = found
        self._read_at = asyncio.get_running_loop().time()

    def _tenants(self) -> set[str] | None:
        """None if API_TENANTS is not set: calls do not need the directory."""
        try:
            return set(self._settings.api_tenants)
        except SettingError:
            return None

    def _rows(self) -> AsyncIterator[dict[str, Any]]:
        query = "PartitionKey ge @first and PartitionKey lt @last and acs_resource_id eq @resource"
        parameters = {"first": ALL[0], "last": ALL[1], "resource": self._settings.acs_resource_id.lower()}
        return self._table().query_entities(query, parameters=parameters)

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading


def partition_of(tenant: str) -> str:
    return f"account {tenant}"


def tenant_of(entity: dict[str, Any]) -> str:
    return str(entity["PartitionKey"]).removeprefix(partition_of(""))


def row(account: ResourceAccount) -> dict[str, Any]:
    columns = {
        "PartitionKey": partition_of(account.tenant_id),
        "RowKey": account.id,
        "display_name": account.display_name,
        "user_principal_name": account.user_principal_name,
        "app_id": account.app_id,
        "acs_resource_id": account.acs_resource_id,
        "phone_number": account.phone_number,
    }
    return {name: value for name, value in columns.items() if value is not None}


def tenant_row(tenant: str, acs_resource_id: str, at: datetime, count: int) -> dict[str, Any]:
    return {
        "PartitionKey": TENANTS,
        "RowKey": tenant,
        "acs_resource_id": acs_resource_id.lower(),
        "at": at,
        "count": count,
    }


def account(entity: dict[str, Any]) -> ResourceAccount:
    return ResourceAccount(
        id=entity["RowKey"],
        tenant_id=tenant_of(entity),
        display_name=entity["display_name"],
        user_principal_name=entity["user_principal_name"],
        app_id=entity["app_id"],
        acs_resource_id=entity.get("acs_resource_id"),
        phone_number=entity.get("phone_number"),
    )

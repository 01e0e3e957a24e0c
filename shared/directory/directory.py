"""The door to the directory: what there is of it, each made when it is first needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azure.core.pipeline.transport import AioHttpTransport, AsyncHttpTransport

from shared.directory.snapshot import Snapshot
from shared.platform.clients import Clients
from shared.platform.settings import SettingError, Settings

if TYPE_CHECKING:
    from shared.directory.access import Access
    from shared.directory.accounts import Accounts
    from shared.directory.chats import Chats
    from shared.directory.delegation import Delegations
    from shared.directory.graph import Graph
    from shared.directory.identities import Identities
    from shared.directory.meetings import Meetings
    from shared.directory.owners import Owners
    from shared.directory.people import People
    from shared.directory.sign_in import SignIn

log = logging.getLogger(__name__)


class Directory:
    """One for each process. Its parts are imported one by one: calls need the snapshot alone, and must not wait."""

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        now: Callable[[], datetime],
        transport: AsyncHttpTransport[Any, Any] | None = None,
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._now = now
        self._given = transport
        self._told: dict[str, str] = {}  # by tenant: why its accounts could not be copied

    @cached_property
    def _transport(self) -> AsyncHttpTransport[Any, Any]:
        """One for Graph and Entra, closed once: a pipeline that is closed closes its transport."""
        from shared.directory.graph import TIMEOUTS

        return self._given or AioHttpTransport(**TIMEOUTS)

    @cached_property
    def snapshot(self) -> Snapshot:
        return Snapshot(self._settings, lambda: self._clients.directory)

    @cached_property
    def sign_in(self) -> SignIn:
        from shared.directory.sign_in import SignIn

        return SignIn(self._settings, self._clients, self._transport)

    @cached_property
    def graph(self) -> Graph:
        from shared.directory.graph import Graph

        return Graph(self._settings, self._transport)

    @cached_property
    def accounts(self) -> Accounts:
        from shared.directory.accounts import Accounts

        return Accounts(self._settings, self.graph, self.sign_in, self._clients.directory, self._now)

    @cached_property
    def people(self) -> People:
        from shared.directory.people import People

        return People(self.graph, self.sign_in)

    @cached_property
    def delegation(self) -> Delegations:
        from shared.directory.delegation import Delegations

        return Delegations(self.graph, self.sign_in)

    @cached_property
    def chats(self) -> Chats:
        from shared.directory.chats import Chats

        return Chats(self.graph, self.sign_in, self._clients.directory)

    @cached_property
    def meetings(self) -> Meetings:
        from shared.directory.meetings import Meetings

        return Meetings(self.graph, self.sign_in)

    @cached_property
    def identities(self) -> Identities:
        from shared.directory.identities import Identities

        return Identities(self._settings, self._clients)

    @cached_property
    def owners(self) -> Owners:
        from shared.directory.owners import Owners

        return Owners(self._clients.directory)

    @cached_property
    def access(self) -> Access:
        from shared.directory.access import Access

        return Access(self._settings, self._clients)

    async def refresh(self) -> int:
        """Copy the resource accounts of every tenant, with the app's own rights, and forget those of tenants that are
        no longer ours. Returns how many accounts there are.

        What stands in the way of one does not keep the others, leaves its copy as it is, and is told once.
        """
        try:
            tenants = self._settings.api_tenants
        except SettingError as error:
            self._tell("", "API_TENANTS", str(error))
            return 0
        await self.accounts.forget_others()
        results = await asyncio.gather(*(self._refresh(tenant) for tenant in tenants), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return sum(result for result in results if isinstance(result, int))

    async def _refresh(self, tenant: str) -> int:
        from shared.directory.graph import Refused

        try:
            refreshed = await self.accounts.refresh(tenant, self.sign_in.as_app(tenant))
        except Refused as error:
            self.sign_in.forget_app(tenant)  # a token of before lacks what is consented to now
            self._tell(tenant, error.code, f"{error}. {error.refusal.remedy}")
            return 0
        self._told.pop(tenant, None)
        log.info("tenant %s: %d resource accounts copied, %d removed", tenant, refreshed.count, refreshed.removed)
        return refreshed.count

    def _tell(self, tenant: str, code: str, why: str) -> None:
        if self._told.get(tenant) != code:
            log.warning("resource accounts not copied%s: %s", f", tenant {tenant}" if tenant else "", why)
        self._told[tenant] = code

    async def close(self) -> None:
        parts = self.__dict__
        if "snapshot" in parts:
            await self.snapshot.close()
        if "sign_in" in parts:
            await self.sign_in.close()
        if "_transport" in parts and self._given is None:
            await self._transport.close()

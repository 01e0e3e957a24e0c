"""The directory's parts, each created on first use."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azure.core.pipeline.transport import AioHttpTransport, AsyncHttpTransport

from shared.directory.account_cache import AccountCache
from shared.platform.clients import Clients
from shared.platform.settings import SettingError, Settings

if TYPE_CHECKING:
    from shared.directory.account_copy import AccountCopy
    from shared.directory.accounts import Accounts
    from shared.directory.chats import Chats
    from shared.directory.consent import Consent
    from shared.directory.delegation import Delegations
    from shared.directory.graph import Graph
    from shared.directory.identities import Identities
    from shared.directory.identity_owners import IdentityOwners
    from shared.directory.meetings import Meetings
    from shared.directory.on_behalf_of import GraphCredentials
    from shared.directory.people import People
    from shared.directory.token_validation import TokenValidator

log = logging.getLogger(__name__)


class Directory:
    """One for each process. Parts are imported on first use: answering a call needs the account cache only."""

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
        self._reported: dict[str, str] = {}  # by tenant: the code of the last error of copying its accounts

    @cached_property
    def _transport(self) -> AsyncHttpTransport[Any, Any]:
        """Shared by Graph and Entra, and closed once, since closing a pipeline closes its transport."""
        from shared.directory.graph import TIMEOUTS

        return self._given or AioHttpTransport(**TIMEOUTS)

    @cached_property
    def account_cache(self) -> AccountCache:
        return AccountCache(self._settings, lambda: self._clients.directory)

    @cached_property
    def token_validator(self) -> TokenValidator:
        from shared.directory.token_validation import TokenValidator

        return TokenValidator(self._settings, self._transport)

    @cached_property
    def credentials(self) -> GraphCredentials:
        from shared.directory.on_behalf_of import GraphCredentials

        return GraphCredentials(self._settings, self._clients, self._transport)

    @cached_property
    def graph(self) -> Graph:
        from shared.directory.graph import Graph

        return Graph(self._settings, self._transport)

    @cached_property
    def accounts(self) -> Accounts:
        from shared.directory.accounts import Accounts

        return Accounts(self.graph, self.credentials)

    @cached_property
    def account_copy(self) -> AccountCopy:
        from shared.directory.account_copy import AccountCopy

        return AccountCopy(self._settings, self.graph, self._clients.directory, self._now)

    @cached_property
    def people(self) -> People:
        from shared.directory.people import People

        return People(self.graph, self.credentials)

    @cached_property
    def delegation(self) -> Delegations:
        from shared.directory.delegation import Delegations

        return Delegations(self.graph, self.credentials)

    @cached_property
    def chats(self) -> Chats:
        from shared.directory.chats import Chats

        return Chats(self.graph, self.credentials, self._clients.directory)

    @cached_property
    def meetings(self) -> Meetings:
        from shared.directory.meetings import Meetings

        return Meetings(self.graph, self.credentials)

    @cached_property
    def identities(self) -> Identities:
        from shared.directory.identities import Identities

        return Identities(self._settings, self._clients)

    @cached_property
    def identity_owners(self) -> IdentityOwners:
        from shared.directory.identity_owners import IdentityOwners

        return IdentityOwners(self._settings, self._clients.directory)

    @cached_property
    def consent(self) -> Consent:
        from shared.directory.consent import Consent

        return Consent(self._settings, self._clients)

    async def refresh(self) -> int:
        """Copy the resource accounts of every tenant with the app's own rights, and remove those of tenants that are
        no longer in API_TENANTS. Returns the number of accounts.

        An error of one tenant leaves its copy unchanged, is logged once, and does not affect the others.
        """
        try:
            tenants = self._settings.api_tenants
        except SettingError as error:
            self._warn("", "API_TENANTS", str(error))
            return 0
        await self.account_copy.forget_others()
        results = await asyncio.gather(*(self._refresh(tenant) for tenant in tenants), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return sum(result for result in results if isinstance(result, int))

    async def _refresh(self, tenant: str) -> int:
        from shared.directory.errors import UpstreamError

        try:
            refreshed = await self.account_copy.refresh(tenant, self.credentials.as_app(tenant))
        except UpstreamError as error:
            self.credentials.forget_app(tenant)  # a cached token lacks permissions that are granted from now on
            self._warn(tenant, error.code, f"{error}. {error.entry.remedy}")
            return 0
        self._reported.pop(tenant, None)
        log.info("tenant %s: %d resource accounts copied, %d removed", tenant, refreshed.count, refreshed.removed)
        return refreshed.count

    def _warn(self, tenant: str, code: str, text: str) -> None:
        if self._reported.get(tenant) != code:
            log.warning("resource accounts not copied%s: %s", f", tenant {tenant}" if tenant else "", text)
        self._reported[tenant] = code

    async def close(self) -> None:
        parts = self.__dict__
        if "account_cache" in parts:
            await self.account_cache.close()
        if "_transport" in parts and self._given is None:
            await self._transport.close()

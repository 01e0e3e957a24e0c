"""The Teams resource accounts in Microsoft Graph (beta, ``/admin/teams/resourceAccounts``), on behalf of the caller."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from shared.directory.caller import Caller
from shared.directory.checks import read
from shared.directory.errors import UNEXPECTED_RESPONSE, UpstreamError
from shared.directory.graph import LARGEST_PAGE, Graph, quoted, segment
from shared.directory.models import Page, ResourceAccount
from shared.directory.on_behalf_of import GraphCredentials
from shared.platform.guids import is_guid

PATH = "beta/admin/teams/resourceAccounts"
PAGE = 100

_UNLINKED = "00000000-0000-0000-0000-000000000000"  # Graph's acsResourceId of an account whose link was removed


class _Account(Struct, rename="camel"):
    id: str
    display_name: str | None = None
    user_principal_name: str | None = None
    app_id: str | None = None
    acs_resource_id: str | None = None
    phone_number: str | None = None


class Accounts:
    def __init__(self, graph: Graph, credentials: GraphCredentials) -> None:
        self._graph, self._credentials = graph, credentials

    async def list(
        self,
        caller: Caller,
        *,
        acs_resource_id: str | None = None,
        app_id: str | None = None,
        page_size: int | None = None,
        continuation: str | None = None,
    ) -> Page[ResourceAccount]:
        """The accounts of the caller's tenant. Raises UpstreamError.

        Graph documents a filter by one of the two ids. With both, ``app_id`` is applied here, and pages can be short.
        """
        params = {"$top": str(min(page_size or PAGE, LARGEST_PAGE))}
        if acs_resource_id or app_id:
            name, value = ("acsResourceId", acs_resource_id) if acs_resource_id else ("appId", app_id or "")
            params["$filter"] = f"{name} eq {quoted(value)}"
        credential = self._credentials.on_behalf_of(caller)
        items, following = await self._graph.page(PATH, credential, params, continuation=continuation)
        found = (account_of(each, caller.tenant or "") for each in items)
        return Page(tuple(each for each in found if app_id is None or each.app_id == app_id.lower()), following)

    async def get(self, caller: Caller, id: str) -> ResourceAccount:
        credential = self._credentials.on_behalf_of(caller)
        return account_of(await self._graph.get(f"{PATH}/{segment(id)}", credential), caller.tenant or "")


def account_of(item: dict[str, Any], tenant: str) -> ResourceAccount:
    """An item of Graph. Raises UpstreamError if it has no valid id."""
    found = read(item, _Account)
    if not is_guid(found.id):
        raise UpstreamError(UNEXPECTED_RESPONSE, detail="a resource account's id is not a GUID")
    linked = (found.acs_resource_id or "").lower()
    return ResourceAccount(
        id=found.id.lower(),
        tenant_id=tenant,
        display_name=found.display_name or "",
        user_principal_name=found.user_principal_name or "",
        app_id=(found.app_id or "").lower(),
        acs_resource_id=linked if linked and linked != _UNLINKED else None,
        phone_number=(found.phone_number or "").removeprefix("tel:") or None,
    )

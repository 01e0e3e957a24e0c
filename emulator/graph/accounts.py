"""Teams resource accounts (beta ``/admin/teams/resourceAccounts``).

azure-docs, ``articles/communication-services/quickstarts/tpe/teams-phone-extensibility-answer-teams-calls.md``,
*Querying Teams Resource Accounts with Filtering and Paging*. Assumed: that an app by itself may ask where
TeamsResourceAccount.Read.All was granted to it as an application permission, how a missing role is worded, and what an
unknown id is answered.
"""

from __future__ import annotations

from typing import Any

from emulator.graph import odata
from emulator.graph.errors import GraphError, forbidden, not_found
from emulator.graph.request import GraphRequest

PERMISSIONS = ("TeamsResourceAccount.Read.All", "TeamsResourceAccount.ReadWrite.All")
ROLES = ("Teams Administrator", "Global Administrator")
FIELDS = ("id", "userPrincipalName", "displayName", "appId", "phoneNumber", "acsResourceId")
PAGE = 100


def list_all(request: GraphRequest) -> dict[str, Any]:
    _admit(request)
    odata.allow(request, "$filter", "$top", "$skiptoken", "$count")
    found = odata.matching(request, _accounts(request), ("appId", "acsResourceId"))
    return odata.context(request, "admin/teams/resourceAccounts") | odata.page(request, found, default=PAGE)


def get(request: GraphRequest) -> dict[str, Any]:
    _admit(request)
    odata.allow(request)
    for account in _accounts(request):
        if account["id"].lower() == request.id.lower():
            return odata.context(request, "admin/teams/resourceAccounts/$entity") | account
    raise not_found(f"Resource account '{request.id}' was not found.")


def _admit(request: GraphRequest) -> None:
    request.require(*PERMISSIONS)
    request.require_role(*ROLES, otherwise=_not_an_administrator)


def _not_an_administrator() -> GraphError:
    return forbidden("The signed-in user does not have the Teams administrator privileges that the request needs.")


def _accounts(request: GraphRequest) -> list[dict[str, Any]]:
    kept = request.tenant["resourceAccounts"].values()
    return [{name: account.get(name) for name in FIELDS} for account in kept]

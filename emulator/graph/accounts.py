"""Teams resource accounts (beta ``/admin/teams/resourceAccounts``).

azure-docs, ``articles/communication-services/quickstarts/tpe/teams-phone-extensibility-answer-teams-calls.md``,
*Querying Teams Resource Accounts with Filtering and Paging*. Assumed: that an app by itself may ask where
TeamsResourceAccount.Read.All was granted to it as an application permission, how a missing role is worded, and what an
unknown id is answered.
"""

from __future__ import annotations

from typing import Any

from emulator.graph import odata
from emulator.graph.asked import Asked
from emulator.graph.refusals import Refused, forbidden, not_found

PERMISSIONS = ("TeamsResourceAccount.Read.All", "TeamsResourceAccount.ReadWrite.All")
ROLES = ("Teams Administrator", "Global Administrator")
FIELDS = ("id", "userPrincipalName", "displayName", "appId", "phoneNumber", "acsResourceId")
PAGE = 100


def list_all(asked: Asked) -> dict[str, Any]:
    _admit(asked)
    odata.allow(asked, "$filter", "$top", "$skiptoken", "$count")
    found = odata.matching(asked, _accounts(asked), ("appId", "acsResourceId"))
    return odata.context(asked, "admin/teams/resourceAccounts") | odata.page(asked, found, default=PAGE)


def get(asked: Asked) -> dict[str, Any]:
    _admit(asked)
    odata.allow(asked)
    for account in _accounts(asked):
        if account["id"].lower() == asked.id.lower():
            return odata.context(asked, "admin/teams/resourceAccounts/$entity") | account
    raise not_found(f"Resource account '{asked.id}' was not found.")


def _admit(asked: Asked) -> None:
    asked.require(*PERMISSIONS)
    asked.require_role(*ROLES, otherwise=_not_an_administrator)


def _not_an_administrator() -> Refused:
    return forbidden("The signed-in user does not have the Teams administrator privileges that the request needs.")


def _accounts(asked: Asked) -> list[dict[str, Any]]:
    kept = asked.tenant["resourceAccounts"].values()
    return [{name: account.get(name) for name in FIELDS} for account in kept]

"""Resource accounts: from the app's copy, or from Graph on behalf of the caller."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from shared.api.parameters import ACCOUNT, GUID_PATTERN, PageQuery, guid_parameter
from shared.api.problems import Problem
from shared.api.route import ADMINISTRATORS, AGENTS, Paged, RequestContext, Route, Strict
from shared.directory.account_copy import Refreshed
from shared.directory.models import Page, ResourceAccount

Source = Annotated[
    Literal["copy", "graph"],
    Meta(description="the app's copy, renewed twice an hour with the app's rights, or Graph, on behalf of the caller"),
]


class AccountQuery(Strict, frozen=True):
    source: Source = "copy"


class AccountsQuery(PageQuery, frozen=True):
    source: Source = "copy"
    acs_resource_id: Annotated[str, Meta(pattern=GUID_PATTERN, description="linked to this ACS resource")] | None = None
    app_id: Annotated[str, Meta(pattern=GUID_PATTERN, description="of this application")] | None = None


async def list_accounts(context: RequestContext) -> Page[ResourceAccount]:
    query, directory = context.query, context.directory
    options = {"acs_resource_id": query.acs_resource_id, "app_id": query.app_id, **query.page}
    if query.source == "graph":
        return await directory.accounts.list(context.caller, **options)
    return await directory.account_copy.list(context.caller.tenant, **options)


async def get_account(context: RequestContext) -> ResourceAccount:
    id, directory = context.path["accountId"], context.directory
    if context.query.source == "graph":
        return await directory.accounts.get(context.caller, id)
    account = await directory.account_copy.get(context.caller.tenant, id)
    if account is None:
        raise Problem("NotFound", "The copy has no resource account with this id in the caller's tenant.")
    return account


async def refresh_accounts(context: RequestContext) -> Refreshed:
    credential = context.directory.credentials.on_behalf_of(context.caller)  # raises unless it is a user with a tenant
    return await context.directory.account_copy.refresh(context.caller.tenant or "", credential, sees_all=False)


ROUTES = (
    Route(
        "GET",
        "resource-accounts",
        "listResourceAccounts",
        AGENTS,
        "List the Teams resource accounts, from the app's copy or from Graph",
        {200: Paged(ResourceAccount)},
        list_accounts,
        query=AccountsQuery,
    ),
    Route(
        "POST",
        "resource-accounts/refresh",
        "refreshResourceAccounts",
        ADMINISTRATORS,
        "Update the copy of the caller's tenant on behalf of the caller",
        {200: Refreshed},
        refresh_accounts,
    ),
    Route(
        "GET",
        "resource-accounts/{accountId}",
        "getResourceAccount",
        AGENTS,
        "Get a resource account, from the app's copy or from Graph",
        {200: ResourceAccount},
        get_account,
        parameters={"accountId": guid_parameter("the object id of a resource account", ACCOUNT)},
        query=AccountQuery,
    ),
)

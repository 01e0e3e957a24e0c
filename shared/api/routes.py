"""The table of routes: what there is, who may, what goes in and what comes out.

The router, the OpenAPI document and the tests are made from it. How to add a route: CONTRIBUTING.md.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from shared.api import handlers as do
from shared.api.handlers import ACCOUNT, GUID, TENANT, USER, Ask
from shared.directory.account_copy import Refreshed
from shared.directory.models import (
    AccessAssignment,
    Chat,
    Delegation,
    Identity,
    Meeting,
    Person,
    ResourceAccount,
    Token,
)
from shared.doctor.report import Report

Handler = Callable[[Ask], Awaitable[Any]]

# App roles of the API's registration; who has one of the second kind may do what the first may, and so on.
AGENTS = frozenset({"Agent", "Supervisor", "Administrator"})
ADMINISTRATORS = frozenset({"Administrator"})

_GUID = GUID.strip("^$")
# What stands in paths. They are ids, never names, addresses or numbers: paths end up in logs.
PATHS: dict[str, Meta] = {
    "accountId": Meta(pattern=GUID, examples=[ACCOUNT], description="the object id of a resource account"),
    "userId": Meta(pattern=rf"^me$|{GUID}", examples=["me", USER], description="the object id of a user, or `me`"),
    "delegateId": Meta(pattern=GUID, examples=[USER], description="the object id of the delegate"),
    "delegatorId": Meta(pattern=GUID, examples=[USER], description="the object id of the delegator"),
    "identityId": Meta(pattern=f"^8:acs:{_GUID}_{_GUID}$", description="the raw id of an ACS identity"),
    "tenantId": Meta(pattern=GUID, examples=[TENANT], description="an Entra tenant"),
    "objectId": Meta(pattern=GUID, examples=[ACCOUNT], description="the object id of a resource account or a user"),
}


class Paged(Struct, frozen=True):
    """An answer ``{"value": […], "nextLink": "…"}`` of such items."""

    item: type


class Route(Struct, frozen=True):
    """``answers`` maps the statuses of success to what they carry: a Struct, Paged, or None for no body.

    ``secret``: the answer must not be stored by anybody. ``public``: no sign-in is asked for.
    """

    method: str
    path: str
    operation: str
    roles: frozenset[str]
    summary: str
    answers: Mapping[int, Any]
    handler: Handler
    query: type[Struct] = do.NoQuery
    body: type[Struct] | None = None
    secret: bool = False
    public: bool = False


ROUTES = (
    Route("GET", "openapi.json", "getOpenApi", frozenset(), "This document", {200: dict}, do.get_openapi, public=True),
    Route(
        "GET",
        "resource-accounts",
        "listResourceAccounts",
        AGENTS,
        "The Teams resource accounts, from the app's copy or from Graph",
        {200: Paged(ResourceAccount)},
        do.list_accounts,
        query=do.AccountsQuery,
    ),
    Route(
        "POST",
        "resource-accounts/refresh",
        "refreshResourceAccounts",
        ADMINISTRATORS,
        "Copy the resource accounts of the caller's tenant anew, on behalf of the caller",
        {200: Refreshed},
        do.refresh_accounts,
    ),
    Route(
        "GET",
        "resource-accounts/{accountId}",
        "getResourceAccount",
        AGENTS,
        "One resource account, from the app's copy or from Graph",
        {200: ResourceAccount},
        do.get_account,
        query=do.AccountQuery,
    ),
    Route(
        "GET",
        "users",
        "listUsers",
        AGENTS,
        "People of the caller's tenant, by the beginning of a word of their name, or of their address",
        {200: Paged(Person)},
        do.list_users,
        query=do.UsersQuery,
    ),
    Route("GET", "users/{userId}", "getUser", AGENTS, "One person", {200: Person}, do.get_user),
    Route(
        "GET",
        "users/{userId}/delegates",
        "listDelegates",
        AGENTS,
        "Who may make or take calls for this user",
        {200: Paged(Delegation)},
        do.list_delegates,
        query=do.DelegationsQuery,
    ),
    Route(
        "GET",
        "users/{userId}/delegates/{delegateId}",
        "getDelegate",
        AGENTS,
        "What one delegate may do for this user",
        {200: Delegation},
        do.get_delegate,
    ),
    Route(
        "GET",
        "users/{userId}/delegators",
        "listDelegators",
        AGENTS,
        "For whom this user may make or take calls",
        {200: Paged(Delegation)},
        do.list_delegators,
        query=do.DelegationsQuery,
    ),
    Route(
        "GET",
        "users/{userId}/delegators/{delegatorId}",
        "getDelegator",
        AGENTS,
        "What this user may do for one delegator",
        {200: Delegation},
        do.get_delegator,
    ),
    Route(
        "POST",
        "chats",
        "openChat",
        AGENTS,
        "The chat of the caller with one person, or of a group; the same one each time",
        {200: Chat, 201: Chat},
        do.open_chat,
        body=do.NewChat,
    ),
    Route(
        "GET",
        "meetings",
        "listMeetings",
        AGENTS,
        "The caller's online meetings within a window of time",
        {200: Paged(Meeting)},
        do.list_meetings,
        query=do.MeetingsQuery,
    ),
    Route(
        "POST",
        "teams-tokens",
        "createTeamsToken",
        AGENTS,
        "An ACS token for the caller's own Teams identity, for a custom Teams client",
        {200: Token},
        do.create_teams_token,
        body=do.TeamsTokenRequest,
        secret=True,
    ),
    Route(
        "POST",
        "identities",
        "createIdentity",
        AGENTS,
        "A new ACS identity, with a token if scopes are asked for",
        {201: Identity},
        do.create_identity,
        body=do.IdentityRequest,
        secret=True,
    ),
    Route(
        "POST",
        "identities/{identityId}/tokens",
        "createToken",
        AGENTS,
        "A token for an ACS identity",
        {200: Token},
        do.create_token,
        body=do.TokenRequest,
        secret=True,
    ),
    Route(
        "DELETE",
        "identities/{identityId}/tokens",
        "revokeTokens",
        AGENTS,
        "Revoke every token of an ACS identity",
        {204: None},
        do.revoke_tokens,
    ),
    Route(
        "DELETE",
        "identities/{identityId}",
        "deleteIdentity",
        ADMINISTRATORS,
        "Delete an ACS identity, with its tokens",
        {204: None},
        do.delete_identity,
    ),
    Route(
        "GET",
        "tenants/{tenantId}/access-assignments/{objectId}",
        "getAccessAssignment",
        ADMINISTRATORS,
        "Whether a resource account or a user lets this ACS resource take its calls",
        {200: AccessAssignment},
        do.get_assignment,
    ),
    Route(
        "PUT",
        "tenants/{tenantId}/access-assignments/{objectId}",
        "putAccessAssignment",
        ADMINISTRATORS,
        "Let this ACS resource take the calls of a resource account or a user",
        {200: AccessAssignment, 201: AccessAssignment},
        do.put_assignment,
        body=do.NewAssignment,
    ),
    Route(
        "DELETE",
        "tenants/{tenantId}/access-assignments/{objectId}",
        "deleteAccessAssignment",
        ADMINISTRATORS,
        "Revoke it",
        {204: None},
        do.delete_assignment,
    ),
    Route(
        "GET",
        "diagnosis",
        "getDiagnosis",
        ADMINISTRATORS,
        "Every link of the chain from Teams to this app: fine, wrong, or not to be seen from here",
        {200: Report},
        do.get_diagnosis,
    ),
)


class Entry(Struct, frozen=True):
    """All methods of one path. A segment is a literal, or the pattern of what stands there, with its name."""

    segments: tuple[tuple[str, re.Pattern[str]], ...]
    methods: Mapping[str, Route]

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """The path's parameters; None if it is another path."""
        if len(segments) != len(self.segments):
            return None
        pairs = list(zip(self.segments, segments, strict=True))
        if not all(pattern.fullmatch(given) for (_, pattern), given in pairs):
            return None
        return {name: given for (name, _), given in pairs if name}


def table(routes: tuple[Route, ...]) -> list[Entry]:
    """The routes by their paths. Raises ValueError for one that would be open to all, or is there already."""
    paths: dict[str, dict[str, Route]] = {}
    operations: set[str] = set()
    for route in routes:
        if not (route.roles or route.public):
            raise ValueError(f"{route.operation} names no roles: nobody could use it")
        if route.public and route.path != "openapi.json":
            raise ValueError(f"{route.operation} is public, which only the OpenAPI document may be")
        if route.operation in operations or route.method in paths.get(route.path, ()):
            raise ValueError(f"{route.operation}, {route.method} {route.path}, is there already")
        operations.add(route.operation)
        paths.setdefault(route.path, {})[route.method] = route
    return [Entry(tuple(_segment(part) for part in path.split("/")), methods) for path, methods in paths.items()]


def _segment(part: str) -> tuple[str, re.Pattern[str]]:
    if not part.startswith("{"):
        return "", re.compile(re.escape(part))
    name = part.strip("{}")
    return name, re.compile(PATHS[name].pattern or "")


def path_type(name: str) -> Any:
    return Annotated[str, PATHS[name]]

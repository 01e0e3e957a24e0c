"""People of the caller's tenant, and their call delegation."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from shared.api.parameters import GUID_PATTERN, USER, PageQuery, guid_parameter
from shared.api.route import AGENTS, Paged, RequestContext, Route
from shared.directory.models import Action, Delegation, DelegationKind, Page, Person
from shared.directory.people import LONGEST_TEXT

USER_ID = Meta(
    pattern=rf"^me$|{GUID_PATTERN}",
    examples=["me", USER],
    description="the object id of a user (a GUID) or `me`, not an address",
)
OF_USER = {"userId": USER_ID}
OF_DELEGATE = OF_USER | {"delegateId": guid_parameter("the object id of the delegate", USER)}
OF_DELEGATOR = OF_USER | {"delegatorId": guid_parameter("the object id of the delegator", USER)}


class UserSearch(PageQuery, frozen=True, kw_only=True):
    """A body, not a query: URLs are logged by everything that they pass, and a search contains names of people."""

    search: Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT, examples=["gra"])]


class DelegationsQuery(PageQuery, frozen=True):
    allowed_action: Annotated[Action, Meta(description="only those who are allowed this action")] | UnsetType = UNSET


async def list_users(context: RequestContext) -> Page[Person]:
    return await context.directory.people.search(context.caller, **context.query.page)


async def search_users(context: RequestContext) -> Page[Person]:
    return await context.directory.people.search(context.caller, context.body.search, **context.body.page)


async def get_user(context: RequestContext) -> Person:
    return await context.directory.people.get(context.caller, context.path["userId"])


async def list_delegates(context: RequestContext) -> Page[Delegation]:
    return await _list(context, "delegates")


async def get_delegate(context: RequestContext) -> Delegation:
    return await _get(context, "delegates", context.path["delegateId"])


async def list_delegators(context: RequestContext) -> Page[Delegation]:
    return await _list(context, "delegators")


async def get_delegator(context: RequestContext) -> Delegation:
    return await _get(context, "delegators", context.path["delegatorId"])


async def _list(context: RequestContext, kind: DelegationKind) -> Page[Delegation]:
    query, user = context.query, context.path["userId"]
    action = query.allowed_action or None
    return await context.directory.delegation.list(context.caller, user, kind, action, **query.page)


async def _get(context: RequestContext, kind: DelegationKind, id: str) -> Delegation:
    return await context.directory.delegation.get(context.caller, context.path["userId"], kind, id)


ROUTES = (
    Route(
        "GET",
        "users",
        "listUsers",
        AGENTS,
        "List the people of the caller's tenant",
        {200: Paged(Person)},
        list_users,
        query=PageQuery,
    ),
    Route(
        "POST",
        "users/search",
        "searchUsers",
        AGENTS,
        "Search people by the beginning of a word of their name, or of their address",
        {200: Paged(Person)},
        search_users,
        body=UserSearch,
    ),
    Route("GET", "users/{userId}", "getUser", AGENTS, "Get a person", {200: Person}, get_user, parameters=OF_USER),
    Route(
        "GET",
        "users/{userId}/delegates",
        "listDelegates",
        AGENTS,
        "List who may make or take calls for this user",
        {200: Paged(Delegation)},
        list_delegates,
        parameters=OF_USER,
        query=DelegationsQuery,
    ),
    Route(
        "GET",
        "users/{userId}/delegates/{delegateId}",
        "getDelegate",
        AGENTS,
        "Get what one delegate may do for this user",
        {200: Delegation},
        get_delegate,
        parameters=OF_DELEGATE,
    ),
    Route(
        "GET",
        "users/{userId}/delegators",
        "listDelegators",
        AGENTS,
        "List for whom this user may make or take calls",
        {200: Paged(Delegation)},
        list_delegators,
        parameters=OF_USER,
        query=DelegationsQuery,
    ),
    Route(
        "GET",
        "users/{userId}/delegators/{delegatorId}",
        "getDelegator",
        AGENTS,
        "Get what this user may do for one delegator",
        {200: Delegation},
        get_delegator,
        parameters=OF_DELEGATOR,
    ),
)

"""ACS identities and their tokens, and tokens for the caller's own Teams identity."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from shared.api.route import ADMINISTRATORS, AGENTS, RequestContext, Route, Strict
from shared.directory.models import Identity, Scope, Token
from shared.directory.token_validation import LONGEST_TOKEN
from shared.platform.guids import GUID

OF_IDENTITY = {
    "identityId": Meta(pattern=f"^8:acs:{GUID}_{GUID}$", description="the raw id of an ACS identity, `8:acs:…`")
}
Minutes = Annotated[int, Meta(ge=60, le=1440, description="the token's lifetime")]
Scopes = Annotated[tuple[Scope, ...], Meta(max_length=5)]
EntraToken = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_TOKEN,
        description="the user's Entra token for ACS, with the scopes Teams.ManageCalls and Teams.ManageChats",
    ),
]


class TeamsTokenRequest(Strict, frozen=True):
    entra_token: EntraToken


class IdentityRequest(Strict, frozen=True):
    scopes: Scopes = ()
    minutes: Minutes = 60


class TokenRequest(Strict, frozen=True):
    scopes: Annotated[Scopes, Meta(min_length=1)]
    minutes: Minutes = 60


async def create_teams_token(context: RequestContext) -> Token:
    return await context.directory.identities.teams_token(context.caller, context.body.entra_token)


async def create_identity(context: RequestContext) -> Identity:
    directory = context.directory
    await directory.identity_owners.check_quota(context.caller)
    identity = await directory.identities.create(context.body.scopes, context.body.minutes)
    await directory.identity_owners.add(context.caller, identity.id)
    return identity


async def create_token(context: RequestContext) -> Token:
    context.directory.identity_owners.require_enabled()
    id = await _authorized_identity(context)
    return await context.directory.identities.issue(id, context.body.scopes, context.body.minutes)


async def revoke_tokens(context: RequestContext) -> None:
    await context.directory.identities.revoke(await _authorized_identity(context))


async def delete_identity(context: RequestContext) -> None:
    id = await _authorized_identity(context)
    await context.directory.identities.delete(id)
    await context.directory.identity_owners.remove(context.caller, id)


async def _authorized_identity(context: RequestContext) -> str:
    """The identity of the path. Raises unless the caller owns it: the holder of a token for it acts as that user."""
    id = context.path["identityId"]
    await context.directory.identity_owners.check(context.caller, id)
    return id


ROUTES = (
    Route(
        "POST",
        "teams-tokens",
        "createTeamsToken",
        AGENTS,
        "Get an ACS token for the caller's own Teams identity, for a custom Teams client",
        {200: Token},
        create_teams_token,
        body=TeamsTokenRequest,
        secret=True,
    ),
    Route(
        "POST",
        "identities",
        "createIdentity",
        AGENTS,
        "Create an ACS identity, with a token if scopes are given",
        {201: Identity},
        create_identity,
        body=IdentityRequest,
        secret=True,
    ),
    Route(
        "POST",
        "identities/{identityId}/tokens",
        "createToken",
        AGENTS,
        "Get a token for an ACS identity",
        {200: Token},
        create_token,
        parameters=OF_IDENTITY,
        body=TokenRequest,
        secret=True,
    ),
    Route(
        "DELETE",
        "identities/{identityId}/tokens",
        "revokeTokens",
        AGENTS,
        "Revoke every token of an ACS identity",
        {204: None},
        revoke_tokens,
        parameters=OF_IDENTITY,
    ),
    Route(
        "DELETE",
        "identities/{identityId}",
        "deleteIdentity",
        ADMINISTRATORS,
        "Delete an ACS identity, with its tokens",
        {204: None},
        delete_identity,
        parameters=OF_IDENTITY,
    ),
)

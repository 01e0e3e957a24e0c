"""Identities of ACS and their tokens, for calling clients: bring-your-own-identity users, and Teams users.

Tokens are neither logged nor stored. A client of Teams Phone extensibility needs no route: it exchanges its user's
Entra token with ACS itself, ``POST {endpoint}/access/teamsExtension/:exchangeAccessToken``, as the JavaScript SDK does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import jwt
import msgspec
from azure.communication.identity import CommunicationUserIdentifier
from azure.core.credentials import AccessToken

from shared.directory.acs_errors import map_sdk_errors
from shared.directory.caller import Caller
from shared.directory.checks import guid, not_valid
from shared.directory.errors import NEEDS_USER, OTHER_CALLER, UNEXPECTED_RESPONSE, UpstreamError
from shared.directory.models import Identity, Scope, Token
from shared.directory.token_validation import LONGEST_TOKEN
from shared.platform.clients import Clients
from shared.platform.guids import GUID
from shared.platform.settings import Settings

SCOPES: tuple[Scope, ...] = get_args(Scope)
SHORTEST, LONGEST = 60, 1440  # minutes (REST API, Communication Identity 2023-10-01, "expiresInMinutes")

_IDENTITY = re.compile(rf"8:acs:{GUID}_{GUID}", re.IGNORECASE)  # ids of agents have three parts, and come from Entra


class Identities:
    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings, self._clients = settings, clients

    async def create(self, scopes: Sequence[str] = (), minutes: int | None = None) -> Identity:
        """A new user of ACS, with a token if there are scopes.

        If the response is lost, ACS may keep an unused identity, which has no token and costs nothing.
        """
        if not scopes:
            _lifetime(minutes)
            async with map_sdk_errors():
                return Identity(_id(await self._clients.identities.create_user()))
        wanted, expires = _scopes(scopes), _lifetime(minutes)
        async with map_sdk_errors():
            user, token = await self._clients.identities.create_user_and_token(wanted, token_expires_in=expires)
        return Identity(_id(user), _token(token))

    async def issue(self, id: str, scopes: Sequence[str], minutes: int | None = None) -> Token:
        """Another token for a user. Without ``minutes`` it is valid for 24 hours."""
        user, wanted, expires = _user(id), _scopes(scopes), _lifetime(minutes)
        async with map_sdk_errors():
            return _token(await self._clients.identities.get_token(user, wanted, token_expires_in=expires))

    async def revoke(self, id: str) -> None:
        """Revoke all tokens of a user."""
        user = _user(id)
        async with map_sdk_errors():
            await self._clients.identities.revoke_tokens(user)

    async def delete(self, id: str) -> None:
        user = _user(id)
        async with map_sdk_errors():
            await self._clients.identities.delete_user(user)

    async def teams_token(self, caller: Caller, entra_token: str) -> Token:
        """A token to call as a Teams user, for the caller only.

        ``entra_token`` is the client's token for the scopes Teams.ManageCalls and Teams.ManageChats of
        https://auth.msft.communication.azure.com. Its user and tenant are compared with the caller's before it is
        sent; ACS verifies its signature.
        """
        if caller.kind != "user" or caller.tenant is None:
            raise UpstreamError(NEEDS_USER)
        claims = _claims(entra_token)
        tenant, user = _claim(claims, "tid"), _claim(claims, "oid")
        if (tenant, user) != (caller.tenant.lower(), caller.id.lower()):
            raise UpstreamError(OTHER_CALLER)
        app = _claim(claims, "appid" if "appid" in claims else "azp")
        async with map_sdk_errors():
            return _token(await self._clients.identities.get_token_for_teams_user(entra_token, app, user))


def _scopes(scopes: Sequence[str]) -> list[Any]:
    if not scopes or not set(scopes) <= set(SCOPES):
        raise not_valid(f"scopes must be some of {', '.join(SCOPES)}")
    return sorted(set(scopes))


def _lifetime(minutes: int | None) -> timedelta | None:
    if minutes is not None and not SHORTEST <= minutes <= LONGEST:
        raise not_valid(f"minutes must be from {SHORTEST} to {LONGEST}")
    return None if minutes is None else timedelta(minutes=minutes)


def _user(id: str) -> CommunicationUserIdentifier:
    if not _IDENTITY.fullmatch(id):
        raise not_valid("the id must be that of an identity of ACS, 8:acs:RESOURCE_USER")
    return CommunicationUserIdentifier(id)


def _id(user: CommunicationUserIdentifier) -> str:
    return str(user.properties["id"])


def _token(token: AccessToken) -> Token:
    """The SDK types ``expires_on`` as a number, but returns the text of ACS."""
    try:
        expires = msgspec.convert(token.expires_on, datetime, strict=False)
    except msgspec.ValidationError:
        raise UpstreamError(UNEXPECTED_RESPONSE, detail="the token's time of expiry") from None
    return Token(token.token, expires.astimezone(UTC))


def _claims(token: str) -> dict[str, Any]:
    wrong = not_valid("entraToken must be an access token of Entra, a JSON Web Token")
    if len(token) > LONGEST_TOKEN:
        raise wrong
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise wrong from None


def _claim(claims: dict[str, Any], name: Literal["tid", "oid", "appid", "azp"]) -> str:
    return guid(str(claims.get(name, "")), f"the claim {name} of entraToken")

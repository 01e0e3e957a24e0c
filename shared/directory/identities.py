"""Identities of ACS and their tokens, for clients that call: users of our own, and Teams users.

A token is handed on and forgotten: it is in no log, no repr and no storage. There is no third kind here: a client of
Teams Phone extensibility, where an agent acts with the Entra identity, exchanges its user's token itself
(``POST {endpoint}/access/teamsExtension/:exchangeAccessToken``; the JavaScript SDK does it).
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

from shared.calls.result_codes import NEEDS_USER, UNREADABLE, refusal
from shared.directory.acs import plainly
from shared.directory.checks import guid, not_valid
from shared.directory.graph import Refused
from shared.directory.models import Identity, Scope, Token
from shared.directory.sign_in import LONGEST_TOKEN, Caller
from shared.platform.clients import Clients
from shared.platform.settings import Settings

SCOPES: tuple[Scope, ...] = get_args(Scope)
SHORTEST, LONGEST = 60, 1440  # minutes (REST API, Communication Identity 2023-10-01, "expiresInMinutes")

_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_IDENTITY = re.compile(rf"8:acs:{_GUID}_{_GUID}", re.IGNORECASE)  # agents have three parts, and are Entra's


class Identities:
    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings, self._clients = settings, clients

    async def create(self, scopes: Sequence[str] = (), minutes: int | None = None) -> Identity:
        """A new user of ACS, with a token if there are scopes.

        What no answer comes of may have made one all the same: nobody knows its id, it has no token and costs nothing.
        """
        if not scopes:
            _lifetime(minutes)
            async with plainly():
                return Identity(_id(await self._clients.identities.create_user()))
        wanted, expires = _scopes(scopes), _lifetime(minutes)
        async with plainly():
            user, token = await self._clients.identities.create_user_and_token(wanted, token_expires_in=expires)
        return Identity(_id(user), _token(token))

    async def issue(self, id: str, scopes: Sequence[str], minutes: int | None = None) -> Token:
        """Another token for a user: the way to renew one, too. Without ``minutes`` it is good for 24 hours."""
        user, wanted, expires = _user(id), _scopes(scopes), _lifetime(minutes)
        async with plainly():
            return _token(await self._clients.identities.get_token(user, wanted, token_expires_in=expires))

    async def revoke(self, id: str) -> None:
        """All tokens of a user become void."""
        user = _user(id)
        async with plainly():
            await self._clients.identities.revoke_tokens(user)

    async def delete(self, id: str) -> None:
        user = _user(id)
        async with plainly():
            await self._clients.identities.delete_user(user)

    async def teams_token(self, caller: Caller, entra_token: str) -> Token:
        """A token to call as a Teams user: for the caller, and for nobody else.

        ``entra_token`` is what the client app got for the scopes Teams.ManageCalls and Teams.ManageChats of
        https://auth.msft.communication.azure.com. Whether it is genuine is for ACS to say; whose it claims to be is
        compared here, before it is sent.
        """
        if caller.kind != "user" or caller.tenant is None:
            raise Refused(NEEDS_USER)
        claims = _claims(entra_token)
        tenant, user = _claim(claims, "tid"), _claim(claims, "oid")
        if (tenant, user) != (caller.tenant.lower(), caller.id.lower()):
            raise Refused(refusal("here", "OtherCaller"))
        app = _claim(claims, "appid" if "appid" in claims else "azp")
        async with plainly():
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
    """The SDK's class says that ``expires_on`` is a number; what it gives is ACS's text."""
    try:
        expires = msgspec.convert(token.expires_on, datetime, strict=False)
    except msgspec.ValidationError:
        raise Refused(UNREADABLE, detail="the token's time of expiry") from None
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

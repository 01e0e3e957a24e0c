"""Validation of the Entra access tokens that callers of the API send.

Sources: Microsoft Learn, "Access tokens in the Microsoft identity platform", "Access token claims reference",
"Optional claims reference".
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Literal

import jwt
import msgspec
from azure.core.pipeline.transport import AsyncHttpTransport
from msgspec import Struct

from shared.directory.caller import Caller
from shared.platform import tokens
from shared.platform.settings import Settings

LONGEST_TOKEN = 16_384  # characters; tokens grow with roles and groups, of which Entra includes at most 200
SCOPE = "access_as_user"  # the scope that the API's app registration exposes

_VERSION_1 = re.compile(r"https://sts\.[\w.]+/")  # the issuer of tokens of version 1


class Claims(Struct, frozen=True):
    """The claims that are read of a verified token."""

    tid: str
    oid: str
    roles: frozenset[str] = frozenset()
    scp: str = ""
    idtyp: str = ""


class TokenValidator:
    """Verifies signature, issuer, audience, times, tenant and kind. Entra's signing keys are cached."""

    def __init__(self, settings: Settings, transport: AsyncHttpTransport[Any, Any]) -> None:
        self._settings, self._transport = settings, transport

    @cached_property
    def _keys(self) -> tokens.SigningKeys:
        return tokens.SigningKeys(f"{self._settings.authority}/common/discovery/v2.0/keys", self._transport)

    async def validate(self, authorization: str) -> Caller:
        """The caller of a request with this Authorization header.

        Raises tokens.Forbidden, whose text is safe to return, or tokens.KeysUnavailable.
        """
        token = tokens.bearer(authorization, LONGEST_TOKEN)
        _check_version(token)
        issuers = [self._issuer(tenant) for tenant in self._settings.api_tenants]
        audience = self._settings.api_client_id
        verified = await tokens.verify(
            authorization, self._keys, issuer=issuers, audience=audience, longest=LONGEST_TOKEN
        )
        claims = _claims(verified)
        if verified["iss"] != self._issuer(claims.tid):
            raise tokens.Forbidden("the token's tenant is not its issuer's")
        self._check_key(token, claims.tid, verified["iss"])
        return Caller(_kind(claims), claims.tid, claims.oid, claims.roles, token)

    def _issuer(self, tenant: str) -> str:
        return f"{self._settings.authority}/{tenant}/v2.0"

    def _check_key(self, token: str, tenant: str, issuer: str) -> None:
        """One endpoint publishes the keys of all of Entra; some are valid for one issuer only."""
        signs_for = self._keys.issuers(jwt.get_unverified_header(token)["kid"])
        if signs_for and issuer not in {each.replace("{tenantid}", tenant) for each in signs_for}:
            raise tokens.Forbidden("the token is signed with a key of another issuer")


def _claims(verified: dict[str, Any]) -> Claims:
    try:
        return msgspec.convert(verified, Claims)
    except msgspec.ValidationError:
        raise tokens.Forbidden("the token lacks a claim: tid and oid are required") from None


def _check_version(token: str) -> None:
    """Name the cause for a token of version 1, which app registrations issue by default."""
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.PyJWTError, ValueError, RecursionError, AttributeError):
        return  # not a JWT; the verification reports that
    if isinstance(issuer, str) and _VERSION_1.match(issuer):
        raise tokens.Forbidden(
            "the token is of version 1: set api.requestedAccessTokenVersion to 2 in the API's app registration"
        )


def _kind(claims: Claims) -> Literal["user", "app"]:
    """A user's token has a scope; an application's has ``idtyp`` and no scope.

    ``idtyp`` is an optional claim, which the API's app registration must request.
    """
    if claims.idtyp == "app" and not claims.scp:
        return "app"
    if claims.idtyp != "app" and SCOPE in claims.scp.split():
        return "user"
    raise tokens.Forbidden(
        f"the token has neither the scope {SCOPE} of a user nor the claim idtyp of an application. For the latter the "
        "API's app registration must request the optional claim idtyp in access tokens"
    )

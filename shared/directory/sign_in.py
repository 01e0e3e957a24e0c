"""Who calls our API, and how the app acts for them: a user's Entra token is verified, and exchanged on their behalf.

The app proves itself to Entra by its managed identity, whose token is the assertion of a federated credential of the
API's app registration; by a secret only with the emulator. Tokens are kept in memory, nowhere else.
Sources: Microsoft Learn, "Access token claims reference", "Microsoft identity platform and OAuth2.0 On-Behalf-Of flow",
"Configure an application to trust a managed identity".
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any, Literal, Protocol, cast

import jwt
import msgspec
from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import AioHttpTransport, AsyncHttpTransport
from azure.identity.aio import ClientAssertionCredential, ClientSecretCredential, OnBehalfOfCredential
from msgspec import Struct

from shared.calls.result_codes import NEEDS_USER, NO_IDENTITY, OTHER_TENANT, refusal
from shared.directory.graph import PATIENCE, TIMEOUTS, Refused, reached, retry_after
from shared.platform import tokens
from shared.platform.clients import Clients
from shared.platform.retries import BoundedRetryPolicy
from shared.platform.settings import Settings

LONGEST_TOKEN = 16_384  # characters; Entra's grow with roles and groups, of which a token has at most 200
KEPT_SIGN_INS = 500  # users whose exchanged tokens are kept in this process
SCOPE = "access_as_user"  # what our API's registration exposes
# A managed identity's token for this is what Entra takes as the app's assertion.
ASSERTION_SCOPE = "api://AzureADTokenExchange/.default"

_VERSION_1 = re.compile(r"https://sts\.[\w.]+/")  # how version 1 of the tokens names its issuer
_AADSTS = re.compile(r"AADSTS\d{4,8}")
_OAUTH = re.compile(r"error '\((\w{1,60})\)")

# azure-identity warns of each refusal with Entra's whole text, which names the user; ``Refused`` is what is told.
logging.getLogger("azure.identity.aio._internal.get_token_mixin").setLevel(logging.ERROR)


class Caller(Struct, frozen=True):
    """Who calls: a user or an app with an Entra token, or whoever holds a key of the Functions app.

    A user and an app see their own tenant. A key has no tenant, and sees all. ``assertion`` is the Entra token.
    """

    kind: Literal["user", "app", "key"]
    tenant: str | None
    id: str
    roles: frozenset[str]
    assertion: str = ""

    def __repr__(self) -> str:
        return f"Caller(kind={self.kind!r}, tenant={self.tenant!r}, id={self.id!r}, roles={sorted(self.roles)!r})"


class Claims(Struct, frozen=True):
    """What is read of a token, once it is verified."""

    tid: str
    oid: str
    roles: frozenset[str] = frozenset()
    scp: str = ""
    idtyp: str = ""


class _Credential(Protocol):
    """What azure-identity's credentials have in common."""

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo: ...


class Exchange:
    """A credential that raises ``Refused``, asks once for all who wait, and has the app's own assertion by then.

    azure-identity calls for the assertion synchronously, so it is fetched before. ``prove`` fetches it.
    """

    def __init__(self, credential: _Credential, prove: Callable[[], Awaitable[None]]) -> None:
        self._credential = credential
        self._prove = prove
        self._turn = asyncio.Lock()

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        async with self._turn:
            return await reached(lambda: self._ask(*scopes, options=options))

    async def _ask(self, *scopes: str, options: TokenRequestOptions | None) -> AccessTokenInfo:
        await self._prove()
        try:
            return await self._credential.get_token_info(*scopes, options=options)
        except ClientAuthenticationError as error:
            raise _refused(error) from None

    async def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **_: Any,
    ) -> AccessToken:
        """The same, as older parts of azure-core ask for it."""
        asked = {"claims": claims, "tenant_id": tenant_id, "enable_cae": enable_cae}
        options = cast("TokenRequestOptions", {name: value for name, value in asked.items() if value})
        token = await self.get_token_info(*scopes, options=options)
        return AccessToken(token.token, token.expires_on)

    async def close(self) -> None:
        """Nothing: the transport is shared."""

    async def __aenter__(self) -> Exchange:  # noqa: PYI034  # the protocol's own signature
        return self

    async def __aexit__(self, *_: object) -> None:
        return


class SignIn:
    """``transport`` is shared with others, and theirs to close; without one it has its own."""

    def __init__(
        self, settings: Settings, clients: Clients, transport: AsyncHttpTransport[Any, Any] | None = None
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._own = None if transport else AioHttpTransport(**TIMEOUTS)
        self._transport = transport or self._own
        self._users: OrderedDict[str, Exchange] = OrderedDict()
        self._apps: dict[str, Exchange] = {}
        self._assertion = ""

    @cached_property
    def _keys(self) -> tokens.SigningKeys:
        return tokens.SigningKeys(f"{self._settings.authority}/common/discovery/v2.0/keys", self._transport)

    async def verify(self, authorization: str) -> Caller:
        """Who bears the token. Raises tokens.Forbidden, whose text can be told, or tokens.KeysUnavailable."""
        token = tokens.bearer(authorization, LONGEST_TOKEN)
        _check_version(token)
        issuers = [f"{self._settings.authority}/{tenant}/v2.0" for tenant in self._settings.api_tenants]
        audience = self._settings.api_client_id
        verified = await tokens.verify(
            authorization, self._keys, issuer=issuers, audience=audience, longest=LONGEST_TOKEN
        )
        try:
            claims = msgspec.convert(verified, Claims)
        except msgspec.ValidationError:
            raise tokens.Forbidden("the token lacks a claim: tid and oid must be there") from None
        if verified["iss"] != f"{self._settings.authority}/{claims.tid}/v2.0":
            raise tokens.Forbidden("the token's tenant is not its issuer's")
        self._check_key(token, claims.tid, verified["iss"])
        return Caller(_kind(claims), claims.tid, claims.oid, claims.roles, token)

    def _check_key(self, token: str, tenant: str, issuer: str) -> None:
        """The keys are those of all of Entra; some are for one issuer ("Access tokens", signing key issuer)."""
        signs_for = self._keys.issuers(jwt.get_unverified_header(token)["kid"])
        if signs_for and issuer not in {each.replace("{tenantid}", tenant) for each in signs_for}:
            raise tokens.Forbidden("the token is signed with a key of another issuer")

    def on_behalf_of(self, caller: Caller) -> AsyncTokenCredential:
        """The caller's own rights in Graph. Raises Refused if the caller is no user."""
        if caller.kind != "user" or not caller.tenant:
            raise Refused(NEEDS_USER)
        kept = hashlib.sha256(caller.assertion.encode()).hexdigest()
        if kept not in self._users:
            self._users[kept] = self._exchange(OnBehalfOfCredential, caller.tenant, user_assertion=caller.assertion)
        self._users.move_to_end(kept)
        while len(self._users) > KEPT_SIGN_INS:
            self._users.popitem(last=False)
        return self._users[kept]

    def as_app(self, tenant: str) -> AsyncTokenCredential:
        """The rights that the app itself has in a tenant. Raises Refused for a tenant that is none of ours."""
        if tenant not in self._settings.api_tenants:
            raise Refused(OTHER_TENANT)
        if tenant not in self._apps:
            kind = ClientSecretCredential if self._settings.api_client_secret else ClientAssertionCredential
            self._apps[tenant] = self._exchange(kind, tenant)
        return self._apps[tenant]

    def forget_app(self, tenant: str) -> None:
        """Ask Entra anew the next time."""
        self._apps.pop(tenant, None)

    def _exchange(self, kind: Any, tenant: str, **more: Any) -> Exchange:
        """A credential of azure-identity, on the shared transport: it is never closed, as that would close it."""
        settings, secret = self._settings, self._settings.api_client_secret
        how = {"authority": settings.authority, "transport": self._transport, **PATIENCE, **more}
        how["retry_policy_class"] = BoundedRetryPolicy
        proof = {"func" if kind is ClientAssertionCredential else "client_assertion_func": lambda: self._assertion}
        credential = kind(tenant, settings.api_client_id, **({"client_secret": secret} if secret else proof), **how)
        return Exchange(credential, self._prove)

    async def _prove(self) -> None:
        """Have the managed identity's token, which azure-identity keeps and renews."""
        if self._settings.api_client_secret:
            return
        try:
            self._assertion = (await self._clients.credential.get_token(ASSERTION_SCOPE)).token
        except ClientAuthenticationError:  # also where no identity is to be found at all
            raise Refused(NO_IDENTITY) from None

    async def close(self) -> None:
        self._users.clear()
        self._apps.clear()
        if self._own is not None:
            await self._own.close()


def _check_version(token: str) -> None:
    """Tell what is wrong with a token of version 1, which is what app registrations get unless they say otherwise."""
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.PyJWTError, ValueError, RecursionError, AttributeError):
        return  # no token at all, which verifying it tells
    if isinstance(issuer, str) and _VERSION_1.match(issuer):
        raise tokens.Forbidden(
            "the token is of version 1: set api.requestedAccessTokenVersion to 2 in the API's app registration"
        )


def _kind(claims: Claims) -> Literal["user", "app"]:
    """Whether a user's token or an app's: the one has a scope, the other says what it is and has none.

    It says so only if the API's registration asks for the optional claim ``idtyp`` ("Optional claims reference").
    """
    if claims.idtyp == "app" and not claims.scp:
        return "app"
    if claims.idtyp != "app" and SCOPE in claims.scp.split():
        return "user"
    raise tokens.Forbidden(
        f"the token lacks the scope {SCOPE}, and does not say that it is an app's: for that the API's app registration "
        "must ask for the optional claim idtyp in access tokens"
    )


def _refused(error: ClientAuthenticationError) -> Refused:
    """Entra's refusal, by its number, or else its OAuth error."""
    told = str(error.message)
    found = _AADSTS.search(told) or _OAUTH.search(told)
    status = int(error.status_code or 0)
    code = found[found.lastindex or 0] if found else str(status)
    answer: Any = error.response
    body = _body(answer)
    claims = body.get("claims")
    traced = body.get("trace_id")
    return Refused(
        refusal("Entra", code, status),
        status=status,
        request_id=traced if isinstance(traced, str) and re.fullmatch(r"[\w-]{1,60}", traced) else None,
        retry_after=retry_after(answer.headers) if answer is not None else None,
        claims=claims if isinstance(claims, str) else "",
    )


def _body(answer: Any) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(answer.text())
    except (AttributeError, TypeError, ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}

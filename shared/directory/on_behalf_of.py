"""Tokens for Graph: on behalf of the signed-in user, or for the app itself.

The app authenticates to Entra by its managed identity, whose token is the assertion of a federated credential of the
API's app registration; by a client secret only with the emulator. Tokens are kept in memory only.
Sources: Microsoft Learn, "Microsoft identity platform and OAuth2.0 On-Behalf-Of flow", "Configure an application to
trust a managed identity".
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

import msgspec
from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.identity.aio import ClientAssertionCredential, ClientSecretCredential, OnBehalfOfCredential

from shared.directory.caller import Caller
from shared.directory.errors import NEEDS_USER, NO_IDENTITY, OTHER_TENANT, UpstreamError, entry_for
from shared.directory.graph import RETRIES, retry_after, send
from shared.platform.clients import Clients
from shared.platform.retries import BoundedRetryPolicy
from shared.platform.settings import Settings

MAX_USERS = 500  # users whose exchanged tokens this process keeps
# A managed identity's token for this audience is what Entra accepts as the app's assertion.
ASSERTION_SCOPE = "api://AzureADTokenExchange/.default"

_AADSTS = re.compile(r"AADSTS\d{4,8}")
_OAUTH = re.compile(r"error '\((\w{1,60})\)")
_TRACE_ID = re.compile(r"[\w-]{1,60}")

# azure-identity logs Entra's whole error text, which names the user. UpstreamError is logged in its place.
logging.getLogger("azure.identity.aio._internal.get_token_mixin").setLevel(logging.ERROR)


class _Credential(Protocol):
    """The method that the credentials of azure-identity have in common."""

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo: ...


class ExchangeCredential:
    """Wraps a credential of azure-identity: raises ``UpstreamError``, and sends one request for concurrent callers.

    azure-identity reads the app's assertion synchronously, so ``refresh_assertion`` fetches it before.
    """

    def __init__(self, credential: _Credential, refresh_assertion: Callable[[], Awaitable[None]]) -> None:
        self._credential = credential
        self._refresh_assertion = refresh_assertion
        self._lock = asyncio.Lock()

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        async with self._lock:
            return await send(lambda: self._request(*scopes, options=options))

    async def _request(self, *scopes: str, options: TokenRequestOptions | None) -> AccessTokenInfo:
        await self._refresh_assertion()
        try:
            return await self._credential.get_token_info(*scopes, options=options)
        except ClientAuthenticationError as error:
            raise _entra_error(error) from None

    async def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **_: Any,
    ) -> AccessToken:
        """The older protocol of azure-core."""
        given = {"claims": claims, "tenant_id": tenant_id, "enable_cae": enable_cae}
        options = cast("TokenRequestOptions", {name: value for name, value in given.items() if value})
        token = await self.get_token_info(*scopes, options=options)
        return AccessToken(token.token, token.expires_on)

    async def close(self) -> None:
        """Nothing: the transport is shared."""

    async def __aenter__(self) -> ExchangeCredential:  # noqa: PYI034  # the protocol's own signature
        return self

    async def __aexit__(self, *_: object) -> None:
        return


class GraphCredentials:
    """The credentials that requests to Graph are sent with, cached by user and by tenant."""

    def __init__(self, settings: Settings, clients: Clients, transport: AsyncHttpTransport[Any, Any]) -> None:
        self._settings, self._clients, self._transport = settings, clients, transport
        self._users: OrderedDict[str, ExchangeCredential] = OrderedDict()
        self._apps: dict[str, ExchangeCredential] = {}
        self._assertion = ""

    def on_behalf_of(self, caller: Caller) -> AsyncTokenCredential:
        """The caller's own rights in Graph. Raises UpstreamError if the caller is not a user."""
        if caller.kind != "user" or not caller.tenant:
            raise UpstreamError(NEEDS_USER)
        key = hashlib.sha256(caller.assertion.encode()).hexdigest()
        if key not in self._users:
            self._users[key] = self._credential(OnBehalfOfCredential, caller.tenant, user_assertion=caller.assertion)
        self._users.move_to_end(key)
        while len(self._users) > MAX_USERS:
            self._users.popitem(last=False)
        return self._users[key]

    def as_app(self, tenant: str) -> AsyncTokenCredential:
        """The app's own rights in a tenant. Raises UpstreamError for a tenant that API_TENANTS does not list."""
        if tenant not in self._settings.api_tenants:
            raise UpstreamError(OTHER_TENANT)
        if tenant not in self._apps:
            kind = ClientSecretCredential if self._settings.api_client_secret else ClientAssertionCredential
            self._apps[tenant] = self._credential(kind, tenant)
        return self._apps[tenant]

    def forget_app(self, tenant: str) -> None:
        """Request a new token next time, for one with the permissions that were granted since."""
        self._apps.pop(tenant, None)

    def _credential(self, kind: Any, tenant: str, **more: Any) -> ExchangeCredential:
        """A credential of azure-identity. It is never closed, since that would close the shared transport."""
        settings, secret = self._settings, self._settings.api_client_secret
        options = {"authority": settings.authority, "transport": self._transport, **RETRIES, **more}
        options["retry_policy_class"] = BoundedRetryPolicy
        name = "func" if kind is ClientAssertionCredential else "client_assertion_func"
        proof: dict[str, Any] = {"client_secret": secret} if secret else {name: lambda: self._assertion}
        credential = kind(tenant, settings.api_client_id, **proof, **options)
        return ExchangeCredential(credential, self._refresh_assertion)

    async def _refresh_assertion(self) -> None:
        """Get the managed identity's token, which azure-identity caches and renews."""
        if self._settings.api_client_secret:
            return
        try:
            self._assertion = (await self._clients.credential.get_token(ASSERTION_SCOPE)).token
        except ClientAuthenticationError:  # also where there is no identity at all
            raise UpstreamError(NO_IDENTITY) from None


def _entra_error(error: ClientAuthenticationError) -> UpstreamError:
    """By the AADSTS number in Entra's text, or else by the OAuth error."""
    text = str(error.message)
    found = _AADSTS.search(text) or _OAUTH.search(text)
    status = int(error.status_code or 0)
    code = found[found.lastindex or 0] if found else str(status)
    response: Any = error.response
    body = _body(response)
    claims, trace_id = body.get("claims"), body.get("trace_id")
    return UpstreamError(
        entry_for("Entra", code, status),
        status=status,
        request_id=trace_id if isinstance(trace_id, str) and _TRACE_ID.fullmatch(trace_id) else None,
        retry_after=retry_after(response.headers) if response is not None else None,
        claims=claims if isinstance(claims, str) else "",
    )


def _body(response: Any) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(response.text())
    except (AttributeError, TypeError, ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}

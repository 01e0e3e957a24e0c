"""Who is looked at: the app with its settings and clients, and on whose behalf; and how what went wrong is told."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azure.core import AsyncPipelineClient
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.policies import AsyncRetryPolicy
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest

from shared.calls.result_codes import Outcome, look_up
from shared.platform.clients import NO_DETOUR
from shared.platform.settings import Settings

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from shared.directory.caller import Caller
    from shared.directory.directory import Directory
    from shared.platform.clients import Clients

TIMEOUTS = {"connection_timeout": 2, "read_timeout": 4, **NO_DETOUR}
FORBIDDEN = 403
NOT_FOUND = 404
UNAUTHORIZED = 401


class Patient:
    """One for each diagnosis. It closes what it opened itself; the app's clients are the app's."""

    def __init__(self, settings: Settings, clients: Clients, directory: Directory, caller: Caller | None) -> None:
        self.settings, self.clients, self.directory = settings, clients, directory
        self.on_behalf = caller if caller is not None and caller.kind == "user" else None
        self._tenant = caller.tenant if caller is not None else None
        self.signed_in: dict[str, AsyncTokenCredential] = {}  # for Graph, by tenant
        self.seen: set[str] = set()  # the tenants whose resource accounts Graph tells
        self._closing = AsyncExitStack()

    @property
    def tenants(self) -> tuple[str, ...]:
        """The tenants that are looked at: all of ours, or the one that the caller is of."""
        return (self._tenant,) if self._tenant else self.settings.api_tenants

    @property
    def is_customers(self) -> bool:
        """Whether who asks is of another tenant than the app, whose affairs are no concern of theirs."""
        return self._tenant is not None and self._tenant != self.settings.api_tenants[0]

    def credential(self, tenant: str) -> AsyncTokenCredential:
        """Who asks Graph: the signed-in caller, or the app."""
        signing = self.directory.credentials
        return signing.on_behalf_of(self.on_behalf) if self.on_behalf else signing.as_app(tenant)

    @cached_property
    def _http(self) -> AsyncPipelineClient[HttpRequest, Any]:
        retries = AsyncRetryPolicy(retry_total=1, retry_backoff_factor=0.1)
        client: AsyncPipelineClient[HttpRequest, Any] = AsyncPipelineClient(
            "", policies=[retries], transport=AioHttpTransport(**TIMEOUTS)
        )
        self._closing.push_async_callback(client.close)
        return client

    async def ask(
        self, method: str, url: str, *, token: str = "", params: dict[str, str] | None = None, body: Any = None
    ) -> tuple[int, Any]:
        """Status and JSON (None if it is none) of a plain request. Redirections are not followed."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = HttpRequest(method, url, params=params, json=body, headers=headers)
        response = await self._http.send_request(request)
        async with response:
            try:
                return response.status_code, response.json()
            except ValueError:
                return response.status_code, None

    async def close(self) -> None:
        await self._closing.aclose()


def by_key(settings: Settings) -> bool:
    """Whether ACS is the emulator, which takes a key, or the real one, which takes the app's identity."""
    return settings.acs_access_key is not None


def code_of(error: BaseException) -> str:
    """What the other side called it, such as ``403 AuthorizationPermissionMismatch``: a code, never its text."""
    if isinstance(error, HttpResponseError):
        said = storage_code(error) or str(getattr(error.error, "code", None) or "")
        return f"{error.status_code or ''} {said}".strip() or type(error).__name__
    return type(error).__name__


def storage_code(error: HttpResponseError) -> str:
    """The code of a storage service, which its SDK may have made an enumeration's member of."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def status_of(error: AzureError) -> int:
    if isinstance(error, HttpResponseError) and error.status_code:
        return int(error.status_code)
    return UNAUTHORIZED if isinstance(error, ClientAuthenticationError) else 0


def outcome_of(error: HttpResponseError) -> Outcome:
    """The catalogue's word on a refusal of ACS."""
    said = str(getattr(error.error, "code", "") or "")
    return look_up(error.status_code or 0, int(said) if said.isdigit() else 0)

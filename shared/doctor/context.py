"""What the checks share: settings, clients, directory and caller; and the codes of SDK errors."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azure.core import AsyncPipelineClient
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.policies import AsyncRetryPolicy
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest

from shared.calls.result_codes import ResultCode, look_up
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


class DiagnosisContext:
    """One for each diagnosis. It closes its own HTTP client only; the other clients belong to the app."""

    def __init__(self, settings: Settings, clients: Clients, directory: Directory, caller: Caller | None) -> None:
        self.settings, self.clients, self.directory = settings, clients, directory
        self.on_behalf = caller if caller is not None and caller.kind == "user" else None
        self._tenant = caller.tenant if caller is not None else None
        self.signed_in: dict[str, AsyncTokenCredential] = {}  # for Graph, by tenant
        self.seen: set[str] = set()  # the tenants whose resource accounts Graph returns
        self._closing = AsyncExitStack()

    @property
    def tenants(self) -> tuple[str, ...]:
        """The tenants that are checked: all of API_TENANTS, or the caller's."""
        return (self._tenant,) if self._tenant else self.settings.api_tenants

    @property
    def is_customers(self) -> bool:
        """Whether the caller is of a customer's tenant, and must not see the app's own settings and resources."""
        return self._tenant is not None and self._tenant != self.settings.api_tenants[0]

    def credential(self, tenant: str) -> AsyncTokenCredential:
        """For Graph: the signed-in caller's, or the app's."""
        credentials = self.directory.credentials
        return credentials.on_behalf_of(self.on_behalf) if self.on_behalf else credentials.as_app(tenant)

    @cached_property
    def _http(self) -> AsyncPipelineClient[HttpRequest, Any]:
        retries = AsyncRetryPolicy(retry_total=1, retry_backoff_factor=0.1)
        client: AsyncPipelineClient[HttpRequest, Any] = AsyncPipelineClient(
            "", policies=[retries], transport=AioHttpTransport(**TIMEOUTS)
        )
        self._closing.push_async_callback(client.close)
        return client

    async def request(
        self, method: str, url: str, *, token: str = "", params: dict[str, str] | None = None, body: Any = None
    ) -> tuple[int, Any]:
        """Status and JSON (None if the body is not JSON) of a request. Redirects are not followed."""
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
    """Whether ACS takes a key, as the emulator does, and not the app's identity."""
    return settings.acs_access_key is not None


def code_of(error: BaseException) -> str:
    """Status and code of an error, such as ``403 AuthorizationPermissionMismatch``, without its text."""
    if isinstance(error, HttpResponseError):
        code = storage_code(error) or str(getattr(error.error, "code", None) or "")
        return f"{error.status_code or ''} {code}".strip() or type(error).__name__
    return type(error).__name__


def storage_code(error: HttpResponseError) -> str:
    """The code of a storage service, which the SDK may wrap in an enumeration."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def status_of(error: AzureError) -> int:
    if isinstance(error, HttpResponseError) and error.status_code:
        return int(error.status_code)
    return UNAUTHORIZED if isinstance(error, ClientAuthenticationError) else 0


def outcome_of(error: HttpResponseError) -> ResultCode:
    """The entry of the catalogue for an error of ACS."""
    code = str(getattr(error.error, "code", "") or "")
    return look_up(error.status_code or 0, int(code) if code.isdigit() else 0)

"""Microsoft Graph over azure-core's pipeline: authentication per request, Retry-After, paging.

The Graph SDK is not used, since its import takes longer than that of the whole app. Requests and responses are not
logged, since both contain names of people. Errors of Graph are raised as ``UpstreamError``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar, cast
from urllib.parse import quote, unquote, urlencode, urlsplit

from azure.core import AsyncPipelineClient
from azure.core.async_paging import AsyncItemPaged
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    AsyncBearerTokenCredentialPolicy,
    AsyncHTTPPolicy,
    HeadersPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest

from shared.directory.errors import (
    BAD_CONTINUATION,
    FOREIGN_LINK,
    NOT_VALID,
    TIMED_OUT,
    UNEXPECTED_RESPONSE,
    UNREACHABLE,
    UpstreamError,
    entry_for,
)
from shared.platform.clients import NO_DETOUR
from shared.platform.retries import BoundedRetryPolicy
from shared.platform.settings import Settings

LARGEST_PAGE = 999  # $top of resource accounts and users
# Characters of a continuation, which clients send in a URL. Hosts accept URLs of 8 KiB.
LONGEST_CONTINUATION = 7000
LONGEST_QUERY = LONGEST_CONTINUATION * 3 // 4  # before Base64
RETRIES: dict[str, Any] = {"retry_total": 3, "retry_read": 1, "retry_backoff_factor": 0.3, "retry_backoff_max": 2}
TIMEOUTS: dict[str, Any] = {"connection_timeout": 2, "read_timeout": 10, **NO_DETOUR}
USER_AGENT = "teams-phone-functions"

_CODE = re.compile(r"[\w.-]{1,80}", re.ASCII)
_QUERY = re.compile(r"[!-\"$-~]+")  # printable ASCII without #, which would end the query

Response = TypeVar("Response")
Items = list[dict[str, Any]]


def segment(text: str) -> str:
    """A quoted segment of a path. Raises UpstreamError for one that would change the path."""
    if text in {"", ".", ".."} or not text.isprintable():
        raise UpstreamError(NOT_VALID, detail="an id is empty or not valid")
    return quote(text, safe="@")


def quoted(text: str) -> str:
    """A string literal of OData (OData 4.01 URL conventions, 5.1.1.6.2)."""
    return "'" + text.replace("'", "''") + "'"


class PerRequestBearerPolicy(AsyncHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Authenticates each request with the credential in its option ``credential``.

    azure-core's own policy caches the last token regardless of the caller, so each request gets a policy of its own.
    """

    def __init__(self, scope: str) -> None:
        super().__init__()
        self._scope = scope

    async def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, AsyncHttpResponse]:
        credential: AsyncTokenCredential = request.context.options.pop("credential")
        bearer: AsyncBearerTokenCredentialPolicy[HttpRequest, AsyncHttpResponse]
        bearer = AsyncBearerTokenCredentialPolicy(credential, self._scope)
        bearer.next = self.next
        return await bearer.send(request)


class Graph:
    """``transport`` is shared with others, who close it."""

    def __init__(self, settings: Settings, transport: AsyncHttpTransport[Any, Any]) -> None:
        self.endpoint = settings.graph_endpoint
        self._client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(
            self.endpoint,
            policies=[
                RequestIdPolicy(request_id_header_name="client-request-id"),
                HeadersPolicy({"Accept": "application/json"}),
                UserAgentPolicy(USER_AGENT),
                PerRequestBearerPolicy(f"{self.endpoint}/.default"),
                BoundedRetryPolicy(**RETRIES),
            ],
            transport=transport,
        )

    async def get(
        self,
        path: str,
        credential: AsyncTokenCredential,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """``path`` begins with the version: ``v1.0/me``. Raises UpstreamError, as do all methods."""
        return await self._request("GET", path, credential, query=_query(params), headers=headers)

    async def post(self, path: str, credential: AsyncTokenCredential, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._request("POST", path, credential, body=body)

    async def page(
        self,
        path: str,
        credential: AsyncTokenCredential,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        continuation: str | None = None,
    ) -> tuple[Items, str | None]:
        """One page, and the continuation of the next one, which contains the parameters.

        Of Graph's ``nextLink`` only the query is used, and only if host and path are unchanged, so that tokens are
        sent to Graph only.
        """
        query = _query(params) if continuation is None else _continued(continuation)
        body = await self._request("GET", path, credential, query=query, headers=headers)
        items, link = body.get("value"), body.get("@odata.nextLink")
        if not isinstance(items, list) or not isinstance(link, str | None):
            raise UpstreamError(UNEXPECTED_RESPONSE, detail="it is not a page")
        return items, self._continuation(path, link) if link else None

    def items(
        self,
        path: str,
        credential: AsyncTokenCredential,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncItemPaged[dict[str, Any]]:
        """All items, page by page."""

        async def get_next(continuation: str | None) -> tuple[Items, str | None]:
            return await self.page(path, credential, params, headers, continuation)

        async def extract(page: tuple[Items, str | None]) -> tuple[str | None, AsyncIterator[dict[str, Any]]]:
            return page[1], _drained(page[0])

        return AsyncItemPaged(get_next, cast("Any", extract))

    def _continuation(self, path: str, link: str) -> str:
        own, (target, query) = _target(f"{self.endpoint}/{path}")[0], _target(link)
        if own != target or not _QUERY.fullmatch(query):
            raise UpstreamError(FOREIGN_LINK)
        if len(query) > LONGEST_QUERY:
            raise UpstreamError(UNEXPECTED_RESPONSE, detail="nextLink is too long")
        return base64.urlsafe_b64encode(query.encode()).decode().rstrip("=")

    async def _request(
        self,
        method: str,
        path: str,
        credential: AsyncTokenCredential,
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        url = f"{self.endpoint}/{path}" + (f"?{query}" if query else "")
        request = HttpRequest(method, url, headers=dict(headers or {}), json=body)
        response = await send(partial(self._client.send_request, request, credential=credential))
        async with response:
            if response.status_code >= 300:  # noqa: PLR2004  # redirects are not followed: they would get the token
                raise _graph_error(response)
            return _object(response)


async def send(request: Callable[[], Awaitable[Response]]) -> Response:
    """The response. Raises UpstreamError if there is none."""
    try:
        return await request()
    except (TimeoutError, ServiceRequestTimeoutError, ServiceResponseTimeoutError):
        raise UpstreamError(TIMED_OUT) from None
    except ClientAuthenticationError:  # of a credential
        raise
    except DecodeError:
        raise UpstreamError(UNEXPECTED_RESPONSE) from None
    except AzureError:
        raise UpstreamError(UNREACHABLE) from None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The header Retry-After in seconds; None if it is absent or a date."""
    try:
        return max(0.0, float(headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def _graph_error(response: AsyncHttpResponse) -> UpstreamError:
    try:
        error = response.json()["error"]
        code, text = error["code"], str(error.get("message"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        code, text = None, ""
    status = response.status_code
    named = code if isinstance(code, str) and _CODE.fullmatch(code) else str(status)
    if "AllowDelegation" in text:  # the name of the policy setting; the error has no documented code
        named = "DelegationNotAllowed"
    request_id = response.headers.get("request-id")
    return UpstreamError(
        entry_for("Graph", named, status),
        status=status,
        request_id=request_id if request_id and _CODE.fullmatch(request_id) else None,
        retry_after=retry_after(response.headers),
    )


def _object(response: AsyncHttpResponse) -> dict[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise UpstreamError(UNEXPECTED_RESPONSE, status=response.status_code, detail="it is not a JSON object")
    return body


def _query(params: Mapping[str, str] | None) -> str:
    return urlencode(params or {}, quote_via=quote, safe="$,:")


def _continued(continuation: str) -> str:
    if len(continuation) > LONGEST_CONTINUATION:
        raise UpstreamError(BAD_CONTINUATION)
    try:
        query = base64.b64decode(continuation + "=" * (-len(continuation) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise UpstreamError(BAD_CONTINUATION) from None
    if not _QUERY.fullmatch(query):
        raise UpstreamError(BAD_CONTINUATION)
    return query


def _target(link: str) -> tuple[tuple[str, str, int, str], str]:
    """Scheme, host, port and path of a link, and its query. Raises UpstreamError if it is not a URL."""
    try:
        url = urlsplit(link)
        return (url.scheme, url.hostname or "", url.port or 443, unquote(url.path).casefold()), url.query
    except ValueError:  # such as https://[ or a port of 99999
        raise UpstreamError(FOREIGN_LINK) from None


async def _drained(items: Items) -> AsyncIterator[dict[str, Any]]:
    """The items of a page, each released when it is read: the pager keeps a page until it has the next."""
    items.reverse()
    while items:
        yield items.pop()

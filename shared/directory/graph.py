"""Microsoft Graph, on azure-core's own pipeline: the caller's credential, Retry-After, pages.

Not the Graph SDK, whose import costs more than this whole app. Nothing of a request or an answer is logged: both hold
people's names. What Graph refuses is raised as ``Refused``, with the code that Graph gave and what it means.
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
from azure.core.pipeline.transport import AioHttpTransport, AsyncHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest

from shared.calls.result_codes import (
    BAD_CONTINUATION,
    FOREIGN_LINK,
    NOT_VALID,
    TIMED_OUT,
    UNREACHABLE,
    UNREADABLE,
    Refusal,
    refusal,
)
from shared.platform.clients import NO_DETOUR
from shared.platform.retries import BoundedRetryPolicy
from shared.platform.settings import Settings

LARGEST_PAGE = 999  # of Graph's resource accounts and users ($top)
# Characters of what a page's link says of the next one. Clients send it to us in a URL, of which hosts take 8 KiB.
LONGEST_CONTINUATION = 7000
LONGEST_QUERY = LONGEST_CONTINUATION * 3 // 4  # before it is encoded
PATIENCE: dict[str, Any] = {"retry_total": 3, "retry_read": 1, "retry_backoff_factor": 0.3, "retry_backoff_max": 2}
TIMEOUTS: dict[str, Any] = {"connection_timeout": 2, "read_timeout": 10, **NO_DETOUR}
USER_AGENT = "teams-phone-functions"

_CODE = re.compile(r"[\w.-]{1,80}", re.ASCII)
_QUERY = re.compile(r"[!-\"$-~]+")  # printable ASCII but for #, which would end it

Answer = TypeVar("Answer")
Items = list[dict[str, Any]]


class Refused(Exception):
    """Something of the directory can't be had: why, as far as is known.

    ``status`` is what the other side answered with, 0 if it did not. ``retry_after`` is in seconds. ``claims`` is
    what Entra wants of the next sign-in. ``detail`` is in our own words. Nothing else of the answer is kept, least of
    all its text, which names people.
    """

    def __init__(
        self,
        why: Refusal,
        *,
        status: int = 0,
        request_id: str | None = None,
        retry_after: float | None = None,
        claims: str = "",
        detail: str = "",
    ) -> None:
        self.refusal = why
        self.status = status
        self.code = why.code
        self.request_id = request_id
        self.retry_after = retry_after
        self.claims = claims
        self.detail = detail
        more = f" ({detail})" if detail else ""
        traced = f" [request {request_id}]" if request_id else ""
        super().__init__(f"{why.source}/{why.code}: {why.meaning}{more}{traced}")


def segment(text: str) -> str:
    """A segment of a path, quoted. Raises Refused for what would lead out of it."""
    if text in {"", ".", ".."} or not text.isprintable():
        raise Refused(NOT_VALID, detail="an id is empty or no id")
    return quote(text, safe="@")


def quoted(text: str) -> str:
    """A string literal of OData (OData 4.01 URL conventions, 5.1.1.6.2)."""
    return "'" + text.replace("'", "''") + "'"


class AsWhom(AsyncHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Bears the token of the credential that a request is sent with (its option ``credential``).

    azure-core's own policy, made anew for each request: it keeps the token it had last, whoever asks next.
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
    """``transport`` is shared with others, and theirs to close; without one Graph has its own."""

    def __init__(self, settings: Settings, transport: AsyncHttpTransport[Any, Any] | None = None) -> None:
        self.endpoint = settings.graph_endpoint
        self._own = None if transport else AioHttpTransport(**TIMEOUTS)
        self._client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(
            self.endpoint,
            policies=[
                RequestIdPolicy(request_id_header_name="client-request-id"),
                HeadersPolicy({"Accept": "application/json"}),
                UserAgentPolicy(USER_AGENT),
                AsWhom(f"{self.endpoint}/.default"),
                BoundedRetryPolicy(**PATIENCE),
            ],
            transport=transport or self._own,
        )

    async def get(
        self,
        path: str,
        credential: AsyncTokenCredential,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """``path`` begins with the version: ``v1.0/me``. Raises Refused, as all of these do."""
        return await self._ask("GET", path, credential, query=_query(params), headers=headers)

    async def post(self, path: str, credential: AsyncTokenCredential, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._ask("POST", path, credential, body=body)

    async def page(
        self,
        path: str,
        credential: AsyncTokenCredential,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        continuation: str | None = None,
    ) -> tuple[Items, str | None]:
        """One page, and what the next one is asked for with, which has the parameters in it.

        Of Graph's link only the query is used, and only where it leads to the same place: a token goes nowhere else.
        """
        query = _query(params) if continuation is None else _continued(continuation)
        answer = await self._ask("GET", path, credential, query=query, headers=headers)
        items, link = answer.get("value"), answer.get("@odata.nextLink")
        if not isinstance(items, list) or not isinstance(link, str | None):
            raise Refused(UNREADABLE, detail="it is no page")
        return items, self._continuation(path, link) if link else None

    def items(
        self,
        path: str,
        credential: AsyncTokenCredential,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncItemPaged[dict[str, Any]]:
        """All of them, one page after the other."""

        async def get_next(continuation: str | None) -> tuple[Items, str | None]:
            return await self.page(path, credential, params, headers, continuation)

        async def extract(page: tuple[Items, str | None]) -> tuple[str | None, AsyncIterator[dict[str, Any]]]:
            return page[1], _emptied(page[0])

        return AsyncItemPaged(get_next, cast("Any", extract))

    def _continuation(self, path: str, link: str) -> str:
        own, (place, query) = _place(f"{self.endpoint}/{path}")[0], _place(link)
        if own != place or not _QUERY.fullmatch(query):
            raise Refused(FOREIGN_LINK)
        if len(query) > LONGEST_QUERY:
            raise Refused(UNREADABLE, detail="its link to the next page is too long")
        return base64.urlsafe_b64encode(query.encode()).decode().rstrip("=")

    async def _ask(
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
        send = partial(self._client.send_request, request, credential=credential)
        response = await reached(send)
        async with response:
            if response.status_code >= 300:  # noqa: PLR2004  # redirections are not followed: they would take the token
                raise _refused(response)
            return _object(response)

    async def close(self) -> None:
        if self._own is not None:
            await self._own.close()


async def reached(send: Callable[[], Awaitable[Answer]]) -> Answer:
    """What was answered. Raises Refused where nobody answered."""
    try:
        return await send()
    except (TimeoutError, ServiceRequestTimeoutError, ServiceResponseTimeoutError):
        raise Refused(TIMED_OUT) from None
    except ClientAuthenticationError:  # a credential's own
        raise
    except DecodeError:
        raise Refused(UNREADABLE) from None
    except AzureError:
        raise Refused(UNREACHABLE) from None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The header in seconds, if it says so."""
    try:
        return max(0.0, float(headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def _refused(response: AsyncHttpResponse) -> Refused:
    try:
        error = response.json()["error"]
        code, text = error["code"], str(error.get("message"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        code, text = None, ""
    status = response.status_code
    named = code if isinstance(code, str) and _CODE.fullmatch(code) else str(status)
    if "AllowDelegation" in text:  # the policy's name; no code of its own is documented for it
        named = "DelegationNotAllowed"
    traced = response.headers.get("request-id")
    return Refused(
        refusal("Graph", named, status),
        status=status,
        request_id=traced if traced and _CODE.fullmatch(traced) else None,
        retry_after=retry_after(response.headers),
    )


def _object(response: AsyncHttpResponse) -> dict[str, Any]:
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise Refused(UNREADABLE, status=response.status_code, detail="it is no JSON object")
    return answer


def _query(params: Mapping[str, str] | None) -> str:
    return urlencode(params or {}, quote_via=quote, safe="$,:")


def _continued(continuation: str) -> str:
    if len(continuation) > LONGEST_CONTINUATION:
        raise Refused(BAD_CONTINUATION)
    try:
        query = base64.b64decode(continuation + "=" * (-len(continuation) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Refused(BAD_CONTINUATION) from None
    if not _QUERY.fullmatch(query):
        raise Refused(BAD_CONTINUATION)
    return query


def _place(link: str) -> tuple[tuple[str, str, int, str], str]:
    """Where a link leads, as scheme, host, port and path, and its query. Raises Refused if it is no URL."""
    try:
        url = urlsplit(link)
        return (url.scheme, url.hostname or "", url.port or 443, unquote(url.path).casefold()), url.query
    except ValueError:  # such as https://[ or a port of 99999
        raise Refused(FOREIGN_LINK) from None


async def _emptied(items: Items) -> AsyncIterator[dict[str, Any]]:
    """The items of a page, let go of one by one: the pager holds on to a page until it has the next."""
    items.reverse()
    while items:
        yield items.pop()

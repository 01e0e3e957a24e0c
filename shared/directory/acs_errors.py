"""Maps errors of ACS to ``UpstreamError``: of its identities and its access assignments."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    DeserializationError,
    HttpResponseError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)

from shared.directory.errors import NO_IDENTITY, TIMED_OUT, UNEXPECTED_RESPONSE, UNREACHABLE, UpstreamError, entry_for
from shared.directory.graph import retry_after

SECONDS = 20.0  # for an operation with its retries, and a Retry-After of up to ten seconds

_CODE = re.compile(r"[\w.-]{1,80}", re.ASCII)


@asynccontextmanager
async def map_sdk_errors() -> AsyncIterator[None]:
    """Errors of the SDK become UpstreamError. They are not chained: they contain the request with its body."""
    try:
        async with asyncio.timeout(SECONDS):
            yield
    except (TimeoutError, ServiceRequestTimeoutError, ServiceResponseTimeoutError):
        raise UpstreamError(TIMED_OUT) from None
    except (DecodeError, DeserializationError, AttributeError):  # the last: the SDK on a missing field
        raise UpstreamError(UNEXPECTED_RESPONSE) from None
    except HttpResponseError as error:
        raise _acs_error(error) from None
    except AzureError:
        raise UpstreamError(UNREACHABLE) from None


def _acs_error(error: HttpResponseError) -> UpstreamError:
    if error.response is None:  # the request was not sent
        return UpstreamError(NO_IDENTITY if isinstance(error, ClientAuthenticationError) else UNREACHABLE)
    response: Any = error.response  # typed as less than it is
    status, headers = response.status_code, response.headers
    code = error.error.code if error.error else None
    named = code if code and _CODE.fullmatch(code) else str(status)
    return UpstreamError(
        entry_for("ACS", named, status),
        status=status,
        request_id=headers.get("x-ms-request-id") or headers.get("MS-CV"),
        retry_after=retry_after(headers),
    )

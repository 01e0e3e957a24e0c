"""What ACS refuses, put into the words of the catalogue: for its identities and its access assignments."""

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

from shared.calls.result_codes import NO_IDENTITY, TIMED_OUT, UNREACHABLE, UNREADABLE, refusal
from shared.directory.graph import Refused, retry_after

SECONDS = 20.0  # a question to ACS, with its retries and a pause of up to ten seconds

_CODE = re.compile(r"[\w.-]{1,80}", re.ASCII)


@asynccontextmanager
async def plainly() -> AsyncIterator[None]:
    """Errors of the SDK become Refused. They are not chained: they hold the answer, and the request with its body."""
    try:
        async with asyncio.timeout(SECONDS):
            yield
    except (TimeoutError, ServiceRequestTimeoutError, ServiceResponseTimeoutError):
        raise Refused(TIMED_OUT) from None
    except (DecodeError, DeserializationError, AttributeError):  # the last: the SDK's, where an answer lacks a field
        raise Refused(UNREADABLE) from None
    except HttpResponseError as error:
        raise _refused(error) from None
    except AzureError:
        raise Refused(UNREACHABLE) from None


def _refused(error: HttpResponseError) -> Refused:
    if error.response is None:  # it was never sent
        return Refused(NO_IDENTITY if isinstance(error, ClientAuthenticationError) else UNREACHABLE)
    response: Any = error.response  # typed as less than it is
    status, headers = response.status_code, response.headers
    code = error.error.code if error.error else None
    named = code if code and _CODE.fullmatch(code) else str(status)
    return Refused(
        refusal("ACS", named, status),
        status=status,
        request_id=headers.get("x-ms-request-id") or headers.get("MS-CV"),
        retry_after=retry_after(headers),
    )

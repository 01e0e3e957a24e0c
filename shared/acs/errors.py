"""Responses of ACS: accepted ones that the SDK cannot read, and the codes of errors."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, HttpResponseError

from shared.calls.actions import NOT_FOUND
from shared.calls.event import LONGEST_MESSAGE

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineResponse

log = logging.getLogger(__name__)

ACCEPTED = range(200, 300)
LONGEST_WAIT = 30.0  # seconds; a longer Retry-After is cut to it


class ActionError(Exception):
    """An action failed for a reason other than a response of ACS."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


async def accepted(request: Callable[..., Awaitable[Any]], *arguments: Any, **options: Any) -> Any:
    """The response to a request; None where ACS accepts it with a body that the SDK cannot read.

    StartRecording is accepted with 200, 202 or 204 and with or without a body; SDK 1.6.0 fails on a 204, on an empty
    body and on one that is no JSON. The events that follow report the rest.
    """
    statuses: list[int] = []

    def note(response: PipelineResponse[Any, Any]) -> None:
        statuses.append(response.http_response.status_code)

    try:
        return await request(*arguments, raw_response_hook=note, **options)
    except Exception as error:
        if not statuses or statuses[-1] not in ACCEPTED:
            raise
        log.warning(
            "ACS accepted a request with %d, and the SDK cannot read it: %s", statuses[-1], type(error).__name__
        )
        return None


def codes_of(error: Exception) -> tuple[int, int, str]:
    """Code, sub-code and message of an error. One without a response counts as 408 or 503, which are transient."""
    if isinstance(error, TimeoutError):
        return 408, 0, "no answer in time"
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        stated = error.error
        sub_code = str(stated.code) if stated is not None and stated.code else ""
        message = str(stated.message) if stated is not None and stated.message else ""
        return error.status_code, int(sub_code) if sub_code.isdecimal() else 0, message[:LONGEST_MESSAGE]
    return 503, 0, type(error).__name__


def retry_after(error: Exception) -> float:
    """The seconds that a response asks to wait for; 0 where it does not, or gives a date."""
    response: Any = error.response if isinstance(error, HttpResponseError) else None
    text = str(response.headers.get("Retry-After", "")) if response is not None else ""
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdecimal() else 0.0


def is_gone(error: Exception) -> bool:
    return isinstance(error, AzureError) and codes_of(error)[0] == NOT_FOUND

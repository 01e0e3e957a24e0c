"""azure-core's retries within the time of an invocation."""

from __future__ import annotations

from typing import Any

from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import AsyncRetryPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest

LONGEST_PAUSE = 10.0  # seconds of Retry-After that are waited for here; a longer one is the caller's to wait
SHORT_PAUSE = 1.0  # the same while somebody holds the line


class BriefRetryPolicy(AsyncRetryPolicy[HttpRequest, AsyncHttpResponse]):
    """azure-core's retries, but no pause of more than a second: what ACS says is worth more than the time-out that
    comes of waiting for it. The machine tries again later.

    azure-core sleeps for as long as Retry-After says, after any answer that has one.
    """

    longest_pause = SHORT_PAUSE

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        try:
            pause = self.get_retry_after(response) or 0
        except ValueError:  # neither seconds nor a date
            return False
        return pause <= self.longest_pause and bool(super().is_retry(settings, response))


class BoundedRetryPolicy(BriefRetryPolicy):
    """The same for what nobody waits for on the phone, and no request twice that may have been done.

    azure-core repeats a POST on 500, 503 and 504. Of those a POST is repeated only where it was turned away: 429.
    """

    longest_pause = LONGEST_PAUSE

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        status = response.http_response.status_code
        once = response.http_request.method.upper() not in settings["methods"]
        if status not in self._retry_on_status_codes or (once and status != 429):  # noqa: PLR2004
            return False
        return super().is_retry(settings, response)

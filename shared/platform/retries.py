"""azure-core's retries within the time of an invocation."""

from __future__ import annotations

from typing import Any

from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import AsyncRetryPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest

LONGEST_PAUSE = 10.0  # seconds of Retry-After that are waited for here; a longer one is the caller's to wait


class BoundedRetryPolicy(AsyncRetryPolicy[HttpRequest, AsyncHttpResponse]):
    """azure-core's retries, but no pause that outlasts an invocation, and no request twice that may have been done.

    azure-core sleeps for as long as Retry-After says, after any answer that has one, and repeats a POST on 500, 503 and
    504. Of those a POST is repeated only where it was turned away: 429.
    """

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        status = response.http_response.status_code
        once = response.http_request.method.upper() not in settings["methods"]
        try:
            pause = self.get_retry_after(response) or 0
        except ValueError:  # neither seconds nor a date
            return False
        if pause > LONGEST_PAUSE or status not in self._retry_on_status_codes or (once and status != 429):  # noqa: PLR2004
            return False
        return bool(super().is_retry(settings, response))

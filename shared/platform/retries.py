"""azure-core's retries, limited to the time of an invocation."""

from __future__ import annotations

from typing import Any

from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import AsyncRetryPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest

LONGEST_PAUSE = 10.0  # seconds; with a longer Retry-After the response is not retried here
SHORT_PAUSE = 1.0  # the same for requests on a call in progress


class BriefRetryPolicy(AsyncRetryPolicy[HttpRequest, AsyncHttpResponse]):
    """azure-core's retries, but no response is retried whose Retry-After is longer than a second.

    azure-core sleeps for as long as Retry-After says, and the invocation would time out. Without the retry the response
    is returned, and the engine tries again later.
    """

    longest_pause = SHORT_PAUSE

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        try:
            pause = self.get_retry_after(response) or 0
        except ValueError:  # neither seconds nor a date
            return False
        return pause <= self.longest_pause and bool(super().is_retry(settings, response))


class BoundedRetryPolicy(BriefRetryPolicy):
    """The same for requests that no caller on the phone waits for, and without retries of a request that may have been
    carried out.

    azure-core retries a POST on 500, 503 and 504. Here a POST is retried on 429 alone.
    """

    longest_pause = LONGEST_PAUSE

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        status = response.http_response.status_code
        once = response.http_request.method.upper() not in settings["methods"]
        if status not in self._retry_on_status_codes or (once and status != 429):  # noqa: PLR2004
            return False
        return super().is_retry(settings, response)

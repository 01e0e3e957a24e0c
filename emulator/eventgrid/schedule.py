"""When a delivery is tried again, and when it is given up. Pure.

Source of all of it: "Event Grid message delivery and retry", articles/event-grid/delivery-and-retry.md.
"""

from __future__ import annotations

import random
from http import HTTPStatus

STEPS = (10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600)  # "Retry schedule", seconds
THEN = 12 * 3600  # "every 12 hours up to 24 hours"
SUCCESS = frozenset({200, 201, 202, 203, 204})  # "Success codes"
NEVER_RETRIED = frozenset({400, 401, 403, 413})  # "…errors for which retry doesn't happen", webhooks
AT_LEAST = {408: 120, 503: 30}  # "Retry after 2 minutes or more", "30 seconds or more"
ANY_OTHER = 10  # "All others: retry after 10 seconds or more"
RANDOMNESS = 0.1  # "a small randomization to all retry steps": how small is not published

# "deadLetterReason" and "lastDeliveryOutcome": the page's examples show MaxDeliveryAttemptsExceeded and
# NotFound; the other spellings are assumed from the same style.
EXPIRED = "TimeToLiveExceeded"
EXHAUSTED = "MaxDeliveryAttemptsExceeded"
UNDELIVERABLE = "UndeliverableDueToClientError"


def wait(failures: int, status: int | None) -> float:
    """Seconds until the next attempt after the ``failures``-th one; ``status`` None means no answer."""
    step = STEPS[failures - 1] if failures <= len(STEPS) else THEN
    least = AT_LEAST.get(status or 0, ANY_OTHER)
    return max(step, least) * random.uniform(1, 1 + RANDOMNESS)


def outcome(status: int | None) -> str:
    """How an answer reads in a dead letter: NotFound, InternalServerError, …"""
    if status is None:
        return "GenericError"
    try:
        return HTTPStatus(status).phrase.replace(" ", "").replace("-", "")
    except ValueError:
        return "GenericError"

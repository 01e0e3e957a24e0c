"""Rate limits: one token bucket for each caller, in the memory of this process."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

MAX_CALLERS = 10_000  # beyond that the least recent caller is dropped, and starts again with a full bucket


class RateLimiter:
    """``burst`` is how many requests may come at once, a third of those of a minute by default.

    Not shared between instances: with two of them a caller may send twice as many requests.
    """

    def __init__(
        self,
        per_minute: float = 120,
        burst: float | None = None,
        max_callers: int = MAX_CALLERS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate, self._burst = per_minute / 60, max(1.0, per_minute / 3) if burst is None else burst
        self._max, self._now = max_callers, now
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # tokens, and the time of the count

    def take(self, caller: Hashable) -> float:
        """Take a token. Returns 0.0, or the seconds until the next token."""
        now = self._now()
        tokens, at = self._buckets.pop(caller, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._rate)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._rate
        self._buckets[caller] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > self._max:
            self._buckets.popitem(last=False)
        return wait

"""How much each caller may ask: a bucket of tokens for each, in this process's memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

PER_MINUTE = 120
BURST = 40
MOST_CALLERS = 10_000  # who has not asked for longest is forgotten, and starts again with a full bucket


class Limits:
    """Not shared between instances: with two of them a caller may ask for twice as much."""

    def __init__(
        self,
        per_minute: float = PER_MINUTE,
        burst: float = BURST,
        most_callers: int = MOST_CALLERS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate, self._burst, self._most, self._now = per_minute / 60, burst, most_callers, now
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # tokens, and when counted

    def take(self, caller: Hashable) -> float:
        """Take a token: 0.0, or the seconds until there is one."""
        now = self._now()
        tokens, at = self._buckets.pop(caller, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._rate)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._rate
        self._buckets[caller] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait

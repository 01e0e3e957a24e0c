"""Repeatable requests: the same request sent twice is performed once.

OASIS Repeatable Requests 1.0; azure-docs, ``articles/communication-services/concepts/`` says five minutes
for other services of the family, and nothing for Call Automation.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from emulator.acs.errors import invalid
from emulator.acs.messages import Answer
from emulator.acs.provenance import REPEATABILITY_WINDOW
from emulator.clock import Clock


@dataclass
class _Seen:
    fingerprint: tuple[str, bytes]
    at: float
    answer: asyncio.Future[Answer]


class Repeatability:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], _Seen] = {}

    async def replay(self, operation: str, request_id: str, fingerprint: tuple[str, bytes]) -> Answer | None:
        """The first answer to the same request, once there is one; None if this is the first.

        Raises AcsError if the id comes back with another path or body.
        """
        self._forget_old()
        seen = self._seen.get((operation, request_id))
        if seen is None:
            answer = asyncio.get_running_loop().create_future()
            self._seen[operation, request_id] = _Seen(fingerprint, self._clock.elapsed(), answer)
            return None
        if seen.fingerprint != fingerprint:
            raise invalid("The Repeatability-Request-ID was already used with another request.")
        return await asyncio.shield(seen.answer)

    def keep(self, operation: str, request_id: str, answer: Answer) -> None:
        if seen := self._seen.get((operation, request_id)):
            seen.answer.set_result(answer)

    def forget(self, operation: str, request_id: str) -> None:
        """No answer was made: release the requests that wait for it, and let the next one be the first."""
        if seen := self._seen.pop((operation, request_id), None):
            seen.answer.cancel()

    def clear(self) -> None:
        for seen in self._seen.values():
            seen.answer.cancel()
        self._seen.clear()

    def _forget_old(self) -> None:
        oldest = self._clock.elapsed() - REPEATABILITY_WINDOW.seconds
        while self._seen:
            first = next(iter(self._seen))
            if self._seen[first].at >= oldest:
                return
            del self._seen[first]

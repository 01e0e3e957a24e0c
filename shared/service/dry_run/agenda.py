"""The events to come, in virtual time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from shared.calls.capabilities import parse
from shared.calls.event import PREFIX, Event, Fact, own

Result = tuple[int, int]  # code and sub-code
OK: Result = (200, 0)


class Agenda:
    """Hands out one event after the other. Those of the platform are read from its wire form, as in real calls."""

    def __init__(self, now: datetime, connection: str) -> None:
        self.now, self._connection = now, connection
        self._numbers = count(1)
        self._entries: list[tuple[datetime, int, str, Callable[[], Event]]] = []

    def next_event(self, before: datetime | None) -> Event | None:
        """The next event, if it comes no later than ``before``."""
        if not self._entries or (before is not None and before < self._entries[0][0]):
            return None
        at, _, _, event = heapq.heappop(self._entries)
        self.wait_until(at)
        return event()

    def wait_until(self, moment: datetime) -> datetime:
        self.now = max(self.now, moment)
        return self.now

    def add(self, seconds: float, context: str, event: Callable[[], Event]) -> None:
        """An event of an operation, ``seconds`` from now. It is made then."""
        heapq.heappush(self._entries, (self.now + timedelta(seconds=seconds), next(self._numbers), context, event))

    def report(
        self, seconds: float, name: str, context: str, result: Result = OK, data: dict[str, Any] | None = None
    ) -> None:
        """An event of the platform."""
        self.add(seconds, context, lambda: self.event(name, context, result, data))

    def note(self, seconds: float, context: str, fact: Fact) -> None:
        """An event of the app."""
        self.add(seconds, context, lambda: own(f"{context}/{next(self._numbers)}", self.now, fact))

    def cancel(self, context: str) -> bool:
        """Drop the events of an operation; whether there were any."""
        kept = [each for each in self._entries if each[2] != context]
        found, self._entries = len(kept) < len(self._entries), kept
        heapq.heapify(self._entries)
        return found

    def event(self, name: str, context: str, result: Result = OK, data: dict[str, Any] | None = None) -> Event:
        code, sub_code = result
        wire: dict[str, Any] = {
            "callConnectionId": self._connection,
            "resultInformation": {"code": code, "subCode": sub_code},
        }
        wire |= {"operationContext": context or None, "sequenceNumber": next(self._numbers), **(data or {})}
        return parse(f"{PREFIX}{name}", f"{name} {next(self._numbers)}", self.now, None, wire)

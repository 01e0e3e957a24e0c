"""Events on their way to the application's callback URL.

azure-docs, ``articles/communication-services/how-tos/call-automation/secure-webhook-endpoint.md`` for the
tokens. How often and when the service tries again is nowhere published: three more times, after 1, 2 and
4 seconds, is this emulator's choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from emulator.acs.provenance import CALLBACK_TIMEOUT
from emulator.background import BackgroundTasks
from emulator.clock import Clock
from emulator.faults import Fault, Faults
from emulator.journal import Journal

PAUSES = (1.0, 2.0, 4.0)  # seconds before each further attempt
HOLD = 2.0  # seconds a reorder rule holds events for, unless it says otherwise

Event = dict[str, Any]


@dataclass
class _Held:
    count: int
    waiting: list[tuple[str, Event]] = field(default_factory=list)
    sent: bool = False


class Callbacks:
    def __init__(
        self,
        *,
        clock: Clock,
        journal: Journal,
        faults: Faults,
        background: BackgroundTasks,
        token: Callable[[], str],
    ) -> None:
        self._clock, self._journal, self._faults = clock, journal, faults
        self._background, self._token = background, token
        self._session: aiohttp.ClientSession | None = None
        self._held: dict[int, tuple[Fault, _Held]] = {}

    def send(self, url: str, event: Event) -> None:
        """Send an event in the background, subject to the faults of ``callbacks``."""
        fault = self._faults.take("callbacks", type=event["type"])
        if fault is None:
            self._background.start(self._deliver(url, event))
            return
        self._journal.add("fault", fault=fault.describe(), event=event["id"], type=event["type"])
        getattr(self, f"_{fault.do}")(url, event, fault)

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    def clear(self) -> None:
        self._held.clear()

    def _duplicate(self, url: str, event: Event, fault: Fault) -> None:
        for _ in range(int(fault.with_.get("count", 2))):
            self._background.start(self._deliver(url, event))

    def _delay(self, url: str, event: Event, fault: Fault) -> None:
        self._background.start(self._deliver(url, event, after=float(fault.with_.get("seconds", 1))))

    def _drop(self, url: str, event: Event, _: Fault) -> None:
        self._journal.add("callback", url=url, events=[event], attempt=0, status=None, dropped=True)

    def _lose_ack(self, url: str, event: Event, _: Fault) -> None:
        self._background.start(self._deliver(url, event, deaf=1))

    def _reorder(self, url: str, event: Event, fault: Fault) -> None:
        _, held = self._held.get(id(fault), (fault, None))
        if held is None or held.sent:
            held = _Held(int(fault.with_.get("count", 2)))
            self._held[id(fault)] = fault, held
            self._background.start(self._release(held, float(fault.with_.get("seconds", HOLD))))
        held.waiting.append((url, event))
        if len(held.waiting) >= held.count:
            self._background.start(self._release(held, 0))

    async def _release(self, held: _Held, after: float) -> None:
        if after:
            await self._clock.sleep(after)
        if held.sent:
            return
        held.sent = True
        for url, event in reversed(held.waiting):
            await self._deliver(url, event)

    async def _deliver(self, url: str, event: Event, *, after: float = 0, deaf: int = 0) -> None:
        """Try until it is accepted or given up. The first ``deaf`` answers don't reach the sender."""
        if after:
            await self._clock.sleep(after)
        for attempt, pause in enumerate((*PAUSES, None), start=1):
            status, error = await self._post(url, event)
            lost = attempt <= deaf
            accepted = status is not None and status // 100 == 2 and not lost  # noqa: PLR2004
            given_up = {"given_up": True} if pause is None and not accepted else {}
            extra = {"error": error} if error else {"lost": True} if lost else {}
            self._journal.add("callback", url=url, events=[event], attempt=attempt, status=status, **extra, **given_up)
            if accepted or pause is None:
                return
            await self._clock.sleep(pause)

    async def _post(self, url: str, event: Event) -> tuple[int | None, str | None]:
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            async with self._client().post(url, json=[event], headers=headers, allow_redirects=False) as answer:
                await answer.read()
                return answer.status, None
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return None, f"{type(error).__name__}: {error}"

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=CALLBACK_TIMEOUT.seconds), connector=aiohttp.TCPConnector(limit=0)
            )
        return self._session

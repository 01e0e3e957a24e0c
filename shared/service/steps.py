"""Steps of a call's plan, as others move them: a decision of another application, an agent's answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.calls.capabilities import Call
from shared.calls.capabilities.routing import OfferAnswered, StepDecided
from shared.calls.event import Fact, own
from shared.service.processor import Processor
from shared.storage.calls import CallStore, Row


class Steps:
    """Both methods return the call afterwards, and raise TryAgain if others changed the row all the time. A repeated
    request is the same event; of two that contradict each other the first is kept.
    """

    def __init__(self, store: CallStore, processor: Processor, now: Callable[[], datetime]) -> None:
        self._store, self._processor, self._now = store, processor, now

    async def decide(self, row: Row, visit: str, choice: str, decided_by: str) -> Call:
        return await self._noted(row, f"{visit}/decided {choice}", StepDecided(visit, choice, decided_by))

    async def answer(self, row: Row, visit: str, agent: str, *, accepted: bool) -> Call:
        answer = "accepted" if accepted else "declined"
        return await self._noted(row, f"{visit}/{answer} by {agent}", OfferAnswered(visit, agent, accepted))

    async def _noted(self, row: Row, name: str, data: Fact) -> Call:
        call: Call = row.call  # type: ignore[assignment]  # of a call that exists
        event = own(f"{call.id}/plan/{name}", self._now(), data)
        await self._processor.process(call.id, [event], row)
        return (await self._store.read(call.id)).call or call

"""Wrap-ups of calls, as agents write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.calls.capabilities import Call
from shared.calls.capabilities.wrap_up import WrapUpWritten
from shared.calls.event import own
from shared.service.processor import Processor
from shared.storage.calls import CallStore, Row


class WrapUpWriter:
    def __init__(self, store: CallStore, processor: Processor, now: Callable[[], datetime]) -> None:
        self._store, self._processor, self._now = store, processor, now

    async def write(self, row: Row, data: WrapUpWritten) -> Call:
        """The call afterwards. Raises TryAgain if others changed the row all the time. An equal one is not
        written again.
        """
        call: Call = row.call  # type: ignore[assignment]  # of a call that exists
        last, at = call.wrap_up.by_agent.get(data.agent), self._now()
        if last is not None and (last.code, last.note) == (data.code, data.note):
            return call
        event = own(f"{call.id}/wrap-up/{data.agent} {at.isoformat()}", at, data)
        await self._processor.process(call.id, [event], row)
        return (await self._store.read(call.id)).call or call

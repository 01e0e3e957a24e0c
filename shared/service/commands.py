"""Commands: requests of callers of the API become events of the call, and are carried out at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from shared.calls import commands
from shared.calls.actions import AnyAction
from shared.calls.capabilities import Call, command_outcome
from shared.calls.effect import effect_id
from shared.calls.event import Event, OperationRequested, own
from shared.calls.operations import MOST_REQUESTED
from shared.service.processor import Processor
from shared.service.wire import CALL_ID
from shared.storage.calls import CallStore, Row

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0  # seconds between two looks at the row


class TooManyCommands(Exception):
    """The call has had ``MOST_REQUESTED`` commands."""


class KeyReused(Exception):
    """The idempotency key was sent before, with another command."""


class Commands:
    def __init__(self, store: CallStore, processor: Processor, now: Callable[[], datetime]) -> None:
        self._store, self._processor, self._now = store, processor, now

    async def read(self, call_id: str) -> Row | None:
        """The row of a call; None if there is none. Raises UnreadableRow."""
        row = await self._store.read(call_id) if CALL_ID.fullmatch(call_id) else None
        return row if row is not None and row.call is not None else None

    async def submit(self, row: Row, action: AnyAction, requested_by: str, key: str) -> str:
        """Carry out an action in a call, once for each key of a caller; return its operation context.

        A command that equals one that is still under way is that one: a double click is one command. Raises
        KeyReused, TooManyCommands, and TryAgain if the row was changed by others all the time.
        """
        call: Call = row.call  # type: ignore[assignment]  # ``read`` returns no other row
        context = effect_id(call.id, f"command {requested_by} {key}")
        known = _known(call, action, requested_by, context)
        if known is not None:
            return known
        if len(call.operations.requested) >= MOST_REQUESTED:
            raise TooManyCommands(call.id)
        requested: Event = own(context, self._now(), OperationRequested(action, requested_by))
        await self._processor.process(call.id, [requested], row)
        return context

    async def wait(self, call_id: str, context: str, seconds: float) -> Call:
        """The call as soon as the command has its outcome, or after so many seconds."""
        deadline, pause = time.monotonic() + seconds, FIRST_PAUSE
        while True:
            call = (await self._store.read(call_id)).call or Call(id=call_id)
            found = command_outcome(call, context)
            left = deadline - time.monotonic()
            if call.state.is_settled or (found is not None and found.is_final) or left <= 0:
                return call
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, LONGEST_PAUSE)


def _known(call: Call, action: AnyAction, requested_by: str, context: str) -> str | None:
    """The context of the same command, if there is one. Raises KeyReused."""
    same_key = call.operations.requested.get(context)
    if same_key is not None:
        if same_key.action != action:
            raise KeyReused(context)
        return context
    return next(
        (
            id
            for id, each in commands.in_order(call)
            if each.action == action and each.by == requested_by and not commands.is_over(call, id)
        ),
        None,
    )

"""Commands: requests of callers of the API become events of the call, and are carried out at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from msgspec import json

from shared.calls import commands
from shared.calls.actions import AnyAction
from shared.calls.capabilities import Call, command_outcome
from shared.calls.effect import effect_id
from shared.calls.event import OperationRequested, own
from shared.calls.operations import MOST_REQUESTED
from shared.service.processor import Processor
from shared.service.wire import CALL_ID
from shared.storage.calls import CallStore, Row

LARGEST_COMMANDS = 200_000  # bytes of JSON: a row has room for 1 MiB
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0  # seconds between two looks at the row


class TooManyCommands(Exception):
    """The call has had ``MOST_REQUESTED`` commands, or ``LARGEST_COMMANDS``."""


class KeyReused(Exception):
    """The idempotency key was sent before, with another command."""


class Commands:
    def __init__(self, store: CallStore, processor: Processor, now: Callable[[], datetime]) -> None:
        self._store, self._processor, self._now = store, processor, now

    async def read(self, call_id: str) -> Row | None:
        """The row of a call; None if there is none. Raises UnreadableRow."""
        row = await self._store.read(call_id) if CALL_ID.fullmatch(call_id) else None
        return row if row is not None and row.call is not None else None

    async def submit(self, row: Row, actions: Mapping[str, AnyAction], requested_by: str) -> None:
        """Carry out new commands, by their contexts. Raises TooManyCommands, and TryAgain if others changed the row all
        the time.
        """
        call: Call = row.call  # type: ignore[assignment]  # ``read`` returns no other row
        if not _has_room(call, actions):
            raise TooManyCommands(call.id)
        now = self._now()
        requested = [own(context, now, OperationRequested(each, requested_by)) for context, each in actions.items()]
        await self._processor.process(call.id, requested, row)

    async def wait(self, call_id: str, contexts: Collection[str], seconds: float) -> Call:
        """The call as soon as the commands have their outcomes, or after so many seconds."""
        clock = asyncio.get_running_loop().time
        deadline, pause = clock() + seconds, FIRST_PAUSE
        while True:
            call = (await self._store.read(call_id)).call or Call(id=call_id)
            left = deadline - clock()
            if left <= 0 or not any(self._is_awaited(call, context) for context in contexts):
                return call
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _is_awaited(self, call: Call, context: str) -> bool:
        if _is_over(call, context):
            return False
        found = command_outcome(call, context)
        return not call.state.is_settled or commands.can_come_late(call, context, found, self._now())


def _has_room(call: Call, actions: Mapping[str, AnyAction]) -> bool:
    requested = call.operations.requested
    if len(requested) + len(actions) > MOST_REQUESTED:
        return False
    return len(json.encode(requested)) + len(json.encode(actions)) <= LARGEST_COMMANDS


def context_of(call: Call, action: AnyAction, requested_by: str, key: str) -> str:
    """The operation context of a command, by its caller and key: a repeated request has the same one.

    A request without a key (``""``) is the equal command of the caller that is still under way, or the next one. Both
    depend on the row alone: two instances that have read the same row come to the same context. Raises KeyReused.
    """
    if not key:
        return _without_key(call, action, requested_by)
    context = effect_id(call.id, f"command {requested_by} {key}")
    if context in call.operations.requested:
        check(call, context, action)
    return context


def check(call: Call, context: str, action: AnyAction) -> None:
    """Raises KeyReused if the context is that of another action, and TooManyCommands if the row had no room for it:
    both can come to pass at the very moment at which the command is saved.
    """
    known = call.operations.requested.get(context)
    if known is None:
        raise TooManyCommands(call.id)
    if known.action != action:
        raise KeyReused(context)


def _is_over(call: Call, context: str) -> bool:
    found = command_outcome(call, context)
    return found is not None and found.is_final


def _without_key(call: Call, action: AnyAction, requested_by: str) -> str:
    equal = [id for id, each in commands.in_order(call) if each.action == action and each.by == requested_by]
    under_way = (id for id in equal if not call.state.is_settled and not _is_over(call, id))
    text = json.encode(action).decode()
    return next(under_way, effect_id(call.id, f"command {requested_by} without key {len(equal)} {text}"))

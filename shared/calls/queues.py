"""Queues: actions that ACS carries out one at a time are sent one at a time.

ACS has one queue of media for each call, and cancels all of it at once. So an operation is sent when the outcome of the
one before is known, and it is known which one a cancellation ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from shared.calls.actions import CancelMedia
from shared.calls.call import BaseCall
from shared.calls.effect import Wanted, effect_id
from shared.calls.state import CallState

COMMANDS = "commands"  # ``wanted_by`` of the effects of commands

WantedEffect = tuple[str, str, Wanted]  # ``wanted_by``, the effect's id, and the step


def in_turn(call: BaseCall, wanted: Iterable[WantedEffect], now: datetime) -> Iterator[WantedEffect]:
    """Those of no queue; and of each queue the cancellations, and the one whose turn it is."""
    queues: dict[str, dict[str, WantedEffect]] = {}
    for each in (*wanted, *_unsettled(call, now)):
        if queue := each[2].action.queue:
            queues.setdefault(queue, {}).setdefault(each[1], each)
        else:
            yield each
    sending = {effect.id for effect in call.effects if effect.is_being_sent(now)}
    for queue_of_call in queues.values():
        yield from _in_queue(call, list(queue_of_call.values()), sending)


def interruption(context: str) -> Wanted:
    """The cancellation of an operation that gives way to another one."""
    return Wanted(f"interrupt {context}", CancelMedia(context))


def _unsettled(call: BaseCall, now: datetime) -> Iterator[WantedEffect]:
    """The requests that are being sent, and the operations and cancellations that ACS has accepted and whose outcome is
    awaited: they occupy the queue, even if they are wanted no more. A request that has failed for good does not, though
    its lease lasts longer; a cancellation that is being sent does, since it would end the operation beside it.
    """
    if call.state is not CallState.CONNECTED:
        return
    for effect in call.effects:
        is_over = call.operations.is_over(effect.action.cancels or effect.id)
        is_awaited = effect.performed and effect.due > now and not is_over
        is_being_sent = effect.is_being_sent(now) and (effect.action.cancels is not None or not is_over)
        if effect.action.queue and (is_being_sent or is_awaited):
            yield effect.wanted_by, effect.id, Wanted(effect.id, effect.action)


def _in_queue(call: BaseCall, waiting: list[WantedEffect], sending: Collection[str]) -> Iterator[WantedEffect]:
    """The operation that is open or, if none is, the first; a background operation comes last, and is cancelled when
    another one waits. A cancellation and the operations beside it are sent one after the other: ACS must not cancel
    what was sent later, or not yet.
    """
    open_ids = {effect.id for effect in call.effects}
    operations = [each for each in waiting if not each[2].action.cancels]
    cancellations = [each for each in waiting if each[2].action.cancels]
    if operations:
        first = min(operations, key=lambda each: (each[1] not in open_ids, *_rank(each)))
        if first[1] in open_ids or not cancellations:
            yield first
        if first[1] in open_ids and _gives_way(first, operations):
            step = interruption(first[1])
            cancellations.append((first[0], effect_id(call.id, step.step), step))
    yield from (each for each in cancellations if each[2].action.cancels not in sending)


def _rank(each: WantedEffect) -> tuple[bool, bool, bool, str]:
    """Background operations come last. Before them come the capabilities' own operations, commands, and plans."""
    wanted_by, _, wanted = each
    return wanted.action.is_background, wanted.after_commands, wanted_by == COMMANDS, wanted_by


def _gives_way(first: WantedEffect, operations: list[WantedEffect]) -> bool:
    return first[2].action.is_background and any(not each[2].action.is_background for each in operations)

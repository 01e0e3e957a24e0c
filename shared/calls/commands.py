"""Commands: operations that a caller of the API requests, and how far each has come.

A command is an event of the call (``OperationRequested``), whose id is the operation context of its request to ACS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from shared.calls.actions import HangUp
from shared.calls.call import BaseCall
from shared.calls.operations import Outcome, OutcomeStatus, Requested

LATE_OUTCOME = timedelta(seconds=2)  # how long after CallDisconnected one is awaited; they arrive in any order


def in_order(call: BaseCall) -> list[tuple[str, Requested]]:
    """The commands by their contexts, in the order in which they were requested."""
    return sorted(call.operations.requested.items(), key=_order)


def under_way(call: BaseCall) -> Iterator[tuple[str, Requested]]:
    """Those that are not over, in the order in which they were requested."""
    cancellations = _cancellations(call)
    for context, requested in in_order(call):
        found = _outcome(call, context, cancellations)
        if found is None or not found.is_final:
            yield context, requested


def outcome(call: BaseCall, context: str) -> Outcome | None:
    """The outcome of a command. One that was cancelled before it was sent is cancelled; a cancellation has succeeded
    when the other operation is over.
    """
    return _outcome(call, context, _cancellations(call))


def is_over(call: BaseCall, context: str) -> bool:
    found = outcome(call, context)
    return found is not None and found.is_final


def has_failed(call: BaseCall, context: str) -> bool:
    """Whether a command is over without having done anything."""
    found = outcome(call, context)
    return found is not None and found.status in {OutcomeStatus.FAILED, OutcomeStatus.CANCELED}


def can_come_late(call: BaseCall, context: str, outcome: Outcome | None, now: datetime) -> bool:
    """Whether a call has ended so recently that the outcome of an accepted operation can still arrive: a transfer and a
    removal can end the call that they are part of. A hang-up has succeeded when the call ends.
    """
    requested = call.operations.requested.get(context)
    if outcome is None or outcome.is_final or requested is None or isinstance(requested.action, HangUp):
        return False
    return call.last_event_at is not None and abs(now - call.last_event_at) < LATE_OUTCOME  # clocks differ


Cancellations = Mapping[str, Sequence[tuple[str, Requested]]]  # by the context of what they cancel, in order


def _cancellations(call: BaseCall) -> Cancellations:
    found: dict[str, list[tuple[str, Requested]]] = {}
    canceling = [each for each in call.operations.requested.items() if each[1].action.cancels]
    for id, requested in sorted(canceling, key=_order):
        found.setdefault(requested.action.cancels or "", []).append((id, requested))
    return found


def _outcome(call: BaseCall, context: str, cancellations: Cancellations) -> Outcome | None:
    reported = call.operations.outcome(context)
    if reported is not None and reported.is_final:
        return reported
    canceled = _canceled(call, context, cancellations)
    if canceled is not None:
        return canceled
    requested = call.operations.requested.get(context)
    other = requested.action.cancels if requested else None
    return _of_cancellation(call, other, reported, cancellations) if other else reported


def _canceled(call: BaseCall, context: str, cancellations: Cancellations) -> Outcome | None:
    """The outcome of a command by another one that cancels it; None where ACS has still to report it."""
    for id, cancellation in cancellations.get(context, ()):
        was_sent = any(effect.id == context for effect in call.effects)
        reported = call.operations.outcome(id)
        if not was_sent or (reported is not None and reported.status is OutcomeStatus.SUCCEEDED):
            return Outcome(OutcomeStatus.CANCELED, cancellation.at, "OperationRequested")
    return None


def _of_cancellation(
    call: BaseCall, other: str, reported: Outcome | None, cancellations: Cancellations
) -> Outcome | None:
    ended = call.operations.outcome(other)
    if ended is None or not ended.is_final:
        ended = _canceled(call, other, cancellations)
    if ended is None:
        return reported
    if ended.status is OutcomeStatus.CANCELED:
        return Outcome(OutcomeStatus.SUCCEEDED, ended.at, ended.source_event)
    return Outcome(OutcomeStatus.FAILED, ended.at, ended.source_event, message="the operation was over already")


def _order(command: tuple[str, Requested]) -> tuple[datetime, str]:
    return command[1].at, command[0]

"""Operations: the requests of a call, and their outcomes.

ACS returns the ``operationContext`` of a request in the events that report its outcome, and it is the effect's id. So
one table of outcome events serves every capability. Outcomes are joined: a final outcome that the platform reports
takes precedence over one of this app, and both over progress. The order of arrival does not matter.

An outcome can arrive before the row holds its request. So outcomes with an unknown context are kept too, the
``MOST_UNKNOWN`` earliest of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.actions import AnyAction, CancelMedia
from shared.calls.effect import effect_id
from shared.calls.event import ActionFailed, ActionPerformed, CallbackPayload, Event, Fact, OperationRequested
from shared.calls.joins import bounded

MOST_UNKNOWN = 20
MOST_REQUESTED = 200


class OutcomeStatus(StrEnum):
    PROGRESSED = "progressed"
    CANCELED = "canceled"
    FAILED = "failed"
    SUCCEEDED = "succeeded"


class Outcome(Struct, frozen=True, omit_defaults=True):
    """The outcome of an operation, and the type of the event that reported it."""

    status: OutcomeStatus
    at: datetime
    source_event: str
    code: int = 0
    sub_code: int = 0
    message: str = ""

    @property
    def is_final(self) -> bool:
        return self.status is not OutcomeStatus.PROGRESSED

    @property
    def is_own(self) -> bool:
        """Whether this app reported it: a request that was accepted or failed for good, or an outcome that never
        came.
        """
        return self.source_event in {ActionFailed.__name__, ActionPerformed.__name__}


class UnknownOutcome(Struct, frozen=True, omit_defaults=True):
    """An outcome whose context is that of no step and of no command of the call."""

    context: str
    outcome: Outcome


class Requested(Struct, frozen=True, omit_defaults=True):
    """An action of a command, and the caller of the API who sent it."""

    action: AnyAction
    at: datetime
    by: str


class Operations(Struct, frozen=True, omit_defaults=True):
    """``outcomes`` and ``requested`` are by operation context; ``unknown`` by the id of the event."""

    outcomes: dict[str, Outcome] = {}
    requested: dict[str, Requested] = {}
    unknown: dict[str, UnknownOutcome] = {}

    def outcome(self, context: str) -> Outcome | None:
        return self.outcomes.get(context)

    def is_over(self, context: str) -> bool:
        outcome = self.outcomes.get(context)
        return outcome is not None and outcome.is_final


OutcomeTable = Mapping[type[Fact], OutcomeStatus]


def context_of_step(call_id: str, command: str, step: str) -> str:
    """The operation context of a step of a command that has several (``Action.steps``)."""
    return effect_id(call_id, step_of(command, step))


def step_of(command: str, step: str) -> str:
    return f"{command}/{step}"


def contexts_of(call_id: str, command: str, action: AnyAction) -> frozenset[str]:
    """The operation contexts of a command: its own, and those of its steps."""
    return _contexts(call_id, command, action.steps)


@lru_cache(maxsize=1024)  # each event is compared with those of all commands
def _contexts(call_id: str, command: str, steps: tuple[str, ...]) -> frozenset[str]:
    return frozenset({command, *(context_of_step(call_id, command, step) for step in steps)})


def outcome_of(event: Event, table: OutcomeTable) -> tuple[str, Outcome] | None:
    """The operation context and the outcome that an event reports; None if it reports none."""
    data = event.data
    status = table.get(type(data))
    if status is not None and isinstance(data, CallbackPayload) and data.operation_context:
        return data.operation_context, Outcome(status, event.at, event.type, *data.codes, data.message)
    match data:
        case ActionFailed(action=CancelMedia(operation=canceled)):  # ACS has nothing to cancel, or reported nothing
            return canceled, Outcome(OutcomeStatus.CANCELED, event.at, event.type, *data.codes, data.message)
        case ActionFailed():
            return data.effect_id, Outcome(OutcomeStatus.FAILED, event.at, event.type, *data.codes, data.message)
        case ActionPerformed(action=action):
            status = OutcomeStatus.SUCCEEDED if action.is_done_when_accepted else OutcomeStatus.PROGRESSED
            return data.effect_id, Outcome(status, event.at, ActionPerformed.__name__)
    return None


def fold(operations: Operations, event: Event, table: OutcomeTable, steps: Collection[str], call_id: str) -> Operations:
    """The operations after the event. ``steps`` are the contexts of the steps that the call can have."""
    operations = _known_now(operations, steps)
    if isinstance(event.data, OperationRequested):
        requested = Requested(event.data.action, event.at, event.data.requested_by)
        return _requested(operations, event.id, requested, call_id)
    reported = outcome_of(event, table)
    if reported is None:
        return operations
    context, outcome = reported
    if context in steps:  # an accepted step can be tried again if no event reports its outcome
        is_pending = isinstance(event.data, ActionPerformed) and not outcome.is_final
        return operations if is_pending else _joined(operations, context, outcome)
    if any(context in contexts_of(call_id, id, each.action) for id, each in operations.requested.items()):
        return _joined(operations, context, outcome)
    if outcome.is_own:  # of an action whose capability keeps its outcome itself
        return operations
    unknown = operations.unknown | {event.id: UnknownOutcome(context, outcome)}
    return replace(operations, unknown=bounded(unknown, MOST_UNKNOWN, lambda each: each.outcome.at))


def _requested(operations: Operations, context: str, requested: Requested, call_id: str) -> Operations:
    """The operations with a command, and with the outcomes of it that came first. A command beyond the limit is dropped
    with its outcomes.
    """
    before = operations.requested.get(context, requested)
    added = operations.requested | {context: min(before, requested, key=lambda each: (each.at, each.by))}
    kept = bounded(added, MOST_REQUESTED, lambda each: each.at)
    if context not in kept:
        return operations
    dropped = {
        each
        for id in operations.requested.keys() - kept.keys()
        for each in contexts_of(call_id, id, operations.requested[id].action)
    }
    outcomes = {each: outcome for each, outcome in operations.outcomes.items() if each not in dropped}
    operations = replace(operations, requested=kept, outcomes=outcomes)
    return _known_now(operations, contexts_of(call_id, context, kept[context].action))


def _known_now(operations: Operations, contexts: Collection[str]) -> Operations:
    """The operations with the outcomes that came before their contexts were known."""
    early = [each for each in operations.unknown.values() if each.context in contexts]
    if not early:
        return operations
    unknown = {id: each for id, each in operations.unknown.items() if each.context not in contexts}
    operations = replace(operations, unknown=unknown)
    for each in early:
        operations = _joined(operations, each.context, each.outcome)
    return operations


def _joined(operations: Operations, context: str, outcome: Outcome) -> Operations:
    before = operations.outcomes.get(context, outcome)
    return replace(operations, outcomes=operations.outcomes | {context: min(before, outcome, key=precedence)})


def precedence(outcome: Outcome) -> Any:
    """The platform's success comes first, then its other final outcomes, this app's, progress; then the earlier one."""
    own, final = outcome.is_own, outcome.status is not OutcomeStatus.SUCCEEDED
    rank = 3 if not outcome.is_final else 2 if own else int(final)
    return rank, outcome.at, outcome.source_event, outcome.code, outcome.sub_code, outcome.message

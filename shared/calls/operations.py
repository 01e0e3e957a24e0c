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
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.actions import AnyAction
from shared.calls.event import ActionFailed, CallbackPayload, Event, Fact, OperationRequested
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
        """Whether this app reported it: a request that failed for good, or an outcome that never came."""
        return self.source_event == ActionFailed.__name__


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


def outcome_of(event: Event, table: OutcomeTable) -> tuple[str, Outcome] | None:
    """The operation context and the outcome that an event reports; None if it reports none."""
    data = event.data
    status = table.get(type(data))
    if status is not None and isinstance(data, CallbackPayload) and data.operation_context:
        return data.operation_context, Outcome(status, event.at, event.type, *data.codes, data.message)
    if isinstance(data, ActionFailed):
        return data.effect_id, Outcome(OutcomeStatus.FAILED, event.at, event.type, *data.codes, data.message)
    return None


def fold(operations: Operations, event: Event, table: OutcomeTable, contexts: Collection[str]) -> Operations:
    """The operations after the event. ``contexts`` are those of the steps that the call can have."""
    if isinstance(event.data, OperationRequested):
        return _requested(operations, event.id, Requested(event.data.action, event.at, event.data.requested_by))
    reported = outcome_of(event, table)
    if reported is None:
        return operations
    context, outcome = reported
    if context in contexts or context in operations.requested:
        return _joined(operations, context, outcome)
    if outcome.is_own:  # of an action whose capability keeps its outcome itself
        return operations
    unknown = operations.unknown | {event.id: UnknownOutcome(context, outcome)}
    return replace(operations, unknown=bounded(unknown, MOST_UNKNOWN, lambda each: each.outcome.at))


def _requested(operations: Operations, context: str, requested: Requested) -> Operations:
    """The operations with a command, and with the outcomes of it that came first. A command beyond the limit is dropped
    with its outcomes.
    """
    before = operations.requested.get(context, requested)
    added = operations.requested | {context: min(before, requested, key=lambda each: (each.at, each.by))}
    kept = bounded(added, MOST_REQUESTED, lambda each: each.at)
    if context not in kept:
        return operations
    dropped = operations.requested.keys() - kept.keys()
    outcomes = {each: outcome for each, outcome in operations.outcomes.items() if each not in dropped}
    early = [each.outcome for each in operations.unknown.values() if each.context == context]
    unknown = {id: each for id, each in operations.unknown.items() if each.context != context}
    operations = replace(operations, requested=kept, outcomes=outcomes, unknown=unknown)
    for outcome in early:
        operations = _joined(operations, context, outcome)
    return operations


def _joined(operations: Operations, context: str, outcome: Outcome) -> Operations:
    before = operations.outcomes.get(context, outcome)
    return replace(operations, outcomes=operations.outcomes | {context: min(before, outcome, key=_order)})


def _order(outcome: Outcome) -> Any:
    """The platform's success comes first, then its other final outcomes, this app's, progress; then the earlier one."""
    own, final = outcome.is_own, outcome.status is not OutcomeStatus.SUCCEEDED
    rank = 3 if not outcome.is_final else 2 if own else int(final)
    return rank, outcome.at, outcome.source_event, outcome.code, outcome.sub_code, outcome.message

"""What was asked for, and how it went.

ACS returns the ``operationContext`` of a request in the events that report its outcome, and it is the effect's id. So
one table of outcome events serves every capability. Outcomes are joined: the platform's final word comes before that
of this app, which comes before progress, and the order of arrival decides nothing.

What an outcome means is no question of whether the operation was asked for: an event can come before the row says so. A
context that no step of ours has is kept too, but only the few earliest of them.
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
    """How an operation went, and the type of the event that said so."""

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
        """Whether it is this app's word: a request that failed for good, or silence."""
        return self.source_event == ActionFailed.__name__


class Heard(Struct, frozen=True, omit_defaults=True):
    """An outcome with a context that no step of this call has."""

    context: str
    outcome: Outcome


class Requested(Struct, frozen=True, omit_defaults=True):
    """An action that a command asked for, and by whom."""

    action: AnyAction
    at: datetime
    by: str


class Operations(Struct, frozen=True, omit_defaults=True):
    """``outcomes`` and ``requested`` are by operation context; ``unknown`` by the id of the event."""

    outcomes: dict[str, Outcome] = {}
    requested: dict[str, Requested] = {}
    unknown: dict[str, Heard] = {}

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
    """The operations with what the event says. ``contexts`` are those of the steps that the call can have."""
    if isinstance(event.data, OperationRequested):
        return _requested(operations, event.id, Requested(event.data.action, event.at, event.data.requested_by))
    said = outcome_of(event, table)
    if said is None:
        return operations
    context, outcome = said
    if context in contexts or context in operations.requested:
        return _joined(operations, context, outcome)
    if outcome.is_own:  # of an action whose capability keeps its outcome itself
        return operations
    unknown = operations.unknown | {event.id: Heard(context, outcome)}
    return replace(operations, unknown=bounded(unknown, MOST_UNKNOWN, lambda heard: heard.outcome.at))


def _requested(operations: Operations, context: str, requested: Requested) -> Operations:
    """The operations with a command, and with what was heard of it before it was known."""
    before = operations.requested.get(context, requested)
    all_requested = operations.requested | {context: min(before, requested, key=lambda each: (each.at, each.by))}
    known = replace(operations, requested=bounded(all_requested, MOST_REQUESTED, lambda each: each.at))
    for id, heard in operations.unknown.items():
        if heard.context == context:
            left = {other: each for other, each in known.unknown.items() if other != id}
            known = _joined(replace(known, unknown=left), context, heard.outcome)
    return known


def _joined(operations: Operations, context: str, outcome: Outcome) -> Operations:
    before = operations.outcomes.get(context, outcome)
    return replace(operations, outcomes=operations.outcomes | {context: min(before, outcome, key=_order)})


def _order(outcome: Outcome) -> Any:
    """The most telling outcome first; of two that tell as much, the earlier one."""
    own, final = outcome.is_own, outcome.status is not OutcomeStatus.SUCCEEDED
    rank = 3 if not outcome.is_final else 2 if own else int(final)
    return rank, outcome.at, outcome.source_event, outcome.code, outcome.sub_code, outcome.message

"""``transfer`` and ``hangUp``: the call leaves this app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from shared.calls.actions import HangUp, TransferCall
from shared.calls.effect import Wanted
from shared.calls.operations import OutcomeStatus
from shared.calls.plans.base import Exit, Step, StepName, VisitContext
from shared.calls.plans.targets import Target, raw_id_of


class TransferStep(Step, frozen=True, kw_only=True, tag="transfer"):
    """Transfer the caller to a number, an agent, a Teams user, or the resource account of a call queue. It ends this
    app's control of the call, and ACS's recording. ``otherwise``: where the call goes on if the transfer fails.
    """

    to: Target
    otherwise: StepName

    takes_time: ClassVar[bool] = True
    gives_away: ClassVar[bool] = True

    def operations(self, at: VisitContext) -> tuple[str, ...]:  # noqa: ARG002
        return ("transfer",)

    def leave(self, at: VisitContext) -> Exit | None:
        outcome = at.outcome("transfer")
        if outcome is None:
            return None
        succeeded = outcome.status is OutcomeStatus.SUCCEEDED
        return Exit(None, "transferred") if succeeded else Exit(self.otherwise, "the transfer failed")

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:
        if at.outcome("transfer") is None and (target := raw_id_of(at, self.to)):
            yield at.wanted("transfer", TransferCall(target, at.caller))


class HangUpStep(Step, frozen=True, kw_only=True, tag="hangUp"):
    """End the call for everyone in it."""

    takes_time: ClassVar[bool] = True

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:
        yield at.wanted("hang up", HangUp())

"""``transfer`` and ``hangUp``: the call leaves this app."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar

from shared.calls.actions import HangUp, TransferCall
from shared.calls.effect import Wanted
from shared.calls.identities import is_same
from shared.calls.operations import OutcomeStatus
from shared.calls.plans.base import Exit, Step, StepName, VisitContext
from shared.calls.plans.callers import CALLER_UNKNOWN, caller_is_missing, caller_timers
from shared.calls.plans.targets import Target, raw_id_of
from shared.calls.presence import others


class TransferStep(Step, frozen=True, kw_only=True, tag="transfer"):
    """Transfer the caller to a number, an agent, a Teams user, or the resource account of a call queue. It ends this
    app's control of the call, and ACS's recording. ``otherwise``: where the call goes on if the transfer fails.
    """

    to: Target
    otherwise: StepName

    takes_time: ClassVar[bool] = True

    def operations(self, at: VisitContext) -> tuple[str, ...]:  # noqa: ARG002
        return ("transfer",)

    def targets_by_path(self) -> Mapping[str, Target]:
        return {"to": self.to}

    def problems(self) -> Mapping[str, str]:
        return {"to.group": "a call cannot be transferred to a group: use ring"} if self.to.group else {}

    def leave(self, at: VisitContext) -> Exit | None:
        outcome = at.outcome("transfer")
        if outcome is None:
            reason = self._obstacle(at)
            return Exit(self.otherwise, reason) if reason and not at.is_open("transfer") else None
        succeeded = outcome.status is OutcomeStatus.SUCCEEDED
        return Exit(None, "transferred") if succeeded else Exit(self.otherwise, "the transfer failed")

    def _obstacle(self, at: VisitContext) -> str | None:
        target = raw_id_of(at, self.to)
        if target is None:
            return "the tenant of the agent is not known"
        if is_same(target, at.call.lifecycle.callee or ""):  # type: ignore[attr-defined]  # of its capability
            return "the target is the account of the call itself"
        return CALLER_UNKNOWN if caller_is_missing(at, ("transfer",)) else None

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:
        target = raw_id_of(at, self.to)
        if at.outcome("transfer") is None and target and (at.caller or at.is_open("transfer")):
            several = len(others(at.call)) > 1  # only then ACS needs to know whom
            yield at.wanted("transfer", TransferCall(target, at.caller if several else None))

    def takes_caller(self, at: VisitContext) -> bool:
        """The caller leaves with the transfer, which can be reported before it has succeeded."""
        outcome = at.outcome("transfer")
        return at.was_sent("transfer") or (outcome is not None and outcome.status is OutcomeStatus.SUCCEEDED)

    def timers(self, at: VisitContext) -> Iterator[datetime]:
        yield from caller_timers(at, ("transfer",))


class HangUpStep(Step, frozen=True, kw_only=True, tag="hangUp"):
    """End the call for everyone in it."""

    takes_time: ClassVar[bool] = True

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:
        yield at.wanted("hang up", HangUp())

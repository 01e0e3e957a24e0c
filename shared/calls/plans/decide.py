"""``decide``: another application decides where the call goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from msgspec import Meta

from shared.calls.actions import RequestDecision
from shared.calls.effect import Wanted
from shared.calls.operations import OutcomeStatus
from shared.calls.plans.base import Exit, Step, StepName, Visit, VisitContext

REQUEST = "request"
DECIDED = "decided"


class DecideStep(Step, frozen=True, kw_only=True, tag="decide"):
    """Publish the event DecisionRequested, and go on by the one of ``choices`` that is sent to
    ``POST /calls/{callId}/steps/{visit}`` within ``seconds``; by ``otherwise`` if none is.
    """

    choices: Annotated[tuple[StepName, ...], Meta(min_length=1, max_length=20)]
    seconds: Annotated[int, Meta(ge=1, le=60)] = 5
    otherwise: StepName

    takes_time: ClassVar[bool] = True

    def exits(self) -> Mapping[str, str]:
        return {f"choices[{n}]": to for n, to in enumerate(self.choices)} | {"otherwise": self.otherwise}

    def deadline(self, visit: Visit) -> datetime:
        return visit.begun_at + timedelta(seconds=self.seconds)

    def operations(self, at: VisitContext) -> tuple[str, ...]:  # noqa: ARG002
        return (REQUEST,)

    def leave(self, at: VisitContext) -> Exit | None:
        chosen = at.routing.chosen.get(at.visit.name)
        if chosen is not None and chosen.choice in self.choices:
            return Exit(chosen.choice, DECIDED)
        if at.time >= self.deadline(at.visit):
            return Exit(self.otherwise, f"no decision within {self.seconds} s")
        outcome = at.outcome(REQUEST)
        failed = outcome is not None and outcome.status is OutcomeStatus.FAILED
        return Exit(self.otherwise, "the decision could not be requested") if failed else None

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:
        if at.outcome(REQUEST) is None:
            yield at.wanted(REQUEST, RequestDecision(at.visit.name, self.choices, self.seconds))

    def timers(self, at: VisitContext) -> Iterator[datetime]:
        yield self.deadline(at.visit)

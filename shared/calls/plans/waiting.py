"""Waiting for an agent: the call is offered again until someone is free, and the caller hears their position."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from shared.calls.actions import Play
from shared.calls.effect import Wanted
from shared.calls.operations import OutcomeStatus
from shared.calls.plans import hold, offers
from shared.calls.plans.base import Visit, VisitContext
from shared.calls.plans.offers import Round
from shared.calls.queues import interruption

POSITION = "position"
MOST_REPEATS = 240  # of the offer, that the time alone leads to
SHORTEST_INTERVAL = timedelta(seconds=15)


class Wait(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The caller waits for a free agent of the groups: for ``seconds`` at most, and hears ``meanwhile``. ``position``:
    every ``positionSeconds`` the caller hears this text, with ``{position}`` replaced.
    """

    seconds: Annotated[int, Meta(ge=10, le=7200)]
    position: Annotated[str, Meta(max_length=200)] = ""
    position_seconds: Annotated[int, Meta(ge=15, le=600)] = 60

    def until(self, visit: Visit) -> datetime:
        return visit.begun_at + timedelta(seconds=self.seconds)

    def goes_on(self, at: VisitContext) -> bool:
        """Whether the call waits, if no invitation is open."""
        return at.time < self.until(at.visit) and len(offers.rounds(at)) < offers.MOST_ROUNDS

    def repeat_at(self, last: Round) -> datetime:
        """When the call is offered again, if nothing else leads to it."""
        return last.at + max(SHORTEST_INTERVAL, timedelta(seconds=self.seconds) / MOST_REPEATS)

    def repeats(self, at: VisitContext, last: Round) -> bool:
        """Whether the call is offered again now. A timer can mean that an agent has become free."""
        woken_at: datetime | None = at.routing.woken_at
        is_woken = woken_at is not None and woken_at > last.at
        return self.goes_on(at) and (is_woken or at.time >= self.repeat_at(last))

    def timers(self, at: VisitContext) -> Iterator[datetime]:
        """Those of a call that waits."""
        known = offers.rounds(at)
        yield self.until(at.visit)
        if known and not known[-1].targets and not at.is_open(offers.name(len(known) + 1)):
            yield self.repeat_at(known[-1])
        if (due := self._position_due(at)) and not at.is_open(_next(at)):
            yield due

    # -- The position --

    def announcement(self, at: VisitContext, *, waits: bool) -> Iterator[Wanted]:
        """The caller's position, while the call waits; one that is being played is ended when it does not any more."""
        due, operation = self._position_due(at), _next(at)
        if waits and due and at.time >= due:
            listeners = (at.caller,) if at.caller else ()
            yield at.wanted(operation, Play(POSITION, self._text(at), listeners))
        elif not waits and at.is_open(operation):
            yield interruption(at.context(operation))

    def _text(self, at: VisitContext) -> str:
        return self.position.replace("{position}", str(_position(at)))

    def _position_due(self, at: VisitContext) -> datetime | None:
        """When the position is announced next; None if it is not known, or could not be played."""
        *before, _ = (at.outcome(each) for each in hold.numbered(at, POSITION))
        last = before[-1] if before else None
        failed = last is not None and last.status is OutcomeStatus.FAILED
        if not self.position or _position(at) is None or failed:
            return None
        return (last.at if last else at.visit.begun_at) + timedelta(seconds=self.position_seconds)


def _next(at: VisitContext) -> str:
    *_, operation = hold.numbered(at, POSITION)
    return operation


def _position(at: VisitContext) -> int | None:
    known = offers.rounds(at)
    return known[-1].position if known else None

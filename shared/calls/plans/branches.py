"""``match`` and ``hours``: where the call goes on depends on the caller, or on the time. The step is left at once, and
that decision is kept: it is not made again a minute later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.calls.identities import number_of
from shared.calls.plans import opening
from shared.calls.plans.base import Exit, Step, StepName, VisitContext


class MatchStep(Step, frozen=True, kw_only=True, tag="match"):
    """Go on by ``then`` if every condition that is given holds, by ``otherwise`` if one does not.

    ``callers``: beginnings of numbers in E.164; one of them is enough. ``customer``: whether the caller's number is
    that of a customer; neither holds where that is not known. ``context``: custom context that came with the call,
    names in any case of letters, and values.
    """

    callers: Annotated[tuple[Annotated[str, Meta(pattern=r"^\+[0-9]{1,15}$")], ...], Meta(max_length=100)] = ()
    customer: Literal["known", "unknown"] | None = None
    context: dict[str, Annotated[str, Meta(max_length=200)]] = msgspec.field(default_factory=dict)
    then: StepName
    otherwise: StepName

    def problems(self) -> Mapping[str, str]:
        given = self.callers or self.customer or self.context
        return {} if given else {"": "at least one of callers, customer and context is needed"}

    def leave(self, at: VisitContext) -> Exit | None:
        reason = next(self._differences(at), None)
        return Exit(self.otherwise, reason) if reason else Exit(self.then, "every condition holds")

    def _differences(self, at: VisitContext) -> Iterator[str]:
        if self.callers and (reason := self._of_number(at)):
            yield reason
        if self.customer and (reason := self._of_customer(at.routing.is_customer)):
            yield reason
        for name, value in self.context.items():
            if at.routing.context.get(name.lower()) != value:
                yield f"the context {name} differs"

    def _of_number(self, at: VisitContext) -> str | None:
        number = number_of(at.caller or "")
        if number is None:
            return "the caller's number is not known"
        return None if number.startswith(self.callers) else "the caller's number has another beginning"

    def _of_customer(self, is_customer: bool | None) -> str | None:
        if is_customer is None:
            return "it is not known whether the caller is a customer"
        found = "known" if is_customer else "unknown"
        return None if found == self.customer else f"the caller is {'a' if is_customer else 'no'} customer"


class HoursStep(Step, frozen=True, kw_only=True, tag="hours"):
    """Go on by ``then`` within the opening hours, by ``otherwise`` outside of them.

    ``open``: days (``mon``, ``mon-fri``, ``sat-mon``) and hours (``08:00-18:00``; ``22:00-06:00`` ends on the next day)
    as the clocks of the time zone (an IANA name) show them. ``closed``: dates without opening hours, from midnight to
    midnight; hours that begin on such a date do not last into the next one either.
    """

    time_zone: Annotated[str, Meta(max_length=64, examples=["Europe/Berlin"])]
    open: dict[opening.Days, tuple[opening.Hours, ...]]
    closed: tuple[Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")], ...] = ()
    then: StepName
    otherwise: StepName

    def problems(self) -> Mapping[str, str]:
        return opening.problems(self.time_zone, self.open, self.closed)

    def leave(self, at: VisitContext) -> Exit | None:
        if opening.zone(self.time_zone) is None:
            return Exit(self.otherwise, "the time zone is not known")
        is_open = opening.is_open_at(self.time_zone, self.open, self.closed, at.time)
        return Exit(self.then, "open") if is_open else Exit(self.otherwise, "closed")

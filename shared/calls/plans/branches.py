"""``match`` and ``hours``: where the call goes on depends on the caller, or on the time. What they chose is kept."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.calls.plans.base import Step, StepName


class MatchStep(Step, frozen=True, kw_only=True, tag="match"):
    """Go on by ``then`` if every condition that is given holds, by ``otherwise`` if one does not.

    ``callers``: beginnings of numbers in E.164. ``customer``: whether the caller's number is that of a customer.
    ``context``: custom context that came with the call, names and values.
    """

    callers: Annotated[tuple[Annotated[str, Meta(pattern=r"^\+[0-9]{1,15}$")], ...], Meta(max_length=100)] = ()
    customer: Literal["known", "unknown"] | None = None
    context: dict[str, Annotated[str, Meta(max_length=200)]] = msgspec.field(default_factory=dict)
    then: StepName
    otherwise: StepName


class HoursStep(Step, frozen=True, kw_only=True, tag="hours"):
    """Go on by ``then`` within the opening hours, by ``otherwise`` outside of them.

    ``open``: days (``mon``, ``mon-fri``) and hours (``08:00-18:00``) in the time zone; ``closed``: dates
    (``2026-12-25``).
    """

    time_zone: Annotated[str, Meta(max_length=64, examples=["Europe/Berlin"])]
    open: dict[str, tuple[str, ...]]
    closed: tuple[Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")], ...] = ()
    then: StepName
    otherwise: StepName

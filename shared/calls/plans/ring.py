"""``ring``: the call is offered to agents, groups, numbers and Teams users until one of them accepts."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from shared.calls.plans.base import Prompt, Step, StepName
from shared.calls.plans.targets import Target


class Wait(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The caller waits for a free agent of the groups: for ``seconds`` at most, and hears ``meanwhile``. ``position``:
    every ``positionSeconds`` the caller hears this text, with ``{position}`` replaced.
    """

    seconds: Annotated[int, Meta(ge=10, le=7200)]
    position: Annotated[str, Meta(max_length=200)] = ""
    position_seconds: Annotated[int, Meta(ge=15, le=600)] = 60


class RingStep(Step, frozen=True, kw_only=True, tag="ring"):
    """Offer the call to the targets, each for ``seconds``.

    ``order``: all at once, in turn, or the agent who has been idle longest first. ``meanwhile``: what the caller hears.
    ``confirm``: a number has accepted only once it has pressed 1 to a whispered prompt, so that no voicemail wins.
    ``conference``: everyone who accepts stays. ``left``: where the call goes on when the agent leaves; otherwise
    ``declined``, ``noAnswer``, ``unavailable`` (each ``otherwise`` unless given).
    """

    targets: Annotated[tuple[Target, ...], Meta(min_length=1, max_length=20)]
    order: Literal["all", "inTurn", "longestIdle"] = "longestIdle"
    seconds: Annotated[int, Meta(ge=5, le=120)] = 25
    meanwhile: Prompt | None = None
    confirm: bool = True
    conference: bool = False
    wait: Wait | None = None
    left: StepName
    otherwise: StepName
    declined: StepName | None = None
    no_answer: StepName | None = None
    unavailable: StepName | None = None

    takes_time: ClassVar[bool] = True

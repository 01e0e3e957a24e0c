"""``decide``: another application decides where the call goes on."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from shared.calls.plans.base import Step, StepName


class DecideStep(Step, frozen=True, kw_only=True, tag="decide"):
    """Publish the event DecisionRequested, and go on by the one of ``choices`` that is sent to
    ``POST /calls/{callId}/steps/{visit}`` within ``seconds``; by ``otherwise`` if none is.
    """

    choices: Annotated[tuple[StepName, ...], Meta(min_length=1, max_length=20)]
    seconds: Annotated[int, Meta(ge=1, le=60)] = 5
    otherwise: StepName

    takes_time: ClassVar[bool] = True

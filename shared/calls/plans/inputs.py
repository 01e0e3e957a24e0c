"""``collect``: digits that the caller enters."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from shared.calls.plans.base import Prompt, Seconds, Step, StepName


class CollectStep(Step, frozen=True, kw_only=True, tag="collect"):
    """Ask for ``digits`` digits at most, ended by ``stopKey`` or by ``interKeySeconds`` without another.

    ``secret``: the digits stand in no timeline, log and event, and the recording pauses meanwhile.
    """

    prompt: Prompt
    digits: Annotated[int, Meta(ge=1, le=50)]
    least: Annotated[int, Meta(ge=1, le=50, description="fewer digits do not count")] = 1
    stop_key: Annotated[str, Meta(pattern="^[*#]?$")] = "#"
    tries: Annotated[int, Meta(ge=1, le=5)] = 3
    seconds: Seconds = 5
    inter_key_seconds: Annotated[int, Meta(ge=1, le=60)] = 3
    secret: bool = False
    then: StepName
    otherwise: StepName

    takes_time: ClassVar[bool] = True

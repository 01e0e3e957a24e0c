"""``record``: the recording is started, paused, resumed or stopped."""

from __future__ import annotations

from typing import Literal

from shared.calls.plans.base import Step, StepName


class RecordStep(Step, frozen=True, kw_only=True, tag="record"):
    """Change the recording, and go on at once."""

    recording: Literal["start", "pause", "resume", "stop"]
    then: StepName

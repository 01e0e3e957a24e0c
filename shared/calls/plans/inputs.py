"""``collect``: digits that the caller enters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import Meta

from shared.calls.actions import Recognize
from shared.calls.effect import Wanted
from shared.calls.plans import recordings
from shared.calls.plans.base import Exit, Prompt, Seconds, Step, StepName, VisitContext
from shared.calls.plans.callers import CALLER_UNKNOWN, caller_is_missing, caller_timers


class CollectStep(Step, frozen=True, kw_only=True, tag="collect"):
    """Ask the caller for ``digits`` digits at most. ``stopKey`` ends them earlier. A pause of ``interKeySeconds`` after
    a digit ends the try without a result: ACS reports no digits then (azure-docs,
    ``communication-services/how-tos/call-automation/recognize-action.md``). It is asked ``tries`` times, each with
    ``seconds`` to begin.

    The digits stand in the row of the call, for the steps after it, and in no timeline, log and event. ``secret``: the
    recording pauses meanwhile. If it does not, the caller is not asked, and the call goes on by ``otherwise``.
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

    def problems(self) -> Mapping[str, str]:
        return {"least": "must not be more than digits"} if self.least > self.digits else {}

    def operations(self, at: VisitContext) -> tuple[str, ...]:
        return (*self._tries, *(recordings.operations(at, "pause", "resume") if self.secret else ()))

    @property
    def _tries(self) -> tuple[str, ...]:
        return tuple(f"try {n}" for n in range(1, self.tries + 1))

    def leave(self, at: VisitContext) -> Exit | None:
        if reason := self._obstacle(at):
            return Exit(self.otherwise, reason)
        for each in self._tries:
            if at.outcome(each) is None:
                return None
            if self.digits_of(at, each):
                return Exit(self.then, "digits entered")
        return Exit(self.otherwise, f"no digits in {self.tries} tries" if self.tries > 1 else "no digits")

    def _obstacle(self, at: VisitContext) -> str | None:
        if caller_is_missing(at, self._tries):
            return CALLER_UNKNOWN
        return recordings.obstacle(at) if self.secret else None

    def digits_of(self, at: VisitContext, operation: str) -> str:
        """What was entered, without the stop key; empty if it does not count."""
        found = at.recognized(operation)
        digits = (found.keys or "").removesuffix(self.stop_key) if found else ""
        return digits if digits.isdigit() and self.least <= len(digits) <= self.digits else ""

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:
        if self.secret:
            yield from recordings.pauses_wanted(at)
        left = [each for each in self._tries if at.outcome(each) is None]
        can_begin = not self.secret or recordings.is_silent(at) or at.is_open(left[0])
        if at.caller and can_begin:
            yield at.wanted(left[0], self._recognition(at.caller))

    def _recognition(self, caller: str) -> Recognize:
        return Recognize(
            caller,
            "keys",
            source=self.prompt.source,
            initial_silence_seconds=self.seconds,
            max_keys=self.digits,
            inter_key_seconds=self.inter_key_seconds,
            stop_keys=self.stop_key,
        )

    def wanted_after(self, at: VisitContext) -> Iterator[Wanted]:
        yield from at.cancellations(self._tries)
        if self.secret:
            is_over = not any(at.is_open(each) for each in self._tries)
            yield from recordings.resumes_wanted(at) if is_over else recordings.pauses_under_way(at)

    def timers(self, at: VisitContext) -> Iterator[datetime]:
        yield from caller_timers(at, self._tries)
        if self.secret:
            yield from recordings.timers(at)

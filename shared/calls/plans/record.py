"""``record``: the recording is started, paused, resumed or stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

from shared.calls.actions import AnyAction, PauseRecording, RequestRecording, ResumeRecording, StopRecording
from shared.calls.effect import Wanted
from shared.calls.operations import OutcomeStatus
from shared.calls.plans import recordings
from shared.calls.plans.base import Exit, Step, StepName, VisitContext

_DONE = {"start": "started", "pause": "paused", "resume": "resumed", "stop": "stopped"}
_NOTHING = {"start": "a recording runs already"}
_ACTIONS: Mapping[str, type[PauseRecording | ResumeRecording | StopRecording]] = {
    "pause": PauseRecording,
    "resume": ResumeRecording,
    "stop": StopRecording,
}


class RecordStep(Step, frozen=True, kw_only=True, tag="record"):
    """Change the recording, and go on as soon as ACS has accepted or refused it. One that is just starting is awaited.
    Without a recording to change the call goes on at once.
    """

    recording: Literal["start", "pause", "resume", "stop"]
    then: StepName

    def operations(self, at: VisitContext) -> tuple[str, ...]:
        return ("start",) if self.recording == "start" else recordings.operations(at, self.recording)

    def choose(self, at: VisitContext) -> Mapping[str, str]:
        """What it does: kept, since what it changes is no longer so afterwards."""
        return {} if self._must_wait(at) else dict.fromkeys(self._needed(at), "requested")

    def _must_wait(self, at: VisitContext) -> bool:
        is_over = at.time >= at.visit.begun_at + recordings.LONGEST_START
        return self.recording != "start" and recordings.is_starting(at.call) and not is_over

    def _needed(self, at: VisitContext) -> list[str]:
        running, paused = recordings.running(at.call), recordings.paused(at.call)
        if self.recording == "start":
            return [] if running or recordings.is_starting(at.call) else ["start"]
        subjects = {"pause": running, "resume": paused, "stop": running + paused}[self.recording]
        return [f"{self.recording} {id}" for id in subjects]

    def leave(self, at: VisitContext) -> Exit | None:
        outcomes = [at.outcome(each) for each in at.visit.choices]
        if None in outcomes or self._must_wait(at):
            return None
        if not outcomes:
            return Exit(self.then, _NOTHING.get(self.recording, f"no recording to {self.recording}"))
        failed = any(each and each.status is not OutcomeStatus.SUCCEEDED for each in outcomes)
        done = _DONE[self.recording]
        return Exit(self.then, f"the recording could not be {done}" if failed else f"the recording is {done}")

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:
        for operation in at.visit.choices:
            if at.outcome(operation) is None:
                yield at.wanted(operation, self._action(operation))

    def _action(self, operation: str) -> AnyAction:
        what, _, id = operation.partition(" ")
        return _ACTIONS[what](id) if id else RequestRecording()

    def timers(self, at: VisitContext) -> Iterator[datetime]:
        if self.recording != "start":
            yield from recordings.timers(at)

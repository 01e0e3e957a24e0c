"""What steps do to the recordings of a call: change them, and pause them while a secret is collected.

While one starts it can be neither paused nor stopped, so that such a step waits for it. ACS reports one that is paused
as inactive (azure-docs, ``communication-services/concepts/voice-video-calling/call-recording.md``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from shared.calls.actions import Action, PauseRecording, RequestRecording, ResumeRecording
from shared.calls.call import BaseCall
from shared.calls.effect import Wanted
from shared.calls.emergency import is_recorded
from shared.calls.operations import OutcomeStatus
from shared.calls.plans.base import VisitContext

LONGEST_START = timedelta(seconds=8)  # of a recording, while the caller hears nothing
NOT_PAUSED = "the recording could not be paused"
RESUMED = "the recording was resumed meanwhile"


def running(call: BaseCall) -> list[str]:
    """The ids of the recordings that run."""
    return [id for id, recording in _part(call).recordings.items() if recording.runs]


def paused(call: BaseCall) -> list[str]:
    return [id for id, recording in _part(call).recordings.items() if recording.is_paused]


def is_starting(call: BaseCall) -> bool:
    """Whether a recording may begin at any moment."""
    part = _part(call)
    is_wanted = is_recorded(call) and not part.has_run and part.given_up is None
    return (
        is_wanted or _is_under_way(call, RequestRecording) or any(each.is_starting for each in part.recordings.values())
    )


def operations(at: VisitContext, *changes: str) -> tuple[str, ...]:
    """The names of the operations by which a visit can change the recordings."""
    return tuple(f"{change} {id}" for id in _part(at.call).recordings for change in changes)


# -- Secrets -----------------------------------------------------------------------------------------------------


def is_silent(at: VisitContext) -> bool:
    """Whether nothing is recorded, nor can be before the step says so."""
    resuming = _is_under_way(at.call, ResumeRecording)
    return not running(at.call) and not is_starting(at.call) and not resuming


def obstacle(at: VisitContext) -> str | None:
    """Why the recording does not pause for as long as the secret is collected; None if it does, or will."""
    for id in running(at.call):
        if outcome := at.outcome(f"pause {id}"):
            return RESUMED if outcome.status is OutcomeStatus.SUCCEEDED else NOT_PAUSED
    return NOT_PAUSED if is_starting(at.call) and at.time >= at.visit.begun_at + LONGEST_START else None


def timers(at: VisitContext) -> Iterator[datetime]:
    if is_starting(at.call):
        yield at.visit.begun_at + LONGEST_START


def pauses_wanted(at: VisitContext) -> Iterator[Wanted]:
    for id in running(at.call):  # a request to resume could be carried out after the pause
        if at.outcome(f"pause {id}") is None and not _is_under_way(at.call, ResumeRecording):
            yield at.wanted(f"pause {id}", PauseRecording(id))


def pauses_under_way(at: VisitContext) -> Iterator[Wanted]:
    """Those that may be carried out although the visit is over."""
    for id in _part(at.call).recordings:
        if at.was_sent(f"pause {id}"):
            yield at.wanted(f"pause {id}", PauseRecording(id))


def resumes_wanted(at: VisitContext) -> Iterator[Wanted]:
    """What the visit has paused is resumed, once; if the next secret follows, after it."""
    yield from pauses_under_way(at)
    for id in _part(at.call).recordings:
        resume = f"resume {id}"
        is_due = at.is_open(resume) or not _is_secret_now(at)
        if _is_paused_by(at, id) and at.outcome(resume) is None and is_due:
            yield at.wanted(resume, ResumeRecording(id))


def _is_paused_by(at: VisitContext, id: str) -> bool:
    """Whether the visit has paused it, and no command has since."""
    outcome, recording = at.outcome(f"pause {id}"), _part(at.call).recordings[id]
    if outcome is None or not recording.is_paused:
        return False
    commands = at.call.operations.requested.items()
    paused = (at.call.operations.outcome(context) for context, each in commands if each.action == PauseRecording(id))
    return not any(
        each is not None and each.status is OutcomeStatus.SUCCEEDED and each.at > outcome.at for each in paused
    )


def _is_secret_now(at: VisitContext) -> bool:
    last = at.routing.visits[-1]
    return last.left_at is None and getattr(at.routing.plan.steps[last.step], "secret", False)


def _is_under_way(call: BaseCall, kind: type[Action]) -> bool:
    return any(isinstance(each.action, kind) and not call.operations.is_over(each.id) for each in call.effects)


def _part(call: BaseCall) -> Any:
    """The part of the capability, which every composed call has."""
    return call.recording  # type: ignore[attr-defined]

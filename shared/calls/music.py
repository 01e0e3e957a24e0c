"""Music: a loop that gives way to prompts, as the steps of a command or of another capability's operation.

ACS cannot pause audio. So an interruption cancels the step that plays, and the next step begins after the prompt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.calls.actions import Play
from shared.calls.call import BaseCall
from shared.calls.effect import Effect, Wanted
from shared.calls.operations import Outcome, OutcomeStatus, context_of_step, step_of
from shared.calls.queues import interruption


def music_wanted(
    call: BaseCall,
    command: str,
    steps: Sequence[str],
    source: str,
    targets: tuple[str, ...],
    *,
    is_on: bool,
    isolates: bool = False,
) -> Iterator[Wanted]:
    """The step of a command that plays now, if it is on. A step that plays something else, or to other targets, is
    cancelled first, as is one that plays although it is off. ``isolates`` as in ``Play``.
    """
    step = _current(call, command, steps)
    if step is None:
        return
    context = context_of_step(call.id, command, step)
    wanted = Play(step, source, targets, loop=True, isolates=isolates)
    playing = _open(call, context)
    if playing is not None:
        yield Wanted(step_of(command, step), playing.action)
        if not is_on or playing.action != wanted:
            yield interruption(context)
    elif is_on:
        yield Wanted(step_of(command, step), wanted)


def music_outcome(call: BaseCall, command: str, steps: Sequence[str]) -> Outcome | None:
    """Progress once it has begun; the failure of a step; the last step's outcome if all have been used."""
    reported = _reported(call, command, steps)
    if not reported or _current(call, command, steps) is None:
        return reported[-1] if reported else None
    return Outcome(OutcomeStatus.PROGRESSED, reported[0].at, reported[0].source_event)


def _current(call: BaseCall, command: str, steps: Sequence[str]) -> str | None:
    """The first step that is not over; None after a failure, and after the last step."""
    reported = _reported(call, command, steps)
    if reported and reported[-1].status is OutcomeStatus.FAILED:
        return None
    over = sum(each.is_final for each in reported)
    return steps[over] if over < len(steps) else None


def _reported(call: BaseCall, command: str, steps: Sequence[str]) -> list[Outcome]:
    """The outcomes of the steps so far: up to one that is not over, or that has failed."""
    reported: list[Outcome] = []
    for step in steps:
        outcome = _outcome(call, command, step)
        if outcome is None:
            break
        reported.append(outcome)
        if not outcome.is_final or outcome.status is OutcomeStatus.FAILED:
            break
    return reported


def _outcome(call: BaseCall, command: str, step: str) -> Outcome | None:
    return call.operations.outcome(context_of_step(call.id, command, step))


def _open(call: BaseCall, context: str) -> Effect | None:
    return next((effect for effect in call.effects if effect.id == context), None)

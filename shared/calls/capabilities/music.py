"""Music: a command that plays in a loop until it is cancelled. Prompts interrupt it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from shared.calls import commands
from shared.calls.actions import Music
from shared.calls.call import BaseCall
from shared.calls.capability import Capability, NoPart
from shared.calls.effect import Wanted
from shared.calls.music import music_outcome, music_wanted
from shared.calls.operations import Outcome
from shared.calls.state import CallState


def wanted(call: BaseCall, _: NoPart, __: datetime) -> Iterator[Wanted]:
    if call.state is not CallState.CONNECTED:
        return
    for command, action in _requested(call):
        is_on = not commands.is_over(call, command)
        yield from music_wanted(call, command, Music.steps, action.source, action.targets, is_on=is_on)


def command_outcomes(call: BaseCall, _: NoPart) -> Mapping[str, Outcome]:
    """Those of music that was cancelled follow from the cancellation, unless it had ended by itself before."""
    found: dict[str, Outcome] = {}
    for command, action in _requested(call):
        outcome, canceled = music_outcome(call, command, action.steps), commands.outcome(call, command)
        if outcome and (canceled is None or (outcome.is_final and outcome.at <= canceled.at)):
            found[command] = outcome
    return found


def _requested(call: BaseCall) -> Iterator[tuple[str, Music]]:
    return ((id, each.action) for id, each in commands.in_order(call) if isinstance(each.action, Music))


CAPABILITY = Capability(name="music", part=NoPart, wanted=wanted, command_outcomes=command_outcomes)

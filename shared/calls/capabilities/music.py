"""Music: a command that plays in a loop until it is cancelled. Prompts interrupt it."""

from __future__ import annotations

from collections.abc import Iterator
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
    going_on = {command for command, _ in commands.under_way(call)}
    for command, requested in commands.in_order(call):
        if isinstance(action := requested.action, Music):
            is_on = command in going_on
            yield from music_wanted(call, command, action.steps, action.source, action.targets, is_on=is_on)


def command_outcome(call: BaseCall, _: NoPart, command: str) -> Outcome | None:
    """That of music that was cancelled follows from the cancellation, unless it had ended by itself before."""
    requested = call.operations.requested.get(command)
    if requested is None or not isinstance(requested.action, Music):
        return None
    outcome, canceled = music_outcome(call, command, Music.steps), commands.outcome(call, command)
    if canceled is None or (outcome is not None and outcome.is_final and outcome.at <= canceled.at):
        return outcome
    return canceled


CAPABILITY = Capability(name="music", part=NoPart, wanted=wanted, command_outcome=command_outcome)

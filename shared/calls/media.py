"""The media of a call: what ACS plays or listens to now, and what waits for its turn."""

from __future__ import annotations

from msgspec import Struct

from shared.calls import commands
from shared.calls.actions import MEDIA, AnyAction, Music
from shared.calls.call import BaseCall
from shared.calls.effect import Effect
from shared.calls.music import music_outcome
from shared.calls.operations import contexts_of


class MediaOperation(Struct, frozen=True):
    """An operation in the queue of media. ``command`` is the context of the command that it belongs to; None if the app
    itself wants it, such as the announcement of the recording.
    """

    action: AnyAction
    command: str | None


def playing(call: BaseCall) -> MediaOperation | None:
    """The operation that was sent and has no outcome; None if there is none."""
    sent = (e for e in call.effects if e.action.queue == MEDIA and not e.action.cancels and e.tries)
    effect = next(sent, None)
    return MediaOperation(effect.action, _command_of(call, effect)) if effect else None


def waiting(call: BaseCall) -> list[MediaOperation]:
    """The commands that wait for their turn, in the order of their requests; music waits while a prompt is played."""
    now = playing(call)
    return [
        MediaOperation(requested.action, context)
        for context, requested in commands.in_order(call)
        if (requested.action.queue == MEDIA and not requested.action.cancels) or isinstance(requested.action, Music)
        if not _is_over(call, context, requested.action) and (now is None or now.command != context)
    ]


def _is_over(call: BaseCall, command: str, action: AnyAction) -> bool:
    ended = music_outcome(call, command, action.steps) if isinstance(action, Music) else None
    return commands.is_over(call, command) or (ended is not None and ended.is_final)


def _command_of(call: BaseCall, effect: Effect) -> str | None:
    requested = call.operations.requested.items()
    return next((id for id, each in requested if effect.id in contexts_of(call.id, id, each.action)), None)

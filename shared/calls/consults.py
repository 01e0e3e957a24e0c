"""Where a call stands in its consults: calculated from its commands. Nothing of it is stored."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from shared.calls import commands
from shared.calls.actions import Consult, EndConsult
from shared.calls.call import BaseCall


class Listener(Struct, frozen=True):
    """Who hears the music because of a command, by that command's context."""

    command: str
    participant: str


class Consultation(Struct, frozen=True):
    """A consult: its command, that command's context, and who has been held in turn, the last one until it is ended.

    ``ended_by`` is the context of the command that joined or dropped.
    """

    context: str
    command: Consult
    listeners: tuple[Listener, ...]
    ended_by: str | None = None
    is_dropped: bool = False

    @property
    def current(self) -> Listener | None:
        return None if self.ended_by else self.listeners[-1]


def consultations(call: BaseCall) -> dict[str, Consultation]:
    """All consults of the call, by context."""
    found: dict[str, Consultation] = {}
    for context, requested in commands.in_order(call):
        match requested.action:
            case Consult() as command:
                found[context] = Consultation(context, command, (Listener(context, command.held),))
            case EndConsult(consult=consult) as end if consult in found and not found[consult].ended_by:
                found[consult] = _after(found[consult], context, end)
    return found


def _after(consult: Consultation, context: str, end: EndConsult) -> Consultation:
    if end.how == "swap":
        held, target = consult.command.held, consult.command.target
        other = target if consult.listeners[-1].participant == held else held
        return replace(consult, listeners=(*consult.listeners, Listener(context, other)))
    return replace(consult, ended_by=context, is_dropped=end.how == "drop")

"""Consult: music for the caller, who hears nothing else, while the agents speak to each other.

Call Automation cannot hold a participant of a Teams Phone call, and an agent's client can do so only in a call of two.
Music that is played to one participant keeps that one apart from the others: ACS reports ``isOnHold`` for it meanwhile.
The agent who is consulted is invited once it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.actions import (
    AddParticipant,
    CancelInvitation,
    Consult,
    EndConsult,
    FetchCallState,
    RemoveParticipant,
)
from shared.calls.actions.consult import HOLDS
from shared.calls.call import BaseCall
from shared.calls.capability import Capability
from shared.calls.consults import Consultation, Listener, consultations
from shared.calls.effect import Wanted
from shared.calls.event import Fact, OperationRequested
from shared.calls.identities import described, is_among
from shared.calls.music import music_outcome, music_wanted
from shared.calls.operations import Outcome, OutcomeStatus, context_of_step, step_of
from shared.calls.state import CallState

ISOLATION = timedelta(seconds=10)  # within which ACS reports that the music isolates its listener
SOURCE = "Consult"  # of outcomes that follow from several events
NOT_ISOLATED = "the platform does not keep the caller apart from the others while it hears music: no agent was invited"
LEFT = "one of the participants of the consult has left"
OVER = "another command had ended the consult before"


class Consults(Struct, frozen=True, omit_defaults=True):
    """``not_isolated``: when it was found, by consult, that the music does not isolate its listener."""

    not_isolated: dict[str, datetime] = {}


# -- Wanted effects ----------------------------------------------------------------------------------------------


def wanted(call: BaseCall, part: Consults, now: datetime) -> Iterator[Wanted]:
    if call.state is not CallState.CONNECTED:
        return
    for consult in consultations(call).values():
        yield from _music(call, part, consult)
        yield from _invitation(call, part, consult)
        yield from _removal(call, consult)
        if _is_pending(call, part, consult) and _has_begun(call, consult) and not _is_isolated(call, consult):
            delay = ISOLATION.total_seconds()
            yield Wanted(step_of(consult.context, "check"), FetchCallState(), delay)  # for ``expire``


def _music(call: BaseCall, part: Consults, consult: Consultation) -> Iterator[Wanted]:
    """The music of each listener: played as long as it is the current one, and stopped afterwards."""
    for listener in consult.listeners:
        is_held = listener == consult.current and _goes_on(call, part, consult)
        source, who = consult.command.music, (listener.participant,)
        yield from music_wanted(call, listener.command, HOLDS, source, who, is_on=is_held, isolates=True)


def _invitation(call: BaseCall, part: Consults, consult: Consultation) -> Iterator[Wanted]:
    """The agent is invited once the caller hears nothing but music. A drop cancels the invitation, and so does music
    that fails.
    """
    context, is_invited, added = consult.context, _is_open(call, consult.context, "add"), _added(call, consult)
    if added is not None and added.is_final:
        return
    if is_invited or (_is_pending(call, part, consult) and _is_isolated(call, consult)):
        yield Wanted(step_of(context, "add"), AddParticipant(consult.command.target))
    is_unwanted = consult.is_dropped or _music_failed(call, consult)
    if is_invited and is_unwanted and not _is_over(call, context, "cancel"):
        yield Wanted(step_of(context, "cancel"), CancelInvitation(context_of_step(call.id, context, "add")))


def _removal(call: BaseCall, consult: Consultation) -> Iterator[Wanted]:
    end = consult.ended_by if consult.is_dropped and _has_accepted(call, consult) else None
    if end and not _is_over(call, end, "remove"):
        yield Wanted(step_of(end, "remove"), RemoveParticipant(consult.command.target))


# -- Where the consult stands ------------------------------------------------------------------------------------


def _is_pending(call: BaseCall, part: Consults, consult: Consultation) -> bool:
    """Whether the agent has still to be invited."""
    begun = _is_open(call, consult.context, "add") or _added(call, consult)
    return not begun and _goes_on(call, part, consult)


def _goes_on(call: BaseCall, part: Consults, consult: Consultation) -> bool:
    """Whether the current listener has still to hear the music."""
    if consult.ended_by or consult.context in part.not_isolated or _music_failed(call, consult):
        return False
    added = _added(call, consult)
    refused = added is not None and added.is_final and added.status is not OutcomeStatus.SUCCEEDED
    return not refused and not _has_left(call, consult, added)


def _added(call: BaseCall, consult: Consultation) -> Outcome | None:
    """The outcome of the invitation. ACS reports the cancellation of one, and need not report its failure as well."""
    added, canceled = _outcome(call, consult.context, "add"), _outcome(call, consult.context, "cancel")
    is_canceled = canceled is not None and canceled.status is OutcomeStatus.SUCCEEDED
    if canceled is not None and is_canceled and not (added is not None and added.is_final):
        return replace(canceled, status=OutcomeStatus.CANCELED)
    return added


def _has_left(call: BaseCall, consult: Consultation, added: Outcome | None) -> bool:
    """Whether the agent who was brought in, or the one who is held, is no longer there."""
    people = _participants(call)
    if added is None or added.status is not OutcomeStatus.SUCCEEDED or people.updated_at is None:
        return False
    both = consult.command.target, consult.listeners[-1].participant
    return people.updated_at > added.at and not all(is_among(each, people.present) for each in both)


def _has_accepted(call: BaseCall, consult: Consultation) -> bool:
    added = _added(call, consult)
    return added is not None and added.status is OutcomeStatus.SUCCEEDED


def _has_begun(call: BaseCall, consult: Consultation) -> bool:
    """Whether the music of the current listener has begun."""
    return music_outcome(call, consult.listeners[-1].command, HOLDS) is not None


def _is_isolated(call: BaseCall, consult: Consultation) -> bool:
    """Whether the listener hears nothing but the music, or may hear the others as well. A listener can be on hold
    before the music begins: by an agent's client.
    """
    on_hold, who = _participants(call).on_hold, consult.listeners[-1].participant
    return _has_begun(call, consult) and (not consult.command.needs_isolation or is_among(who, on_hold))


def _music_failed(call: BaseCall, consult: Consultation) -> Outcome | None:
    """The failure of the music, which ends a consult; music that breaks off again and again has failed, too."""
    for listener in consult.listeners:
        found = music_outcome(call, listener.command, HOLDS)
        if found is not None and found.status is OutcomeStatus.FAILED:
            return found
        if found is not None and found.is_final:
            return replace(found, status=OutcomeStatus.FAILED)
    return None


def _participants(call: BaseCall) -> Any:
    """The part of the capability ``participants``, which every composed call has."""
    return call.participants  # type: ignore[attr-defined]


def _outcome(call: BaseCall, command: str, step: str) -> Outcome | None:
    return call.operations.outcome(context_of_step(call.id, command, step))


def _is_over(call: BaseCall, command: str, step: str) -> bool:
    return call.operations.is_over(context_of_step(call.id, command, step))


def _is_open(call: BaseCall, command: str, step: str) -> bool:
    context = context_of_step(call.id, command, step)
    return any(effect.id == context for effect in call.effects)


# -- What follows from the time, and the outcomes ----------------------------------------------------------------


def expire(call: BaseCall, part: Consults, now: datetime) -> Consults:
    """A consult whose listener is not isolated in time has failed."""
    for consult in consultations(call).values():
        music = _outcome(call, consult.context, HOLDS[0])
        if music is None or not _is_pending(call, part, consult) or _is_isolated(call, consult):
            continue
        if now >= music.at + ISOLATION:
            part = replace(part, not_isolated=part.not_isolated | {consult.context: now})
    return part


def command_outcome(call: BaseCall, part: Consults, command: str) -> Outcome | None:
    requested = call.operations.requested.get(command)
    match requested and requested.action:
        case Consult():
            return _begun(call, part, consultations(call)[command])
        case EndConsult(consult=context):
            return _of_end(call, part, consultations(call).get(context), command)
    return None


def _of_end(call: BaseCall, part: Consults, consult: Consultation | None, command: str) -> Outcome | None:
    if consult and consult.ended_by == command:
        return _ended(call, consult, command)
    listeners = consult.listeners if consult else ()
    listener = next((each for each in listeners if each.command == command), None)
    if consult and listener:
        return _swapped(call, part, consult, listener)
    return Outcome(OutcomeStatus.FAILED, call.operations.requested[command].at, SOURCE, message=OVER)


def _begun(call: BaseCall, part: Consults, consult: Consultation) -> Outcome | None:
    """The outcome of a consult: it has succeeded when the agent accepts."""
    added = _added(call, consult)
    if added is not None and added.is_final:
        return added
    if at := part.not_isolated.get(consult.context):
        return Outcome(OutcomeStatus.FAILED, at, SOURCE, message=NOT_ISOLATED)
    if _is_open(call, consult.context, "add"):  # the agent can still accept, whatever has become of the music
        return added or music_outcome(call, consult.context, HOLDS)
    if consult.ended_by:
        return Outcome(OutcomeStatus.CANCELED, call.operations.requested[consult.ended_by].at, SOURCE)
    return _music_failed(call, consult) or music_outcome(call, consult.context, HOLDS)


def _swapped(call: BaseCall, part: Consults, consult: Consultation, listener: Listener) -> Outcome | None:
    """A swap has succeeded when the music is on. One that another command overtook is cancelled; one after which a
    participant left has failed.
    """
    music = music_outcome(call, listener.command, HOLDS)
    if music is not None and music.status is OutcomeStatus.FAILED:
        return music
    is_current, at = listener == consult.current, call.operations.requested[listener.command].at
    if music is not None and (not is_current or _is_isolated(call, consult)):
        return replace(music, status=OutcomeStatus.SUCCEEDED, source_event=SOURCE)
    if any(_is_open(call, listener.command, step) for step in HOLDS):
        return music
    if not is_current:
        return Outcome(OutcomeStatus.CANCELED, at, SOURCE)
    return music if _goes_on(call, part, consult) else Outcome(OutcomeStatus.FAILED, at, SOURCE, message=LEFT)


def _ended(call: BaseCall, consult: Consultation, context: str) -> Outcome | None:
    """A join has succeeded when the music is over, a drop when the agent has left or is no longer invited."""
    removal = _outcome(call, context, "remove")
    if removal is not None:
        return removal
    waits = consult.is_dropped and (_has_accepted(call, consult) or _is_open(call, consult.context, "add"))
    playing = any(_is_open(call, each.command, step) for each in consult.listeners for step in HOLDS)
    if waits or playing:
        return None
    return Outcome(OutcomeStatus.SUCCEEDED, call.operations.requested[context].at, SOURCE)


def describe(data: Fact) -> str:
    match data:
        case OperationRequested(action=Consult(target=target, held=held)):
            return f"{described(target)}, while {described(held)} hears music"
        case OperationRequested(action=EndConsult(how=how)):
            return how
    return ""


CAPABILITY = Capability(
    name="consult",
    part=Consults,
    describe=describe,
    wanted=wanted,
    expire=expire,
    command_outcome=command_outcome,
)

"""Participants: those in the call now, all who have been in it, and those who were invited.

``ParticipantsUpdated`` alone decides who is in the call: AddParticipantSucceeded has been seen for participants who
declined, and can arrive before or after the update.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.actions import (
    Action,
    AddParticipant,
    Consult,
    HoldParticipant,
    MoveParticipants,
    MuteParticipant,
    RemoveParticipant,
    TransferCall,
    UnholdParticipant,
)
from shared.calls.call import BaseCall
from shared.calls.capability import Capability
from shared.calls.event import ActionPerformed, CallbackPayload, Event, Fact, Identifier, OperationRequested
from shared.calls.identities import described, joined, user_of
from shared.calls.joins import bounded
from shared.calls.operations import OutcomeStatus
from shared.calls.outbox import Happened
from shared.calls.state import CallState
from shared.calls.timeline import in_words

MOST_PRESENT = 350  # ACS allows as many at a time
MOST_PARTICIPANTS = 400  # over the whole call
MOST_INVITATIONS = 200


# -- Events ------------------------------------------------------------------------------------------------------


class Participant(Struct, frozen=True, rename="camel", kw_only=True):
    identifier: Identifier
    is_muted: bool = False
    is_on_hold: bool = False


class ParticipantsUpdated(CallbackPayload, frozen=True, kw_only=True):
    participants: tuple[Participant, ...]
    sequence_number: int | None = None  # rises from event to event, with gaps


class OfParticipant(CallbackPayload, frozen=True, kw_only=True):
    """The base of the events about one participant."""

    participant: Identifier | None = None


class AddParticipantSucceeded(OfParticipant, frozen=True, kw_only=True):
    pass


class AddParticipantFailed(OfParticipant, frozen=True, kw_only=True):
    pass


class RemoveParticipantSucceeded(OfParticipant, frozen=True, kw_only=True):
    pass


class RemoveParticipantFailed(OfParticipant, frozen=True, kw_only=True):
    pass


class MoveParticipantSucceeded(OfParticipant, frozen=True, kw_only=True):
    pass


class MoveParticipantFailed(OfParticipant, frozen=True, kw_only=True):
    pass


class CancelAddParticipantSucceeded(CallbackPayload, frozen=True, kw_only=True):
    pass


class CancelAddParticipantFailed(CallbackPayload, frozen=True, kw_only=True):
    pass


class HoldFailed(CallbackPayload, frozen=True, kw_only=True):
    """ACS accepted the hold with 200, and could not carry it out."""


class ParticipantInvited(ActionPerformed, frozen=True, kw_only=True):
    """ACS accepted an invitation. The response can lack its id."""

    invitation_id: str | None = None


# -- The part of the call ----------------------------------------------------------------------------------------


class Ring(Struct, frozen=True):
    """An invitation or a transfer that ACS accepted: the target's client rings."""

    target: str
    at: datetime


class Participants(Struct, frozen=True, omit_defaults=True):
    """Raw ids, sorted. ``present``, ``muted`` and ``on_hold`` are of the event with this number and time.

    ``invited``: those to whom the call was offered, by a command or by its plan, whether they accepted or not.
    ``invitations``: ACS's ids of invitations, by the operation context of the request; ``rings`` likewise.
    """

    present: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    on_hold: tuple[str, ...] = ()
    sequence_number: int = -1
    updated_at: datetime | None = None
    joined_at: dict[str, datetime] = {}  # when each was first reported in the call
    invited: tuple[str, ...] = ()
    invitations: dict[str, str] = {}
    rings: dict[str, Ring] = {}

    @property
    def all_participants(self) -> tuple[str, ...]:
        return tuple(sorted(self.joined_at))


def fold(part: Participants, event: Event) -> Participants:
    if isinstance(event.data, ParticipantsUpdated):
        return _updated(part, event.data, event.at)
    if offered := _offered(event.data):
        part = replace(part, invited=tuple(sorted({*part.invited, *offered}))[:MOST_INVITATIONS])
    match event.data:
        case ActionPerformed(effect_id=context, action=AddParticipant() | TransferCall() as action):
            part = _rung(part, context, Ring(action.target, event.at))
    match event.data:
        case ParticipantInvited(effect_id=context, invitation_id=str(id)):
            known = min(part.invitations.get(context, id), id)
            invitations = bounded(part.invitations | {context: known}, MOST_INVITATIONS, lambda _: 0)
            return replace(part, invitations=invitations)
    return part


def _rung(part: Participants, context: str, ring: Ring) -> Participants:
    earliest = min(part.rings.get(context, ring), ring, key=lambda each: each.at)
    return replace(part, rings=bounded(part.rings | {context: earliest}, MOST_INVITATIONS, lambda each: each.at))


def _offered(data: Fact) -> tuple[str, ...]:
    """Those to whom the call is offered: by a command, by the plan, or by a claim of the plan on agents."""
    match data:
        case OperationRequested(action=AddParticipant() | Consult() | TransferCall() as action):
            return (action.target,)
        case ActionPerformed(action=AddParticipant() | TransferCall() as action):
            return (action.target,)
    return data.offered_to


def _updated(part: Participants, updated: ParticipantsUpdated, at: datetime) -> Participants:
    known = part.sequence_number, part.updated_at or at, part.present, part.muted, part.on_hold
    number, updated_at, present, muted, on_hold = max(known, _state(updated, at))
    joined = part.joined_at | {each: min(part.joined_at.get(each, at), at) for each in _raw_ids(updated.participants)}
    return replace(
        part,
        present=present,
        muted=muted,
        on_hold=on_hold,
        sequence_number=number,
        updated_at=updated_at,
        joined_at=dict(sorted(bounded(joined, MOST_PARTICIPANTS, lambda moment: moment).items())),
    )


State = tuple[int, datetime, tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def _state(updated: ParticipantsUpdated, at: datetime) -> State:
    present = updated.participants
    muted = _raw_ids(tuple(each for each in present if each.is_muted))
    on_hold = _raw_ids(tuple(each for each in present if each.is_on_hold))
    return updated.sequence_number or 0, at, _raw_ids(present), muted, on_hold


def _raw_ids(participants: tuple[Participant, ...]) -> tuple[str, ...]:
    return tuple(sorted(each.identifier.raw_id for each in participants))[:MOST_PRESENT]


# -- Events for others -------------------------------------------------------------------------------------------


def published(call: BaseCall, part: Participants) -> Iterator[Happened]:
    """Of agents and Teams users. One who leaves and comes back has connected once."""
    for context, ring in part.rings.items():
        if user_of(ring.target):
            yield f"AgentRang {context}", ring.at
    for raw_id, at in part.joined_at.items():
        if user := user_of(raw_id):
            yield f"AgentConnected {user}", at


# -- The timeline ------------------------------------------------------------------------------------------------

OF_ONE = (AddParticipant, RemoveParticipant, MuteParticipant, HoldParticipant, UnholdParticipant)


def describe(data: Fact) -> str:
    match data:
        case ParticipantsUpdated(participants=present):
            held = sum(each.is_on_hold for each in present)
            count = f"{len(present)} participant{'' if len(present) == 1 else 's'}"
            return f"{count}, {held} on hold" if held else count
        case OfParticipant(participant=Identifier(raw_id=raw_id)):
            return "; ".join(each for each in (described(raw_id), in_words(*data.codes)) if each)
        case OperationRequested(action=action):
            return _described(action)
    return ""


def _described(action: Action) -> str:
    if isinstance(action, OF_ONE):
        return described(action.target)
    if isinstance(action, MoveParticipants):
        return ", ".join(described(each) for each in action.targets)
    return ""


def columns(call: BaseCall, part: Participants) -> dict[str, Any]:
    present = part.present if call.state is CallState.CONNECTED else ()
    return {"present": joined(present)}


PAYLOADS: Mapping[str, Any] = {
    each.__name__: each
    for each in (
        ParticipantsUpdated,
        AddParticipantSucceeded,
        AddParticipantFailed,
        RemoveParticipantSucceeded,
        RemoveParticipantFailed,
        MoveParticipantSucceeded,
        MoveParticipantFailed,
        CancelAddParticipantSucceeded,
        CancelAddParticipantFailed,
        HoldFailed,
    )
}

CAPABILITY = Capability(
    name="participants",
    part=Participants,
    payloads=PAYLOADS,
    outcomes={
        AddParticipantSucceeded: OutcomeStatus.SUCCEEDED,
        AddParticipantFailed: OutcomeStatus.FAILED,
        RemoveParticipantSucceeded: OutcomeStatus.SUCCEEDED,
        RemoveParticipantFailed: OutcomeStatus.FAILED,
        MoveParticipantSucceeded: OutcomeStatus.SUCCEEDED,
        MoveParticipantFailed: OutcomeStatus.FAILED,
        CancelAddParticipantSucceeded: OutcomeStatus.SUCCEEDED,
        CancelAddParticipantFailed: OutcomeStatus.FAILED,
        HoldFailed: OutcomeStatus.FAILED,
    },
    fold=fold,
    published=published,
    columns=columns,
    describe=describe,
)

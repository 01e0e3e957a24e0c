"""Participants: those in the call now, and all who have been in it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.capability import Capability
from shared.calls.event import CallbackPayload, Event, Fact, Identifier

MOST_PARTICIPANTS = 1000  # ACS allows 350 at a time; over the whole call there can be more


class Participant(Struct, frozen=True, rename="camel", kw_only=True):
    identifier: Identifier


class ParticipantsUpdated(CallbackPayload, frozen=True, kw_only=True):
    participants: tuple[Participant, ...]
    sequence_number: int | None = None  # rises from event to event, with gaps


class Participants(Struct, frozen=True, omit_defaults=True):
    """Raw ids, sorted."""

    present: tuple[str, ...] = ()
    all_participants: tuple[str, ...] = ()
    sequence_number: int = -1  # of the event that ``present`` is from


def fold(part: Participants, event: Event) -> Participants:
    if not isinstance(event.data, ParticipantsUpdated):
        return part
    present = tuple(sorted(p.identifier.raw_id for p in event.data.participants))[:MOST_PARTICIPANTS]
    sequence_number, newest = max((part.sequence_number, part.present), (event.data.sequence_number or 0, present))
    ever = tuple(sorted({*part.all_participants, *present}))[:MOST_PARTICIPANTS]
    return replace(part, present=newest, sequence_number=sequence_number, all_participants=ever)


def describe(data: Fact) -> str:
    if not isinstance(data, ParticipantsUpdated):
        return ""
    count = len(data.participants)
    return f"{count} participant{'' if count == 1 else 's'}"


CAPABILITY = Capability(
    name="participants",
    part=Participants,
    payloads={"ParticipantsUpdated": ParticipantsUpdated},
    fold=fold,
    describe=describe,
)

"""Calls between clients, of which the ACS resource raises events: an ACS user calls a Teams user.

The app takes no part in them. Their events make a timeline: in any order, each once. Events of participants are raised
for ACS users alone, not for Teams users, phone numbers and bots: who was called is not known.

Shapes and limits: azure-docs, ``event-grid/communication-services-voice-video-events.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct

from shared.calls import event as envelope
from shared.calls.event import Event, Identifier, Payload
from shared.calls.joins import earliest, latest

ID_LENGTH = 32  # hexadecimal digits


class OfClientCall(Payload, frozen=True, kw_only=True):
    """The base of the payloads: the fields that are used."""

    server_call_id: str
    started_by: Identifier | None = None
    is_two_party: bool | None = None


class CallStarted(OfClientCall, frozen=True, kw_only=True):
    pass


class CallEnded(OfClientCall, frozen=True, kw_only=True):
    duration_of_call: float | None = None  # seconds


class CallParticipantAdded(OfClientCall, frozen=True, kw_only=True):
    user: Identifier


class CallParticipantRemoved(OfClientCall, frozen=True, kw_only=True):
    user: Identifier


_REGISTRY: Mapping[str, type[Payload]] = {
    each.__name__: each for each in (CallStarted, CallEnded, CallParticipantAdded, CallParticipantRemoved)
}


class ClientCallEvent(Struct, frozen=True, omit_defaults=True):
    """An event as it is kept: without names. Identities are raw ids."""

    id: str
    type: str
    at: datetime
    participant: str | None = None
    started_by: str | None = None
    two_party: bool | None = None
    seconds: float | None = None


class ClientCall(Struct, frozen=True):
    """What the events say of a call. ``participants`` are ACS users."""

    id: str
    timeline: tuple[ClientCallEvent, ...]
    started_at: datetime | None = None
    ended_at: datetime | None = None
    started_by: str | None = None
    two_party: bool | None = None
    seconds: float | None = None
    participants: tuple[str, ...] = ()


def parse(event_type: str, event_id: str, at: datetime | None, subject: str | None, data: Any) -> Event:
    """A CloudEvent of the platform as a typed event. Raises Unreadable, also for an event of another kind."""
    event = envelope.parse(_REGISTRY, event_type, event_id, at, subject, data)
    if not isinstance(event.data, OfClientCall):
        raise envelope.Unreadable(f"{event.type} is not for this trigger: check the subscription's event types")
    return event


def id_of(server_call_id: str) -> str:
    """The call's id in this app. ACS's own is too long for a URL, and is Base64 with its slashes."""
    return sha256(server_call_id.encode()).hexdigest()[:ID_LENGTH]


def kept(event: Event) -> ClientCallEvent:
    data: Any = event.data
    return ClientCallEvent(
        event.id,
        event.type,
        event.at,
        participant=data.user.raw_id if hasattr(data, "user") else None,
        started_by=data.started_by.raw_id if data.started_by else None,
        two_party=data.is_two_party,
        seconds=getattr(data, "duration_of_call", None),
    )


def fold(id: str, events: Iterable[ClientCallEvent]) -> ClientCall:
    """The call that the events make, in whatever order they come."""
    timeline = tuple(sorted({each.id: each for each in events}.values(), key=lambda each: (each.at, each.id)))
    return ClientCall(
        id=id,
        timeline=timeline,
        started_at=_at(timeline, CallStarted.__name__, earliest),
        ended_at=_at(timeline, CallEnded.__name__, latest),
        started_by=min((each.started_by for each in timeline if each.started_by), default=None),
        two_party=next((each.two_party for each in timeline if each.two_party is not None), None),
        seconds=max((each.seconds for each in timeline if each.seconds is not None), default=None),
        participants=tuple(dict.fromkeys(each.participant for each in timeline if each.participant)),
    )


def _at(timeline: tuple[ClientCallEvent, ...], kind: str, join: Any) -> datetime | None:
    found: datetime | None = None
    for each in timeline:
        found = join(found, each.at) if each.type == kind else found
    return found

"""What the machine may ask the world to do, as data.

Every effect has an id made from the call and the step, so that asking twice is asking for the same thing: ACS
is sent it as ``Repeatability-Request-ID`` where it takes one and as ``operationContext`` elsewhere.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from msgspec import Struct

_NAMESPACE = UUID("6f5b9f0e-3a53-4d7c-9a1e-5f1f2f0f7c11")  # of this project; any fixed one would do


def effect_id(call_id: str, step: str) -> str:
    return str(uuid5(_NAMESPACE, f"{call_id}/{step}"))


class Action(Struct, frozen=True, tag_field="do", tag=lambda name: name):
    """The base of all that can be asked for."""


class StartRecording(Action, frozen=True):
    attempt: int  # from 1


class Play(Action, frozen=True):
    """Play to every participant. ``what`` is spoken text, or the URL of an audio file."""

    purpose: str  # "announcement" or "notice"
    what: str


class HangUp(Action, frozen=True):
    """End the call for everyone."""


class FindCall(Action, frozen=True):
    """Ask ACS what became of the call."""


class ArchiveChunk(Action, frozen=True):
    """Copy one file of a recording, and its metadata, to our storage."""

    recording_id: str
    index: int


AnyAction = StartRecording | Play | HangUp | FindCall | ArchiveChunk


class Effect(Struct, frozen=True, omit_defaults=True):
    """An action that was asked for and is not over.

    ``due`` is when to perform it, or, once ``performed``, when to stop waiting for the event that tells how it
    went. ``tries`` counts how often it was handed out; ``claimed_until`` keeps two invocations from performing
    it at the same time.
    """

    id: str
    action: AnyAction
    due: datetime
    tries: int = 0
    claimed_until: datetime | None = None
    performed: bool = False

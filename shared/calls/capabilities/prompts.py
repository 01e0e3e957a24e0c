"""Prompts: audio that is played to the caller, and the events of ACS about it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.capability import Capability
from shared.calls.event import CallbackPayload, Event
from shared.calls.joins import earliest
from shared.calls.operations import OutcomeStatus


class PlayStarted(CallbackPayload, frozen=True, kw_only=True):
    pass


class PlayCompleted(CallbackPayload, frozen=True, kw_only=True):
    pass


class PlayFailed(CallbackPayload, frozen=True, kw_only=True):
    pass


class PlayCanceled(CallbackPayload, frozen=True, kw_only=True):
    pass


class Prompts(Struct, frozen=True, omit_defaults=True):
    first_audio_at: datetime | None = None


def fold(part: Prompts, event: Event) -> Prompts:
    if isinstance(event.data, PlayStarted):
        return replace(part, first_audio_at=earliest(part.first_audio_at, event.at))
    return part


CAPABILITY = Capability(
    name="prompts",
    part=Prompts,
    payloads={
        "PlayStarted": PlayStarted,
        "PlayCompleted": PlayCompleted,
        "PlayFailed": PlayFailed,
        "PlayCanceled": PlayCanceled,
    },
    outcomes={
        PlayStarted: OutcomeStatus.PROGRESSED,
        PlayCompleted: OutcomeStatus.SUCCEEDED,
        PlayFailed: OutcomeStatus.FAILED,
        PlayCanceled: OutcomeStatus.CANCELED,
    },
    fold=fold,
)

"""An effect: an action that a call asked for, with what is needed to perform it once."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid5

from msgspec import Struct

from shared.calls.actions import AnyAction

_NAMESPACE = UUID("6f5b9f0e-3a53-4d7c-9a1e-5f1f2f0f7c11")  # of this project; any fixed one would do


@lru_cache(maxsize=4096)
def effect_id(call_id: str, step: str) -> str:
    """The id of a step's effect: the same whoever asks, so that asking twice is asking for the same thing.

    ACS gets it as ``Repeatability-Request-ID`` where it takes one, and as ``operationContext``, which it returns.
    """
    return str(uuid5(_NAMESPACE, f"{call_id}/{step}"))


class Wanted(Struct, frozen=True):
    """A step that the facts ask for. ``delay_seconds`` counts from when it is first wanted."""

    step: str
    action: AnyAction
    delay_seconds: float = 0.0


class Effect(Struct, frozen=True, omit_defaults=True):
    """A wanted action.

    ``due`` is when to perform it or, once ``performed``, when to stop waiting for the event that reports its outcome.
    ``tries`` counts the leases; ``leased_until`` keeps two invocations from performing it at the same time.
    ``wanted_by`` names the capability that asked for it.
    """

    id: str
    action: AnyAction
    due: datetime
    wanted_by: str
    tries: int = 0
    leased_until: datetime | None = None
    performed: bool = False

"""An effect: an action that a call needs, with the state that makes it be performed once."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid5

from msgspec import Struct

from shared.calls.actions import AnyAction

_NAMESPACE = UUID("6f5b9f0e-3a53-4d7c-9a1e-5f1f2f0f7c11")  # of this project; any fixed one would do


@lru_cache(maxsize=4096)
def effect_id(call_id: str, step: str) -> str:
    """The id of a step's effect. It is deterministic, so that a repeated request is recognized as the same one.

    ACS gets it as ``Repeatability-Request-ID`` where it takes one, and as ``operationContext``, which it returns.
    """
    return str(uuid5(_NAMESPACE, f"{call_id}/{step}"))


class Wanted(Struct, frozen=True):
    """A step that a capability wants. ``delay_seconds`` counts from when it is first wanted. ``after_commands``: in a
    queue it comes after what commands have requested.
    """

    step: str
    action: AnyAction
    delay_seconds: float = 0.0
    after_commands: bool = False


class Effect(Struct, frozen=True, omit_defaults=True):
    """A wanted action.

    ``due`` is when to perform it or, once ``performed``, when to stop waiting for the event that reports its outcome.
    ``tries`` counts the leases; ``leased_until`` keeps two invocations from performing it at the same time.
    ``wanted_by`` names the capability that wants it.
    """

    id: str
    action: AnyAction
    due: datetime
    wanted_by: str
    tries: int = 0
    leased_until: datetime | None = None
    performed: bool = False

    def is_being_sent(self, now: datetime) -> bool:
        """Whether an invocation holds the lease, and the response to its request is not known."""
        return not self.performed and self.leased_until is not None and self.leased_until > now

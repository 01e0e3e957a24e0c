"""The part of a call that the engine keeps, independent of capabilities.

A call is the fold of its events: the same events give the same call, in every order and however often each is
delivered. Of two times the earliest is kept, of two states the higher by rank, of two lists the one with the higher
sequence number.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shared.calls.effect import Effect
from shared.calls.operations import Operations
from shared.calls.outbox import Outbox
from shared.calls.policy import CallPolicy
from shared.calls.state import CallState
from shared.calls.timeline import Timeline


class BaseCall(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Times are UTC. ``reached`` holds the time at which an event first implied each state."""

    id: str
    policy: CallPolicy = CallPolicy()
    state: CallState = CallState.NEW
    reached: dict[CallState, datetime] = {}
    call_connection_id: str | None = None
    server_call_id: str | None = None
    correlation_id: str | None = None
    last_event_at: datetime | None = None  # when an event last brought something new
    operations: Operations = Operations()
    outbox: Outbox = Outbox()
    effects: tuple[Effect, ...] = ()
    timeline: Timeline = ()

    @property
    def connected_at(self) -> datetime | None:
        return self.reached.get(CallState.CONNECTED)

    @property
    def ended_at(self) -> datetime | None:
        over = (self.reached.get(state) for state in (CallState.ENDED, CallState.FAILED))
        return min((moment for moment in over if moment is not None), default=None)

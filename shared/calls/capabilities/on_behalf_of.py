"""Calls that an agent's client makes on behalf of a resource account: the app answers, and adds the callee.

The agent is the caller of such a call. It ends when the callee is not reached, and when one of the two leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.calls.actions import AddParticipant, HangUp
from shared.calls.call import BaseCall
from shared.calls.capability import Capability, NoPart
from shared.calls.effect import Wanted, effect_id
from shared.calls.emergency import refusal
from shared.calls.identities import is_among
from shared.calls.operations import OutcomeStatus
from shared.calls.presence import caller_has_left
from shared.calls.state import CallState

ADD, HANG_UP = "add callee", "end call on behalf"  # steps
RING_SECONDS = 60


def wanted(call: BaseCall, _: NoPart, __: datetime) -> Iterator[Wanted]:
    callee = _lifecycle(call).on_behalf_of
    if not callee or call.state is not CallState.CONNECTED:
        return
    if _is_over(call, callee):
        yield Wanted(HANG_UP, HangUp())
    elif call.operations.outcome(effect_id(call.id, ADD)) is None:
        yield Wanted(ADD, AddParticipant(callee, RING_SECONDS))


def _is_over(call: BaseCall, callee: str) -> bool:
    """Whether the callee was not reached, or one of the two has left. Emergency numbers are not reached by the server:
    the call ends at once, so that the agent's client places it itself.
    """
    added = call.operations.outcome(effect_id(call.id, ADD))
    people = call.participants  # type: ignore[attr-defined]  # of its capability
    has_left = is_among(callee, people.joined_at) and not is_among(callee, people.present)
    not_reached = added is not None and added.status in {OutcomeStatus.FAILED, OutcomeStatus.CANCELED}
    if refusal(call, callee):
        return True
    return caller_has_left(call) or has_left or (not_reached and not is_among(callee, people.present))


def _lifecycle(call: BaseCall) -> Any:
    return call.lifecycle  # type: ignore[attr-defined]  # of its capability


CAPABILITY = Capability(name="on_behalf_of", part=NoPart, steps=lambda *_: (ADD,), wanted=wanted)

"""Calls that an agent's client makes on behalf of a resource account: the app answers, and adds the callees.

The agent is the caller of such a call. It ends when no callee is reached, when all callees have left, and when the
agent leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.actions import AddParticipant, HangUp
from shared.calls.call import BaseCall
from shared.calls.capability import Capability
from shared.calls.effect import Wanted, effect_id
from shared.calls.emergency import refusal
from shared.calls.event import Event, Fact
from shared.calls.identities import described, is_among
from shared.calls.joins import best, earliest, known
from shared.calls.music import music_wanted
from shared.calls.operations import Outcome, OutcomeStatus, step_of
from shared.calls.presence import caller_has_left
from shared.calls.state import CallState

ADD, RING_TONE, HANG_UP = "add callee", "ring tone", "end call on behalf"  # steps
TONE_STEPS = tuple(f"play {n}" for n in range(1, 6))  # a prompt interrupts the tone, which begins again
RING_SECONDS = 60
REQUEST_ID = "request-id"  # the header of the custom context by which the client finds the call
SILENT = "the agent hears nothing while the callee rings: RING_TONE is empty"


class CalledOnBehalf(Fact, frozen=True, kw_only=True):
    """What an agent's client asks for with the call. ``callees`` are raw ids; none if they cannot be read.

    ``ring_tone``: the URL of what the agent hears while the callees ring; empty for nothing. ``refusal``: why the call
    is not allowed; empty if it is. ``request``: the name under which the client finds the call in the index; empty if
    it has sent none.
    """

    callees: tuple[str, ...]
    ring_tone: str = ""
    refusal: str = ""
    request: str = ""

    is_sign_of_life = True


class OnBehalfOf(Struct, frozen=True, omit_defaults=True):
    """As in ``CalledOnBehalf``. ``called_at`` is None for every other call."""

    called_at: datetime | None = None
    callees: tuple[str, ...] = ()
    ring_tone: str = ""
    refusal: str = ""
    request: str = ""


def fold(part: OnBehalfOf, event: Event) -> OnBehalfOf:
    match event.data:
        case CalledOnBehalf() as called:
            return replace(
                part,
                called_at=earliest(part.called_at, event.at),
                callees=best(part.callees, called.callees, lambda each: each) or (),
                ring_tone=known(part.ring_tone, called.ring_tone) or "",
                refusal=known(part.refusal, called.refusal) or "",
                request=known(part.request, called.request) or "",
            )
    return part


def wanted(call: BaseCall, part: OnBehalfOf, _: datetime) -> Iterator[Wanted]:
    if part.called_at is None or call.state is not CallState.CONNECTED:
        return
    if _is_over(call, part):
        yield Wanted(HANG_UP, HangUp())
        return
    for number, callee in enumerate(part.callees, 1):
        if _added(call, number) is None:
            yield Wanted(_add(number), AddParticipant(callee, RING_SECONDS))
    if part.ring_tone:
        is_on = not any(_is_reached(call, *each) for each in enumerate(part.callees, 1))
        yield from music_wanted(call, RING_TONE, TONE_STEPS, part.ring_tone, _agent(call), is_on=is_on)


def _is_over(call: BaseCall, part: OnBehalfOf) -> bool:
    """Whether no callee can be in the call any more, or the agent has left. Emergency numbers are not called by the
    server: the call ends at once, so that the agent's client places it itself.
    """
    if caller_has_left(call) or any(refusal(call, callee) for callee in part.callees):
        return True
    return all(_is_gone(call, *each) for each in enumerate(part.callees, 1))


def _is_gone(call: BaseCall, number: int, callee: str) -> bool:
    """Whether a callee was not reached, or has left."""
    people, added = _participants(call), _added(call, number)
    if is_among(callee, people.present):
        return False
    return is_among(callee, people.joined_at) or (added is not None and added.status is not OutcomeStatus.SUCCEEDED)


def _is_reached(call: BaseCall, number: int, callee: str) -> bool:
    added = _added(call, number)
    is_added = added is not None and added.status is OutcomeStatus.SUCCEEDED
    return is_added or is_among(callee, _participants(call).present)


def not_reached(call: BaseCall, part: OnBehalfOf) -> Outcome | None:
    """Why the call of an agent's client has ended without a callee in it; None for every other call."""
    people = _participants(call)
    if not call.state.is_settled or any(is_among(callee, people.joined_at) for callee in part.callees):
        return None
    outcomes = (_added(call, number) for number, _ in enumerate(part.callees, 1))
    return next((each for each in outcomes if each and each.status is not OutcomeStatus.SUCCEEDED), None)


def _added(call: BaseCall, number: int) -> Outcome | None:
    """The final outcome of the invitation of a callee, who are numbered from 1."""
    outcome = call.operations.outcome(effect_id(call.id, _add(number)))
    return outcome if outcome is not None and outcome.is_final else None


def _add(number: int) -> str:
    return f"{ADD} {number}"


def _agent(call: BaseCall) -> tuple[str, ...]:
    """The agent alone; everyone in the call where the platform has not named the agent."""
    caller = call.lifecycle.caller  # type: ignore[attr-defined]  # of its capability
    return (caller,) if caller else ()


def _participants(call: BaseCall) -> Any:
    return call.participants  # type: ignore[attr-defined]  # of its capability


def steps(_: BaseCall, part: OnBehalfOf) -> Iterator[str]:
    yield from (_add(number) for number, _ in enumerate(part.callees, 1))
    yield from (step_of(RING_TONE, step) for step in TONE_STEPS)


def describe(data: Fact) -> str:
    match data:
        case CalledOnBehalf(refusal=refusal) if refusal:
            return f"refused: {refusal}"
        case CalledOnBehalf(callees=()):
            return "no callee can be read: the call ends"
        case CalledOnBehalf(callees=callees, ring_tone=ring_tone):
            return f"to {', '.join(map(described, callees))}{'' if ring_tone else f'; {SILENT}'}"
    return ""


CAPABILITY = Capability(name="on_behalf_of", part=OnBehalfOf, steps=steps, fold=fold, wanted=wanted, describe=describe)

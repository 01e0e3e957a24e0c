"""Deliberate defects of routing plans."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

import shared.acs.participants
import shared.agents.states
import shared.calls.capabilities
import shared.calls.engine
import shared.storage.calls
from shared.calls.actions import AddParticipant, CreateCall
from shared.calls.actions.base import Operation
from shared.calls.capabilities import Call
from shared.calls.capabilities.routing import CAPABILITY, Routing, expire
from shared.calls.plans import inviting, ring, walk
from shared.calls.plans.base import Visit, VisitContext
from shared.calls.plans.ring import RingStep
from shared.storage.calls import Row
from tests.simulation.mutant import Mutant

AGAIN = timedelta(seconds=10)


def _walk_in_memory_alone() -> list[Any]:
    encode = shared.storage.calls.encode

    def forgetful(call: Call, row: Row) -> Any:
        return encode(replace(call, routing=replace(call.routing, visits=())), row)

    return [patch.object(shared.storage.calls, "encode", forgetful)]


def _walk_computed_anew() -> list[Any]:
    def anew(call: Call, part: Routing, now: Any) -> Routing:
        kept: list[Visit] = []
        for visit in part.visits[:-1]:
            assert part.plan is not None
            decision = walk.step_of(part.plan, visit).leave(VisitContext(call, part, visit, now))
            if decision is not None and (decision.to, decision.reason) != (visit.to, visit.reason):
                kept.append(replace(visit, left_at=None, to=None, reason=""))
                return expire(call, replace(part, visits=tuple(kept)), now)
            kept.append(visit)
        return expire(call, part, now)

    return [patch.object(shared.calls.capabilities, "CAPABILITIES", _with_expire(anew))]


def _with_expire(instead: Any) -> Any:
    changed = replace(CAPABILITY, expire=instead)
    return tuple(changed if each is CAPABILITY else each for each in shared.calls.capabilities.CAPABILITIES)


def _invited_until_the_outcome() -> list[Any]:
    """An invitation is made anew, under another name, while its outcome is not known."""
    performed = shared.calls.engine._performed

    def open_still(effect: Any, now: Any) -> Any:
        accepted = performed(effect, now)
        is_invitation = isinstance(effect.action, AddParticipant)
        return replace(accepted, performed=False, due=now + AGAIN) if is_invitation else accepted

    return [
        patch.object(shared.calls.engine, "_performed", open_still),
        patch.object(shared.acs.participants, "repeatable", lambda _: {}),
    ]


def _dialled_until_the_response() -> list[Any]:
    return [patch.object(CreateCall, "is_sent_once", False), patch.object(CreateCall, "is_final", Operation.is_final)]


def _everyone_in_conference() -> list[Any]:
    return [patch.object(RingStep, "conference", True)]


def _presence_for_ever() -> list[Any]:
    return [patch.object(shared.agents.states, "says_available", lambda agent, _: agent.is_available)]


def _claims_left_behind() -> list[Any]:
    return [patch.object(module, "release", lambda *_: iter(())) for module in (inviting, ring)]


PLAN_MUTANTS: dict[str, Mutant] = {
    "forgets-the-step": Mutant("where a plan stands is not saved", "16 walks on", _walk_in_memory_alone, ("routed",)),
    "revises-the-past": Mutant(
        "a step is left anew when an outcome arrives late", "17 decided once", _walk_computed_anew, ("routed",)
    ),
    "redials": Mutant(
        "an invitation is repeated until its outcome is known",
        "20 dialled once",
        _invited_until_the_outcome,
        ("rung",),
    ),
    "redials-calls": Mutant(
        "an outbound call is dialled again where the response is lost",
        "24 placed once",
        _dialled_until_the_response,
        ("placed",),
    ),
    "two-agents": Mutant("everyone who accepts stays in the call", "21 one agent", _everyone_in_conference, ("both",)),
    "rings-the-dead": Mutant(
        "a presence that has expired still counts", "22 rings the living", _presence_for_ever, ("both",)
    ),
    "keeps-agents": Mutant("claims on agents are not released", "23 released", _claims_left_behind, ("rung",)),
}

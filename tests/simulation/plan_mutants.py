"""Deliberate defects of routing plans."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

import shared.calls.capabilities.routing
import shared.storage.calls
from shared.calls.capabilities import Call
from shared.calls.capabilities.routing import CAPABILITY, Routing, expire
from shared.calls.plans import walk
from shared.calls.plans.base import Visit, VisitContext
from shared.storage.calls import Row
from tests.simulation.mutant import Mutant


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


PLAN_MUTANTS: dict[str, Mutant] = {
    "forgets-the-step": Mutant("where a plan stands is not saved", "16 walks on", _walk_in_memory_alone, ("routed-1",)),
    "revises-the-past": Mutant(
        "a step is left anew when an outcome arrives late", "17 decided once", _walk_computed_anew, ("routed-1",)
    ),
}

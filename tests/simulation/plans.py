"""Routing plans of simulated calls, and what callers do in them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import msgspec

from shared.calls.capabilities.lifecycle import Decision, IncomingCallReceived
from shared.calls.capabilities.routing import PlanChosen
from shared.calls.event import Event, own
from shared.calls.plans.document import Plan
from shared.service.processor import Processor
from tests.simulation.supervisors import AGENT, RESOURCE

Document = dict[str, Any]

LONGEST_WALK = 300.0  # seconds: each of the plans ends by then, as long as nothing fails

BYE: Document = {
    "sorry": {"type": "play", "prompt": {"text": "Please call again later."}, "then": "bye"},
    "bye": {"type": "hangUp"},
}

# A menu that is repeated, with a way out of it that another party must accept.
MENU: Document = {
    "greeting": {"type": "play", "prompt": {"text": "Good morning."}, "then": "menu"},
    "menu": {
        "type": "menu",
        "prompt": {"text": "For sales press 1. To hear this again press 9."},
        "keys": {"1": "sales", "9": "menu"},
        "tries": 2,
        "seconds": 4,
        "otherwise": "sorry",
    },
    "sales": {"type": "transfer", "to": {"agent": AGENT.format(2)}, "otherwise": "sorry"},
    **BYE,
}
# The prompt cannot be interrupted: a key that is pressed during it belongs to nobody.
PATIENT: Document = {
    "menu": MENU["menu"] | {"interruptible": False, "tries": 3},
    "sales": MENU["sales"],
    **BYE,
}
# A file that cannot be played, twice, before the menu.
MISSING: Document = {
    "music": {"type": "play", "prompt": {"file": "https://example.com/missing.wav"}, "times": 2, "then": "menu"},
    **PATIENT,
}
PLANS: dict[str, Document] = {"menu": MENU, "patient": PATIENT, "missing": MISSING}


def plan(name: str) -> Plan:
    steps = PLANS[name]
    return msgspec.convert({"start": next(iter(steps)), "steps": steps}, Plan)


def chosen(name: str, received: Event) -> list[Event]:
    """The choice of the plan for a call that is answered, beside its IncomingCall."""
    data = received.data
    if not name or not isinstance(data, IncomingCallReceived) or data.decision is not Decision.ANSWER:
        return []
    return [own(f"{received.id}/plan", received.at, PlanChosen(plan(name), 1, RESOURCE))]


@contextmanager
def planned(name: str) -> Iterator[None]:
    """Calls that are answered get this plan; none without a name."""
    process = Processor.process

    async def with_plan(self: Processor, call_id: str, events: list[Event], *more: Any, **how: Any) -> None:
        added = [each for event in events for each in chosen(name, event)]
        await process(self, call_id, [*events, *added], *more, **how)

    with patch.object(Processor, "process", with_plan):
        yield


def presses(rng: random.Random, lasts: float) -> tuple[tuple[float, str], ...]:
    """The keys of a caller: none, one of the menu's, or several, of which some are pressed before the prompt."""
    keys = rng.choice(("", "1", "1", "9", "91", "5", "51", "9991"))
    return tuple(sorted((rng.uniform(0, min(lasts, 25.0)), key) for key in keys))

"""Calls with a plan, for the tests of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.calls.capabilities.routing import PlanChosen
from shared.calls.event import Event, Fact, own
from shared.calls.plans.document import Plan
from tests.api.calls.conftest import Line
from tests.support import AUDIENCE

VERSION = 7


async def fold(line: Line, call_id: str, name: str, data: Fact) -> None:
    """Fold an event of the app into the call."""
    event: Event = own(f"{call_id}/{name}", datetime.now(UTC), data)
    await line.system.container.processor.process(call_id, [event])


async def planned(line: Line, plan: dict[str, dict[str, Any]]) -> str:
    """The id of a connected call that stands at the first step of the plan."""
    call_id = await line.recorded()
    document = msgspec.convert({"start": next(iter(plan)), "steps": plan}, Plan)
    await fold(line, call_id, "plan chosen", PlanChosen(document, VERSION, AUDIENCE, name="default"))
    await line.system.until(call_id, lambda call: bool(call.routing.visits))
    return call_id


async def at_step(line: Line, call_id: str, visit: str) -> None:
    await line.system.until(call_id, lambda call: call.routing.visits[-1].name == visit)

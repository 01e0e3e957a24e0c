"""Calls with a plan, driven through events."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.calls.capabilities.routing import PlanChosen
from shared.calls.effect import effect_id
from shared.calls.event import own
from shared.calls.plans.document import Plan
from shared.calls.policy import CallPolicy
from tests.calls.driver import CALL, CallDriver, answered, at, incoming
from tests.golden import event

RESOURCE = "cccccccc-cccc-4ccc-8ccc-cccccccccccc"


class PlannedCall(CallDriver):
    """``plan`` maps the names of steps to steps as they stand in a document. The first one is the start. ``speaks``:
    whether the app has an AI service.
    """

    def __init__(
        self, plan: dict[str, dict[str, Any]], policy: CallPolicy | None = None, *, speaks: bool = False
    ) -> None:
        super().__init__(policy or CallPolicy(record=False))
        self.speaks = speaks
        self.plan = msgspec.convert({"start": next(iter(plan)), "steps": plan}, Plan)
        self.receive(incoming()).receive(self.chosen()).receive(answered())

    def chosen(self) -> Any:
        return own("plan chosen", at(0.4), PlanChosen(self.plan, 1, RESOURCE, speaks=self.speaks))

    def connect(self, after: float = 1) -> PlannedCall:
        return self.receive(event("call_connected", after))

    def accepted(self, now: float) -> PlannedCall:
        """ACS accepts everything that the last event requested."""
        for effect in self.effects:
            self.effects = (effect,)
            self.done(now)
        return self

    def reports(self, name: str, after: float, operation: str, **data: Any) -> PlannedCall:
        """ACS reports an outcome of an operation, such as ``menu.1/try 1``."""
        return self.receive(event(name, after, operationContext=effect_id(CALL, f"plan/{operation}"), **data))

    def presses(self, keys: list[str], after: float, operation: str) -> PlannedCall:
        return self.reports("recognize_keys", after, operation, dtmfResult={"tones": keys})

    @property
    def where(self) -> str:
        """The visit at which the call stands; empty after the end of the plan."""
        last = self.call.routing.visits[-1]
        return last.name if last.left_at is None else ""

    @property
    def way(self) -> list[tuple[str, str]]:
        return [(visit.name, visit.reason) for visit in self.call.routing.visits]

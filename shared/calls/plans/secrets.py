"""When secrets are collected in a call."""

from __future__ import annotations

from datetime import datetime

from shared.calls.call import BaseCall

Period = tuple[datetime, datetime | None]  # from when, and until when; None: it is still collected


def secret_periods(call: BaseCall) -> list[Period]:
    """When secrets were being collected."""
    routing = call.routing  # type: ignore[attr-defined]  # of its capability
    if routing.plan is None:
        return []
    steps = routing.plan.steps
    return [(each.begun_at, each.left_at) for each in routing.visits if getattr(steps[each.step], "secret", False)]


def is_secret(call: BaseCall, moment: datetime) -> bool:
    """Whether a secret was being collected at the time."""
    return any(begun <= moment and (left is None or moment <= left) for begun, left in secret_periods(call))


def can_be_secret(call: BaseCall) -> bool:
    """Whether the call's plan has a step that collects a secret. Until its plan has begun, it can still get one."""
    routing = call.routing  # type: ignore[attr-defined]
    steps = routing.plan.steps.values() if routing.plan else ()
    return not routing.visits or any(getattr(step, "secret", False) for step in steps)

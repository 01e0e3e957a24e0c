"""When secrets are collected in a call."""

from __future__ import annotations

from datetime import datetime

from shared.calls.call import BaseCall


def is_secret(call: BaseCall, moment: datetime) -> bool:
    """Whether a secret was being collected at the time."""
    routing = call.routing  # type: ignore[attr-defined]  # of its capability
    if routing.plan is None:
        return False
    secret = (each for each in routing.visits if getattr(routing.plan.steps[each.step], "secret", False))
    return any(each.begun_at <= moment and (each.left_at is None or moment <= each.left_at) for each in secret)

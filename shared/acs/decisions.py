"""Asking another application for a decision: an event on the custom topic."""

from __future__ import annotations

from datetime import timedelta

from shared.acs.context import Context, Executors
from shared.calls.actions import RequestDecision
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import Event
from shared.calls.policy import resource_account
from shared.calls.published import DecisionRequested, cloud_event
from shared.platform import clock


async def request(context: Context, call: Call, effect: Effect, action: RequestDecision) -> Event:
    """The event's id is the effect's: an application recognizes a repeated one by it."""
    event = cloud_event(_data(call, action), effect.id, clock.rfc_3339(context.now()))
    await context.clients.topic.send([event])
    return context.performed(effect)


def _data(call: Call, action: RequestDecision) -> DecisionRequested:
    visits = call.routing.visits
    begun_at = next(each.begun_at for each in visits if each.name == action.visit)
    return DecisionRequested(
        call_id=call.id,
        visit=action.visit,
        choices=action.choices,
        deadline=begun_at + timedelta(seconds=action.seconds),
        account=resource_account(call.lifecycle.callee or ""),
        tenant=call.lifecycle.tenant,
        plan_id=call.routing.name,
        plan_version=call.routing.version,
        visits=tuple(each.name for each in visits),
    )


EXECUTORS: Executors = {RequestDecision: request}

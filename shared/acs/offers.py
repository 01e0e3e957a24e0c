"""Claiming agents for a call, releasing them, and waiting for one: agents are rows of this app, not of ACS."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from shared.acs.context import Context, Executors
from shared.agents.candidates import Search, agents_among, groups_among
from shared.agents.claims import Offer
from shared.calls import identities
from shared.calls.actions.routing import EngageAgent, OfferCall, ReleaseAgent, StopWaiting
from shared.calls.capabilities import Call
from shared.calls.capabilities.routing import CallOffered
from shared.calls.effect import Effect
from shared.calls.event import Event
from shared.calls.plans.ring import RingStep


async def offer(context: Context, call: Call, effect: Effect, action: OfferCall) -> Event:
    search = Search(_account(call), action.targets, action.order, action.excluded)
    groups, tenant = groups_among(action.targets), _tenant(call)
    since = waits_since(call, groups) if action.waits and groups else None
    asked = Offer(tenant, call.id, action.visit, action.round, action.seconds, search, since)
    found = await context.claims.offer(asked)
    targets = tuple(_raw_id(call, each) for each in found.targets)
    return context.done(
        effect, CallOffered(effect_id=effect.id, action=action, targets=targets, position=found.position)
    )


async def engage(context: Context, call: Call, effect: Effect, action: EngageAgent) -> Event:
    for agent in agents_among((action.agent,)):
        await context.claims.engage(_tenant(call), agent, call.id)
    return context.performed(effect)


async def release(context: Context, call: Call, effect: Effect, action: ReleaseAgent) -> Event:
    for agent in agents_among((action.agent,)):
        await context.claims.release(_tenant(call), agent, call.id, action.after)
    return context.performed(effect)


async def stop_waiting(context: Context, call: Call, effect: Effect, action: StopWaiting) -> Event:
    if since := waits_since(call, action.groups):
        await context.claims.stop_waiting(_tenant(call), call.id, since)
    return context.performed(effect)


def waits_since(call: Call, groups: Collection[str]) -> datetime | None:
    """When the call first came to a step that waits for these groups: a call that comes back keeps its place."""
    plan, visits = call.routing.plan, call.routing.visits
    return min((each.begun_at for each in visits if plan and _waits_for(plan.steps[each.step], groups)), default=None)


def _waits_for(step: object, groups: Collection[str]) -> bool:
    if not isinstance(step, RingStep) or step.wait is None:
        return False
    return {each.group for each in step.targets if each.group} == set(groups)


def _raw_id(call: Call, target: str) -> str:
    return target if ":" in target else identities.agent(call.routing.resource, _tenant(call), target)


def _tenant(call: Call) -> str:
    """Empty as long as it is not known: an empty tenant has no agents."""
    return (call.lifecycle.tenant or "").lower()


def _account(call: Call) -> str:
    """The object id of the resource account that was called."""
    return (call.lifecycle.callee or "").rpartition(":")[2].lower()


EXECUTORS: Executors = {OfferCall: offer, EngageAgent: engage, ReleaseAgent: release, StopWaiting: stop_waiting}

"""Claiming agents for a call, and releasing them. Nothing is asked of ACS: agents are rows of this app."""

from __future__ import annotations

from shared.acs.context import Context, Executors
from shared.agents.candidates import Search, agents_among
from shared.agents.claims import Offer
from shared.calls import identities
from shared.calls.actions.routing import EngageAgent, OfferCall, ReleaseAgent
from shared.calls.capabilities import Call
from shared.calls.capabilities.routing import CallOffered
from shared.calls.effect import Effect
from shared.calls.event import Event


async def offer(context: Context, call: Call, effect: Effect, action: OfferCall) -> Event:
    search = Search(_account(call), action.targets, action.order, action.excluded)
    tenant = _tenant(call)
    found = await context.claims.offer(Offer(tenant, call.id, action.visit, action.round, action.seconds, search))
    targets = tuple(each if ":" in each else identities.agent(call.routing.resource, tenant, each) for each in found)
    return context.done(effect, CallOffered(effect_id=effect.id, action=action, targets=targets))


async def engage(context: Context, call: Call, effect: Effect, action: EngageAgent) -> Event:
    for agent in agents_among((action.agent,)):
        await context.claims.engage(_tenant(call), agent, call.id)
    return context.performed(effect)


async def release(context: Context, call: Call, effect: Effect, action: ReleaseAgent) -> Event:
    for agent in agents_among((action.agent,)):
        await context.claims.release(_tenant(call), agent, call.id, action.after)
    return context.performed(effect)


def _tenant(call: Call) -> str:
    """Empty as long as it is not known: an empty tenant has no agents."""
    return (call.lifecycle.tenant or "").lower()


def _account(call: Call) -> str:
    """The object id of the resource account that was called."""
    return (call.lifecycle.callee or "").rpartition(":")[2].lower()


EXECUTORS: Executors = {OfferCall: offer, EngageAgent: engage, ReleaseAgent: release}

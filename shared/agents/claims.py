"""Claims: leases of calls on agents. Two calls that choose the same agent write to one row; the ETag decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from shared.agents.candidates import Candidate, Search, candidates, needs_agents
from shared.agents.models import Agent, Claim
from shared.agents.rows import Roster, Stored
from shared.agents.states import After, claimed, engaged, is_free, live_claim, released
from shared.agents.store import AgentStore

TRIES = 3  # at an agent whose row others change, such as the agent's client that renews its presence


class Offer(Struct, frozen=True):
    """What a call asks for, in which round of a visit, and for how many seconds it claims."""

    tenant: str
    call: str
    visit: str
    round: int
    seconds: int
    search: Search


class Claims:
    def __init__(self, store: AgentStore, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now

    async def offer(self, offer: Offer) -> tuple[str, ...]:
        """Claim the next who is free, or all with the order ``all``: ids of agents, and raw ids of the others. The same
        round asked again has the same agents.
        """
        now, roster = self._now(), await self._roster(offer)
        found = candidates(roster, offer.search, now)
        direct = tuple(each.id for each in found if each.is_direct)
        if already := _claimed_already(roster, offer, now):
            return already + direct if offer.search.order == "all" else already
        if offer.search.order != "all":
            return await self._claim_next(offer, roster, found)
        agents = [each for each in found if not each.is_direct]
        won = await asyncio.gather(*(self._claim(offer, roster.agents[each.id], each.wrap_up) for each in agents))
        return tuple(each.id for each, is_won in zip(agents, won, strict=True) if is_won) + direct

    async def engage(self, tenant: str, agent: str, call: str) -> None:
        """The agent is in the call."""
        await self._change(tenant, agent, lambda each: engaged(each, call, self._now()))

    async def release(self, tenant: str, agent: str, call: str, after: After) -> None:
        """End the call's claim on the agent."""
        await self._change(tenant, agent, lambda each: released(each, call, after, self._now()))

    async def _roster(self, offer: Offer) -> Roster:
        """Numbers and Teams users need no agents."""
        return await self._store.roster(offer.tenant) if needs_agents(offer.search.targets) else Roster({}, {})

    async def _claim_next(self, offer: Offer, roster: Roster, found: list[Candidate]) -> tuple[str, ...]:
        for each in found:
            if each.is_direct or await self._claim(offer, roster.agents[each.id], each.wrap_up):
                return (each.id,)
        return ()

    async def _claim(self, offer: Offer, stored: Stored | None, wrap_up: int) -> bool:
        """Whether the agent is the call's now; not if another call was faster, or the agent has left."""
        for _ in range(TRIES):
            now = self._now()
            if stored is None or not is_free(stored.agent, offer.search.account, now):
                return False
            until = now + timedelta(seconds=offer.seconds)
            claim = Claim(offer.call, offer.visit, offer.round, now, until, wrap_up)
            if await self._store.replace(offer.tenant, stored, claimed(stored.agent, claim)):
                return True
            stored = await self._store.read(offer.tenant, stored.agent.id)
            if stored is not None and _is_of(stored.agent, offer, now):
                return True  # the response to the write was lost
        return False

    async def _change(self, tenant: str, agent: str, change: Callable[[Agent], Agent]) -> None:
        await self._store.change_agent(tenant, agent, lambda each: change(each) if each is not None else None)


def _claimed_already(roster: Roster, offer: Offer, now: datetime) -> tuple[str, ...]:
    """The agents whom this round has claimed: the request is a repeated one."""
    return tuple(id for id, each in roster.agents.items() if _is_of(each.agent, offer, now))


def _is_of(agent: Agent, offer: Offer, now: datetime) -> bool:
    """Whether this round of the offer has claimed the agent."""
    claim = live_claim(agent, now)
    return claim is not None and (claim.call, claim.visit, claim.round) == (offer.call, offer.visit, offer.round)

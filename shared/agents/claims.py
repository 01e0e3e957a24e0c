"""Claims: leases of calls on agents. Two calls that choose the same agent write to one row; the ETag decides.

A call that waits is in the queue, and takes an agent only if no call before it could.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from azure.core.exceptions import AzureError
from msgspec import Struct

from shared.agents.candidates import Candidate, Search, candidates, needs_agents
from shared.agents.models import Agent, Claim, GroupStatus
from shared.agents.queue import Queue, Waiting
from shared.agents.rows import Roster, Stored
from shared.agents.serving import ahead, assigned, group_status, wrap_up_end
from shared.agents.states import After, claimed, engaged, free_from, is_free, live_claim, released
from shared.agents.store import AgentStore
from shared.storage.wakes import Wakes

log = logging.getLogger(__name__)

TRIES = 3  # at an agent whose row others change, such as the agent's client that renews its presence
FRONT = 50  # calls: those behind them do not look for agents
SOON = timedelta(seconds=15)  # a call that waits asks again after so long


class Offer(Struct, frozen=True):
    """What a call asks for, in which round of a visit, and for how many seconds it claims. ``waits_since``: when the
    call began to wait; None if it does not.
    """

    tenant: str
    call: str
    visit: str
    round: int
    seconds: int
    search: Search
    waits_since: datetime | None = None

    def waiting(self, now: datetime) -> Waiting | None:
        return Waiting(self.call, self.waits_since, self.search, now) if self.waits_since else None


class Offered(Struct, frozen=True):
    """Ids of agents, and raw ids of the others; the position in the queue, from 1, if the call waits."""

    targets: tuple[str, ...] = ()
    position: int | None = None


class Claims:
    """One for each process."""

    def __init__(self, store: AgentStore, queue: Queue, wakes: Wakes, now: Callable[[], datetime]) -> None:
        self._store, self._queue, self._wakes, self._now = store, queue, wakes, now

    async def offer(self, offer: Offer) -> Offered:
        """Claim the next who is free, or all with the order ``all``. The same round asked again has the same agents."""
        waiting = offer.waiting(self._now())
        if waiting is not None and await self._position(offer.tenant, waiting) > FRONT:
            return await self._wait(offer, waiting, Roster({}, {}))
        roster = await self._roster(offer)
        found = await self._in_turn(offer, roster, candidates(roster, offer.search, self._now()))
        targets = await self._claim_any(offer, roster, found)
        return Offered(targets) if targets or waiting is None else await self._wait(offer, waiting, roster)

    async def engage(self, tenant: str, agent: str, call: str) -> None:
        """The agent is in the call."""
        await self._change(tenant, agent, lambda each: engaged(each, call, self._now()))

    async def release(self, tenant: str, agent: str, call: str, after: After) -> None:
        """End the call's claim on the agent, who may be free for a call that waits, now or after wrap-up."""
        changed = await self._change(tenant, agent, lambda each: released(each, call, after, self._now()))
        if changed is not None and (free_at := free_from(changed, self._now())) is not None:
            await self.serve_waiting(tenant, call, free_at)

    async def stop_waiting(self, tenant: str, call: str, since: datetime) -> None:
        await self._queue.leave(tenant, call, since)

    async def serve_waiting(self, tenant: str, released_by: str = "", free_at: datetime | None = None) -> None:
        """Wake the calls that could take the agents who are free now or, if it is given, at ``free_at``. Those that are
        not woken ask again by themselves. So does the call that has released one: it may not take the same agent again.
        """
        at = free_at or self._now()
        try:
            waiting = [each for each in await self._queue.waiting(tenant) if each.call != released_by]
            if waiting:
                served, delay = assigned(await self._store.roster(tenant), waiting, at), at - self._now()
                await asyncio.gather(*(self._wakes.schedule(call, delay) for call in served))
        except AzureError as error:
            log.warning("calls that wait are not woken, tenant %s: %s", tenant, type(error).__name__)

    async def groups(self, tenant: str) -> list[GroupStatus]:
        """Those who wait, as it was some seconds ago, and the agents of each group."""
        roster, waiting, now = await self._store.roster(tenant), await self._queue.recent(tenant), self._now()
        return [group_status(roster, each, waiting, now) for each in roster.groups.values()]

    # -- Waiting --

    async def waiting(self, tenant: str) -> list[Waiting]:
        """The calls that wait, the oldest first, as it was some seconds ago."""
        return await self._queue.recent(tenant)

    async def _position(self, tenant: str, waiting: Waiting) -> int:
        """The position as it was some seconds ago."""
        return 1 + ahead(await self._queue.recent(tenant), waiting)

    async def _in_turn(self, offer: Offer, roster: Roster, found: list[Candidate]) -> list[Candidate]:
        """Those whom no call could take that waits longer."""
        now = self._now()
        waiting = offer.waiting(now)
        if waiting is None or all(each.is_direct for each in found):
            return found
        before = [each for each in await self._queue.waiting(offer.tenant) if each.is_before(waiting)]
        taken = set().union(*assigned(roster, before, now).values())
        return [each for each in found if each.id not in taken]

    async def _wait(self, offer: Offer, waiting: Waiting, roster: Roster) -> Offered:
        await self._queue.enter(offer.tenant, waiting)
        queue, now = await self._queue.recent(offer.tenant), self._now()
        if (end := wrap_up_end(roster, queue, waiting, now)) is not None and end - now < SOON:
            await self._wakes.schedule(offer.call, end - now)
        return Offered((), 1 + ahead(queue, waiting))

    # -- Claiming --

    async def _roster(self, offer: Offer) -> Roster:
        """Numbers and Teams users need no agents."""
        return await self._store.roster(offer.tenant) if needs_agents(offer.search.targets) else Roster({}, {})

    async def _claim_any(self, offer: Offer, roster: Roster, found: list[Candidate]) -> tuple[str, ...]:
        direct = tuple(each.id for each in found if each.is_direct)
        if already := _claimed_already(roster, offer, self._now()):
            return already + direct if offer.search.order == "all" else already
        if offer.search.order != "all":
            return await self._claim_next(offer, roster, found)
        agents = [each for each in found if not each.is_direct]
        won = await asyncio.gather(*(self._claim(offer, roster.agents[each.id], each.wrap_up) for each in agents))
        return tuple(each.id for each, is_won in zip(agents, won, strict=True) if is_won) + direct

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

    async def _change(self, tenant: str, agent: str, change: Callable[[Agent], Agent]) -> Agent | None:
        _, after = await self._store.change_agent(tenant, agent, lambda each: change(each) if each else None)
        return after


def _claimed_already(roster: Roster, offer: Offer, now: datetime) -> tuple[str, ...]:
    """The agents whom this round has claimed: the request is a repeated one."""
    return tuple(id for id, each in roster.agents.items() if _is_of(each.agent, offer, now))


def _is_of(agent: Agent, offer: Offer, now: datetime) -> bool:
    """Whether this round of the offer has claimed the agent."""
    claim = live_claim(agent, now)
    return claim is not None and (claim.call, claim.visit, claim.round) == (offer.call, offer.visit, offer.round)

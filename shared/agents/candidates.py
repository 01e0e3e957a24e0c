"""Whom a call can be offered to, in which order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

from msgspec import Struct

from shared.agents.models import Agent
from shared.agents.rows import Roster
from shared.agents.states import is_free
from shared.calls.actions.routing import GROUP
from shared.calls.identities import Kind, is_among, kind_of, user_of

Order = Literal["all", "inTurn", "longestIdle"]


class Candidate(Struct, frozen=True):
    """An agent by id, or the raw id of a number or a Teams user (``is_direct``), who is free as far as is known.
    ``wrap_up``: seconds that the agent has after the call.
    """

    id: str
    is_direct: bool = False
    wrap_up: int = 0


class Search(Struct, frozen=True):
    """What a call asks for. ``targets`` and ``excluded`` as in the action ``OfferCall``; ``account`` is the object id
    of the resource account.
    """

    account: str
    targets: tuple[str, ...]
    order: Order
    excluded: tuple[str, ...] = ()


def candidates(roster: Roster, search: Search, now: datetime) -> list[Candidate]:
    """In the order in which the call is offered to them. ``longestIdle``: agents first."""
    found: dict[str, Candidate] = {}
    for target in search.targets:
        for each in _of_target(roster, target, now):
            if _is_free(roster, each, search, now):
                found.setdefault(each.id, each)
    if search.order != "longestIdle":
        return list(found.values())
    return sorted(found.values(), key=lambda each: (each.is_direct, not each.is_direct and _idle(roster, each.id, now)))


def _is_free(roster: Roster, candidate: Candidate, search: Search, now: datetime) -> bool:
    if candidate.is_direct:
        return not is_among(candidate.id, search.excluded)
    agent = roster.agents[candidate.id].agent
    return agent.id not in agents_among(search.excluded) and is_free(agent, search.account, now)


def agents_among(raw_ids: Iterable[str]) -> set[str]:
    """The object ids of the agents among raw ids."""
    return {str(user_of(each)) for each in raw_ids if kind_of(each) is Kind.AGENT}


def groups_among(targets: Iterable[str]) -> tuple[str, ...]:
    return tuple(each.removeprefix(GROUP) for each in targets if each.startswith(GROUP))


def needs_agents(targets: Iterable[str]) -> bool:
    """Whether any of the targets is an agent or a group."""
    return any(each.startswith(GROUP) or kind_of(each) is Kind.AGENT for each in targets)


def _of_target(roster: Roster, target: str, now: datetime) -> Iterator[Candidate]:
    """Those that a target stands for: of a group the longest idle first."""
    if target.startswith(GROUP):
        group = target.removeprefix(GROUP)
        for id in sorted(roster.members(group), key=lambda id: _idle(roster, id, now)):
            yield Candidate(id, wrap_up=roster.groups[group].wrap_up_seconds)
    elif kind_of(target) is not Kind.AGENT:
        yield Candidate(target, is_direct=True)
    elif (id := str(user_of(target))) in roster.agents:
        yield Candidate(id)


def _idle(roster: Roster, id: str, now: datetime) -> tuple[datetime, str]:
    agent: Agent = roster.agents[id].agent
    return agent.idle_since or now, id

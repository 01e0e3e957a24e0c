"""Who is served next: which of the calls that wait gets which free agent. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from shared.agents.candidates import candidates, groups_among
from shared.agents.models import Group, GroupStatus
from shared.agents.queue import Waiting
from shared.agents.rows import Roster
from shared.agents.states import live_claim, status


def assigned(roster: Roster, waiting: Iterable[Waiting], now: datetime) -> dict[str, set[str]]:
    """The free agents that each call could take once those before it have taken theirs; the oldest call first. A call
    that rings at an agent keeps its place, and needs no other.
    """
    free = {id for id, each in roster.agents.items() if status(each.agent, now).state == "available"}
    ringing = with_agents(roster, now)
    found: dict[str, set[str]] = {}
    for each in waiting:
        if not free:
            break
        if each.call in ringing:
            continue
        suitable = [one.id for one in candidates(roster, each.search, now) if one.id in free]
        if suitable:
            found[each.call] = set(suitable if each.search.order == "all" else suitable[:1])
            free -= found[each.call]
    return found


def with_agents(roster: Roster, now: datetime) -> set[str]:
    """The calls that ring at an agent, or have one."""
    return {claim.call for each in roster.agents.values() if (claim := live_claim(each.agent, now))}


def ahead(waiting: Iterable[Waiting], own: Waiting) -> int:
    """How many calls that wait longer wait for one of the same groups."""
    groups = set(groups_among(own.search.targets))
    return sum(each.is_before(own) and not groups.isdisjoint(groups_among(each.search.targets)) for each in waiting)


def group_status(roster: Roster, group: Group, waiting: Iterable[Waiting], now: datetime) -> GroupStatus:
    """``waiting``: the oldest first."""
    since = [each.since for each in waiting if group.id in groups_among(each.search.targets)]
    members = (roster.agents[id].agent for id in roster.members(group.id))
    counts = Counter(status(each, now).state for each in members)
    return GroupStatus(group, len(since), since[0] if since else None, dict(counts))


def wrap_up_end(roster: Roster, waiting: Iterable[Waiting], own: Waiting, now: datetime) -> datetime | None:
    """When the wrap-up ends after which it is the call's turn; None if it is not after any that has begun."""
    members = {id for group in groups_among(own.search.targets) for id in roster.members(group)}
    states = (status(roster.agents[id].agent, now) for id in members)
    ends = sorted(each.until for each in states if each.state == "wrapUp" and each.until)
    served = with_agents(roster, now)
    before = ahead((each for each in waiting if each.call not in served), own)
    return ends[before] if before < len(ends) else None

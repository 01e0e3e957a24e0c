"""The state of an agent, and its changes. Pure: each returns the agent afterwards.

What the client says (available or away) and what a call makes of it (ringing, in a call, wrap-up) are kept apart. So an
agent who becomes available or away during a call is so after it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec.structs import replace

from shared.agents.models import Agent, Claim, Status

NO_ANSWER = "did not answer"
EXPIRED = "the client has not renewed the presence"
LONGEST_CALL = timedelta(hours=24)  # the lease of an agent in a call, should the release never come

After = Literal["accepted", "declined", "noAnswer", "withdrawn"]


def status(agent: Agent, now: datetime) -> Status:
    """A claim comes first, then wrap-up, then what the client says."""
    if (claim := live_claim(agent, now)) is not None:
        if claim.engaged:
            return Status("inCall", claim.since, call=claim.call)
        return Status("ringing", claim.since, claim.until, call=claim.call)
    if agent.wrap_up_until is not None and agent.wrap_up_until > now:
        return Status("wrapUp", None, agent.wrap_up_until)
    if not agent.is_available:
        return Status("away", agent.since, reason=agent.reason)
    if not says_available(agent, now):
        return Status("away", agent.expires_at, reason=EXPIRED)
    return Status("available", agent.idle_since or agent.since, agent.expires_at)


def live_claim(agent: Agent, now: datetime) -> Claim | None:
    return agent.claim if agent.claim is not None and agent.claim.until > now else None


def says_available(agent: Agent, now: datetime) -> bool:
    """Whether the client says so, and its word has not expired: a closed laptop does not ring."""
    return agent.is_available and (agent.expires_at is None or agent.expires_at > now)


def free_from(agent: Agent, now: datetime) -> datetime | None:
    """From when on the agent can be offered a call: now, or the end of wrap-up; None if it is not known."""
    found = status(agent, now)
    if found.state == "wrapUp":
        return found.until if agent.is_available else None
    return now if found.state == "available" else None


def is_free(agent: Agent, account: str, now: datetime) -> bool:
    """Whether the agent can be offered a call of this resource account now."""
    takes = not agent.accounts or account.lower() in agent.accounts
    return takes and status(agent, now).state == "available"


def available(agent: Agent, expires_at: datetime, now: datetime) -> Agent:
    """One who becomes available begins to be idle, and ends wrap-up; one who renews it does neither."""
    if says_available(agent, now):
        return replace(agent, expires_at=expires_at)
    return replace(
        agent, is_available=True, reason="", since=now, idle_since=now, expires_at=expires_at, wrap_up_until=None
    )


def away(agent: Agent, reason: str, now: datetime) -> Agent:
    since = now if says_available(agent, now) or agent.since is None else agent.since
    return replace(agent, is_available=False, reason=reason, since=since, expires_at=None)


def claimed(agent: Agent, claim: Claim) -> Agent:
    return replace(agent, claim=claim, wrap_up_until=None)


def engaged(agent: Agent, call: str, now: datetime) -> Agent:
    """In the call, if the last claim is this call's."""
    claim = agent.claim
    if claim is None or claim.call != call or claim.engaged:
        return agent
    return replace(agent, claim=replace(claim, engaged=True, since=now, until=now + LONGEST_CALL))


def released(agent: Agent, call: str, after: After, now: datetime) -> Agent:
    """The claim is over, if it is this call's. ``noAnswer``: the client may be gone, so the agent is away."""
    claim = agent.claim
    if claim is None or claim.call != call:
        return agent
    match after:
        case "accepted":
            until = now + timedelta(seconds=claim.wrap_up)
            return replace(agent, claim=None, idle_since=until, wrap_up_until=until if claim.wrap_up else None)
        case "noAnswer":
            return away(replace(agent, claim=None), NO_ANSWER, now)
    return replace(agent, claim=None)

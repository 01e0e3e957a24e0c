"""Parameters, bodies and representations of agents and groups."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from shared.agents.models import Agent, Group, GroupStatus, State, Status
from shared.agents.states import says_available, status
from shared.api.parameters import GUID_PATTERN, USER, Id, guid_parameter
from shared.api.route import Strict

OF_AGENT = {"agentId": guid_parameter("the Entra object id of the agent", USER)}
OF_AGENT_OR_ME = {
    "agentId": Meta(
        pattern=rf"^me$|{GUID_PATTERN}",
        examples=["me", USER],
        description="the Entra object id of the agent (a GUID), or `me`",
    )
}
GROUP = "sales"
GROUP_ID = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
OF_GROUP = {"groupId": Meta(pattern=GROUP_ID, examples=[GROUP], description="an id of the client's own")}
LONGEST_PRESENCE = 3600  # seconds
MOST_MEMBERS = 500  # with their ids a group fits into a property of 64 KiB
MOST_ACCOUNTS = 100


class NewAgent(Strict, frozen=True):
    accounts: Annotated[
        tuple[Id, ...],
        Meta(
            max_length=MOST_ACCOUNTS,
            description="the resource accounts whose calls the agent takes; empty: those of the whole tenant",
        ),
    ] = ()


class NewGroup(Strict, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=100, examples=["Sales"])]
    members: Annotated[
        tuple[Id, ...], Meta(max_length=MOST_MEMBERS, examples=[[USER]], description="object ids of agents")
    ] = ()
    wrap_up_seconds: Annotated[int, Meta(ge=0, le=600, description="an agent's time after a call of the group")] = 0


class NewPresence(Strict, frozen=True):
    """``expiresInSeconds`` is for `available`: without a renewal the agent is away afterwards."""

    state: Literal["available", "away"]
    reason: Annotated[str, Meta(max_length=100, examples=["lunch"], description="why the agent is away")] = ""
    expires_in_seconds: Annotated[int, Meta(ge=30, le=LONGEST_PRESENCE)] = 120


class AgentView(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """``state``: what the agent is in, ``since`` when, ``until`` when if that is known. ``callId`` is the call that
    rings or that the agent is in. ``presence`` is what the agent is in besides calls and wrap-up.
    """

    id: str
    state: State
    presence: Literal["available", "away"]
    accounts: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""
    call_id: str = ""


class GroupView(Struct, frozen=True, rename="camel"):
    id: str
    name: str
    members: tuple[str, ...]
    wrap_up_seconds: int


class QueueView(Struct, frozen=True, rename="camel"):
    """The queue of a group. ``agents``: how many are in which state."""

    group_id: str
    name: str
    waiting: int
    longest_wait_seconds: int
    agents: dict[State, int]


def agent_view(agent: Agent, now: datetime) -> AgentView:
    found: Status = status(agent, now)
    presence: Literal["available", "away"] = "available" if says_available(agent, now) else "away"
    return AgentView(
        agent.id, found.state, presence, agent.accounts, found.since, found.until, found.reason, found.call
    )


def group_view(group: Group) -> GroupView:
    return GroupView(group.id, group.name, group.members, group.wrap_up_seconds)


def queue_view(found: GroupStatus, now: datetime) -> QueueView:
    seconds = max(0, int((now - found.longest_wait).total_seconds())) if found.longest_wait else 0
    return QueueView(found.group.id, found.group.name, found.waiting, seconds, found.agents)

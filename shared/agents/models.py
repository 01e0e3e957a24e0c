"""Agents and groups as they are stored, in Table storage and in JSON. Times are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

State = Literal["available", "away", "ringing", "inCall", "wrapUp"]


class Claim(Struct, frozen=True, omit_defaults=True):
    """A call's lease on an agent. Call and agent are two rows, which no write changes together: so the lease ends by
    itself at ``until``.

    ``round`` counts the offers of a visit to a step of the call's plan. ``wrap_up``: seconds after the call.
    ``engaged``: the agent has accepted.
    """

    call: str
    visit: str
    round: int
    since: datetime
    until: datetime
    wrap_up: int = 0
    engaged: bool = False


class Agent(Struct, frozen=True, omit_defaults=True):
    """``id`` is an Entra object id in lower case. ``accounts``: the resource accounts whose calls the agent takes, by
    object id; those of the whole tenant if empty.

    ``is_available`` is what the agent's client says, ``since`` when and ``expires_at`` until when; ``reason`` is why
    the agent is away. ``idle_since``: when the agent became available, or the last call ended.
    """

    id: str
    accounts: tuple[str, ...] = ()
    is_available: bool = False
    reason: str = ""
    since: datetime | None = None
    expires_at: datetime | None = None
    idle_since: datetime | None = None
    wrap_up_until: datetime | None = None
    claim: Claim | None = None


class Group(Struct, frozen=True, omit_defaults=True):
    """``members`` are ids of agents. ``wrap_up_seconds``: the time that an agent has after a call of the group."""

    id: str
    name: str
    members: tuple[str, ...] = ()
    wrap_up_seconds: int = 0


class GroupStatus(Struct, frozen=True):
    """``waiting``: how many calls wait, ``longest_wait`` since when the first of them does. ``agents``: how many are in
    which state.
    """

    group: Group
    waiting: int
    longest_wait: datetime | None
    agents: dict[State, int]


class Status(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What an agent is in: since when and, if that is known, until when. ``call`` is the id of the call."""

    state: State
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""
    call: str = ""

"""Wrap-up: the code and the note that agents write about a call, during it or after it.

A note can hold personal data: it stands in the row and in the API, and not in the timeline.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shared.calls.capability import Capability
from shared.calls.event import Event, Fact
from shared.calls.joins import best, bounded

MOST_AGENTS = 20


class WrapUpWritten(Fact, frozen=True):
    """An agent, by object id, has written about the call. A later one of the same agent replaces it."""

    agent: str
    code: str
    note: str = ""


class WrapUp(Struct, frozen=True, omit_defaults=True):
    at: datetime
    code: str
    note: str = ""


class WrapUps(Struct, frozen=True, omit_defaults=True):
    """``by_agent``: the latest of each agent."""

    by_agent: dict[str, WrapUp] = {}


def fold(part: WrapUps, event: Event) -> WrapUps:
    if not isinstance(event.data, WrapUpWritten):
        return part
    data = event.data
    written = WrapUp(event.at, data.code, data.note)
    last = best(part.by_agent.get(data.agent), written, lambda each: (each.at, each.code, each.note))
    found = bounded(part.by_agent | {data.agent: last or written}, MOST_AGENTS, lambda _: 0)
    return WrapUps(dict(sorted(found.items())))


def describe(data: Fact) -> str:
    return f"{data.code}, by user {data.agent}" if isinstance(data, WrapUpWritten) else ""


CAPABILITY = Capability(name="wrap_up", part=WrapUps, fold=fold, describe=describe)

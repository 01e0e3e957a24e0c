"""The rows of agents in Table storage. All rows of a tenant are in one partition.

| row key | content |
|---|---|
| ``agent {id}`` | an agent. Its ETag decides which call claims the agent |
| ``group {id}`` | a group |
| ``waiting {time} {call}`` | a call that waits for an agent (``queue``) |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from shared.agents.models import Agent, Group

AGENT, GROUP = "agent ", "group "

Content = TypeVar("Content", bound=Struct)


class Stored(Struct, frozen=True):
    """An agent as it was read, and the ETag for changing it."""

    agent: Agent
    etag: str


class Roster(Struct, frozen=True):
    """All agents and groups of a tenant, by their ids."""

    agents: dict[str, Stored]
    groups: dict[str, Group]

    def members(self, group: str) -> tuple[str, ...]:
        """The agents of a group that exist."""
        found = self.groups.get(group)
        return tuple(id for id in found.members if id in self.agents) if found else ()


def entity(tenant: str, beginning: str, content: Agent | Group) -> dict[str, Any]:
    text = msgspec.json.encode(content).decode()
    return {"PartitionKey": tenant, "RowKey": f"{beginning}{content.id}", "content": text}


def content_of(row: Mapping[str, Any], shape: type[Content]) -> Content:
    return msgspec.json.decode(row["content"], type=shape)


def stored(row: Any) -> Stored:
    return Stored(content_of(row, Agent), row.metadata["etag"])


def roster(rows: list[Any]) -> Roster:
    agents = [stored(row) for row in rows if row["RowKey"].startswith(AGENT)]
    groups = [content_of(row, Group) for row in rows if row["RowKey"].startswith(GROUP)]
    return Roster({each.agent.id: each for each in agents}, {each.id: each for each in groups})


def after(beginning: str) -> str:
    """The first key after all those with this beginning."""
    return beginning[:-1] + chr(ord(beginning[-1]) + 1)

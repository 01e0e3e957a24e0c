"""Agents and groups in Table storage, for each tenant apart. Rows: ``rows``."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from shared.agents import rows
from shared.agents.models import Agent, Group
from shared.agents.rows import AGENT, GROUP, Roster, Stored
from shared.directory.errors import BAD_CONTINUATION, UpstreamError
from shared.directory.models import Page
from shared.storage.calls import check_table

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

PAGE = 100  # items, unless the request says how many
ATTEMPTS = 8  # at a row that others change at the same time

Item = TypeVar("Item", Agent, Group)


class Contended(Exception):
    """Others changed the row each time that it was about to be changed."""


class AgentStore:
    """``tenant`` is the id of an Entra tenant in lower case, and so are the ids of agents."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    # -- One row --

    async def agent(self, tenant: str, id: str) -> Agent | None:
        found, _ = await self._read(tenant, AGENT, id, Agent)
        return found

    async def group(self, tenant: str, id: str) -> Group | None:
        found, _ = await self._read(tenant, GROUP, id, Group)
        return found

    async def change_agent(
        self, tenant: str, id: str, change: Callable[[Agent | None], Agent | None]
    ) -> tuple[Agent | None, Agent | None]:
        """The agent before and after. ``change`` gets the present one, raises to refuse, and returns None to delete.
        Raises Contended.
        """
        return await self._change(tenant, AGENT, id, Agent, change)

    async def change_group(
        self, tenant: str, id: str, change: Callable[[Group | None], Group | None]
    ) -> tuple[Group | None, Group | None]:
        """The same of a group."""
        return await self._change(tenant, GROUP, id, Group, change)

    async def replace(self, tenant: str, stored: Stored, agent: Agent) -> bool:
        """Whether the agent was replaced; not if the row has changed since it was read."""
        return await self._write(tenant, AGENT, agent, stored.etag)

    async def read(self, tenant: str, id: str) -> Stored | None:
        agent, etag = await self._read(tenant, AGENT, id, Agent)
        return Stored(agent, etag) if agent is not None and etag is not None else None

    # -- Several rows --

    async def roster(self, tenant: str) -> Roster:
        """All agents and groups of a tenant: one request for each thousand of them."""
        return rows.roster(await self._rows(tenant, AGENT, rows.after(GROUP)))

    async def agents(self, tenant: str, size: int | None = None, continuation: str | None = None) -> Page[Agent]:
        """In the order of their ids."""
        return await self._page(tenant, AGENT, Agent, size, continuation)

    async def groups(self, tenant: str, size: int | None = None, continuation: str | None = None) -> Page[Group]:
        """In the order of their ids."""
        return await self._page(tenant, GROUP, Group, size, continuation)

    # -- Requests --

    async def _page(
        self, tenant: str, beginning: str, shape: type[Item], size: int | None, continuation: str | None
    ) -> Page[Item]:
        last = _position(continuation) if continuation else ""
        found = await self._rows(tenant, f"{beginning}{last}", rows.after(beginning), size or PAGE)
        full = len(found) == (size or PAGE)
        following = _continuation(found[-1]["RowKey"].removeprefix(beginning)) if full else None
        return Page(tuple(rows.content_of(row, shape) for row in found), following)

    async def _rows(self, tenant: str, last: str, end: str, size: int | None = None) -> list[Any]:
        """The rows between two keys, or the first ``size`` of them."""
        query = "PartitionKey eq @tenant and RowKey gt @last and RowKey lt @end"
        keys = {"tenant": tenant, "last": last, "end": end}
        found: list[Any] = []
        async for row in self._table.query_entities(query, parameters=keys, results_per_page=size):
            found.append(row)
            if len(found) == size:
                break
        return found

    async def _change(
        self, tenant: str, beginning: str, id: str, shape: type[Item], change: Callable[[Item | None], Item | None]
    ) -> tuple[Item | None, Item | None]:
        for attempt in range(ATTEMPTS):
            await asyncio.sleep(random.uniform(0, 0.1 * attempt))  # noqa: S311  # so that two writers do not collide again
            before, etag = await self._read(tenant, beginning, id, shape)
            changed = change(before)
            if changed == before:
                return before, changed
            if changed is not None and await self._write(tenant, beginning, changed, etag):
                return before, changed
            if changed is None and await self._delete(tenant, f"{beginning}{id}", etag):
                return before, None
        raise Contended(id)

    async def _read(self, tenant: str, beginning: str, id: str, shape: type[Item]) -> tuple[Item | None, str | None]:
        try:
            row = await self._table.get_entity(tenant, f"{beginning}{id}")
        except ResourceNotFoundError as error:
            check_table(error)
            return None, None
        return rows.content_of(row, shape), row.metadata["etag"]

    async def _write(self, tenant: str, beginning: str, content: Agent | Group, etag: str | None) -> bool:
        """Whether the row was written: it is as it was read, or still missing if there is no ETag."""
        entity = rows.entity(tenant, beginning, content)
        try:
            if etag is None:
                await self._table.create_entity(entity)
            else:
                await self._table.update_entity(entity, mode="replace", **_unchanged(etag))
        except (ResourceExistsError, ResourceModifiedError):
            return False
        except ResourceNotFoundError as error:
            if etag is None:  # the table is missing
                raise
            check_table(error)
            return False
        return True

    async def _delete(self, tenant: str, key: str, etag: str | None) -> bool:
        try:
            await self._table.delete_entity(tenant, key, **_unchanged(etag))
        except ResourceModifiedError:
            return False
        return True


def _unchanged(etag: str | None) -> dict[str, Any]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def _continuation(id: str) -> str:
    return base64.urlsafe_b64encode(id.encode()).decode().rstrip("=")


def _position(continuation: str) -> str:
    """The id that a page ended with."""
    try:
        return base64.urlsafe_b64decode(continuation + "=" * (-len(continuation) % 4)).decode()
    except ValueError:
        raise UpstreamError(BAD_CONTINUATION) from None

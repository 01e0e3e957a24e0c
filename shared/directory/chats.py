"""Chats for calls: a Teams group call carries the thread id of a chat (Graph v1.0, Chat.Create).

For two people Graph returns the existing chat. For a group it creates a new chat each time, so the table keeps the
thread id of each group, by members and topic, and all participants of a call get the same thread.

Creating a chat is not idempotent in Graph. If its response is lost, a retry creates another group, and the first stays
in Teams, empty and unused. The same happens if two processes open the same group at once: both create one, and the
one that is stored first is used.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from msgspec import Struct

from shared.directory.caller import Caller
from shared.directory.checks import guid, not_valid, read
from shared.directory.errors import NEEDS_USER, UpstreamError
from shared.directory.graph import Graph, quoted, segment
from shared.directory.models import Chat, ChatKind
from shared.directory.on_behalf_of import GraphCredentials
from shared.storage.calls import check_table

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.data.tables.aio import TableClient

MOST_MEMBERS = 250  # of a chat ("Limits and specifications for Microsoft Teams")
LONGEST_TOPIC = 250  # characters (Graph, "chat resource type")
# Only a 404 means that the chat was deleted: a 403 can also be a missing Chat.ReadBasic.
GONE = 404


class _Chat(Struct, rename="camel"):
    id: str


class _Row(Struct, frozen=True):
    """The stored thread id of a group, and the row's ETag."""

    chat: str
    etag: str


class Chats:
    """``table`` is the directory's; groups are in its partition ``chat {tenant}``."""

    def __init__(self, graph: Graph, credentials: GraphCredentials, table: TableClient) -> None:
        self._graph, self._credentials, self._table = graph, credentials, table
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def open(self, caller: Caller, members: Sequence[str], topic: str | None = None) -> tuple[Chat, bool]:
        """The chat of the caller and these people (object ids), and whether a group was created.

        One other person and no topic is a one-on-one chat, for which Graph does not say whether it is new.
        """
        if caller.kind != "user" or caller.tenant is None:
            raise UpstreamError(NEEDS_USER)
        people = _people(caller.id, members)
        credential = self._credentials.on_behalf_of(caller)
        if len(people) == 2 and topic is None:  # noqa: PLR2004
            return Chat(await self._create(credential, people, "oneOnOne"), "oneOnOne"), False
        chosen = _topic(topic)
        partition, row = f"chat {caller.tenant}", _row_key(people, chosen)
        lock = self._locks.setdefault(f"{partition} {row}", asyncio.Lock())
        async with lock:
            id, created = await self._group(credential, partition, row, people, chosen)
        return Chat(id, "group"), created

    async def _group(
        self, credential: AsyncTokenCredential, partition: str, row: str, people: list[str], topic: str | None
    ) -> tuple[str, bool]:
        stored = await self._read(partition, row)
        if stored is not None and await self._exists(credential, stored.chat):
            return stored.chat, False
        created = await self._create(credential, people, "group", topic)
        if await self._store(partition, row, created, stored):
            return created, True
        winner = await self._read(partition, row)
        return (winner.chat, False) if winner else (created, True)

    async def _exists(self, credential: AsyncTokenCredential, id: str) -> bool:
        try:
            await self._graph.get(f"v1.0/chats/{segment(id)}", credential, {"$select": "id"})
        except UpstreamError as error:
            if error.status == GONE:
                return False
            if error.status != 403:  # noqa: PLR2004
                raise
        return True

    async def _create(
        self, credential: AsyncTokenCredential, people: list[str], kind: ChatKind, topic: str | None = None
    ) -> str:
        users = f"{self._graph.endpoint}/v1.0/users"
        body: dict[str, Any] = {"chatType": kind, "members": [_member(users, user) for user in people]}
        if topic is not None:
            body["topic"] = topic
        return read(await self._graph.post("v1.0/chats", credential, body), _Chat).id

    async def _read(self, partition: str, row: str) -> _Row | None:
        try:
            entity = await self._table.get_entity(partition, row)
        except ResourceNotFoundError as error:
            check_table(error)
            return None
        return _Row(str(entity["chat"]), str(entity.metadata["etag"]))

    async def _store(self, partition: str, row: str, chat: str, replaces: _Row | None) -> bool:
        """False if another process stored a chat meanwhile."""
        entity = {"PartitionKey": partition, "RowKey": row, "chat": chat}
        try:
            if replaces is None:
                await self._table.create_entity(entity)
            else:
                await self._table.update_entity(
                    entity, mode="replace", etag=replaces.etag, match_condition=MatchConditions.IfNotModified
                )
        except (ResourceExistsError, ResourceModifiedError):
            return False
        return True


def _people(caller: str, members: Sequence[str]) -> list[str]:
    """All members, once each, in an order that does not depend on the caller."""
    people = {guid(member, "each of members") for member in members} | {caller.lower()}
    if not 2 <= len(people) <= MOST_MEMBERS:  # noqa: PLR2004
        raise not_valid(f"members must be people other than the caller, at most {MOST_MEMBERS - 1}")
    return sorted(people)


def _topic(topic: str | None) -> str | None:
    if topic is None:
        return None
    chosen = " ".join(topic.split())
    if not 1 <= len(chosen) <= LONGEST_TOPIC or not chosen.isprintable() or ":" in chosen:
        raise not_valid(f"topic must be 1 to {LONGEST_TOPIC} printable characters without a colon")
    return chosen


def _row_key(people: list[str], topic: str | None) -> str:
    return hashlib.sha256(json.dumps([people, topic]).encode()).hexdigest()


def _member(users: str, user: str) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.aadUserConversationMember",
        "roles": ["owner"],
        "user@odata.bind": f"{users}({quoted(user)})",
    }

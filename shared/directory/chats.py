"""Chats for calls: a call between Teams users and others carries the thread id of a chat (Graph v1.0, Chat.Create).

A chat of two is Graph's to find again: it answers with the one that there is. Of groups it makes a new one each time.
So that everybody on a call who opens the same group gets the same thread, a group's is kept, by its people and topic.

Graph takes no id of ours with which a creation could be repeated. When the answer to one is lost, nothing is kept, and
whoever tries again makes another group; the first stays in Teams, empty, with no call that names it. So does the group
of whoever loses the race: two processes that open the same group at the same moment make two, and use one.
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

from shared.calls.result_codes import NEEDS_USER
from shared.directory.checks import guid, not_valid, read
from shared.directory.graph import Graph, Refused, quoted, segment
from shared.directory.models import Chat, ChatKind
from shared.directory.sign_in import Caller, SignIn

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.data.tables.aio import TableClient

MOST_MEMBERS = 250  # of a chat ("Limits and specifications for Microsoft Teams")
LONGEST_TOPIC = 250  # characters (Graph, "chat resource type")
# A group is made anew only if Graph says that there is none by this id. 403 can also be a lack of Chat.ReadBasic.
GONE = 404


class _Chat(Struct, rename="camel"):
    id: str


class _Row(Struct, frozen=True):
    """A group that is kept: its thread id, and the ETag that a change must name."""

    chat: str
    etag: str


class Chats:
    """``table`` is that of the directory; groups stand in its partition ``chat {tenant}``."""

    def __init__(self, graph: Graph, sign_in: SignIn, table: TableClient) -> None:
        self._graph, self._sign_in, self._table = graph, sign_in, table
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def open(self, caller: Caller, members: Sequence[str], topic: str | None = None) -> tuple[Chat, bool]:
        """The chat of the caller and these people (object ids), and whether a group was made for it.

        One other person and no topic is a chat of two, of which Graph does not say whether it is new.
        """
        if caller.kind != "user" or caller.tenant is None:
            raise Refused(NEEDS_USER)
        people = _people(caller.id, members)
        credential = self._sign_in.on_behalf_of(caller)
        if len(people) == 2 and topic is None:  # noqa: PLR2004
            return Chat(await self._make(credential, people, "oneOnOne"), "oneOnOne"), False
        chosen = _topic(topic)
        partition, row = f"chat {caller.tenant}", _row_key(people, chosen)
        turn = self._turns.setdefault(f"{partition} {row}", asyncio.Lock())
        async with turn:
            id, made = await self._group(credential, partition, row, people, chosen)
        return Chat(id, "group"), made

    async def _group(
        self, credential: AsyncTokenCredential, partition: str, row: str, people: list[str], topic: str | None
    ) -> tuple[str, bool]:
        kept = await self._read(partition, row)
        if kept is not None and await self._is_there(credential, kept.chat):
            return kept.chat, False
        made = await self._make(credential, people, "group", topic)
        if await self._keep(partition, row, made, kept):
            return made, True
        winner = await self._read(partition, row)
        return (winner.chat, False) if winner else (made, True)

    async def _is_there(self, credential: AsyncTokenCredential, id: str) -> bool:
        try:
            await self._graph.get(f"v1.0/chats/{segment(id)}", credential, {"$select": "id"})
        except Refused as refused:
            if refused.status == GONE:
                return False
            if refused.status != 403:  # noqa: PLR2004
                raise
        return True

    async def _make(
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
            if getattr(error, "error_code", None) == "TableNotFound":  # a fault of the deployment, not an answer
                raise
            return None
        return _Row(str(entity["chat"]), str(entity.metadata["etag"]))

    async def _keep(self, partition: str, row: str, chat: str, instead_of: _Row | None) -> bool:
        """Whether it is this chat that is kept now, or somebody else's."""
        entity = {"PartitionKey": partition, "RowKey": row, "chat": chat}
        try:
            if instead_of is None:
                await self._table.create_entity(entity)
            else:
                await self._table.update_entity(
                    entity, mode="replace", etag=instead_of.etag, match_condition=MatchConditions.IfNotModified
                )
        except (ResourceExistsError, ResourceModifiedError):
            return False
        return True


def _people(caller: str, members: Sequence[str]) -> list[str]:
    """Everybody, once, in an order that is the same whoever asks."""
    people = {guid(member, "each of members") for member in members} | {caller.lower()}
    if not 2 <= len(people) <= MOST_MEMBERS:  # noqa: PLR2004
        raise not_valid(f"members must be others than the caller, at most {MOST_MEMBERS - 1}")
    return sorted(people)


def _topic(topic: str | None) -> str | None:
    if topic is None:
        return None
    chosen = " ".join(topic.split())
    if not 1 <= len(chosen) <= LONGEST_TOPIC or not chosen.isprintable() or ":" in chosen:
        raise not_valid(f"topic must be 1 to {LONGEST_TOPIC} characters that can be printed, without a colon")
    return chosen


def _row_key(people: list[str], topic: str | None) -> str:
    return hashlib.sha256(json.dumps([people, topic]).encode()).hexdigest()


def _member(users: str, user: str) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.aadUserConversationMember",
        "roles": ["owner"],
        "user@odata.bind": f"{users}({quoted(user)})",
    }

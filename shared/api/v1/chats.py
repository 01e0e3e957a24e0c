"""Chats whose thread id Teams calls carry."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from shared.api.parameters import USER, Id
from shared.api.route import AGENTS, RequestContext, Result, Route, Strict
from shared.directory.chats import LONGEST_TOPIC, MOST_MEMBERS
from shared.directory.models import Chat

Members = Annotated[
    tuple[Id, ...],
    Meta(
        min_length=1,
        max_length=MOST_MEMBERS - 1,
        examples=[[USER]],
        description="object ids; the caller need not be among them",
    ),
]
Topic = Annotated[str, Meta(min_length=1, max_length=LONGEST_TOPIC, description="makes it a group chat")]


class NewChat(Strict, frozen=True):
    members: Members
    topic: Topic | None = None


async def open_chat(context: RequestContext) -> Result:
    chat, created = await context.directory.chats.open(context.caller, context.body.members, context.body.topic)
    return Result(201 if created else 200, chat)


ROUTES = (
    Route(
        "POST",
        "chats",
        "openChat",
        AGENTS,
        "Get or create the chat of the caller with one person or a group",
        {200: Chat, 201: Chat},
        open_chat,
        body=NewChat,
    ),
)

"""Chats, for the thread ids of calls (v1.0 ``/chats``).

Microsoft Graph v1.0, "Create chat", "Get chat". Assumed: the wordings of errors that are marked so.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from typing import Any

from emulator.graph import odata
from emulator.graph.errors import bad_request, forbidden, not_found
from emulator.graph.request import GraphRequest

CREATE = ("Chat.Create", "Chat.ReadWrite")
READ = ("Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite")
FIELDS = ("id", "topic", "createdDateTime", "lastUpdatedDateTime", "chatType", "tenantId")
MEMBER = "#microsoft.graph.aadUserConversationMember"
OF_TWO = 2
LONGEST_TOPIC = 250  # Microsoft Graph, "chat resource type"

_BOUND = re.compile(r"https://[^/]+/(?:v1\.0|beta)/users(?:\('(?P<quoted>[^']+)'\)|/(?P<plain>[^/']+))")


def create(request: GraphRequest) -> dict[str, Any]:
    me = request.signed_in()
    request.require(*CREATE)
    body = request.body
    if not isinstance(body, dict) or body.get("chatType") not in ("oneOnOne", "group"):
        raise bad_request("Invalid value specified for property 'chatType' of resource 'Chat'.")  # assumed
    members = _members(request, body.get("members"))
    if me["id"] not in members:
        raise bad_request("The caller must be one of the members specified in request body.")  # assumed
    topic = _topic(body)
    chats: dict[str, Any] = request.tenant["chats"]
    id = _thread(body["chatType"], members)
    if id not in chats:
        made = request.now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        chats[id] = {"chatType": body["chatType"], "topic": topic, "createdDateTime": made, "members": list(members)}
    return odata.context(request, "chats/$entity") | _chat(request, id)


def get(request: GraphRequest) -> dict[str, Any]:
    me = request.signed_in()
    request.require(*READ)
    odata.allow(request, "$select")
    chat = request.tenant["chats"].get(request.id)
    if chat is None:
        raise not_found("Chat thread was not found.")  # assumed
    if me["id"] not in chat["members"]:
        raise forbidden("InsufficientPrivileges")
    return odata.context(request, "chats/$entity") | odata.select(request)(_chat(request, request.id))


def _members(request: GraphRequest, body: Any) -> list[str]:
    """The object ids of those who are to be in the chat."""
    if not isinstance(body, list) or not body:
        raise bad_request("Members must be specified in the request body.")  # assumed
    members = [_member(request, each) for each in body]
    if len(set(members)) < len(members):
        raise bad_request("Duplicate chat members is specified in the request body.")
    return members


def _member(request: GraphRequest, body: Any) -> str:
    if not isinstance(body, dict) or body.get("@odata.type") != MEMBER:
        raise bad_request("Invalid conversation member type specified in the request body.")  # assumed
    if body.get("roles") not in (["owner"], ["guest"]):
        raise bad_request("Invalid role specified for member.")
    bound = _BOUND.fullmatch(str(body.get("user@odata.bind", "")))
    if not bound:
        raise bad_request("Bad user@odata.bind specified for member.")  # assumed
    user = request.person(bound["quoted"] or bound["plain"])
    if user is None:
        raise not_found("Failed to find a user that is a member.")  # assumed
    return str(user["id"])


def _topic(body: dict[str, Any]) -> str | None:
    topic = body.get("topic")
    if topic is None:
        return None
    if body["chatType"] == "oneOnOne":
        raise bad_request("Topic can be set only for group chats.")  # assumed
    if not isinstance(topic, str) or not 1 <= len(topic) <= LONGEST_TOPIC or ":" in topic:
        raise bad_request("The topic of a chat has at most 250 characters and no colon.")  # assumed
    return topic


def _thread(kind: str, members: Collection[str]) -> str:
    """A chat of two has one id for ever; a group is a new one each time."""
    if kind == "group":
        return f"19:{uuid.uuid4().hex}@thread.v2"
    if len(members) != OF_TWO:
        raise bad_request("A one-on-one chat has exactly two members.")  # assumed
    return f"19:{'_'.join(sorted(members))}@unq.gbl.spaces"


def _chat(request: GraphRequest, id: str) -> dict[str, Any]:
    kept = request.tenant["chats"][id]
    whole = {"id": id, "lastUpdatedDateTime": kept["createdDateTime"], "tenantId": request.tenant["id"], **kept}
    return {name: whole[name] for name in FIELDS}

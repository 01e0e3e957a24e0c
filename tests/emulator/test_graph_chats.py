from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest

from tests.emulator.client import Control
from tests.emulator.graph_client import ADA, ALAN, FELIX, GRACE, Answer, Graph


def member(user: str, **other: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.aadUserConversationMember",
        "roles": ["owner"],
        "user@odata.bind": f"https://graph.microsoft.com/v1.0/users('{user}')",
        **other,
    }


def chat(*members: str, kind: str = "group", **other: Any) -> dict[str, Any]:
    return {"chatType": kind, "members": [member(each) for each in members], **other}


async def opened(graph: Graph, who: str, body: dict[str, Any]) -> Answer:
    return await graph(who, "v1.0/chats", "POST", body=body)


async def test_two_people_have_one_chat(graph: Graph) -> None:
    first = await opened(graph, "grace", chat(GRACE, ALAN, kind="oneOnOne"))
    assert first.status == 201
    assert first.body["id"] == f"19:{ALAN}_{GRACE}@unq.gbl.spaces"
    assert (first.body["chatType"], first.body["topic"]) == ("oneOnOne", None)
    again = await opened(graph, "alan", chat("alan@contoso.com", "grace@contoso.com", kind="oneOnOne"))
    assert again.body == first.body


async def test_a_group_is_a_new_one_each_time(graph: Graph) -> None:
    first, second = [await opened(graph, "grace", chat(GRACE, ALAN, ADA, topic="A call")) for _ in range(2)]
    assert re.fullmatch(r"19:[0-9a-f]{32}@thread\.v2", first.body["id"])
    assert first.body["id"] != second.body["id"]
    assert (first.body["chatType"], first.body["topic"]) == ("group", "A call")


async def test_a_chat_is_seen_by_its_members_until_it_is_deleted(graph: Graph, control: Control) -> None:
    made = await opened(graph, "grace", chat(GRACE, ALAN))
    path = f"v1.0/chats/{made.body['id']}"
    assert (await graph("alan", path)).body == made.body
    assert (await graph("alan", f"{path}?$select=id")).body["id"] == made.body["id"]
    assert (await graph("ada", path)).refusal == (403, "Forbidden")
    await control("PATCH", "directory", {"tenants": {"contoso": {"chats": {made.body["id"]: None}}}})
    assert (await graph("alan", path)).refusal == (404, "NotFound")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (chat(GRACE, ALAN, kind="meeting"), 400),
        (chat(), 400),
        (chat(GRACE, ALAN, ADA, kind="oneOnOne"), 400),
        (chat(GRACE, ALAN, kind="oneOnOne", topic="Two"), 400),
        (chat(GRACE, ALAN, topic="Re: a call"), 400),
        (chat(GRACE, GRACE), 400),
        (chat(ALAN, ADA), 400),
        (chat(GRACE, FELIX), 404),
        ({"chatType": "group", "members": [member(GRACE), member(ALAN, roles=[])]}, 400),
        ({"chatType": "group", "members": [member(GRACE), {"id": ALAN}]}, 400),
        ({"chatType": "group", "members": [member(GRACE, **{"user@odata.bind": GRACE})]}, 400),
    ],
)
async def test_an_invalid_chat_is_refused(graph: Graph, body: dict[str, Any], status: int) -> None:
    assert (await opened(graph, "grace", body)).status == status


async def test_opening_and_reading_are_consented_to_apart(graph: Graph) -> None:
    graph.grant(delegated=["Chat.Create"])
    made = await opened(graph, "grace", chat(GRACE, ALAN))
    assert made.status == 201
    assert "'Chat.ReadBasic, " in (await graph("grace", f"v1.0/chats/{made.body['id']}")).message
    graph.grant(delegated=["Chat.ReadBasic"])
    assert (await opened(graph, "grace", chat(GRACE, ALAN))).refusal == (403, "Forbidden")
    assert (await graph("grace", f"v1.0/chats/{made.body['id']}")).status == 200


async def test_a_chat_can_be_made_and_its_answer_lost(graph: Graph, control: Control) -> None:
    await control.fault(where="graph", match={"operation": "CreateChat"}, do="lose_ack", times=1)
    with pytest.raises(aiohttp.ClientError):
        await opened(graph, "grace", chat(GRACE, ALAN))
    assert len((await control("GET", "directory"))["tenants"]["contoso"]["chats"]) == 1

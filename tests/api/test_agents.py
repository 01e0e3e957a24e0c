"""Agents, their presence and groups over HTTP."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.api.parameters import ACCOUNT, TENANT, USER
from tests.api.conftest import Client

FABRIKAM = "f0000000-0000-4000-8000-000000000002"
AVAILABLE: dict[str, Any] = {"state": "available", "expiresInSeconds": 60}


def new_id() -> str:
    return str(uuid.uuid4())


async def supervisor(client: Client) -> str:
    return await client.token(user="grace", roles=["Supervisor"])


async def test_an_agent_from_creation_to_deletion(client: Client) -> None:
    token, id = await supervisor(client), new_id()
    path = f"agents/{id}"
    made = await client.ask("PUT", path, token, {"accounts": [ACCOUNT.upper(), ACCOUNT]})
    assert (made.status, made.data) == (201, {"id": id, "state": "away", "presence": "away", "accounts": [ACCOUNT]})
    assert (await client.ask("PUT", path, token, {})).status == 200
    seen = await client.ask("GET", path.upper().replace("AGENTS", "agents"), token)
    assert seen.data == made.data | {"accounts": []}
    listed = await client.ask("GET", "agents?pageSize=999", token)
    assert seen.data in listed.data["value"]
    for _ in range(2):
        assert (await client.ask("DELETE", path, token)).status == 204
    missing = await client.ask("GET", path, token)
    assert (missing.status, missing.data["code"]) == (404, "NotFound")
    assert "supervisor" in missing.data["detail"]


async def test_agents_set_their_own_presence_and_renew_it(client: Client) -> None:
    name = await client.newcomer()
    token, boss = await client.token(user=name, roles=["Agent"]), await supervisor(client)
    early = await client.ask("PUT", "agents/me/presence", token, AVAILABLE)
    assert (early.status, early.data["code"]) == (404, "NotFound")
    id = (await client.ask("GET", "users/me", token)).data["id"]
    await client.ask("PUT", f"agents/{id}", boss, {})
    first = await client.ask("PUT", "agents/me/presence", token, AVAILABLE)
    assert (first.status, first.data["state"], first.data["presence"]) == (200, "available", "available")
    until = datetime.fromisoformat(first.data["until"])
    assert timedelta(seconds=50) < until - datetime.now(UTC) <= timedelta(seconds=60)
    again = await client.ask("PUT", f"agents/{id}/presence", token, AVAILABLE, If_Match=first.headers["ETag"])
    assert (again.status, again.data["since"]) == (200, first.data["since"])
    assert again.data["until"] > first.data["until"]
    away = await client.ask("PUT", f"agents/{id}/presence", boss, {"state": "away", "reason": "lunch"})
    assert (away.data["state"], away.data["reason"]) == ("away", "lunch")
    renewal = await client.ask("PUT", "agents/me/presence", token, AVAILABLE, If_Match=again.headers["ETag"])
    assert (renewal.status, renewal.data["code"]) == (412, "Changed")


async def test_agents_change_nothing_but_their_own_presence(client: Client) -> None:
    agent, boss, id = await client.token(user="grace", roles=["Agent"]), await supervisor(client), new_id()
    await client.ask("PUT", f"agents/{id}", boss, {})
    refused: list[tuple[str, str, Any]] = [
        ("PUT", f"agents/{id}", {}),
        ("PUT", f"agents/{id}/presence", AVAILABLE),
        ("DELETE", f"agents/{id}", None),
        ("PUT", "groups/sales", {"name": "Sales"}),
        ("DELETE", "groups/sales", None),
    ]
    for method, path, body in refused:
        reply = await client.ask(method, path, agent, body)
        assert (reply.status, reply.data["code"]) == (403, "RoleMissing"), path
    for path in ("agents", f"agents/{id}", "groups"):
        assert (await client.ask("GET", path, agent)).status == 200, path


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"state": "inCall"},
        {"state": "available", "expiresInSeconds": 29},
        {"state": "available", "expiresInSeconds": 3601},
        {"state": "away", "reason": "x" * 101},
    ],
)
async def test_a_presence_that_is_not_valid_is_refused(client: Client, body: dict[str, Any]) -> None:
    reply = await client.ask("PUT", f"agents/{USER}/presence", await supervisor(client), body)
    assert (reply.status, reply.data["code"]) == (400, "BadBody")


async def test_a_group_from_creation_to_deletion(client: Client) -> None:
    token, id, members = await supervisor(client), f"G-{uuid.uuid4().hex}", [new_id(), new_id()]
    body = {"name": "Sales", "members": [members[0].upper(), members[1], members[0]], "wrapUpSeconds": 20}
    made = await client.ask("PUT", f"groups/{id}", token, body)
    assert (made.status, made.data) == (201, {"id": id, "name": "Sales", "members": members, "wrapUpSeconds": 20})
    seen = await client.ask("GET", f"groups/{id}", token)
    assert (seen.data, seen.headers["ETag"]) == (made.data, made.headers["ETag"])
    changes = (
        client.ask("PUT", f"groups/{id}", token, {"name": f"Writer {n}"}, If_Match=made.headers["ETag"])
        for n in range(4)
    )
    assert sorted(reply.status for reply in await asyncio.gather(*changes)) == [200, 412, 412, 412]
    listed = await client.ask("GET", "groups?pageSize=999", token)
    assert id in [each["id"] for each in listed.data["value"]]
    assert (await client.ask("DELETE", f"groups/{id}", token)).status == 204
    assert (await client.ask("GET", f"groups/{id}", token)).status == 404


async def test_agents_are_listed_page_by_page(client: Client) -> None:
    token = await client.token(tenant="fabrikam", user="fred", roles=["Supervisor"])
    ids = sorted(new_id() for _ in range(5))
    await asyncio.gather(*(client.ask("PUT", f"agents/{id}", token, {}) for id in ids))
    found, link = [], "agents?pageSize=2"
    while link:
        page = (await client.ask("GET", link, token)).data
        assert len(page["value"]) <= 2
        found += [each["id"] for each in page["value"]]
        link = page.get("nextLink", "")
    assert found == sorted(found)
    assert set(ids) <= set(found)
    forged = await client.ask("GET", "agents?continuation=____", token)
    assert forged.status == 400


async def test_each_tenant_has_its_own_agents_and_a_key_names_one(client: Client) -> None:
    grace, fred = await supervisor(client), await client.token(tenant="fabrikam", user="fred", roles=["Supervisor"])
    path = f"agents/{new_id()}"
    await client.ask("PUT", path, grace, {})
    assert (await client.ask("GET", path, fred)).status == 404
    assert (await client.ask("PUT", f"{path}/presence", fred, AVAILABLE)).status == 404
    foreign = await client.ask("GET", f"{path}?tenant={TENANT}", fred)
    assert (foreign.status, foreign.data["code"]) == (403, "OtherTenant")
    assert (await client.ask("GET", path, keyed=True)).data["code"] == "BadParameter"
    assert (await client.ask("GET", f"{path}?tenant={TENANT.upper()}", keyed=True)).status == 200
    me = await client.ask("PUT", f"agents/me/presence?tenant={TENANT}", body=AVAILABLE, keyed=True)
    assert (me.status, me.data["code"]) == (400, "BadParameter")


async def test_the_queue_of_a_group_says_what_its_agents_are_in(client: Client) -> None:
    token, id, group = await supervisor(client), new_id(), f"G-{uuid.uuid4().hex}"
    await client.ask("PUT", f"agents/{id}", token, {})
    await client.ask("PUT", f"groups/{group}", token, {"name": "Sales", "members": [id, new_id()]})
    for state in ("away", "available"):
        await client.ask("PUT", f"agents/{id}/presence", token, {"state": state})
        queues = (await client.ask("GET", "queues", token)).data["value"]
        (found,) = (each for each in queues if each["groupId"] == group)
        counts = {"waiting": 0, "longestWaitSeconds": 0, "agents": {state: 1}}
        assert found == {"groupId": group, "name": "Sales"} | counts

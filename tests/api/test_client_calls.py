"""Calls between clients, from the events of the platform to the API."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import pytest

from tests.api.conftest import Client

TEAMS_USER = "8:orgid:0000c0de-0000-4000-8000-0000000000a2"
RESOURCE = "11111111-1111-4111-8111-111111111111"


def an_acs_user() -> str:
    return f"8:acs:{RESOURCE}_{uuid.uuid4()}"


async def placed(client: Client, source: str, **how: Any) -> dict[str, Any]:
    body = {"from": source, "to": TEAMS_USER} | how
    call: dict[str, Any] = await client.control("POST", "client-calls", body)
    return call


async def listed(client: Client, token: str, source: str, state: str) -> dict[str, Any]:
    """The call of this ACS user in the list, once it has this state."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        reply = await client.ask("GET", "client-calls?pageSize=200", token)
        assert reply.status == 200, reply.data
        for call in reply.data["value"]:
            if call["startedBy"] == source and call["state"] == state:
                return dict(call)
        await asyncio.sleep(0.5)
    raise AssertionError(f"no call is {state}")


async def test_a_call_has_a_timeline_of_its_own(client: Client) -> None:
    token, source = await client.token(roles=["Supervisor"]), an_acs_user()
    duplicated = {"where": "eventgrid", "match": {"subscription": "client_call"}, "do": "duplicate", "times": 4}
    await client.control("POST", "faults", duplicated)
    call = await placed(client, source)
    begun = await listed(client, token, source, "started")
    await client.control("POST", f"client-calls/{call['id']}/hangup")
    ended = await listed(client, token, source, "ended")
    assert ended["id"] == begun["id"]
    assert ended["seconds"] >= 0
    found = (await client.ask("GET", f"client-calls/{ended['id']}", token)).data
    kinds = ["CallStarted", "CallParticipantAdded", "CallParticipantRemoved", "CallEnded"]
    assert sorted(entry["type"] for entry in found["timeline"]) == sorted(kinds)
    assert found["participants"] == [source]
    assert TEAMS_USER not in str(found)

    for what, reason in (("recordings", "recording"), ("participants", "group call"), ("transfers", "forwarded")):
        refused = await client.ask("POST", f"client-calls/{ended['id']}/{what}", token)
        assert (refused.status, refused.data["code"]) == (409, "NotAllowed")
        assert reason in refused.data["detail"]

    other = await client.token(user="fred", tenant="fabrikam", roles=["Supervisor"])
    assert (await client.ask("GET", f"client-calls/{ended['id']}", other)).status == 404
    assert source not in str((await client.ask("GET", "client-calls", other)).data)


async def test_a_call_that_is_not_known_is_not_found(client: Client) -> None:
    token = await client.token(roles=["Supervisor"])
    for method, path in (("GET", ""), ("POST", "/recordings")):
        assert (await client.ask(method, f"client-calls/{'0' * 32}{path}", token)).status == 404


@pytest.mark.parametrize("day", ["2026-01-02", "today"])
async def test_a_list_is_of_one_day(client: Client, day: str) -> None:
    token = await client.token(roles=["Supervisor"])
    found = await client.ask("GET", f"client-calls?day={day}", token)
    assert found.status == (200 if day != "today" else 400)
    assert found.status == 400 or found.data["value"] == []

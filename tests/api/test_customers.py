"""Customers over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from typing import Any

import pytest

from shared.api.input import LARGEST_BODY
from shared.api.parameters import TENANT
from shared.api.v1.customers.models import MOST_IMPORTED
from tests.api.conftest import Client

FABRIKAM = "f0000000-0000-4000-8000-000000000002"


def new_id() -> str:
    return f"C-{uuid.uuid4().hex}"


def new_number() -> str:
    return f"+49{int.from_bytes(os.urandom(5)) + 10**11}"


async def supervisor(client: Client) -> str:
    return await client.token(user="grace", roles=["Supervisor"])


async def test_a_customer_from_creation_to_deletion(client: Client) -> None:
    token, path, number = await supervisor(client), f"customers/{new_id()}", new_number()
    body: dict[str, Any] = {"name": "Megan Bowen", "numbers": [f"{number[:3]} (0){number[3:]}", f"tel:{number}"]}
    made = await client.ask("PUT", path, token, body)
    assert (made.status, made.data["numbers"]) == (201, [number])
    again = await client.ask("PUT", path, token, body)
    assert (again.status, again.data, again.headers["ETag"]) == (200, made.data, made.headers["ETag"])
    seen = await client.ask("GET", path, token)
    assert (seen.data, seen.headers["ETag"]) == (made.data, made.headers["ETag"])
    by_number = await client.ask("POST", "customers/search", token, {"number": f"{number[:5]} {number[5:]}"})
    assert by_number.data == {"value": [made.data]}
    listed = await client.ask("GET", "customers?pageSize=1", token)
    assert listed.data["value"] == [made.data]
    assert "nextLink" in listed.data
    assert (await client.ask("DELETE", path, token)).status == 204
    assert (await client.ask("DELETE", path, token)).status == 204
    assert (await client.ask("GET", path, token)).status == 404


async def test_if_match_allows_only_a_change_of_what_was_read(client: Client) -> None:
    token, path = await supervisor(client), f"customers/{new_id()}"
    early = await client.ask("PUT", path, token, {"name": "Megan"}, If_Match="*")
    assert (early.status, early.data["code"]) == (412, "Changed")
    first = (await client.ask("PUT", path, token, {"name": "Megan"})).headers["ETag"]
    second = await client.ask("PUT", path, token, {"name": "Meg"}, If_Match=f'"other", {first}')
    assert (second.status, second.data["name"]) == (200, "Meg")
    for method, body in (("PUT", {"name": "Too late"}), ("DELETE", None)):
        refused = await client.ask(method, path, token, body, If_Match=first)
        assert (refused.status, refused.data["code"]) == (412, "Changed")
    assert (await client.ask("GET", path, token)).data["name"] == "Meg"
    assert (await client.ask("DELETE", path, token, If_Match=second.headers["ETag"])).status == 204


async def test_of_two_who_change_the_same_version_at_once_one_succeeds(client: Client) -> None:
    token, path = await supervisor(client), f"customers/{new_id()}"
    etag = (await client.ask("PUT", path, token, {"name": "Megan"})).headers["ETag"]
    changes = (client.ask("PUT", path, token, {"name": f"Writer {n}"}, If_Match=etag) for n in range(4))
    replies = await asyncio.gather(*changes)
    assert sorted(reply.status for reply in replies) == [200, 412, 412, 412]
    (won,) = (reply.data for reply in replies if reply.status == 200)
    assert (await client.ask("GET", path, token)).data == won


async def test_an_import_has_a_result_for_each(client: Client) -> None:
    token, ids, number = await supervisor(client), [new_id() for _ in range(4)], new_number()
    await client.ask("PUT", f"customers/{ids[1]}", token, {"name": "Old"})
    rows: list[dict[str, Any]] = [
        {"id": ids[0], "name": "New", "numbers": [number]},
        {"id": ids[1], "name": "Replaced"},
        {"id": ids[2], "name": "Unreadable", "numbers": [number, "030 1234"]},
        {"id": ids[3], "name": "Twice"},
        {"id": ids[3], "name": "Twice as well"},
    ]
    done = await client.ask("POST", "customers/import", token, {"customers": rows})
    assert done.status == 200
    assert [each["status"] for each in done.data["value"]] == ["created", "replaced", "failed", "failed", "failed"]
    assert [each["id"] for each in done.data["value"]] == [row["id"] for row in rows]
    assert done.data["value"][2]["detail"].startswith("Number 2 ")
    assert "030" not in done.body.decode()
    assert (await client.ask("POST", "customers/search", token, {"number": number})).data["value"][0]["id"] == ids[0]
    assert (await client.ask("GET", f"customers/{ids[2]}", token)).status == 404


async def test_as_many_customers_as_an_import_may_have_fit_into_a_body(client: Client) -> None:
    """With an id of a CRM, a long name and three numbers each."""
    name, numbers = "Maximiliane Bowen-Oppenheimer", [new_number() for _ in range(3)]
    rows = [{"id": str(uuid.uuid4()), "name": name, "numbers": numbers} for _ in range(MOST_IMPORTED)]
    assert len(json.dumps({"customers": rows})) < LARGEST_BODY
    token = await supervisor(client)
    done = await client.ask("POST", "customers/import", token, {"customers": rows})
    assert {each["status"] for each in done.data["value"]} == {"created"}
    too_many = await client.ask("POST", "customers/import", token, {"customers": [*rows, rows[0]]})
    assert (too_many.status, too_many.data["code"]) == (400, "BadBody")


async def test_each_tenant_has_its_own_customers_and_a_key_names_one(client: Client) -> None:
    grace, fred = await supervisor(client), await client.token(tenant="fabrikam", user="fred")
    path, number = f"customers/{new_id()}", new_number()
    await client.ask("PUT", path, grace, {"name": "Megan", "numbers": [number]})
    assert (await client.ask("GET", path, fred)).status == 404
    assert (await client.ask("POST", "customers/search", fred, {"number": number})).data == {"value": []}
    foreign = await client.ask("GET", f"{path}?tenant={TENANT}", fred)
    assert (foreign.status, foreign.data["code"]) == (403, "OtherTenant")
    unnamed = await client.ask("GET", path, keyed=True)
    assert (unnamed.status, unnamed.data["code"]) == (400, "BadParameter")
    assert (await client.ask("GET", f"{path}?tenant={TENANT.upper()}", keyed=True)).status == 200
    assert (await client.ask("GET", f"{path}?tenant={FABRIKAM}", keyed=True)).status == 404


async def test_agents_read_and_change_nothing(client: Client) -> None:
    agent, path = await client.token(user="grace", roles=["Agent"]), f"customers/{new_id()}"
    for method, at, body in (
        ("PUT", path, {"name": "Megan"}),
        ("DELETE", path, None),
        ("POST", "customers/import", {"customers": [{"id": "C", "name": "Megan"}]}),
    ):
        refused = await client.ask(method, at, agent, body)
        assert (refused.status, refused.data["code"]) == (403, "RoleMissing")
    assert (await client.ask("GET", "customers", agent)).status == 200
    assert (await client.ask("POST", "customers/search", agent, {"name": "m"})).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "m", "number": "+49301234567"},
        {"name": "!"},
        {"number": "030 1234"},
        {"number": "+49301234567", "continuation": "?"},
    ],
)
async def test_a_search_that_asks_nothing_is_refused(client: Client, body: dict[str, Any]) -> None:
    reply = await client.ask("POST", "customers/search", await supervisor(client), body)
    assert (reply.status, reply.data["code"]) == (400, "BadBody")


async def test_names_and_numbers_are_neither_logged_nor_in_links(client: Client) -> None:
    token, secret, number = await supervisor(client), f"Secret{uuid.uuid4().hex}", new_number()
    for _ in range(2):
        await client.ask("PUT", f"customers/{new_id()}", token, {"name": secret, "numbers": [number]})
    found = await client.ask("POST", "customers/search", token, {"name": secret[:20], "pageSize": 1})
    assert found.data["value"][0]["name"] == secret
    more = await client.ask(
        "POST", "customers/search", token, {"name": secret[:20], "continuation": found.data["continuation"]}
    )
    assert len(more.data["value"]) == 1
    listed = await client.ask("GET", "customers?pageSize=1", token)
    await client.ask("GET", listed.data["nextLink"], token)
    log = (client.stack.logs / "host.log").read_text()
    for word in (secret, secret.lower(), number):
        assert word not in log
        assert word not in listed.data["nextLink"]

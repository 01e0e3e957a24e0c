"""Graph: tokens, errors, headers, faults and the journal. Each resource has a file of its own."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import pytest

from emulator.server import Emulator
from tests.emulator.client import Control
from tests.emulator.graph_client import Graph

ACCOUNTS = "beta/admin/teams/resourceAccounts"
GRAPH = "https://graph.microsoft.com"


async def test_an_answer_can_be_traced(graph: Graph) -> None:
    asked = {"client-request-id": "0000c1e0-0000-4000-8000-000000000001"}
    for path in ("v1.0/me", "v1.0/users/unknown"):
        answer = await graph("ada", path, headers=asked)
        assert answer.headers["client-request-id"] == asked["client-request-id"]
        assert answer.headers["request-id"]
    inner = answer.body["error"]["innerError"]
    assert inner["client-request-id"] == asked["client-request-id"]
    assert inner["request-id"] == answer.headers["request-id"]
    assert set(inner) == {"date", "request-id", "client-request-id"}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"audience": "https://management.azure.com"}, "audience"),
        ({"audience": GRAPH, "expires_in": -60}, "expired"),
        ({"audience": GRAPH, "not_before_in": 600}, "expired"),
        ({"audience": GRAPH, "algorithm": "HS256"}, "signature"),
        ({"audience": GRAPH, "algorithm": "none"}, "signature"),
        ({"audience": GRAPH, "kid": "unknown"}, "signature"),
    ],
)
async def test_a_token_that_is_not_entras_for_graph_is_refused(
    emulator: Emulator, session: aiohttp.ClientSession, asked: dict[str, Any], message: str
) -> None:
    headers = {"Authorization": f"Bearer {emulator.entra.sign_in(asked)}"}
    async with session.get(f"{emulator.tls_url}/v1.0/me", headers=headers) as answer:
        error = (await answer.json())["error"]
        assert (answer.status, error["code"]) == (401, "InvalidAuthenticationToken")
        assert message in error["message"]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nothing", "Basic YTpi"])
async def test_a_request_without_a_token_is_refused(
    emulator: Emulator, session: aiohttp.ClientSession, header: str
) -> None:
    async with session.get(f"{emulator.tls_url}/{ACCOUNTS}", headers={"Authorization": header}) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (401, "InvalidAuthenticationToken")


async def test_a_token_of_a_removed_user_is_refused(emulator: Emulator, graph: Graph) -> None:
    token = await graph.token("alan")
    emulator.directory.patch({"tenants": {"contoso": {"users": {"alan": None}}}})
    headers = {"Authorization": f"Bearer {token}"}
    async with graph.session.get(f"{emulator.tls_url}/v1.0/me", headers=headers) as answer:
        assert answer.status == 401


@pytest.mark.parametrize("path", ["v1.0/groups", "beta/admin/teams", "v1.0/me/messages"])
async def test_a_path_that_is_not_emulated_is_unknown(graph: Graph, path: str) -> None:
    assert (await graph("ada", path)).refusal == (400, "BadRequest")


@pytest.mark.parametrize(
    "path",
    [
        f"{ACCOUNTS}?$orderby=displayName",
        f"{ACCOUNTS}?$top=many",
        f"{ACCOUNTS}?$filter=displayName eq 'Support line'",
        f"{ACCOUNTS}?$filter=appId ne 'x'",
        "v1.0/me?$expand=manager",
    ],
)
async def test_a_query_that_graph_does_not_know_is_refused(graph: Graph, path: str) -> None:
    assert (await graph("ada", path)).refusal == (400, "BadRequest")


async def test_throttling_has_a_retry_after(graph: Graph, control: Control) -> None:
    rule = {"where": "graph", "do": "status", "status": 429, "retry_after": 7, "times": 1}
    await control.fault(**rule, match={"operation": "GetMe"})
    assert (await graph("ada", ACCOUNTS)).status == 200
    answer = await graph("ada", "v1.0/me")
    assert (answer.refusal, answer.headers["Retry-After"]) == ((429, "TooManyRequests"), "7")
    assert (await graph("ada", "v1.0/me")).status == 200


async def test_an_answer_can_be_late_or_lost(graph: Graph, control: Control) -> None:
    await control.fault(where="graph", do="delay", seconds=4, times=1)  # 0.2 s: the emulator is sped up
    begun = time.monotonic()
    assert (await graph("ada", "v1.0/me")).status == 200
    assert time.monotonic() - begun > 0.15
    await control.fault(where="graph", do="drop")  # always: aiohttp tries again by itself
    with pytest.raises(aiohttp.ClientError):
        await graph("ada", "v1.0/me")
    statuses = [entry["status"] for entry in await control.journal("graph.request")]
    assert (statuses[0], set(statuses[1:])) == (200, {None})


async def test_a_next_link_can_lead_elsewhere(graph: Graph, control: Control) -> None:
    await control.fault(where="graph", do="next_link", host="https://evil.example", times=1)
    answer = await graph("ada", f"{ACCOUNTS}?$top=1")
    assert answer.body["@odata.nextLink"].startswith(f"https://evil.example/{ACCOUNTS}?")


async def test_the_journal_has_no_token_of_a_page(graph: Graph, control: Control) -> None:
    await graph.pages("ada", f"{ACCOUNTS}?$top=2")
    entries = await control.journal("graph.request", operation="ListResourceAccounts")
    assert [entry["query"] for entry in entries] == [{"$top": "2"}, {"$top": "2", "$skiptoken": "…"}]
    assert {entry["path"] for entry in entries} == {f"/{ACCOUNTS}"}

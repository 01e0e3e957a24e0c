"""The outbound rules over the API: saved, replaced under an ETag, deleted; errors name the path of the field."""

from __future__ import annotations

from uuid import uuid4

from shared.api.v1.outbound_rules import EXAMPLE
from tests.api.conftest import Client


async def test_rules_are_saved_replaced_under_their_etag_and_deleted(client: Client) -> None:
    path, administrator = f"outbound-rules/{uuid4()}", await client.token(roles=["Administrator"])
    saved = await client.ask("PUT", path, administrator, EXAMPLE)
    assert saved.status == 201, saved.body
    read = await client.ask("GET", path, await client.token(roles=["Supervisor"]))
    assert (read.data["rules"], read.data["changedBy"]) == (EXAMPLE["rules"], saved.data["changedBy"])
    etag = read.headers["ETag"]
    replaced = await client.ask("PUT", path, administrator, {"rules": []}, If_Match=etag)
    assert (replaced.status, replaced.data["rules"]) == (200, [])
    late = await client.ask("PUT", path, administrator, EXAMPLE, If_Match=etag)
    assert (late.status, late.data["code"]) == (412, "Changed")
    assert (await client.ask("DELETE", path, administrator)).status == 204
    assert (await client.ask("GET", path, administrator)).status == 404


async def test_an_invalid_rule_is_refused_with_its_path(client: Client) -> None:
    path, administrator = f"outbound-rules/{uuid4()}", await client.token(roles=["Administrator"])
    hours = {"timeZone": "Europe/Berlin", "open": {"mon": ["8-18"]}}
    refused = await client.ask("PUT", path, administrator, {"rules": [{"do": "allow"}, {"do": "deny", "hours": hours}]})
    assert (refused.status, refused.data["code"]) == (400, "BadBody")
    assert "$.rules[1].hours" in refused.data["detail"]
    assert "open.mon.0" in refused.data["detail"].lower()


async def test_a_hundred_long_rules_fit_into_the_row(client: Client) -> None:
    path, administrator = f"outbound-rules/{uuid4()}", await client.token(roles=["Administrator"])
    rules = [{"do": "deny", "prefixes": [f"+49{n:03d}{m:03d}" for m in range(40)]} for n in range(90)]
    saved = await client.ask("PUT", path, administrator, {"rules": rules})
    assert saved.status == 201, saved.body
    assert (await client.ask("GET", path, administrator)).data["rules"] == rules

"""Routing plans over HTTP: saved, checked, listed with their versions."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from shared.api.parameters import TENANT
from tests.api.conftest import Client

BYE: dict[str, Any] = {"start": "bye", "steps": {"bye": {"type": "hangUp"}}}
GREETING: dict[str, Any] = {
    "start": "hello",
    "steps": {
        "hello": {"type": "play", "prompt": {"file": "https://audio.contoso.com/hello.wav"}, "then": "bye"},
        "bye": {"type": "hangUp"},
    },
}
WRONG: dict[str, Any] = {
    "start": "menu",
    "steps": {
        "menu": {"type": "menu", "prompt": {}, "keys": {"1": "sales"}, "tries": 9, "otherwise": "bye"},
        "bye": {"type": "hang-up"},
    },
}


def new_path() -> str:
    return f"plans/{uuid.uuid4()}"


async def administrator(client: Client) -> str:
    return await client.token(user=await client.newcomer(), roles=["Administrator"])


async def test_a_plan_from_creation_to_deletion(client: Client) -> None:
    token, path = await administrator(client), new_path()
    made = await client.ask("PUT", path, token, GREETING)
    assert (made.status, made.data["id"], made.data["version"], made.data["plan"]) == (201, path[6:], 1, GREETING)
    assert made.data["changedBy"].startswith("user ")
    again = await client.ask("PUT", path.upper().replace("PLANS", "plans"), token, GREETING)
    assert (again.status, again.data, again.headers["ETag"]) == (200, made.data, made.headers["ETag"])
    seen = await client.ask("GET", path, token)
    assert (seen.data, seen.headers["ETag"]) == (made.data, made.headers["ETag"])
    assert (await client.ask("DELETE", path, token)).status == 204
    assert (await client.ask("DELETE", path, token)).status == 204
    assert (await client.ask("GET", path, token)).status == 404


async def test_each_change_is_a_version_that_stays_readable(client: Client) -> None:
    token, path = await administrator(client), new_path()
    assert (await client.ask("GET", f"{path}/versions", token)).status == 404
    for plan in (BYE, GREETING):
        await client.ask("PUT", path, token, plan)
    await client.ask("DELETE", path, token)
    third = await client.ask("PUT", path, token, BYE)
    assert (third.status, third.data["version"]) == (201, 3)
    listed = (await client.ask("GET", f"{path}/versions", token)).data["value"]
    assert [each["version"] for each in listed] == [3, 2, 1]
    assert "plan" not in listed[0]
    old = await client.ask("GET", f"{path}/versions/2", token)
    assert (old.data["version"], old.data["plan"]) == (2, GREETING)
    for unknown in ("4", "21"):
        assert (await client.ask("GET", f"{path}/versions/{unknown}", token)).status == 404


async def test_if_match_allows_only_a_change_of_what_was_read(client: Client) -> None:
    token, path = await administrator(client), new_path()
    assert (await client.ask("PUT", path, token, BYE, If_Match="*")).status == 412
    first = (await client.ask("PUT", path, token, BYE)).headers["ETag"]
    changes = (client.ask("PUT", path, token, GREETING | {"start": s}, If_Match=first) for s in ("hello", "hello"))
    assert sorted(reply.status for reply in await asyncio.gather(*changes)) == [200, 412]
    late = await client.ask("DELETE", path, token, If_Match=first)
    assert (late.status, late.data["code"]) == (412, "Changed")


async def test_an_invalid_plan_is_refused_with_all_errors_by_their_paths(client: Client) -> None:
    token, path = await administrator(client), new_path()
    refused = await client.ask("PUT", path, token, WRONG)
    assert (refused.status, refused.data["code"]) == (400, "InvalidPlan")
    paths = [each["path"] for each in refused.data["errors"]]
    assert paths == ["steps.menu.prompt", "steps.menu.tries", "steps.bye.type"]
    assert "steps.menu.prompt: exactly one of" in refused.data["detail"].lower()
    checked = await client.ask("POST", "plans/check", token, WRONG)
    assert (checked.status, checked.data["errors"]) == (200, refused.data["errors"])
    assert (await client.ask("GET", path, token)).status == 404


async def test_a_plan_is_checked_without_saving_it(client: Client) -> None:
    token = await client.token(user="grace", roles=["Supervisor"])
    assert (await client.ask("POST", "plans/check", token, GREETING)).data == {"errors": []}
    lost = GREETING | {"start": "nowhere"}
    found = (await client.ask("POST", "plans/check", token, lost)).data["errors"]
    assert found == [{"path": "start", "detail": 'unknown step "nowhere"'}]


async def test_a_plan_is_tried_without_a_call(client: Client) -> None:
    token = await client.token(user="grace", roles=["Supervisor"])
    menu = {"type": "menu", "prompt": {"file": "https://audio.contoso.com/menu.wav"}, "keys": {"1": "bye"}}
    plan = {"start": "menu", "steps": {"menu": menu | {"otherwise": "bye"}, **BYE["steps"]}}
    situation = {"at": "2026-11-22T19:00:00+01:00", "keys": ["1"]}
    tried = await client.ask("POST", "plans/dry-run", token, {"plan": plan, "situation": situation})
    assert [(each["visit"], each["next"], each["reason"]) for each in tried.data["steps"]] == [
        ("menu.1", "bye", "pressed 1"),
        ("bye.1", None, ""),
    ]
    assert tried.data["steps"][0]["heard"][0]["prompt"] == "https://audio.contoso.com/menu.wav"
    wrong = await client.ask("POST", "plans/dry-run", token, {"plan": WRONG, "situation": situation})
    assert (wrong.data["code"], wrong.data["errors"][0]["path"]) == ("InvalidPlan", "steps.menu.prompt")
    lost = {"plan": plan, "situation": situation | {"answers": {"lunch": "1"}}}
    refused = await client.ask("POST", "plans/dry-run", token, lost)
    assert (refused.data["code"], refused.data["detail"]) == (
        "BadBody",
        "The situation does not fit the plan: answers.lunch: the plan has no such step.",
    )


async def test_a_plan_has_a_picture(client: Client) -> None:
    token, path = await administrator(client), new_path()
    assert (await client.ask("GET", f"{path}/drawing", token)).status == 404
    await client.ask("PUT", path, token, GREETING)
    drawn = (await client.ask("GET", f"{path}/drawing", token)).data
    assert drawn["mermaid"].startswith("flowchart TD\n")
    assert "hello.wav" in drawn["svg"]


async def test_the_list_has_pages_without_the_steps(client: Client) -> None:
    fred = await client.token(tenant="fabrikam", user="fred", roles=["Administrator"])
    before = [each["id"] for each in (await client.ask("GET", "plans", fred)).data["value"]]
    paths = ["plans/default", *(new_path() for _ in range(3))]
    for path in paths:
        await client.ask("PUT", path, fred, BYE)
    await client.ask("DELETE", paths[1], fred)
    seen, link = [], "plans?pageSize=2"
    while link:
        page = (await client.ask("GET", link, fred)).data
        seen += page["value"]
        link = page.get("nextLink", "")
    assert sorted(each["id"] for each in seen) == sorted({*before, *(path[6:] for path in (paths[0], *paths[2:]))})
    assert all(set(each) == {"id", "version", "changedAt", "changedBy"} for each in seen)
    for path in paths:
        await client.ask("DELETE", path, fred)


async def test_supervisors_read_and_change_nothing(client: Client) -> None:
    supervisor = await client.token(user="grace", roles=["Supervisor"])
    agent = await client.token(user="grace", roles=["Agent"])
    ada, path = await administrator(client), new_path()
    await client.ask("PUT", path, ada, BYE)
    for method in ("PUT", "DELETE"):
        assert (await client.ask(method, path, supervisor, BYE)).data["code"] == "RoleMissing"
    for readable in ("plans", path, f"{path}/versions", f"{path}/versions/1"):
        assert (await client.ask("GET", readable, supervisor)).status == 200
        assert (await client.ask("GET", readable, agent)).status == 403


async def test_each_tenant_has_its_own_plans_and_a_key_names_one(client: Client) -> None:
    ada, path = await administrator(client), new_path()
    fred = await client.token(tenant="fabrikam", user="fred", roles=["Administrator"])
    await client.ask("PUT", path, ada, BYE)
    assert (await client.ask("GET", path, fred)).status == 404
    assert (await client.ask("GET", f"{path}?tenant={TENANT}", fred)).data["code"] == "OtherTenant"
    assert (await client.ask("GET", path, keyed=True)).data["code"] == "BadParameter"
    assert (await client.ask("GET", f"{path}?tenant={TENANT}", keyed=True)).status == 200


@pytest.mark.parametrize("id", ["Default", "defaults", "grace@contoso.com", "1"])
async def test_an_id_is_that_of_an_account_or_default(client: Client, id: str) -> None:
    reply = await client.ask("GET", f"plans/{id}", await administrator(client))
    assert (reply.status, reply.data["code"]) == (400, "BadParameter")

"""The routes over HTTP, with the whole system running."""

from __future__ import annotations

import asyncio
import os
import re
from typing import Any

from local.stack import ROOT
from shared.api import openapi
from shared.api.parameters import ACCOUNT, TENANT, USER
from shared.api.problems import PROBLEMS
from shared.api.v1 import ROUTES
from tests.api.conftest import Client, least

FABRIKAM = "f0000000-0000-4000-8000-000000000002"
SALES, OLD, FRONT_DESK = (f"11111111-1111-4111-8111-1111111111{n}" for n in (12, 13, 21))
ELSEWHERE = "ac5e0000-0000-4000-8000-000000000009"  # the ACS resource that the old line is linked to
ALAN = "0000a1a0-0000-4000-8000-0000000000a3"
FOR_ACS = {
    "audience": "https://auth.msft.communication.azure.com",
    "scopes": "Teams.ManageCalls Teams.ManageChats",
}


async def pages(client: Client, path: str, token: str | None = None, *, keyed: bool = False) -> list[list[Any]]:
    """The values of all pages, until one has no link."""
    found, link = [], path
    while link:
        reply = await client.ask("GET", link, token, keyed=keyed)
        assert reply.status == 200, reply.body
        found.append(reply.data["value"])
        link = reply.data.get("nextLink", "")
    return found


async def test_resource_accounts_are_copied_and_listed_page_by_page(client: Client) -> None:
    ada, fred = await client.token(), await client.token(tenant="fabrikam", user="fred")
    for token, count in ((ada, 3), (fred, 1)):
        refreshed = await client.ask("POST", "resource-accounts/refresh", token)
        assert (refreshed.status, refreshed.data["count"]) == (200, count)
    for source in ("copy", "graph"):
        found = await pages(client, f"resource-accounts?pageSize=2&source={source}", ada)
        assert [len(page) for page in found] == [2, 1], source
        assert sorted(account["id"] for page in found for account in page) == [ACCOUNT, SALES, OLD], source
        linked = await pages(client, f"resource-accounts?source={source}&acsResourceId={ELSEWHERE}", ada)
        assert [account["id"] for page in linked for account in page] == [OLD], source
        one = await client.ask("GET", f"resource-accounts/{ACCOUNT}?source={source}", ada)
        assert one.data["phoneNumber"] == "+18005550100", source
        again = await client.ask(
            "GET", f"resource-accounts/{ACCOUNT}?source={source}", ada, If_None_Match=one.headers["ETag"]
        )
        assert (again.status, again.body) == (304, b""), source
        foreign = await client.ask("GET", f"resource-accounts/{FRONT_DESK}?source={source}", ada)
        assert foreign.status == 404, source
    everybody = await pages(client, "resource-accounts", keyed=True)
    assert {account["tenantId"] for page in everybody for account in page} == {TENANT, FABRIKAM}
    assert (await client.ask("GET", f"resource-accounts/{FRONT_DESK}", keyed=True)).data["tenantId"] == FABRIKAM


async def test_accounts_that_an_administrator_cannot_see_stay_in_the_copy(client: Client) -> None:
    fred, id = await client.token(tenant="fabrikam", user="fred"), "11111111-1111-4111-8111-1111111111fe"
    line = {"id": id, "displayName": "Late line", "userPrincipalName": "late@fabrikam.com"}
    for there in (line, None):
        await client.control("PATCH", "directory", {"tenants": {"fabrikam": {"resourceAccounts": {"late": there}}}})
        refreshed = await client.ask("POST", "resource-accounts/refresh", fred)
        assert (refreshed.data["count"], refreshed.data["removed"]) == (2 if there else 1, 0)
        assert (await client.ask("GET", f"resource-accounts/{id}", fred)).status == 200


async def test_people_and_their_delegates(client: Client) -> None:
    grace = await client.token(user="grace")
    found = await client.ask("POST", "users/search", grace, {"search": "alan"})
    assert [person["id"] for person in found.data["value"]] == [ALAN]
    assert (await client.ask("GET", "users/me", grace)).data["id"] == USER
    assert (await client.ask("GET", f"users/{ALAN}", grace)).data["displayName"] == "Alan Turing"
    may = await client.ask("GET", "users/me/delegates?allowedAction=receiveCalls", grace)
    assert ALAN in {delegate["id"] for delegate in may.data["value"]}
    assert all(delegate["allowedActions"]["receiveCalls"] for delegate in may.data["value"])
    assert (await client.ask("GET", f"users/me/delegates/{ALAN}", grace)).data["isActive"]
    alan = await client.token(user="alan")
    assert USER in {each["id"] for page in await pages(client, "users/me/delegators", alan) for each in page}
    assert (await client.ask("GET", f"users/me/delegators/{USER}", alan)).data["allowedActions"]["makeCalls"]
    others = await client.ask("GET", f"users/{USER}/delegates", alan)
    assert (others.status, others.data["code"].partition(".")[0]) == (403, "Graph")


async def test_a_search_is_paged_without_a_name_in_any_url(client: Client) -> None:
    """URLs are logged: neither paths, queries nor links contain the text of a search."""
    grace = await client.token(user="grace")
    found, body = [], {"search": "a", "pageSize": 1}
    while True:
        reply = await client.ask("POST", "users/search", grace, body)
        assert "nextLink" not in reply.data
        found += [person["id"] for person in reply.data["value"]]
        if "continuation" not in reply.data:
            break
        body["continuation"] = reply.data["continuation"]
    assert len(found) == len(set(found)) > 1
    in_query = await client.ask("GET", "users?search=alan", grace)
    assert (in_query.status, in_query.data["code"]) == (400, "BadParameter")


async def test_a_key_in_the_url_is_refused(client: Client) -> None:
    refused = await client.ask("GET", "resource-accounts?code=the-key", keyed=True)
    assert (refused.status, refused.data["code"]) == (400, "BadParameter")
    assert "x-functions-key" in refused.data["detail"]


async def test_chats_are_the_same_each_time(client: Client) -> None:
    grace = await client.token(user="grace")
    both = [await client.ask("POST", "chats", grace, {"members": [ALAN]}) for _ in range(2)]
    assert {(chat.status, chat.data["kind"]) for chat in both} == {(200, "oneOnOne")}
    assert both[0].data["id"] == both[1].data["id"]
    body = {"members": [ALAN], "topic": f"Call {os.urandom(4).hex()}"}
    group = [await client.ask("POST", "chats", grace, body) for _ in range(2)]
    assert [chat.status for chat in group] == [201, 200]
    assert group[0].data == group[1].data


async def test_meetings_are_those_of_the_caller_in_the_window(client: Client) -> None:
    grace = await client.token(user="grace")
    path = "meetings?timeZone=Europe/Berlin&from=2026-11-23T00:00:00&to=2026-11-24T00:00:00"
    found = await client.ask("GET", path, grace)
    assert [(each["subject"], each["start"]) for each in found.data["value"]] == [("Stand-up", "2026-11-23T08:00:00Z")]
    backwards = "meetings?from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z"
    assert (await client.ask("GET", backwards, grace)).status == 400


async def test_an_identity_from_creation_to_deletion(client: Client) -> None:
    grace, ada = await client.token(user="grace"), await client.token()
    made = await client.ask("POST", "identities", grace, {"scopes": ["voip"], "minutes": 60})
    assert (made.status, made.headers["Cache-Control"]) == (201, "no-store")
    assert made.data["token"]["token"]
    id = made.data["id"]
    issued = await client.ask("POST", f"identities/{id}/tokens", grace, {"scopes": ["chat"]})
    assert (issued.status, issued.headers["Cache-Control"], set(issued.data)) == (
        200,
        "no-store",
        {"token", "expiresOn"},
    )
    assert (await client.ask("DELETE", f"identities/{id}/tokens", grace)).status == 204
    assert (await client.ask("DELETE", f"identities/{id}", grace)).data["code"] == "RoleMissing"
    assert (await client.ask("DELETE", f"identities/{id}", ada)).status == 204
    assert (await client.ask("POST", f"identities/{id}/tokens", grace, {"scopes": ["chat"]})).status == 404


async def test_a_customers_administrator_sees_nothing_of_the_app_itself_in_the_diagnosis(client: Client) -> None:
    own = await client.ask("GET", "diagnosis", await client.token())
    assert {"settings", "storage", "sign-in", "number"} <= {each["check"] for each in own.data["findings"]}
    customers = await client.ask("GET", "diagnosis", await client.token(tenant="fabrikam", user="fred"))
    links = {each["check"] for each in customers.data["findings"]}
    assert {"sign-in", "number"} <= links
    assert not links & {"settings", "identity", "acs", "storage", "topic", "subscriptions", "callback-url"}


async def test_an_identity_is_for_the_caller_who_created_it(client: Client) -> None:
    made = await client.ask("POST", "identities", await client.token(user="grace"), {})
    path, wanted = f"identities/{made.data['id']}/tokens", {"scopes": ["voip"]}
    for stranger in ({"user": "alan"}, {"user": "joan"}, {"tenant": "fabrikam", "user": "fred"}):
        token = await client.token(**stranger)
        assert (await client.ask("POST", path, token, wanted)).data["code"] == "IdentityNotFound", stranger
        assert (await client.ask("DELETE", path, token)).status == 404, stranger
    assert (await client.ask("POST", path, await client.token(user="ada"), wanted)).status == 200
    assert (await client.ask("POST", path, body=wanted, keyed=True)).status == 200


async def test_an_identity_deleted_by_a_key_has_no_owner(client: Client) -> None:
    ada = await client.token()
    path = f"identities/{(await client.ask('POST', 'identities', await client.token(user='grace'), {})).data['id']}"
    assert (await client.ask("DELETE", path, keyed=True)).status == 204
    assert (await client.ask("DELETE", f"{path}/tokens", ada)).data["code"] == "IdentityNotFound"


async def test_a_teams_token_is_for_the_caller_alone(client: Client) -> None:
    grace = await client.token(user="grace")
    own, others = [
        {"entraToken": (await client.token(user=user, **FOR_ACS)).removeprefix("Bearer ")} for user in ("grace", "alan")
    ]
    exchanged = await client.ask("POST", "teams-tokens", grace, own)
    assert (exchanged.status, exchanged.headers["Cache-Control"]) == (200, "no-store")
    assert (await client.ask("POST", "teams-tokens", grace, others)).data["code"] == "OtherCaller"


async def test_consent_is_given_read_and_revoked_by_the_tenants_own_administrator(client: Client) -> None:
    ada, fred = await client.token(), await client.token(tenant="fabrikam", user="fred")
    path = f"tenants/{TENANT}/access-assignments/{SALES}"
    for token, keyed in ((ada, False), (None, True)):
        given = [await client.ask("PUT", path, token, {"kind": "resourceAccount"}, keyed=keyed) for _ in range(2)]
        assert [reply.status for reply in given] == [201, 200]
        shown = await client.ask("GET", path, token, keyed=keyed)
        assert (shown.data["objectId"], shown.data["kind"]) == (SALES, "resourceAccount")
        for method in ("GET", "PUT", "DELETE"):
            body = {"kind": "resourceAccount"} if method == "PUT" else None
            refused = await client.ask(method, path, fred, body)
            assert (refused.status, refused.data["code"]) == (403, "OtherTenant")
        assert (await client.ask("DELETE", path, token, keyed=keyed)).status == 204
        assert (await client.ask("GET", path, token, keyed=keyed)).status == 404


async def test_operations_on_behalf_of_a_user_require_a_user(client: Client) -> None:
    app = await client.token(app="5e4f1ce0-0000-4000-8000-000000000001", roles=["Administrator"])
    for path in ("users", "users/me/delegates", "resource-accounts?source=graph"):
        for token, keyed in ((app, False), (None, True)):
            refused = await client.ask("GET", path, token, keyed=keyed)
            assert (refused.status, refused.data["code"]) == (403, "NeedsUser")


async def test_errors_of_entra_and_graph_have_a_remedy(client: Client) -> None:
    name = await client.newcomer()
    user = await client.token(user=name, roles=["Agent"])
    await client.control("PATCH", "directory", {"tenants": {"contoso": {"users": {name: {"mfa": True}}}}})
    refused = await client.ask("GET", "users", user)
    assert (refused.status, refused.data["code"]) == (401, "Entra.AADSTS50076")
    assert re.search(r'error="insufficient_claims", claims="[\w=+/]+"', refused.headers["WWW-Authenticate"])
    await client.control("PATCH", "directory", {"tenants": {"contoso": {"users": {name: {"mfa": None}}}}})
    fault = {"where": "graph", "match": {"operation": "ListUsers"}, "do": "status", "status": 429, "retry_after": 77}
    await client.control("POST", "faults", fault | {"times": 1})
    refused = await client.ask("GET", "users", user)
    assert (refused.status, refused.data["code"], refused.headers["Retry-After"]) == (
        429,
        "Graph.TooManyRequests",
        "77",
    )
    assert refused.data["remedy"]


async def test_the_diagnosis_is_for_administrators(client: Client) -> None:
    report = await client.ask("GET", "diagnosis", await client.token())
    assert report.status == 200, report.body
    assert {finding["status"] for finding in report.data["findings"]} <= {"fine", "wrong", "unseen"}


async def test_the_hosts_log_contains_no_names_and_no_secrets(client: Client) -> None:
    token = await client.token(user="grace")
    for path in ("users?pageSize=1", "users/me/delegates", "resource-accounts?source=graph", "users?search="):
        await client.ask("GET", path, token)
    await client.ask("POST", "users/search", token, {"search": "Turing"})
    await client.ask("POST", "identities", token, {"scopes": ["voip"]})
    log = (client.stack.logs / "host.log").read_text()
    assert "api listUsers 200" in log
    for secret in ("eyJ", "Turing", "Hopper", "@contoso", "5550100", "emulator-client-secret"):
        assert secret not in log, secret


async def test_the_examples_of_the_documentation_work(client: Client) -> None:
    """All of its shell commands, in order."""
    page = (ROOT / "docs/api.md").read_text()
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL))
    moved = script.replace("-sS", "-sS --fail-with-body")
    for usual, port in ((7080, client.stack.ports.emulator), (7071, client.stack.ports.host)):
        moved = moved.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{port}")
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", moved), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert output.count(b'"id"') > 5
    assert b'"joinUrl"' in output, "the meetings of the example are empty"


def test_the_documentation_lists_every_route() -> None:
    page = (ROOT / "docs/api.md").read_text()
    assert re.findall(r"^\| ([A-Z]+) \| `/(.+)` \| (\w+) \|", page, flags=re.MULTILINE) == [
        (route.method, route.path, least(route)) for route in ROUTES
    ]


def test_the_documentation_lists_every_problem_of_the_api() -> None:
    page = (ROOT / "docs/api.md").read_text()
    assert dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", page, flags=re.MULTILINE)) == {
        code: str(kind.status) for code, kind in PROBLEMS.items()
    }


def references(document: Any) -> set[str]:
    if isinstance(document, dict):
        own = {document["$ref"]} if isinstance(document.get("$ref"), str) else set()
        return own.union(*map(references, document.values()))
    return set().union(*map(references, document)) if isinstance(document, list) else set()


def test_every_reference_of_the_openapi_document_resolves() -> None:
    document = openapi.document(ROUTES)
    for reference in references(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]

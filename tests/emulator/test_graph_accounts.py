from __future__ import annotations

import pytest

from emulator.config import RESOURCE_ID
from emulator.server import Emulator
from tests.emulator.graph_client import OLD, SALES, SUPPORT, Graph

ACCOUNTS = "beta/admin/teams/resourceAccounts"


async def test_a_resource_account_has_what_the_documentation_shows(graph: Graph) -> None:
    answer = await graph("ada", f"{ACCOUNTS}/{SUPPORT}")
    assert answer.body.pop("@odata.context").endswith("/beta/$metadata#admin/teams/resourceAccounts/$entity")
    assert answer.body == {
        "id": SUPPORT,
        "userPrincipalName": "support@contoso.com",
        "displayName": "Support line",
        "appId": "b0700000-0000-4000-8000-0000000000b1",
        "phoneNumber": "tel:+18005550100",
        "acsResourceId": RESOURCE_ID,
    }
    assert answer.body in (await graph("ada", ACCOUNTS)).body["value"]


async def test_accounts_of_another_tenant_are_not_visible(graph: Graph) -> None:
    assert (await graph("ada", ACCOUNTS)).ids == [SUPPORT, SALES, OLD]
    assert (await graph("fred@fabrikam", ACCOUNTS)).ids == ["11111111-1111-4111-8111-111111111121"]
    assert (await graph("fred@fabrikam", f"{ACCOUNTS}/{SUPPORT}")).refusal == (404, "NotFound")


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (f"acsResourceId eq '{RESOURCE_ID}'", [SUPPORT, SALES]),
        (f"acsresourceid eq '{RESOURCE_ID.upper()}'", [SUPPORT, SALES]),
        ("appId eq 'b0700000-0000-4000-8000-0000000000b1'", [SUPPORT, SALES, OLD]),
        ("appId eq 'it''s another'", []),
    ],
)
async def test_they_are_filtered(graph: Graph, condition: str, found: list[str]) -> None:
    assert (await graph("ada", f"{ACCOUNTS}?$filter={condition}")).ids == found


@pytest.mark.parametrize(("size", "pages"), [(5, 201), (100, 11), (999, 2)])
async def test_many_come_in_pages_once_each(graph: Graph, emulator: Emulator, size: int, pages: int) -> None:
    emulator.directory.add_resource_accounts("contoso", 1003, RESOURCE_ID)
    found = await graph.pages("ada", f"{ACCOUNTS}?$top={size}&$filter=acsResourceId eq '{RESOURCE_ID}'")
    ids = [account["id"] for page in found for account in page]
    assert (len(found), len(ids), len(set(ids))) == (pages, 1005, 1005)


async def test_without_a_size_a_page_has_a_hundred(graph: Graph, emulator: Emulator) -> None:
    emulator.directory.add_resource_accounts("contoso", 150, RESOURCE_ID)
    assert [len(page) for page in await graph.pages("ada", ACCOUNTS)] == [100, 53]


async def test_an_account_that_goes_between_two_pages_hides_no_other(graph: Graph, emulator: Emulator) -> None:
    first = await graph("ada", f"{ACCOUNTS}?$top=1")
    emulator.directory.patch({"tenants": {"contoso": {"resourceAccounts": {"support": None}}}})
    assert (await graph("ada", first.body["@odata.nextLink"])).ids == [SALES]


@pytest.mark.parametrize("query", ["$top=0", "$top=1000", "$skiptoken=made-up", "$skiptoken=YQ=="])
async def test_an_invalid_page_token_is_refused(graph: Graph, query: str) -> None:
    assert (await graph("ada", f"{ACCOUNTS}?{query}")).status == 400


async def test_they_are_for_teams_administrators(graph: Graph) -> None:
    for path in (ACCOUNTS, f"{ACCOUNTS}/{SUPPORT}"):
        assert (await graph("grace", path)).refusal == (403, "Forbidden")


async def test_without_consent_the_missing_permission_is_named(graph: Graph) -> None:
    graph.grant(delegated=["User.Read"], application=[])
    refused = await graph("ada", ACCOUNTS)
    assert refused.refusal == (403, "Forbidden")
    assert refused.message.startswith("Missing scope permissions on the request. API requires one of 'TeamsResource")
    assert refused.message.endswith("Scopes on the request 'User.Read'")
    assert (await graph("app", ACCOUNTS)).message.startswith("Missing role permissions on the request.")


async def test_an_app_by_itself_sees_them_where_that_was_granted(graph: Graph) -> None:
    assert (await graph("app", ACCOUNTS)).ids == [SUPPORT, SALES, OLD]
    assert (await graph("app@stranger", ACCOUNTS)).refusal == (403, "Forbidden")

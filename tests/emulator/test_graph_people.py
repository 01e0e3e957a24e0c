from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.emulator.graph_client import ADA, EVENTUAL, FELIX, GRACE, SALES, SUPPORT, Graph

SELECTED = "$select=id,displayName,userPrincipalName,mail,jobTitle"
ASKING_FOR_MORE = ["User.Read", "User.ReadBasic.All", "User.Read.All"]


async def test_the_signed_in_user_sees_their_profile(graph: Graph) -> None:
    answer = await graph("ada", f"v1.0/me?{SELECTED}")
    answer.body.pop("@odata.context")
    assert answer.body == {
        "id": ADA,
        "displayName": "Ada Lovelace",
        "userPrincipalName": "ada@contoso.com",
        "mail": "ada@contoso.com",
        "jobTitle": "Telephony administrator",
    }
    assert (await graph("app", "v1.0/me")).refusal == (400, "BadRequest")


@pytest.mark.parametrize("grace", [GRACE, GRACE.upper(), "grace@contoso.com", "Grace@Contoso.com"])
async def test_others_show_their_basic_profile(graph: Graph, grace: str) -> None:
    answer = await graph("ada", f"v1.0/users/{grace}")
    assert (answer.body["id"], answer.body["displayName"], answer.body["jobTitle"]) == (GRACE, "Grace Hopper", None)
    graph.grant(delegated=ASKING_FOR_MORE)
    assert (await graph("ada", f"v1.0/users/{grace}")).body["jobTitle"] == "Agent"


@pytest.mark.parametrize("user", [FELIX, "felix@fabrikam.com", "grace", "unknown@contoso.com"])
async def test_a_user_of_another_tenant_does_not_exist(graph: Graph, user: str) -> None:
    refused = await graph("ada", f"v1.0/users/{user}")
    assert refused.refusal == (404, "Request_ResourceNotFound")
    assert refused.message.startswith(f"Resource '{user}' does not exist")


async def test_all_users_are_listed_in_pages(graph: Graph) -> None:
    pages = await graph.pages("ada", f"v1.0/users?$top=3&{SELECTED}")
    assert [len(page) for page in pages] == [3, 3, 2]  # five people and three resource accounts
    names = {user["displayName"] for page in pages for user in page}
    assert {"Alan Turing", "Norma Guest", "Support line"} < names


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("displayName:gra", ["Grace Hopper"]),
        ("displayName:hop GRA", ["Grace Hopper"]),
        ("displayName:race", []),
        ("mail:ada@contoso.com", ["Ada Lovelace"]),
        ('displayName:\\"line', []),
    ],
)
async def test_they_are_searched_by_the_beginnings_of_words(graph: Graph, search: str, found: list[str]) -> None:
    term = quote(f'"{search}"')
    answer = await graph("ada", f"v1.0/users?$search={term}", headers=EVENTUAL)
    assert [user["displayName"] for user in answer.body["value"]] == found


async def test_a_search_needs_eventual_consistency(graph: Graph) -> None:
    refused = await graph("ada", 'v1.0/users?$search="displayName:gra"')
    assert refused.refusal == (400, "Request_UnsupportedQuery")
    assert "ConsistencyLevel: eventual" in refused.message
    assert (await graph("ada", "v1.0/users?$search=gra", headers=EVENTUAL)).status == 400
    assert (await graph("ada", "v1.0/users?$count=true")).status == 400
    assert (await graph("ada", "v1.0/users?$count=true", headers=EVENTUAL)).body["@odata.count"] == 8


async def test_without_consent_the_error_is_entras(graph: Graph) -> None:
    graph.grant(delegated=["User.Read"])
    for path in ("v1.0/users", f"v1.0/users/{GRACE}"):
        assert (await graph("ada", path)).refusal == (403, "Authorization_RequestDenied")
    assert (await graph("ada", f"v1.0/users/{ADA}")).body["jobTitle"] == "Telephony administrator"
    graph.grant(delegated=["Chat.Create"])
    assert (await graph("ada", "v1.0/me")).refusal == (403, "Authorization_RequestDenied")


async def test_licences_of_a_resource_account_are_for_an_app(graph: Graph) -> None:
    (licence,) = (await graph("app", f"v1.0/users/{SUPPORT}/licenseDetails")).body["value"]
    assert licence["skuPartNumber"] == "PHONESYSTEM_VIRTUALUSER"
    (plan,) = licence["servicePlans"]
    assert (plan["servicePlanName"], plan["provisioningStatus"]) == ("MCOEV_VIRTUALUSER", "Success")
    assert (await graph("app", f"v1.0/users/{SALES}/licenseDetails")).body["value"] == []
    assert (await graph("app", f"v1.0/users/{FELIX}/licenseDetails")).refusal == (404, "Request_ResourceNotFound")
    graph.grant(application=[])
    refused = await graph("app", f"v1.0/users/{SUPPORT}/licenseDetails")
    assert refused.refusal == (403, "Authorization_RequestDenied")


async def test_a_user_sees_their_own_licences_only(graph: Graph) -> None:
    for path in ("v1.0/me/licenseDetails", f"v1.0/users/{GRACE}/licenseDetails"):
        assert (await graph("grace", path)).body["value"] == []
    assert (await graph("grace", f"v1.0/users/{SUPPORT}/licenseDetails")).status == 403

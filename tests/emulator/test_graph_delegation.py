from __future__ import annotations

import pytest

from emulator.server import Emulator
from tests.emulator.graph_client import ADA, ALAN, FELIX, GRACE, JOAN, Graph

SETTINGS = "communications/callSettings"
OPERATIONS = ["delegates", f"delegates/{ALAN}", "delegators", f"delegators/{ADA}"]
each_operation = pytest.mark.parametrize("what", OPERATIONS)


async def test_a_delegate_has_what_the_documentation_shows(graph: Graph) -> None:
    answer = await graph("grace", f"beta/me/{SETTINGS}/delegates/{ALAN}")
    answer.body.pop("@odata.context")
    assert answer.body == {
        "id": ALAN,
        "createdDateTime": "2026-01-15T09:30:00Z",
        "isActive": True,
        "allowedActions": {
            "makeCalls": True,
            "receiveCalls": True,
            "manageCallAndDelegateSettings": False,
            "pickUpHeldCalls": True,
            "joinActiveCalls": False,
        },
    }


async def test_both_sides_see_the_same_delegation(graph: Graph) -> None:
    assert (await graph("grace", f"beta/me/{SETTINGS}/delegates")).ids == [ALAN, ADA]
    delegators = await graph("alan", f"beta/me/{SETTINGS}/delegators")
    assert delegators.ids == [GRACE]
    one = await graph("alan", f"beta/users/alan@contoso.com/{SETTINGS}/delegators/{GRACE}")
    assert one.body["allowedActions"] == delegators.body["value"][0]["allowedActions"]


async def test_they_are_filtered_counted_and_cut_into_pages(graph: Graph) -> None:
    path = f"beta/me/{SETTINGS}/delegates"
    answer = await graph("grace", f"{path}?$filter=allowedActions/receiveCalls eq true&$count=true")
    assert (answer.ids, answer.body["@odata.count"]) == ([ALAN], 1)
    assert (await graph("grace", f"{path}?$filter=allowedActions/receiveCalls eq false")).ids == [ADA]
    assert [len(page) for page in await graph.pages("grace", f"{path}?$top=1")] == [1, 1]


@each_operation
async def test_delegates_of_other_users_are_for_administrators(graph: Graph, emulator: Emulator, what: str) -> None:
    path = f"beta/users/{GRACE}/{SETTINGS}/{what}"
    assert (await graph("ada", path)).status == 200
    refused = await graph("alan", path)
    assert refused.refusal == (403, "Forbidden")
    assert "Teams Telephony Administrator" in refused.message
    roles = {"directoryRoles": ["Teams Telephony Administrator"]}
    emulator.directory.patch({"tenants": {"contoso": {"users": {"alan": roles}}}})
    assert (await graph("alan", path)).status == 200


@each_operation
async def test_without_consent_the_missing_permission_is_named(graph: Graph, what: str) -> None:
    graph.grant(delegated=["User.Read", "Chat.Create"])
    refused = await graph("grace", f"beta/me/{SETTINGS}/{what}")
    assert refused.refusal == (403, "Forbidden")
    assert "'CallDelegation.Read, CallDelegation.ReadWrite'" in refused.message


@each_operation
async def test_a_policy_without_delegation_is_named(graph: Graph, what: str) -> None:
    for who, path in (("joan", "me"), ("ada", f"users/{JOAN}")):
        refused = await graph(who, f"beta/{path}/{SETTINGS}/{what}")
        assert refused.refusal == (403, "Forbidden")
        assert "'NoDelegation'" in refused.message


@each_operation
async def test_a_user_of_another_tenant_is_not_found(graph: Graph, what: str) -> None:
    assert (await graph("ada", f"beta/users/{FELIX}/{SETTINGS}/{what}")).refusal == (404, "NotFound")


@each_operation
async def test_an_app_by_itself_is_refused_whatever_it_was_granted(graph: Graph, what: str) -> None:
    graph.grant(application=["CallDelegation.Read"])
    assert (await graph("app", f"beta/users/{GRACE}/{SETTINGS}/{what}")).refusal == (403, "Forbidden")
    assert (await graph("app", f"beta/me/{SETTINGS}/{what}")).refusal == (400, "BadRequest")


async def test_a_user_who_is_no_delegate_is_not_found(graph: Graph) -> None:
    assert (await graph("grace", f"beta/me/{SETTINGS}/delegates/{JOAN}")).refusal == (404, "NotFound")
    assert (await graph("joan", "beta/me/communications/callSettings/others")).refusal == (400, "BadRequest")

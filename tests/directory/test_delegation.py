"""The four operations of Graph's delegation API, on behalf of a signed-in user, and as Entra and Graph refuse them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.directory.caller import Caller
from shared.directory.delegation import ACTIONS
from shared.directory.directory import Directory
from shared.directory.models import AllowedActions, Delegation
from tests.directory.fixtures import ADA, ALAN, API, FELIX, GRACE, JOAN, SignedIn, upstream_error
from tests.emulator.client import Control

Query = Callable[[Directory, Caller, str], Awaitable[Any]]

QUERIES: dict[str, Query] = {
    "list delegates": lambda d, caller, user: d.delegation.list(caller, user, "delegates"),
    "get delegate": lambda d, caller, user: d.delegation.get(caller, user, "delegates", ALAN),
    "list delegators": lambda d, caller, user: d.delegation.list(caller, user, "delegators"),
    "get delegator": lambda d, caller, user: d.delegation.get(caller, user, "delegators", ADA),
}
each_operation = pytest.mark.parametrize("ask", QUERIES.values(), ids=QUERIES)

ALANS = Delegation(
    ALAN,
    is_active=True,
    created_at=datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
    allowed_actions=AllowedActions(make_calls=True, receive_calls=True, pick_up_held_calls=True),
)


# -- Those who may ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grace", ["me", GRACE])
async def test_a_user_sees_their_delegates_and_delegators(
    directory: Directory, signed_in: SignedIn, grace: str
) -> None:
    caller = await signed_in("grace")
    delegates = await directory.delegation.list(caller, grace, "delegates")
    assert {each.id for each in delegates.value} == {ALAN, ADA}
    assert ALANS in delegates.value
    assert await directory.delegation.get(caller, grace, "delegates", ALAN) == ALANS
    (ada,) = (await directory.delegation.list(caller, grace, "delegators")).value
    assert ada.id == ADA
    assert await directory.delegation.get(caller, grace, "delegators", ADA) == ada


@each_operation
async def test_a_teams_administrator_sees_delegates_of_others(
    directory: Directory, signed_in: SignedIn, ask: Query
) -> None:
    assert await ask(directory, await signed_in("ada"), GRACE)


@pytest.mark.parametrize("action", ACTIONS)
async def test_delegates_are_filtered_by_their_permissions(
    directory: Directory, signed_in: SignedIn, action: Any
) -> None:
    caller = await signed_in("grace")
    everybody = (await directory.delegation.list(caller, "me", "delegates")).value
    found = (await directory.delegation.list(caller, "me", "delegates", action)).value
    allowed = dict(zip(ACTIONS, AllowedActions.__struct_fields__, strict=True))[action]
    assert set(found) == {each for each in everybody if getattr(each.allowed_actions, allowed)}


async def test_delegates_come_in_pages(directory: Directory, signed_in: SignedIn) -> None:
    caller = await signed_in("grace")
    first = await directory.delegation.list(caller, "me", "delegates", page_size=1)
    assert first.continuation
    second = await directory.delegation.list(caller, "me", "delegates", page_size=1, continuation=first.continuation)
    assert {each.id for each in first.value + second.value} == {ALAN, ADA}
    assert second.continuation is None


# -- Those who may not -----------------------------------------------------------------------------------------


@each_operation
async def test_a_missing_consent_names_who_must_consent(
    directory: Directory, signed_in: SignedIn, control: Control, ask: Query
) -> None:
    caller = await signed_in("grace")
    await control("PATCH", "directory", {"tenants": {"contoso": {"apps": {API: {"delegated": []}}}}})
    error = await upstream_error(ask(directory, caller, "me"))
    assert (error.entry.source, error.code, error.entry.status) == ("Entra", "AADSTS65001", 403)
    assert "consent" in error.entry.remedy


@each_operation
async def test_consent_to_other_permissions_is_not_enough(
    directory: Directory, signed_in: SignedIn, control: Control, ask: Query
) -> None:
    caller = await signed_in("grace")
    await control("PATCH", "directory", {"tenants": {"contoso": {"apps": {API: {"delegated": ["User.Read"]}}}}})
    error = await upstream_error(ask(directory, caller, "me"))
    assert (error.entry.source, error.status, error.entry.status) == ("Graph", 403, 403)
    assert "CallDelegation.Read" in error.entry.remedy


@each_operation
async def test_a_missing_policy_is_named(directory: Directory, signed_in: SignedIn, ask: Query) -> None:
    error = await upstream_error(ask(directory, await signed_in("joan"), "me"))
    assert (error.entry.source, error.code, error.entry.status) == ("Graph", "DelegationNotAllowed", 403)
    assert "Set-CsTeamsCallingPolicy" in error.entry.remedy


@each_operation
async def test_an_error_without_a_reason_names_all_possible_ones(
    directory: Directory, signed_in: SignedIn, control: Control, ask: Query
) -> None:
    await control.fault(where="graph", do="status", status=403)
    error = await upstream_error(ask(directory, await signed_in("grace"), "me"))
    assert all(each in f"{error} {error.entry.remedy}" for each in ("consent", "role", "AllowDelegation"))


@each_operation
async def test_a_user_of_another_tenant_is_not_found(directory: Directory, signed_in: SignedIn, ask: Query) -> None:
    error = await upstream_error(ask(directory, await signed_in("ada"), FELIX))
    assert (error.entry.source, error.entry.status) == ("Graph", 404)


@each_operation
async def test_only_administrators_read_the_delegation_of_others(
    directory: Directory, signed_in: SignedIn, ask: Query
) -> None:
    error = await upstream_error(ask(directory, await signed_in("alan"), GRACE))
    assert (error.entry.source, error.entry.status) == ("Graph", 403)
    assert "Administrator" in error.entry.remedy


@each_operation
async def test_an_application_needs_a_user(
    directory: Directory, signed_in: SignedIn, control: Control, ask: Query
) -> None:
    caller = await signed_in(app=API)
    assert caller.kind == "app"
    error = await upstream_error(ask(directory, caller, GRACE))
    assert (error.entry.source, error.code, error.entry.status) == ("app", "NeedsUser", 403)
    assert not await control.journal("graph.request")


async def test_a_user_who_is_not_a_delegate_is_not_found(directory: Directory, signed_in: SignedIn) -> None:
    error = await upstream_error(directory.delegation.get(await signed_in("grace"), "me", "delegates", JOAN))
    assert error.entry.status == 404


# -- What leads elsewhere --------------------------------------------------------------------------------------

ELSEWHERE = ["", ".", "..", "me/..", "../users", "a/b", "a?b", "a#b", "%2e%2e", "$count", "me\n", "a@b..c", "@", "me "]


@pytest.mark.parametrize("user", ELSEWHERE)
async def test_an_id_cannot_change_the_path_of_the_request(
    directory: Directory, signed_in: SignedIn, control: Control, user: str
) -> None:
    caller = await signed_in("ada")
    for ask in (
        directory.delegation.list(caller, user, "delegates"),
        directory.delegation.get(caller, "me", "delegates", user),
        directory.people.get(caller, user),
    ):
        assert (await upstream_error(ask)).code == "NotValid"
    assert not await control.journal("graph.request")

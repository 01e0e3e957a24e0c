from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from azure.data.tables.aio import TableClient

from emulator.server import Emulator
from shared.directory import account_copy as module
from shared.directory.account_copy import AccountCopy
from shared.directory.accounts import Accounts
from shared.directory.caller import Caller
from shared.directory.directory import Directory
from shared.directory.models import ResourceAccount
from shared.platform import clock
from shared.service.container import Container
from tests.directory.fixtures import CONTOSO, FABRIKAM, SUPPORT_LINE, SignedIn, upstream_error
from tests.emulator.client import Control

ACS = "ac5e0000-0000-4000-8000-000000000001"
GRANTED = ["TeamsResourceAccount.Read.All"]
BOT = "b0700000-0000-4000-8000-0000000000b1"
SUPPORT = ResourceAccount(
    id=SUPPORT_LINE,
    tenant_id=CONTOSO,
    display_name="Support line",
    user_principal_name="support@contoso.com",
    app_id=BOT,
    acs_resource_id=ACS,
    phone_number="+18005550100",
)

pytestmark = pytest.mark.usefixtures("table")  # which is emptied


@pytest.fixture
async def ada(signed_in: SignedIn) -> Caller:
    return await signed_in("ada")


@pytest.fixture
def accounts(directory: Directory) -> Accounts:
    return directory.accounts


@pytest.fixture
def account_copy(directory: Directory) -> AccountCopy:
    return directory.account_copy


@pytest.fixture
def copy(directory: Directory) -> Callable[..., Any]:
    """Copies a tenant's accounts with the app's own rights."""

    async def refresh(tenant: str = CONTOSO, page_size: int = 999) -> tuple[int, int]:
        done = await directory.account_copy.refresh(tenant, directory.credentials.as_app(tenant), page_size)
        return done.count, done.removed

    return refresh


async def everything(ask: Callable[..., Any], *who: Any, **how: Any) -> list[ResourceAccount]:
    """All pages of a list."""
    found: list[ResourceAccount] = []
    continuation = None
    while True:
        page = await ask(*who, **how, continuation=continuation)
        found += page.value
        continuation = page.continuation
        if continuation is None:
            return found


# -- Live -----------------------------------------------------------------------------------------------------


async def test_the_callers_tenant_is_listed(accounts: Accounts, ada: Caller, signed_in: SignedIn) -> None:
    names = {each.display_name for each in (await accounts.list(ada)).value}
    assert names == {"Support line", "Sales line", "Old line"}
    fred = await signed_in("fred", tenant="fabrikam")
    assert {each.tenant_id for each in (await accounts.list(fred)).value} == {FABRIKAM}


async def test_an_account_has_the_fields_of_graph(accounts: Accounts, ada: Caller) -> None:
    assert await accounts.get(ada, SUPPORT_LINE.upper()) == SUPPORT
    assert (await upstream_error(accounts.get(ada, "11111111-1111-4111-8111-000000000000"))).entry.status == 404
    assert (await upstream_error(accounts.get(ada, ".."))).code == "NotValid"


@pytest.mark.parametrize(
    ("named", "count"),
    [
        ({"acs_resource_id": ACS}, 2),
        ({"acs_resource_id": "x' or 'a' eq 'a"}, 0),
        ({"app_id": BOT.upper()}, 3),
        ({"acs_resource_id": ACS, "app_id": BOT}, 2),
        ({"acs_resource_id": ACS, "app_id": "another"}, 0),
    ],
    ids=str,
)
@pytest.mark.parametrize("source", ["Graph", "copy"])
async def test_accounts_are_found_by_acs_resource_and_by_app(  # noqa: PLR0917  # fixtures and cases
    accounts: Accounts,
    account_copy: AccountCopy,
    ada: Caller,
    copy: Callable[..., Any],
    source: str,
    named: dict[str, str],
    count: int,
) -> None:
    if source == "copy":
        await copy()
        assert len((await account_copy.list(CONTOSO, **named)).value) == count  # type: ignore[arg-type]
    else:
        assert len((await accounts.list(ada, **named)).value) == count  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 2, 999, 5000])
async def test_pages_contain_all_accounts(
    accounts: Accounts, account_copy: AccountCopy, ada: Caller, copy: Callable[..., Any], size: int
) -> None:
    await copy()
    live = await everything(accounts.list, ada, page_size=size)
    copied = await everything(account_copy.list, CONTOSO, page_size=size)
    assert [each.id for each in live] == [each.id for each in copied]
    assert len(live) == 3


async def test_a_caller_without_the_directory_role_gets_a_remedy(accounts: Accounts, signed_in: SignedIn) -> None:
    error = await upstream_error(accounts.list(await signed_in("grace")))
    assert (error.code, error.entry.status) == ("Forbidden", 403)


async def test_a_key_has_no_rights_in_graph(accounts: Accounts) -> None:
    error = await upstream_error(accounts.list(Caller("key", None, "x", frozenset({"Administrator"}))))
    assert error.code == "NeedsUser"


# -- The copy -------------------------------------------------------------------------------------------------


async def test_the_copy_has_the_fields_of_graph(account_copy: AccountCopy, copy: Callable[..., Any]) -> None:
    assert await account_copy.refreshed(CONTOSO) is None
    assert await copy() == (3, 0)
    assert await account_copy.get(CONTOSO, SUPPORT_LINE.upper()) == SUPPORT
    at = await account_copy.refreshed(CONTOSO)
    assert at is not None
    assert clock.now() - at < timedelta(minutes=1)


async def test_tenants_do_not_see_each_other(account_copy: AccountCopy, copy: Callable[..., Any]) -> None:
    await copy(CONTOSO)
    await copy(FABRIKAM)
    assert {each.tenant_id for each in await everything(account_copy.list, FABRIKAM)} == {FABRIKAM}
    assert await account_copy.get(FABRIKAM, SUPPORT_LINE) is None
    assert {each.tenant_id for each in await everything(account_copy.list, None, page_size=1)} == {CONTOSO, FABRIKAM}
    assert await account_copy.get(None, SUPPORT_LINE) == SUPPORT
    first = await account_copy.list(CONTOSO, page_size=1)
    beyond = await everything(account_copy.list, FABRIKAM)
    stolen = await account_copy.list(FABRIKAM, continuation=first.continuation)
    assert set(stolen.value) <= set(beyond), "a continuation of one tenant opens nothing of another"


@pytest.mark.parametrize("given", ["%%%", "e30", "WzEsMl0", "W10"])
async def test_an_invalid_continuation_is_refused(account_copy: AccountCopy, given: str) -> None:
    assert (await upstream_error(account_copy.list(CONTOSO, continuation=given))).code == "BadContinuation"


@pytest.mark.parametrize("id", ["", "x", "11111111-1111-4111-8111-11111111111'", "../" * 12])
async def test_an_invalid_id_is_not_found(account_copy: AccountCopy, id: str) -> None:
    assert await account_copy.get(CONTOSO, id) is None


async def test_a_thousand_accounts_are_copied_in_batches(
    account_copy: AccountCopy, control: Control, copy: Callable[..., Any], stored: Callable[[], list[str]]
) -> None:
    await control("POST", "directory/resource-accounts", {"tenant": "contoso", "count": 1003})
    assert await copy() == (1006, 0)
    assert stored().count("POST $batch") == 11
    copied = await everything(account_copy.list, CONTOSO, page_size=100)
    assert len({each.id for each in copied}) == len(copied) == 1006


async def test_accounts_that_graph_no_longer_lists_are_removed(
    account_copy: AccountCopy, control: Control, copy: Callable[..., Any]
) -> None:
    await copy()
    await copy(FABRIKAM)
    await control("PATCH", "directory", {"tenants": {"contoso": {"resourceAccounts": {"sales": None}}}})
    assert await copy() == (2, 1)
    assert {each.display_name for each in await everything(account_copy.list, CONTOSO)} == {"Support line", "Old line"}
    assert await everything(account_copy.list, FABRIKAM)


async def test_a_removed_link_is_removed_from_the_copy(
    account_copy: AccountCopy, control: Control, copy: Callable[..., Any]
) -> None:
    await copy()
    unlinked = {"acsResourceId": "00000000-0000-0000-0000-000000000000", "phoneNumber": None}
    await control("PATCH", "directory", {"tenants": {"contoso": {"resourceAccounts": {"support": unlinked}}}})
    await copy()
    account = await account_copy.get(CONTOSO, SUPPORT_LINE)
    assert account is not None
    assert (account.acs_resource_id, account.phone_number) == (None, None)


async def test_an_interrupted_run_removes_nothing(
    account_copy: AccountCopy, directory: Directory, control: Control, emulator: Emulator, copy: Callable[..., Any]
) -> None:
    await control("POST", "directory/resource-accounts", {"tenant": "contoso", "count": 300})
    await copy()
    before = {each.id for each in await everything(account_copy.list, CONTOSO)}
    at = await account_copy.refreshed(CONTOSO)
    lines = {f"line-{number:05d}": None for number in range(3, 103)}
    await control("PATCH", "directory", {"tenants": {"contoso": {"resourceAccounts": lines}}})
    page = directory.graph.page

    async def breaks_off(*asked: Any, **how: Any) -> Any:
        if len(emulator.journal.entries("graph.request")) > 4:
            await control("POST", "faults", {"where": "graph", "do": "status", "status": 403})
        return await page(*asked, **how)

    directory.graph.page = breaks_off  # type: ignore[method-assign]
    error = await upstream_error(directory.account_copy.refresh(CONTOSO, directory.credentials.as_app(CONTOSO), 50))
    assert error.status == 403
    assert len(await everything(account_copy.list, CONTOSO)) == 303
    assert {each.id for each in await everything(account_copy.list, CONTOSO)} == before
    assert await account_copy.refreshed(CONTOSO) == at


async def test_concurrent_copies_remove_nothing_of_each_other(
    account_copy: AccountCopy, directory: Directory, control: Control, copy: Callable[..., Any]
) -> None:
    """One begins, the other begins and ends, the first ends; their clocks differ."""
    await control("POST", "directory/resource-accounts", {"tenant": "contoso", "count": 150})
    account_copy._now = lambda: clock.now() + timedelta(hours=1)
    page, seen = directory.graph.page, 0

    async def overtaken(*asked: Any, **how: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == 2:
            directory.graph.page = page  # type: ignore[method-assign]
            account_copy._now = lambda: clock.now() - timedelta(hours=1)
            assert await copy() == (153, 0)
        return await page(*asked, **how)

    directory.graph.page = overtaken  # type: ignore[method-assign]
    assert await copy(CONTOSO, 100) == (153, 0)
    assert len(await everything(account_copy.list, CONTOSO)) == 153


async def test_a_copy_on_behalf_of_a_user_is_partial_and_removes_nothing(
    account_copy: AccountCopy, parts: Container, ada: Caller, control: Control, copy: Callable[..., Any]
) -> None:
    """A user may not see all accounts: none is removed, and the copy is incomplete."""
    as_ada = parts.directory.credentials.on_behalf_of(ada)
    assert (await account_copy.refresh(CONTOSO, as_ada, sees_all=False)).count == 3
    assert await account_copy.refreshed(CONTOSO) is None
    await copy()
    at = await account_copy.refreshed(CONTOSO)
    await control("PATCH", "directory", {"tenants": {"contoso": {"resourceAccounts": {"sales": None}}}})
    done = await account_copy.refresh(CONTOSO, as_ada, sees_all=False)
    assert (done.count, done.removed) == (2, 0)
    assert len(await everything(account_copy.list, CONTOSO)) == 3
    assert await account_copy.refreshed(CONTOSO) == at


async def test_an_empty_result_must_be_confirmed(
    account_copy: AccountCopy, control: Control, copy: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    lines = ("support", "sales", "old")
    there = (await control("GET", "directory"))["tenants"]["contoso"]["resourceAccounts"]
    await copy()
    at = await account_copy.refreshed(CONTOSO)
    for confirmed_between in (there, None):
        await control("PATCH", "directory", {"tenants": {"contoso": {"resourceAccounts": dict.fromkeys(lines)}}})
        assert await copy() == (0, 0)
        assert "consent to TeamsResourceAccount.Read.All" in caplog.messages[-1]
        assert len(await everything(account_copy.list, CONTOSO)) == 3
        if confirmed_between:
            assert await account_copy.refreshed(CONTOSO) == at
            await control("PATCH", "directory", {"tenants": {"contoso": {"resourceAccounts": confirmed_between}}})
            assert await copy() == (3, 0)
    assert await copy() == (0, 3)
    assert await everything(account_copy.list, CONTOSO) == []
    assert await copy() == (0, 0)


@pytest.mark.parametrize("row_key", ["11111111-1111-4111-8111-111111111111", None])
def test_every_position_of_table_storage_is_a_continuation_that_is_accepted(row_key: str | None) -> None:
    """NextRowKey is absent if the next page starts with a partition ("Query timeout and pagination")."""
    position = {"PartitionKey": f"account {CONTOSO}", "RowKey": row_key}
    assert module._position(module._continuation(position)) == position


# -- The timer ------------------------------------------------------------------------------------------------


async def test_the_timer_copies_every_tenant(parts: Container, account_copy: AccountCopy) -> None:
    assert await parts.directory.refresh() == 4
    assert {each.tenant_id for each in await everything(account_copy.list, None)} == {CONTOSO, FABRIKAM}


async def test_a_tenant_that_is_no_longer_configured_is_removed(
    parts: Container, environment: dict[str, str], table: TableClient
) -> None:
    await parts.directory.refresh()
    left = Container(environment | {"API_TENANTS": CONTOSO})
    for page_size in (1, 100):
        found = await everything(left.directory.account_copy.list, None, page_size=page_size)
        assert {each.tenant_id for each in found} == {CONTOSO}
    assert await left.directory.refresh() == 3
    await left.close()
    rows = [row async for row in table.list_entities()]
    assert len(rows) == 5
    assert FABRIKAM not in str(rows)


async def test_an_error_of_one_tenant_is_logged_once_and_does_not_affect_the_others(
    parts: Container, account_copy: AccountCopy, ada: Caller, control: Control, caplog: pytest.LogCaptureFixture
) -> None:
    await account_copy.refresh(CONTOSO, parts.directory.credentials.on_behalf_of(ada))
    api = "a9100000-0000-4000-8000-0000000000a1"
    await control("PATCH", "directory", {"tenants": {"contoso": {"apps": {api: {"application": []}}}}})
    with caplog.at_level(logging.WARNING):
        assert await parts.directory.refresh() == 1
        assert await parts.directory.refresh() == 1
    (record,) = [each for each in caplog.records if each.name == "shared.directory.directory"]
    assert CONTOSO in record.message
    assert "TeamsResourceAccount.Read.All" in record.message
    assert len(await everything(account_copy.list, CONTOSO)) == 3
    await control("PATCH", "directory", {"tenants": {"contoso": {"apps": {api: {"application": GRANTED}}}}})
    assert await parts.directory.refresh() == 4, "the consent is there, and the token of before is not used any more"


async def test_without_tenants_there_is_nothing_to_copy(
    environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    parts = Container(environment | {"API_TENANTS": ""})
    assert await parts.directory.refresh() == 0
    assert await parts.directory.refresh() == 0
    await parts.close()
    assert caplog.text.count("API_TENANTS is missing") == 1


async def test_an_empty_copy_is_not_an_error(account_copy: AccountCopy, table: TableClient) -> None:
    assert await everything(account_copy.list, CONTOSO) == []
    assert await everything(account_copy.list, None) == []
    assert await account_copy.get(None, SUPPORT_LINE) is None

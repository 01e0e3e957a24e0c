"""The directory's part in calls: the callee's tenant, name and number in the row, and RESOURCE_ACCOUNTS=linked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from azure.data.tables.aio import TableClient

from emulator.acs.identifiers import parse
from emulator.server import Emulator
from shared.calls.capabilities import Call
from shared.calls.state import CallState
from shared.directory import account_cache
from shared.service.answering import call_id_of
from shared.service.container import Container
from shared.storage.calls import Row
from shared.storage.keys import keys_of
from tests.directory.fixtures import CONTOSO, FABRIKAM, SUPPORT_LINE
from tests.emulator.client import Control
from tests.service.test_triggers import Wire
from tests.support import Servers, asked, closed_port, hang

FRONT_DESK = "11111111-1111-4111-8111-111111111121"
OLD_LINE = "11111111-1111-4111-8111-111111111113"  # linked to another ACS resource
UNKNOWN = "11111111-1111-4111-8111-1111111111ff"
LINKED = {"RESOURCE_ACCOUNTS": "linked"}

Ring = Callable[..., Coroutine[Any, Any, Call | None]]
Make = Callable[..., Container]

pytestmark = pytest.mark.usefixtures("table")  # which is emptied


@pytest.fixture
async def make(environment: dict[str, str], servers: Servers) -> AsyncIterator[Make]:
    """Makes containers as in new processes, without caches."""
    url, containers = await servers.start(200), list[Container]()

    def process(**changed: str) -> Container:
        containers.append(Container(environment | {"CALLBACK_BASE_URL": url} | changed))
        return containers[-1]

    yield process
    for each in containers:
        await each.close()


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with Servers() as servers:
        yield servers


@pytest.fixture
def rings(emulator: Emulator) -> Callable[[str], Wire]:
    emulator.service.rng.seed()

    def ring(account: str) -> Wire:
        call = emulator.service.ring(parse("+12065551212"), parse(account), kind="tpe")
        return Wire(emulator.service.incoming_call_event(call, display_name="Ada Lovelace"))

    return ring


@pytest.fixture
def ring(rings: Callable[[str], Wire]) -> Ring:
    """A call to an account; its row afterwards."""

    async def call(container: Container, account: str) -> Call | None:
        wire = rings(account)
        await container.answering.incoming_call(wire)
        return (await container.store.read(call_id_of(wire.get_json()["incomingCallContext"], wire.time))).call

    return call


@pytest.fixture
async def copied(make: Make, table: TableClient) -> None:
    """The accounts of all tenants, copied by another process."""
    await make().directory.refresh()


def facts(call: Call | None) -> tuple[Any, ...]:
    assert call is not None
    lifecycle = call.lifecycle
    return lifecycle.tenant, lifecycle.callee_name, lifecycle.callee_number


def answers(emulator: Emulator) -> int:
    return len(asked(emulator, "AnswerCall"))


# -- Shown with the call --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("copied")
@pytest.mark.parametrize("mode", ["", SUPPORT_LINE, "linked"])
async def test_the_row_names_the_tenant_and_the_line_of_the_callee(make: Make, ring: Ring, mode: str) -> None:
    container = make(RESOURCE_ACCOUNTS=mode)
    assert facts(await ring(container, SUPPORT_LINE)) == (CONTOSO, "Support line", "+18005550100")


@pytest.mark.usefixtures("copied")
async def test_calls_are_answered_without_the_settings_of_the_directory(
    make: Make, ring: Ring, caplog: pytest.LogCaptureFixture
) -> None:
    container = make(API_TENANTS="", API_CLIENT_ID="", RESOURCE_ACCOUNTS="linked")
    assert facts(await ring(container, SUPPORT_LINE)) == (CONTOSO, "Support line", "+18005550100")
    answered = await ring(container, UNKNOWN)
    assert answered is not None
    assert answered.state is CallState.ANSWERED
    assert "cannot be read" not in caplog.text


@pytest.mark.usefixtures("copied")
async def test_the_row_names_a_line_of_another_tenant(make: Make, ring: Ring) -> None:
    tenant, name, number = facts(await ring(make(), FRONT_DESK))
    assert (tenant, name) == (FABRIKAM, "Front desk")
    assert number.startswith("+44")


async def test_the_tenant_is_a_column_of_the_row(make: Make, ring: Ring, copied: None) -> None:
    container = make()
    call = await ring(container, SUPPORT_LINE)
    assert call is not None
    entity = await container.clients.calls.get_entity(*keys_of(call.id))
    assert entity["tenant"] == CONTOSO


@pytest.mark.usefixtures("copied")
async def test_a_call_to_an_unknown_account_is_answered_and_has_no_name(
    make: Make, ring: Ring, emulator: Emulator
) -> None:
    assert facts(await ring(make(), UNKNOWN)) == (None, None, None)
    assert answers(emulator) == 1


@pytest.mark.usefixtures("copied")
async def test_by_default_nothing_is_read_before_the_answer(
    make: Make, ring: Ring, control: Control, emulator: Emulator, stored: Callable[[], list[str]]
) -> None:
    """The first call of a process, while ACS is slow to accept the answer."""
    rule = {"where": "acs", "match": {"operation": "AnswerCall"}, "do": "delay", "seconds": 0.6}
    await control("POST", "faults", rule)
    ringing = asyncio.create_task(ring(make(), SUPPORT_LINE))
    await asyncio.sleep(0.45)
    assert answers(emulator) == 1
    assert reads(stored) == 0
    assert facts(await ringing)[1] == "Support line"
    assert reads(stored) == 1


def reads(stored: Callable[[], list[str]]) -> int:
    return sum(request.startswith("GET directory()") for request in stored())


@pytest.mark.usefixtures("copied")
@pytest.mark.parametrize("mode", ["", "linked"])
async def test_a_cold_process_reads_the_copy_once(
    make: Make, ring: Ring, stored: Callable[[], list[str]], mode: str
) -> None:
    container = make(RESOURCE_ACCOUNTS=mode)
    await asyncio.gather(*(ring(container, SUPPORT_LINE) for _ in range(5)))
    await ring(container, FRONT_DESK)
    assert reads(stored) == 1


@pytest.mark.usefixtures("copied")
async def test_an_old_copy_is_read_again_after_the_answer(
    make: Make, ring: Ring, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = make()
    assert facts(await ring(container, SUPPORT_LINE))[1] == "Support line"
    renamed = {"support": {"displayName": "Helpline"}}
    await control("PATCH", "directory", {"tenants": {"contoso": {"resourceAccounts": renamed}}})
    await make().directory.refresh()
    assert facts(await ring(container, SUPPORT_LINE))[1] == "Support line"
    monkeypatch.setattr(account_cache, "MAX_AGE", 0.0)
    monkeypatch.setattr(account_cache.AccountCache.catch_up, "__defaults__", (0.0,))
    assert facts(await ring(container, SUPPORT_LINE))[1] == "Helpline"


async def test_the_row_names_an_account_that_was_copied_after_the_process_read_the_copy(
    make: Make, ring: Ring, stored: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its tenant, no supervisor would ever see the call."""
    container = make()
    assert facts(await ring(container, SUPPORT_LINE)) == (None, None, None)
    await make().directory.refresh()
    before = reads(stored)
    assert facts(await ring(container, SUPPORT_LINE)) == (None, None, None)
    assert reads(stored) == before, "an account that is missing is looked for every ten seconds at most"
    monkeypatch.setattr(account_cache, "MAX_AGE_OF_A_GAP", 0.0)
    assert facts(await ring(container, SUPPORT_LINE))[0] == CONTOSO


# -- RESOURCE_ACCOUNTS=linked ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("copied")
@pytest.mark.parametrize(
    ("account", "state"),
    [
        (SUPPORT_LINE, CallState.ANSWERED),
        (FRONT_DESK, CallState.ANSWERED),
        (OLD_LINE, CallState.NOT_OURS),
        (UNKNOWN, CallState.NOT_OURS),
    ],
)
async def test_only_calls_to_accounts_linked_to_this_acs_resource_are_answered(
    make: Make, ring: Ring, emulator: Emulator, account: str, state: CallState
) -> None:
    call = await ring(make(**LINKED), account)
    assert call is not None
    assert call.state is state
    assert answers(emulator) == (state is CallState.ANSWERED)
    if state is CallState.NOT_OURS:
        assert (call.lifecycle.caller, call.lifecycle.caller_name) == (None, None)


@pytest.mark.usefixtures("copied")
async def test_a_call_to_a_line_of_a_tenant_that_was_removed_is_not_answered(make: Make, ring: Ring) -> None:
    """At once, before its copy is removed."""
    call = await ring(make(API_TENANTS=CONTOSO, **LINKED), FRONT_DESK)
    assert call is not None
    assert (call.state, call.lifecycle.callee_name) == (CallState.NOT_OURS, None)


async def test_before_anything_was_copied_every_call_is_answered(make: Make, ring: Ring, emulator: Emulator) -> None:
    call = await ring(make(**LINKED), OLD_LINE)
    assert call is not None
    assert (call.state, answers(emulator)) == (CallState.ANSWERED, 1)


async def test_a_call_to_an_account_of_a_tenant_that_was_not_copied_yet_is_answered(
    make: Make, ring: Ring, emulator: Emulator
) -> None:
    container = make()
    await container.directory.account_copy.refresh(CONTOSO, container.directory.credentials.as_app(CONTOSO))
    call = await ring(make(**LINKED), FRONT_DESK)
    assert call is not None
    assert (call.state, answers(emulator)) == (CallState.ANSWERED, 1)


@pytest.mark.usefixtures("copied")
async def test_a_call_to_an_account_that_was_just_linked_is_answered(
    make: Make, ring: Ring, control: Control, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = make(**LINKED)
    await ring(container, SUPPORT_LINE)
    linked = {"old": {"acsResourceId": "ac5e0000-0000-4000-8000-000000000001"}}
    await control("PATCH", "directory", {"tenants": {"contoso": {"resourceAccounts": linked}}})
    await make().directory.refresh()
    monkeypatch.setattr(account_cache, "MAX_AGE_OF_A_GAP", 0.0)
    call = await ring(container, OLD_LINE)
    assert call is not None
    assert (call.state, call.lifecycle.callee_name) == (CallState.ANSWERED, "Old line")


@pytest.mark.usefixtures("copied")
async def test_with_an_outdated_unreadable_copy_every_call_is_answered(
    make: Make, ring: Ring, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last copy that was read lacks accounts that were linked since."""
    container = make(**LINKED)
    await ring(container, SUPPORT_LINE)
    await container.clients.directory.close()
    container.directory.account_cache._read_at -= account_cache.MAX_AGE_OF_A_GAP + account_cache.WAIT + 1
    call = await ring(container, UNKNOWN)
    assert call is not None
    assert (call.state, answers(emulator)) == (CallState.ANSWERED, 2)


@pytest.mark.parametrize("mode", ["", "linked"])
@pytest.mark.parametrize("table", ["no table", "closed port", "hangs"])
async def test_an_unreachable_directory_delays_no_answer(  # noqa: PLR0917  # fixtures and cases
    make: Make, rings: Callable[[str], Wire], emulator: Emulator, servers: Servers, storage: str, table: str, mode: str
) -> None:
    where = {"closed port": closed_port(), "hangs": await servers.start(hang)}
    tables = storage.partition("TableEndpoint=")[2].partition("/dev")[0]
    changed = {"DIRECTORY_TABLE": "missing"} if table == "no table" else {}
    container = make(RESOURCE_ACCOUNTS=mode, **changed)
    if table in where:
        lost = make(CALL_STORAGE=storage.replace(tables, where[table]))
        container.clients.__dict__["directory"] = lost.clients.directory
    wire, started = rings(SUPPORT_LINE), time.monotonic()
    await container.answering.incoming_call(wire)
    assert time.monotonic() - started < 1.8
    row: Row = await container.store.read(call_id_of(wire.get_json()["incomingCallContext"], wire.time))
    assert row.call is not None
    assert (row.call.state, answers(emulator)) == (CallState.ANSWERED, 1)

"""What the directory knows of who is called: shown with the call, and the list of accounts that are ours."""

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
from shared.storage.calls import Row, partition_of
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
    """Processes of the app, each cold."""
    url, apps = await servers.start(200), list[Container]()

    def process(**changed: str) -> Container:
        apps.append(Container(environment | {"CALLBACK_BASE_URL": url} | changed))
        return apps[-1]

    yield process
    for each in apps:
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
    """A call to an account, and its row after it rang."""

    async def call(app: Container, account: str) -> Call | None:
        wire = rings(account)
        await app.answering.incoming_call(wire)
        return (await app.store.read(call_id_of(wire.get_json()["incomingCallContext"], wire.time))).call

    return call


@pytest.fixture
async def copied(make: Make, table: TableClient) -> None:
    """The accounts of all tenants, copied by some process."""
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
async def test_the_row_tells_which_tenant_and_line_was_called(make: Make, ring: Ring, mode: str) -> None:
    app = make(RESOURCE_ACCOUNTS=mode)
    assert facts(await ring(app, SUPPORT_LINE)) == (CONTOSO, "Support line", "+18005550100")


@pytest.mark.usefixtures("copied")
async def test_calls_can_do_without_the_settings_of_the_directory(
    make: Make, ring: Ring, caplog: pytest.LogCaptureFixture
) -> None:
    app = make(API_TENANTS="", API_CLIENT_ID="", RESOURCE_ACCOUNTS="linked")
    assert facts(await ring(app, SUPPORT_LINE)) == (CONTOSO, "Support line", "+18005550100")
    answered = await ring(app, UNKNOWN)
    assert answered is not None
    assert answered.state is CallState.ANSWERED
    assert "cannot be read" not in caplog.text


@pytest.mark.usefixtures("copied")
async def test_a_line_of_another_tenant_is_told_as_its(make: Make, ring: Ring) -> None:
    tenant, name, number = facts(await ring(make(), FRONT_DESK))
    assert (tenant, name) == (FABRIKAM, "Front desk")
    assert number.startswith("+44")


async def test_the_tenant_stands_in_a_column_of_its_own(make: Make, ring: Ring, copied: None) -> None:
    app = make()
    call = await ring(app, SUPPORT_LINE)
    assert call is not None
    entity = await app.clients.calls.get_entity(partition_of(call.id), call.id)
    assert entity["tenant"] == CONTOSO


@pytest.mark.usefixtures("copied")
async def test_an_account_that_nobody_knows_is_answered_and_has_no_name(
    make: Make, ring: Ring, emulator: Emulator
) -> None:
    assert facts(await ring(make(), UNKNOWN)) == (None, None, None)
    assert answers(emulator) == 1


@pytest.mark.usefixtures("copied")
async def test_by_default_nothing_is_read_before_the_answer(
    make: Make, ring: Ring, control: Control, emulator: Emulator, stored: Callable[[], list[str]]
) -> None:
    """The very first call of a process, while ACS takes its time to accept the answer."""
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
    app = make(RESOURCE_ACCOUNTS=mode)
    await asyncio.gather(*(ring(app, SUPPORT_LINE) for _ in range(5)))
    await ring(app, FRONT_DESK)
    assert reads(stored) == 1


@pytest.mark.usefixtures("copied")
async def test_a_copy_that_has_got_old_is_read_again_behind_the_answer(
    make: Make, ring: Ring, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make()
    assert facts(await ring(app, SUPPORT_LINE))[1] == "Support line"
    renamed = {"support": {"displayName": "Helpline"}}
    await control("PATCH", "directory", {"tenants": {"contoso": {"resourceAccounts": renamed}}})
    await make().directory.refresh()
    assert facts(await ring(app, SUPPORT_LINE))[1] == "Support line"
    monkeypatch.setattr(account_cache, "MAX_AGE", 0.0)
    monkeypatch.setattr(account_cache.AccountCache.catch_up, "__defaults__", (0.0,))
    assert facts(await ring(app, SUPPORT_LINE))[1] == "Helpline"


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
async def test_ours_are_the_accounts_that_are_linked_to_this_acs_resource(
    make: Make, ring: Ring, emulator: Emulator, account: str, state: CallState
) -> None:
    call = await ring(make(**LINKED), account)
    assert call is not None
    assert call.state is state
    assert answers(emulator) == (state is CallState.ANSWERED)
    if state is CallState.NOT_OURS:
        assert (call.lifecycle.caller, call.lifecycle.caller_name) == (None, None)


@pytest.mark.usefixtures("copied")
async def test_lines_of_a_tenant_that_is_no_longer_ours_are_not_ours(make: Make, ring: Ring) -> None:
    """At once, whether or not its copy has been cleared away."""
    call = await ring(make(API_TENANTS=CONTOSO, **LINKED), FRONT_DESK)
    assert call is not None
    assert (call.state, call.lifecycle.callee_name) == (CallState.NOT_OURS, None)


async def test_before_anything_was_copied_every_call_is_answered(make: Make, ring: Ring, emulator: Emulator) -> None:
    call = await ring(make(**LINKED), OLD_LINE)
    assert call is not None
    assert (call.state, answers(emulator)) == (CallState.ANSWERED, 1)


async def test_an_account_may_be_of_a_tenant_that_was_not_copied_yet(
    make: Make, ring: Ring, emulator: Emulator
) -> None:
    app = make()
    await app.directory.account_copy.refresh(CONTOSO, app.directory.credentials.as_app(CONTOSO))
    call = await ring(make(**LINKED), FRONT_DESK)
    assert call is not None
    assert (call.state, answers(emulator)) == (CallState.ANSWERED, 1)


@pytest.mark.usefixtures("copied")
async def test_an_account_that_was_linked_a_moment_ago_is_ours(
    make: Make, ring: Ring, control: Control, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make(**LINKED)
    await ring(app, SUPPORT_LINE)
    linked = {"old": {"acsResourceId": "ac5e0000-0000-4000-8000-000000000001"}}
    await control("PATCH", "directory", {"tenants": {"contoso": {"resourceAccounts": linked}}})
    await make().directory.refresh()
    monkeypatch.setattr(account_cache, "MAX_AGE_TO_IGNORE", 0.0)
    call = await ring(app, OLD_LINE)
    assert call is not None
    assert (call.state, call.lifecycle.callee_name) == (CallState.ANSWERED, "Old line")


@pytest.mark.usefixtures("copied")
async def test_a_copy_that_cannot_be_read_any_more_leaves_no_call_alone(
    make: Make, ring: Ring, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read earlier does not tell of accounts that were linked since."""
    app = make(**LINKED)
    await ring(app, SUPPORT_LINE)
    await app.clients.directory.close()
    app.directory.account_cache._read_at -= account_cache.MAX_AGE_TO_IGNORE + account_cache.WAIT + 1
    call = await ring(app, UNKNOWN)
    assert call is not None
    assert (call.state, answers(emulator)) == (CallState.ANSWERED, 2)


@pytest.mark.parametrize("mode", ["", "linked"])
@pytest.mark.parametrize("table", ["no table", "nobody listens", "hangs"])
async def test_a_directory_that_is_unreachable_holds_up_no_answer(  # noqa: PLR0917  # fixtures and cases
    make: Make, rings: Callable[[str], Wire], emulator: Emulator, servers: Servers, storage: str, table: str, mode: str
) -> None:
    where = {"nobody listens": closed_port(), "hangs": await servers.start(hang)}
    tables = storage.partition("TableEndpoint=")[2].partition("/dev")[0]
    changed = {"DIRECTORY_TABLE": "missing"} if table == "no table" else {}
    app = make(RESOURCE_ACCOUNTS=mode, **changed)
    if table in where:
        lost = make(CALL_STORAGE=storage.replace(tables, where[table]))
        app.clients.__dict__["directory"] = lost.clients.directory
    wire, started = rings(SUPPORT_LINE), time.monotonic()
    await app.answering.incoming_call(wire)
    assert time.monotonic() - started < 1.8
    row: Row = await app.store.read(call_id_of(wire.get_json()["incomingCallContext"], wire.time))
    assert row.call is not None
    assert (row.call.state, answers(emulator)) == (CallState.ANSWERED, 1)

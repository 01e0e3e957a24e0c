"""The plan of an incoming call: chosen after the answer, and kept in the call's row."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from emulator.acs.identifiers import parse
from emulator.server import Emulator
from shared.acs import callbacks
from shared.calls.capabilities import Call
from shared.calls.plans.document import Plan
from shared.calls.state import CallState
from shared.directory import account_cache
from shared.directory.models import ResourceAccount
from shared.plans import rows
from shared.service.choosing import LONGEST_HEADER, MOST_HEADERS
from shared.service.container import Container
from shared.service.processor import TryAgain
from tests.golden import cloud_event
from tests.service.test_triggers import Wire, id_of, row_of
from tests.support import asked

CALLER = "+12065551212"
MENU: dict[str, Any] = {"type": "menu", "prompt": {"file": "https://audio/menu.wav"}, "keys": {"1": "bye"}}
MATCH: dict[str, Any] = {"type": "match", "customer": "known", "then": "menu", "otherwise": "bye"}


def plan(**steps: dict[str, Any]) -> Plan:
    known = steps or {"menu": MENU | {"otherwise": "bye"}}
    return msgspec.convert({"start": next(iter(known)), "steps": known | {"bye": {"type": "hangUp"}}}, Plan)


@pytest.fixture
async def account(container: Container, tenant: str) -> str:
    """A resource account of a tenant of its own, which the app has copied."""
    id = str(uuid.uuid4())
    found = ResourceAccount(id, tenant, "Sales", "sales@contoso.com", "app", container.settings.acs_resource_id)
    await container.clients.directory.upsert_entity(account_cache.row(found))
    return id


@pytest.fixture
def container(make_container: Callable[..., Container], tenant: str) -> Container:
    return make_container(API_TENANTS=tenant, RECORDING="off")


@pytest.fixture
def rings(emulator: Emulator) -> Callable[..., Wire]:
    emulator.service.rng.seed()

    def ring(account: str, **how: Any) -> Wire:
        call = emulator.service.ring(parse(CALLER), parse(account), kind="tpe")
        return Wire(emulator.service.incoming_call_event(call, **how))

    return ring


@pytest.fixture
def called(container: Container, account: str, rings: Callable[..., Wire]) -> Callable[..., Any]:
    """A call to the account; its row."""

    async def call(**how: Any) -> Call:
        wire = rings(account, **how)
        await container.answering.incoming_call(wire)
        return await row_of(container, wire)

    return call


def connected(call_id: str) -> Wire:
    event = cloud_event("call_connected")
    return Wire(event | {"id": str(uuid.uuid4()), callbacks.CALL_ID: call_id})


async def test_a_call_begins_with_the_plan_of_its_account(
    container: Container, tenant: str, account: str, called: Callable[..., Any]
) -> None:
    await container.plans.put(tenant, "default", plan(), "user ada")
    await container.plans.put(tenant, account, plan(MENU={"type": "hangUp"}), "user ada")
    saved, _ = await container.plans.put(tenant, account, plan(), "user ada")
    call = await called()
    assert (call.routing.plan, call.routing.version, call.routing.name) == (saved.plan, 2, account)
    assert call.routing.resource == container.settings.acs_resource_id
    assert call.routing.is_customer is None
    (entry,) = (entry for entry in call.timeline if entry.type == "PlanChosen")
    assert entry.text == f"{account}, version 2"


async def test_an_account_without_a_plan_has_the_default_or_none(
    container: Container, tenant: str, called: Callable[..., Any]
) -> None:
    none = await called()
    assert (none.routing.plan, [entry.type for entry in none.timeline]) == (None, ["IncomingCall"])
    await container.plans.put(tenant, "default", plan(), "user ada")
    container.plan_cache.forget(tenant)
    assert (await called()).routing.name == "default"


async def test_a_call_that_is_delivered_again_keeps_its_plan(
    container: Container, tenant: str, account: str, rings: Callable[..., Wire]
) -> None:
    await container.plans.put(tenant, account, plan(), "user ada")
    wire = rings(account)
    await container.answering.incoming_call(wire)
    before = await row_of(container, wire)
    await container.answering.incoming_call(wire)
    assert await row_of(container, wire) == before
    await container.plans.put(tenant, account, plan(bye={"type": "hangUp"}), "user ada")
    container.plan_cache.forget(tenant)
    await container.answering.incoming_call(wire)
    after = await row_of(container, wire)
    assert (after.routing, [entry.type for entry in after.timeline].count("PlanChosen")) == (before.routing, 2)


async def test_a_call_on_behalf_of_a_person_has_no_plan(
    container: Container, tenant: str, account: str, called: Callable[..., Any], rings: Callable[..., Wire]
) -> None:
    """Nor has one whose ``onBehalfOfCallee`` cannot be read."""
    await container.plans.put(tenant, account, plan(), "user ada")
    assert (await called(on_behalf_of=parse("8:orgid:0000c0de-0000-4000-8000-0000000000a2"))).routing.plan is None
    wire = rings(account)
    wire.event["data"]["onBehalfOfCallee"] = {"kind": "unknown"}
    await container.answering.incoming_call(wire)
    assert (await row_of(container, wire)).routing.plan is None


async def test_a_call_that_is_rejected_has_no_plan(
    make_container: Callable[..., Container], tenant: str, account: str, rings: Callable[..., Wire]
) -> None:
    container, wire = make_container(API_TENANTS=tenant, INCOMING_CALLS="busy"), rings(account)
    await container.plans.put(tenant, account, plan(), "user ada")
    await container.answering.incoming_call(wire)
    call = await row_of(container, wire)
    assert (call.state, call.routing.plan) == (CallState.REJECTED, None)


async def test_the_row_says_why_a_plan_is_not_known(
    container: Container, tenant: str, account: str, called: Callable[..., Any], rings: Callable[..., Wire]
) -> None:
    saved, _ = await container.plans.put(tenant, account, plan(), "user ada")
    newer = '{"start": "a", "steps": {"a": {"type": "teleport"}}}'
    entity = rows.entity(tenant, rows.plan_key(account), saved) | {"plan": newer}
    await container.clients.plans.upsert_entity(entity)
    unreadable = await called()
    (text,) = (entry.text for entry in unreadable.timeline if entry.type == "PlanUnavailable")
    assert text == f"version 1 of the plan {account} cannot be read by this version of the app"
    wire = rings(str(uuid.uuid4()))
    await container.answering.incoming_call(wire)
    (text,) = (entry.text for entry in (await row_of(container, wire)).timeline if entry.type == "PlanUnavailable")
    assert text == "the resource account is not in the app's copy of the directory"


async def test_a_call_is_answered_without_the_table_of_plans(
    make_container: Callable[..., Container], tenant: str, account: str, rings: Callable[..., Wire], emulator: Emulator
) -> None:
    container, wire = make_container(API_TENANTS=tenant, PLANS_TABLE="nosuch"), rings(account)
    with pytest.raises(TryAgain, match="its plan cannot be read"):
        await container.answering.incoming_call(wire)
    call = await row_of(container, wire)
    assert call.state is CallState.ANSWERED
    assert "the plans cannot be read from storage" in [entry.text for entry in call.timeline]
    assert len(asked(emulator, "AnswerCall")) == 1


async def test_a_plan_that_could_not_be_read_is_chosen_with_the_next_delivery(
    make_container: Callable[..., Container],
    container: Container,
    tenant: str,
    account: str,
    rings: Callable[..., Wire],
) -> None:
    await container.plans.put(tenant, account, plan(), "user ada")
    wire = rings(account)
    with pytest.raises(TryAgain):
        await make_container(API_TENANTS=tenant, PLANS_TABLE="nosuch").answering.incoming_call(wire)
    await container.answering.incoming_call(wire)
    call = await row_of(container, wire)
    assert (call.state, call.routing.version) == (CallState.ANSWERED, 1)


async def test_a_plan_that_asks_for_customers_has_the_caller_looked_up(
    container: Container, tenant: str, account: str, called: Callable[..., Any]
) -> None:
    await container.plans.put(tenant, account, plan(match=MATCH, menu=MENU | {"otherwise": "bye"}), "user ada")
    assert (await called()).routing.is_customer is False
    await container.customers.put(tenant, "C-1", "Megan Bowen", (CALLER,))
    assert (await called()).routing.is_customer is True


async def test_without_the_table_of_customers_a_plan_begins_all_the_same(
    make_container: Callable[..., Container], tenant: str, account: str, rings: Callable[..., Wire]
) -> None:
    container, wire = make_container(API_TENANTS=tenant, CUSTOMERS_TABLE="nosuch"), rings(account)
    await container.plans.put(tenant, account, plan(match=MATCH, menu=MENU | {"otherwise": "bye"}), "user ada")
    await container.answering.incoming_call(wire)
    routing = (await row_of(container, wire)).routing
    assert (routing.plan is None, routing.is_customer) == (False, None)


async def test_the_custom_context_of_a_call_is_kept_by_names_in_lower_case(
    container: Container, tenant: str, account: str, called: Callable[..., Any]
) -> None:
    await container.plans.put(tenant, account, plan(), "user ada")
    given = {"voipHeaders": {"X-Case": "42", "Both": "voip"}, "sipHeaders": {"both": "sip", "User-To-User": "abc"}}
    call = await called(custom_context=given)
    assert call.routing.context == {"x-case": "42", "both": "voip", "user-to-user": "abc"}


@pytest.mark.parametrize(
    "context",
    [
        {"voipHeaders": {f"x-{n}": "y" * 10_000 for n in range(200)}},
        {"voipHeaders": {"x" * 10_000: "y"}},
        {"voipHeaders": {"X-Case": 42}, "sipHeaders": ["x"]},
        "none",
    ],
)
async def test_a_custom_context_of_any_size_and_form_is_bounded(
    container: Container, tenant: str, account: str, rings: Callable[..., Wire], context: Any
) -> None:
    await container.plans.put(tenant, account, plan(), "user ada")
    wire = rings(account)
    wire.event["data"]["customContext"] = context
    await container.answering.incoming_call(wire)
    routing = (await row_of(container, wire)).routing
    assert routing.plan is not None
    assert len(routing.context) <= MOST_HEADERS
    assert all(len(name) <= LONGEST_HEADER and len(value) <= LONGEST_HEADER for name, value in routing.context.items())


async def test_a_plan_begins_in_a_call_that_another_event_has_connected_before(
    container: Container, tenant: str, account: str, rings: Callable[..., Wire]
) -> None:
    """CallConnected can reach its row before IncomingCall does."""
    await container.plans.put(tenant, account, plan(), "user ada")
    wire = rings(account)
    await container.events.callback(connected(id_of(wire)))
    assert (await row_of(container, wire)).routing.plan is None
    await container.answering.incoming_call(wire)
    call = await row_of(container, wire)
    assert call.routing.visits[0].name == "menu.1"


async def test_many_calls_cost_one_request_for_plans(
    container: Container, tenant: str, account: str, rings: Callable[..., Wire]
) -> None:
    await container.plans.put(tenant, account, plan(), "user ada")
    plans, found = container.clients.plans, list[str]()
    query = plans.query_entities

    def counted(*given: Any, **named: Any) -> Any:
        found.append("query")
        return query(*given, **named)

    plans.query_entities = counted  # type: ignore[method-assign]
    wires = [rings(account) for _ in range(5)]
    await asyncio.gather(*(container.answering.incoming_call(wire) for wire in wires))
    assert all([(await row_of(container, wire)).routing.plan for wire in wires])
    assert found == ["query"]

"""Claiming and releasing agents for a call, by the executors."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from msgspec.structs import replace

from shared.acs.executor import EffectExecutor
from shared.agents.models import Agent, Group
from shared.agents.queue import Queue
from shared.agents.states import available, status
from shared.agents.store import AgentStore
from shared.calls.actions import Action
from shared.calls.actions.routing import EngageAgent, OfferCall, ReleaseAgent, StopWaiting
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import Lifecycle
from shared.calls.capabilities.routing import CallOffered, Routing
from shared.calls.event import ActionFailed, ActionPerformed
from shared.calls.identities import agent as raw_id
from shared.calls.plans.base import Visit
from shared.calls.plans.document import AnyStep, Plan
from shared.calls.plans.leaving import HangUpStep
from shared.calls.plans.ring import RingStep
from shared.calls.plans.targets import Target
from shared.calls.plans.waiting import Wait
from shared.service.container import Container
from tests.golden import START
from tests.support import a_call, perform

RESOURCE, ACCOUNT = "ac5e0000-0000-4000-8000-000000000001", "11111111-1111-4111-8111-111111111111"
ADA = "0000ada0-0000-4000-8000-0000000000a1"
NUMBER = "4:+493012345"


def called(tenant: str | None) -> Call:
    lifecycle = Lifecycle(callee=f"28:orgid:{ACCOUNT.upper()}", tenant=tenant and tenant.upper())
    return a_call(lifecycle=lifecycle, routing=Routing(resource=RESOURCE))


def offer(*targets: str) -> OfferCall:
    return OfferCall("ring.1", 1, targets, "longestIdle", 30)


async def staffed(store: AgentStore) -> str:
    """A tenant with one agent, who is available at START."""
    tenant = str(uuid.uuid4())
    ada = available(Agent(ADA, (ACCOUNT,)), START + timedelta(hours=1), START)
    await store.change_agent(tenant, ADA, lambda _: ada)
    await store.change_group(tenant, "sales", lambda _: Group("sales", "Sales", (ADA,)))
    return tenant


async def test_an_agent_is_claimed_engaged_and_released(executor: EffectExecutor, container: Container) -> None:
    tenant = await staffed(container.agents)
    call, ada = called(tenant), raw_id(RESOURCE, tenant, ADA)
    offered = await perform(executor, call, offer("group:sales"))
    assert isinstance(offered, CallOffered)
    assert offered.targets == (ada,)
    steps: list[tuple[Action, str]] = [
        (EngageAgent(ada), "inCall"),
        (ReleaseAgent(ada, "accepted"), "available"),
    ]
    for action, state in steps:
        assert isinstance(await perform(executor, call, action), ActionPerformed)  # type: ignore[arg-type]
        agent = await container.agents.agent(tenant, ADA)
        assert agent is not None
        assert status(agent, START).state == state


async def test_without_a_tenant_numbers_alone_are_offered(executor: EffectExecutor) -> None:
    offered = await perform(executor, called(None), offer("group:sales", NUMBER))
    assert offered.targets == (NUMBER,)
    assert (await perform(executor, called(None), offer("group:sales"))).targets == ()


async def test_a_number_is_neither_engaged_nor_released(executor: EffectExecutor, container: Container) -> None:
    call = called(await staffed(container.agents))
    assert isinstance(await perform(executor, call, EngageAgent(NUMBER)), ActionPerformed)
    assert isinstance(await perform(executor, call, ReleaseAgent(NUMBER, "noAnswer")), ActionPerformed)


async def test_a_call_waits_from_its_first_visit_to_the_step_until_it_stops(
    executor: EffectExecutor, container: Container
) -> None:
    tenant = await staffed(container.agents)
    away = available(Agent(ADA), START, START)
    await container.agents.change_agent(tenant, ADA, lambda _: away)
    steps: dict[str, AnyStep] = {"ring": ring(Wait(600), "sales"), "else": ring(None, "sales"), "bye": HangUpStep()}
    visits = tuple(
        Visit(step, 1, START + timedelta(seconds=n)) for n, step in enumerate(("bye", "else", "ring", "ring"))
    )
    routing = Routing(plan=Plan("ring", steps), resource=RESOURCE, visits=visits)
    call = replace(called(tenant), routing=routing)
    offered = await perform(executor, call, replace(offer("group:sales"), waits=True))
    assert (offered.targets, offered.position) == ((), 1)
    queue = Queue(container.clients.agents, lambda: START)
    assert [each.since for each in await queue.waiting(tenant)] == [START + timedelta(seconds=2)]
    assert isinstance(await perform(executor, call, StopWaiting(("sales",))), ActionPerformed)
    assert await queue.waiting(tenant) == []


def ring(wait: Wait | None, group: str) -> RingStep:
    return RingStep(targets=(Target(group=group),), wait=wait, left="bye", otherwise="bye")


async def test_a_missing_table_is_a_failure(
    make_executor: Callable[..., EffectExecutor],
) -> None:
    failed = await perform(make_executor(AGENTS_TABLE="nosuch"), called("t"), offer("group:sales"))
    assert isinstance(failed, ActionFailed)
    assert failed.code == 404

"""Calls that a plan offers to a group: agents are in one call at a time, and callers wait for the next who is free."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from shared.agents.queue import Queue
from shared.api.parameters import TENANT
from shared.calls.capabilities import Call
from tests.api.calls.conftest import Line
from tests.api.calls.parties import caller_hangs_up, raw_id
from tests.api.calls.plans import at_step, planned
from tests.api.calls.test_offers import BYE, Agent

WAIT = {"seconds": 600}


async def group_of(line: Line, *agents: Agent, wrap_up: int = 0) -> str:
    id = f"G-{uuid.uuid4().hex}"
    body = {"name": "Sales", "members": [each.id for each in agents], "wrapUpSeconds": wrap_up}
    assert (await line.client.ask("PUT", f"groups/{id}", line.supervisor, body)).status == 201
    return id


async def calling(line: Line, group: str, **ring: Any) -> str:
    """The id of a call whose plan rings the group."""
    step = {"type": "ring", "targets": [{"group": group}], "seconds": 60, "left": "bye", "otherwise": "bye"} | ring
    return await planned(line, {"sales": step, "bye": BYE, "end": {"type": "hangUp"}})


def is_with(call: Call, agent: Agent) -> bool:
    return raw_id(agent.id) in call.participants.present


async def state(line: Line, agent: Agent, expected: str) -> dict[str, Any]:
    """The agent, once in this state."""
    for _ in range(100):
        found: dict[str, Any] = (await line.get(f"agents/{agent.id}")).data
        if found["state"] == expected:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(found)


async def waiting(line: Line, group: str) -> int:
    container = line.system.container
    queue = Queue(container.clients.agents, container.now)
    return sum(f"group:{group}" in each.search.targets for each in await queue.waiting(TENANT))


async def test_the_caller_who_waits_longest_gets_the_agent_when_the_call_before_ends(line: Line) -> None:
    grace = await Agent.available(line)
    group = await group_of(line, grace)
    first = await calling(line, group, wait=WAIT)
    assert (await state(line, grace, "inCall"))["callId"] == first
    second, third = [await calling(line, group, wait=WAIT) for _ in range(2)]
    await line.system.until(second, lambda call: positions(call)[-1:] == [1])
    await line.system.until(third, lambda call: positions(call)[-1:] == [2])
    await caller_hangs_up(line, first)
    await line.system.until(second, lambda call: is_with(call, grace))
    assert not is_with(await line.call(third), grace)
    await caller_hangs_up(line, third)
    await caller_hangs_up(line, second)
    await state(line, grace, "available")
    assert await waiting(line, group) == 0


def positions(call: Call) -> list[int | None]:
    offers = sorted(call.routing.offers.values(), key=lambda each: each.at)
    return [each.position for each in offers]


async def test_of_two_calls_that_want_the_same_agent_one_has_nobody(line: Line) -> None:
    grace = await Agent.available(line)
    group = await group_of(line, grace)
    calls = await asyncio.gather(calling(line, group), calling(line, group))
    found = await asyncio.gather(*(line.system.until(each, lambda call: bool(positions(call))) for each in calls))
    offered = [target for call in found for each in call.routing.offers.values() for target in each.targets]
    assert offered == [raw_id(grace.id)]


async def test_an_agent_who_does_not_answer_is_away_and_the_next_one_rings(line: Line) -> None:
    grace, alan = await Agent.available(line, "no_answer"), await Agent.available(line)
    call_id = await calling(line, await group_of(line, grace, alan), seconds=5)
    await line.system.until(call_id, lambda call: is_with(call, alan))
    assert (await state(line, grace, "away"))["reason"] == "did not answer"
    await state(line, alan, "inCall")


async def test_a_caller_who_leaves_leaves_the_agent_available(line: Line) -> None:
    grace = await Agent.available(line, "no_answer")
    call_id = await calling(line, await group_of(line, grace))
    await state(line, grace, "ringing")
    await caller_hangs_up(line, call_id)
    await state(line, grace, "available")


async def test_wrap_up_follows_a_call_and_the_next_caller_waits_for_its_end(line: Line) -> None:
    grace = await Agent.available(line)
    group = await group_of(line, grace, wrap_up=3)
    first = await calling(line, group)
    await state(line, grace, "inCall")
    await caller_hangs_up(line, first)
    await state(line, grace, "wrapUp")
    second = await calling(line, group, wait=WAIT)
    await line.system.until(second, lambda call: is_with(call, grace))
    await line.command(f"calls/{second}/hang-up")


async def test_without_an_agent_the_call_goes_on(line: Line) -> None:
    call_id = await calling(line, await group_of(line))
    await at_step(line, call_id, "bye.1")

"""Routing plans over HTTP, and the calls that run them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.calls.state import CallState
from tests.api.calls.conftest import Line

SALES_LINE = "11111111-1111-4111-8111-111111111112"
PATH = f"plans/{SALES_LINE}"


def greeting(name: str) -> dict[str, Any]:
    play = {"type": "play", "prompt": {"file": f"https://audio.contoso.com/{name}.wav"}, "then": "bye"}
    return {"start": name, "steps": {name: play, "bye": {"type": "hangUp"}}}


@pytest.fixture
async def administrator(line: Line) -> AsyncIterator[str]:
    token = await line.client.token(user=await line.client.newcomer(), roles=["Administrator"])
    yield token
    await line.client.ask("DELETE", PATH, token)


async def test_a_saved_plan_is_run_by_the_next_call(line: Line, administrator: str) -> None:
    """And one that is replaced while the call runs does not change the call."""
    first = await line.client.ask("PUT", PATH, administrator, greeting("hello"))
    assert first.status == 201, first.body
    call_id = await line.system.dial(to=SALES_LINE)
    await line.system.until(call_id, lambda call: call.routing.plan is not None)
    assert (await line.client.ask("PUT", PATH, administrator, greeting("other"))).status == 200
    await line.system.until(call_id, lambda call: call.state is CallState.ENDED)
    call = await line.call(call_id)
    assert [visit.step for visit in call.routing.visits] == ["hello", "bye"]
    assert (call.routing.name, call.routing.version) == (SALES_LINE, first.data["version"])
    assert "PlanChosen" in [entry.type for entry in call.timeline]
    second = await line.system.dial(to=SALES_LINE)
    await line.system.until(second, lambda call: call.routing.plan is not None)
    assert (await line.call(second)).routing.version == first.data["version"] + 1

"""The sample ``samples/crm``: a function of the user's own decides, by the digits that the caller has entered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from local.own_step import TONES, start_sample, subscribe_sample
from local.stack import Stack
from tests.api.calls.conftest import Line
from tests.api.calls.parties import GRACE, id_at_acs
from tests.api.calls.plans import at_step, planned
from tests.api.calls.test_steps import SILENCE

REQUESTED = "TeamsPhone.DecisionRequested"
PLAN: dict[str, dict[str, Any]] = {
    "account": {
        "type": "collect",
        "prompt": {"file": "https://audio/account.wav"},
        "digits": 8,
        "secret": True,
        "then": "lookup",
        "otherwise": "bye",
    },
    "lookup": {"type": "decide", "choices": ["premium", "support"], "seconds": 20, "otherwise": "bye"},
    "premium": SILENCE,
    "support": SILENCE,
    "bye": {"type": "hangUp"},
}


@pytest.fixture(scope="module")
async def port(running: Stack) -> AsyncIterator[int]:
    yield await start_sample(running)
    await running.stop_beside("crm")


@pytest.fixture
async def crm(line: Line, port: int) -> None:
    await subscribe_sample(line.system.stack, line.client.http, port)


async def entered(line: Line, digits: str, **lookup: Any) -> str:
    """The id of a call whose caller enters the digits."""
    call_id = await planned(line, PLAN | {"lookup": PLAN["lookup"] | lookup})
    await line.system.until(
        call_id, lambda call: any(e.action.name == "Recognize" and e.performed for e in call.effects)
    )
    id = await id_at_acs(line, call_id)
    for digit in digits:
        await line.system.control("POST", f"calls/{id}/press", {"tone": TONES[int(digit)]})
    return call_id


@pytest.mark.parametrize(("digits", "step"), [("12345678", "premium"), ("87654321", "support")])
async def test_the_function_decides_by_the_digits(line: Line, crm: None, digits: str, step: str) -> None:
    call_id = await entered(line, digits)
    await at_step(line, call_id, f"{step}.1")
    (event,) = (e["event"] for e in await line.system.journal("event") if e["event"]["type"] == REQUESTED)
    assert event["data"]["visits"] == ["account.1", "lookup.1"]
    assert digits not in json.dumps(event)
    await line.system.idle()
    deliveries = await line.system.journal("delivery")
    assert [each["subscription"] for each in deliveries if event["id"] in json.dumps(each)] == ["crm"]
    assert not [entry for entry in (await line.call(call_id)).timeline if digits in entry.text]


async def test_digits_of_a_secret_step_are_for_supervisors(line: Line, crm: None) -> None:
    call_id = await entered(line, "12345678")
    await at_step(line, call_id, "premium.1")
    await line.join(call_id, GRACE)
    agent = await line.client.token(user="grace", roles=["Agent"])
    for token, digits in ((line.supervisor, "12345678"), (agent, None)):
        step = (await line.get(f"calls/{call_id}/steps/account.1", token)).data
        assert (step["type"], step["digits"]) == ("collect", digits)


async def test_an_event_that_is_delivered_twice_is_decided_once(line: Line, crm: None) -> None:
    twice = {"where": "eventgrid", "match": {"type": REQUESTED}, "do": "duplicate", "count": 3}
    await line.system.control("POST", "faults", twice)
    call_id = await entered(line, "12345678")
    await at_step(line, call_id, "premium.1")
    await line.system.idle()
    call = await line.call(call_id)
    assert [each.name for each in call.routing.visits] == ["account.1", "lookup.1", "premium.1"]
    assert len([entry for entry in call.timeline if entry.type == "StepDecided"]) == 1


async def test_without_the_function_the_call_goes_on_in_time(line: Line) -> None:
    call_id = await entered(line, "12345678", seconds=1, otherwise="support")
    await at_step(line, call_id, "support.1")
    lookup = (await line.call(call_id)).routing.visits[1]
    assert lookup.reason == "no decision within 1 s"
    assert lookup.left_at is not None
    assert (lookup.left_at - lookup.begun_at).total_seconds() < 4


async def test_a_function_that_is_late_changes_nothing_and_is_not_asked_again(line: Line, crm: None) -> None:
    late = {"where": "eventgrid", "match": {"type": REQUESTED}, "do": "delay", "seconds": 2}
    await line.system.control("POST", "faults", late)
    call_id = await entered(line, "12345678", seconds=1, otherwise="support")
    await at_step(line, call_id, "support.1")
    await line.system.idle()
    deliveries = [e for e in await line.system.journal("delivery") if e["subscription"] == "crm"]
    assert [each["status"] for each in deliveries] == [202], deliveries
    assert [each.name for each in (await line.call(call_id)).routing.visits][-1] == "support.1"

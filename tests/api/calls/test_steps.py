"""The steps of a call's plan: shown, decided by another application, and answered by agents."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.api.calls.conftest import Line
from tests.api.calls.parties import caller_hangs_up
from tests.api.calls.plans import VERSION, at_step, planned
from tests.api.conftest import Reply

SILENCE = {"type": "menu", "prompt": {"file": "https://audio/silence.wav"}, "seconds": 60, "otherwise": "bye"}
CHOICES = {"type": "decide", "choices": ["vip", "sales"], "otherwise": "sales"}
LOOKUP: dict[str, dict[str, Any]] = {
    "lookup": CHOICES | {"seconds": 60},
    "vip": SILENCE,
    "sales": SILENCE,
    "bye": {"type": "hangUp"},
}
SOON = LOOKUP | {"lookup": CHOICES | {"seconds": 1}}


async def decide(line: Line, call_id: str, choice: str, visit: str = "lookup.1") -> Reply:
    return await line.command(f"calls/{call_id}/steps/{visit}", {"choice": choice})


def refusal(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.data["code"]


async def test_the_steps_show_where_the_call_stands(line: Line) -> None:
    call_id = await planned(line, LOOKUP)
    steps = (await line.get(f"calls/{call_id}/steps")).data
    (step,) = steps["value"]
    assert (steps["planId"], steps["planVersion"]) == ("default", VERSION)
    assert (step["visit"], step["step"], step["number"], step["type"]) == ("lookup.1", "lookup", 1, "decide")
    assert (step["choices"], step["leftAt"], step["to"]) == (["vip", "sales"], None, None)
    assert step["deadline"] > step["begunAt"]
    assert (await line.get(f"calls/{call_id}/steps/lookup.1")).data == step
    call = (await line.get(f"calls/{call_id}")).data
    assert (call["step"], call["planVersion"]) == ("lookup.1", VERSION)


async def test_a_call_without_a_plan_has_no_steps(line: Line) -> None:
    call_id = await line.connected()
    assert (await line.get(f"calls/{call_id}/steps")).data == {"planId": None, "planVersion": None, "value": []}
    call = (await line.get(f"calls/{call_id}")).data
    assert (call["step"], call["planVersion"]) == (None, None)
    assert refusal(await line.get(f"calls/{call_id}/steps/lookup.1")) == (404, "NotFound")
    assert refusal(await decide(line, call_id, "vip")) == (404, "NotFound")


async def test_a_decision_leads_on_and_can_be_repeated_but_not_changed(line: Line) -> None:
    call_id = await planned(line, LOOKUP)
    for _ in range(2):
        decided = await decide(line, call_id, "vip")
        assert (decided.status, decided.data["to"], decided.data["reason"]) == (200, "vip", "decided"), decided.body
    other = await decide(line, call_id, "sales")
    assert refusal(other) == (409, "StepLeft")
    assert other.data["detail"] == "The call has left lookup.1 (decided); it goes on at vip."
    call = await line.call(call_id)
    assert [each.name for each in call.routing.visits] == ["lookup.1", "vip.1"]
    (entry,) = (each for each in call.timeline if each.type == "StepDecided")
    assert entry.text.startswith("lookup.1: vip, by user ")


async def test_a_holder_of_a_key_decides(line: Line) -> None:
    call_id = await planned(line, LOOKUP)
    decided = await line.client.ask("POST", f"calls/{call_id}/steps/lookup.1", None, {"choice": "sales"}, keyed=True)
    assert (decided.status, decided.data["to"]) == (200, "sales")


async def test_of_many_decisions_at_once_one_is_taken(line: Line) -> None:
    call_id = await planned(line, LOOKUP)
    replies = await asyncio.gather(*(decide(line, call_id, choice) for choice in ("vip", "sales") * 4))
    taken = {reply.data["to"] for reply in replies if reply.status == 200}
    assert len(taken) == 1, [reply.body for reply in replies]
    assert {refusal(reply) for reply in replies if reply.status != 200} <= {(409, "StepLeft"), (503, "Busy")}
    assert (await line.call(call_id)).routing.visits[0].to in taken


async def test_a_decision_after_the_deadline_is_refused_with_the_reason(line: Line) -> None:
    call_id = await planned(line, SOON)
    await at_step(line, call_id, "sales.1")
    late = await decide(line, call_id, "vip")
    assert refusal(late) == (409, "StepLeft")
    assert "no decision within 1 s" in late.data["detail"]
    assert (await line.call(call_id)).routing.visits[-1].name == "sales.1"


async def test_wrong_decisions_are_refused(line: Line) -> None:
    call_id = await planned(line, LOOKUP)
    wrong = await decide(line, call_id, "bye")
    assert refusal(wrong) == (400, "BadBody")
    assert "vip, sales" in wrong.data["detail"]
    assert refusal(await decide(line, call_id, "vip", "lookup.2")) == (404, "NotFound")
    await decide(line, call_id, "sales")
    assert refusal(await decide(line, call_id, "vip", "sales.1")) == (409, "NotDecidable")


async def test_a_decision_for_a_call_that_has_ended_is_refused(line: Line) -> None:
    call_id = await planned(line, LOOKUP)
    await caller_hangs_up(line, call_id)
    await line.system.until(call_id, lambda call: call.state.is_settled)
    assert refusal(await decide(line, call_id, "vip"))[0] == 409


async def test_agents_cannot_decide(line: Line) -> None:
    call_id = await planned(line, LOOKUP)
    agent = await line.client.token(user="grace", roles=["Agent"])
    refused = await line.client.ask("POST", f"calls/{call_id}/steps/lookup.1", agent, {"choice": "vip"})
    assert refusal(refused) == (403, "RoleMissing")

"""Outbound calls over the API: on behalf of a resource account, each request dialled once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from shared.calls.capabilities import Call
from shared.calls.state import CallState
from tests.api.calls.conftest import Line
from tests.api.calls.parties import requests
from tests.api.conftest import Reply

SALES_LINE = "11111111-1111-4111-8111-111111111112"  # whose outbound lines no other tests use


def number() -> str:
    return f"+49{uuid4().int % 10**9:09d}"


async def callee(line: Line, number: str, **behaviour: Any) -> None:
    await line.system.control("PUT", f"callees/4:{number}", behaviour)


async def place(line: Line, number: str, *, key: str = "", account: str = SALES_LINE, **more: Any) -> Reply:
    headers: dict[str, Any] = {"Idempotency_Key": key} if key else {}
    body = {"account": account, "target": {"number": number}} | more
    return await line.client.ask("POST", "calls", line.supervisor, body, **headers)


async def dialled(line: Line, number: str) -> int:
    return sum(number in str(each) for each in await requests(line, "CreateCall"))


async def end(line: Line, call_id: str) -> None:
    """Hang up a call that is not connected, which the API does not."""
    call = await line.system.until(call_id, lambda call: call.call_connection_id is not None)
    connection = line.system.container.clients.call_automation.get_call_connection(call.call_connection_id or "")
    await connection.hang_up(is_for_everyone=True)
    await line.system.until(call_id, has_ended)


def has_ended(call: Call) -> bool:
    return call.state.is_settled


async def test_a_number_is_called_and_greeted_on_behalf_of_the_account(line: Line) -> None:
    target = number()
    await callee(line, target, after=0.1)
    placed = await place(line, target, greeting={"text": "Hello from Contoso."})
    assert placed.status == 202, placed.body
    assert (placed.data["state"], placed.data["direction"]) == ("dialing", "outbound")
    assert placed.data["account"]["id"] == SALES_LINE
    assert placed.headers["Location"].endswith(f"/calls/{placed.data['id']}")
    call = await line.system.until(placed.data["id"], lambda call: call.prompts.first_audio_at is not None)
    assert call.connected_at is not None
    await line.command(f"calls/{call.id}/hang-up")
    await line.system.until(call.id, has_ended)
    listed = await line.client.ask("POST", "calls/search", line.supervisor, {"number": target})
    assert [each["id"] for each in listed.data["value"]] == [call.id]


async def test_the_same_key_is_the_same_call(line: Line) -> None:
    target, key = number(), uuid4().hex
    await callee(line, target, after=0.1, hangs_up_after=1)
    replies = await asyncio.gather(*(place(line, target, key=key) for _ in range(3)))
    assert len({each.data.get("id") for each in replies}) == 1, [each.body for each in replies]
    other = await place(line, number(), key=key)
    assert (other.status, other.data["code"]) == (409, "KeyReused")
    await line.system.until(replies[0].data["id"], has_ended)
    again = await place(line, target, key=key)
    assert (again.status, again.data["state"]) == (200, "ended")
    assert await dialled(line, target) == 1


async def test_a_call_that_is_declined_says_why(line: Line) -> None:
    target = number()
    await callee(line, target, behaviour="decline", after=0.1)
    placed = await place(line, target)
    await line.system.until(placed.data["id"], has_ended)
    seen = (await line.get(f"calls/{placed.data['id']}")).data
    assert (seen["connectedAt"], seen["result"]["sourceEvent"]) == (None, "CreateCallFailed")
    assert seen["result"]["remedy"]


async def test_an_account_has_two_outbound_calls_at_a_time(line: Line) -> None:
    targets = [number() for _ in range(4)]
    for target in targets:
        await callee(line, target, after=60)
    placed = [await place(line, target) for target in targets[:3]]
    assert [each.status for each in placed] == [202, 202, 409]
    assert placed[2].data["code"] == "LinesBusy"
    ids = [each.data["id"] for each in placed[:2]]
    await asyncio.gather(*(end(line, id) for id in ids))
    freed = await place(line, targets[3])
    assert freed.status == 202, freed.body
    await end(line, freed.data["id"])


async def test_a_plan_begins_at_a_step_when_the_call_is_picked_up(line: Line) -> None:
    target = number()
    bye = {"type": "play", "prompt": {"file": "https://contoso.example/bye.wav"}, "then": "end"}
    plan = {"start": "menu", "steps": {"menu": bye | {"then": "bye"}, "bye": bye, "end": {"type": "hangUp"}}}
    administrator = await line.client.token(roles=["Administrator"])
    saved = await line.client.ask("PUT", f"plans/{SALES_LINE}", administrator, plan)
    assert saved.status in {200, 201}, saved.body
    await callee(line, target, after=0.1)
    refused = await place(line, target, step="nowhere")
    assert (refused.status, refused.data["code"]) == (400, "BadBody")
    placed = await place(line, target, step="bye")
    call = await line.system.until(placed.data["id"], has_ended)
    await line.client.ask("DELETE", f"plans/{SALES_LINE}", administrator)
    assert [visit.name for visit in call.routing.visits] == ["bye.1", "end.1"]


async def test_emergency_numbers_are_not_called(line: Line) -> None:
    refused = await place(line, "+49112")
    assert (refused.status, refused.data["code"]) == (409, "NotAllowed")


async def test_a_call_that_the_rules_deny_is_refused_with_the_reason(line: Line) -> None:
    target, other = number(), number()
    rules = {"rules": [{"do": "deny", "prefixes": [target]}, {"do": "allow"}]}
    administrator = await line.client.token(roles=["Administrator"])
    saved = await line.client.ask("PUT", f"outbound-rules/{SALES_LINE}", administrator, rules)
    assert saved.status in {200, 201}, saved.body
    await callee(line, other, after=0.1, hangs_up_after=0.1)
    refused, placed = await place(line, target), await place(line, other)
    await line.client.ask("DELETE", f"outbound-rules/{SALES_LINE}", administrator)
    assert (refused.status, refused.data["code"]) == (403, "CallDenied")
    assert refused.data["detail"] == "Rule 1 of the outbound rules denies the call."
    await line.system.until(placed.data["id"], has_ended)
    assert await dialled(line, target) == 0


async def test_an_unknown_account_is_refused(line: Line) -> None:
    unknown = await place(line, number(), account=str(uuid4()))
    assert (unknown.status, unknown.data["code"]) == (404, "NotFound")


async def test_a_request_whose_response_is_lost_is_not_dialled_again(line: Line) -> None:
    target = number()
    await callee(line, target, after=0.1, hangs_up_after=1)
    await line.system.control(
        "POST", "faults", {"where": "acs", "match": {"operation": "CreateCall"}, "do": "lose_ack", "times": 1}
    )
    placed = await place(line, target)
    call = await line.system.until(placed.data["id"], has_ended)
    assert (call.state, call.connected_at is not None) == (CallState.ENDED, True)
    assert await dialled(line, target) == 1


async def test_an_emergency_number_is_not_called(line: Line) -> None:
    for target in ("+112", "+49110"):
        refused = await place(line, target)
        assert refused.status in {400, 409}, refused.body
        assert await dialled(line, target) == 0
    assert "emergency number" in refused.data["detail"]

"""Transfers over the API: to agents, numbers and accounts, each of them once."""

from __future__ import annotations

import asyncio
from typing import Any

from shared.calls.capabilities import Call, recording_status
from shared.calls.state import CallState
from tests.api.calls.conftest import Line
from tests.api.calls.parties import (
    ALAN,
    CALLER,
    GRACE,
    NUMBER,
    answers,
    caller_hangs_up,
    raw_id,
    requests,
    with_agents,
)
from tests.api.conftest import Reply

SALES = "11111111-1111-4111-8111-111111111112"


async def transfer(line: Line, call_id: str, target: dict[str, str], wait: int = 10, **more: Any) -> Reply:
    return await line.command(f"calls/{call_id}/transfers", {"target": target} | more, wait=wait)


def has_ended(call: Call) -> bool:
    return call.state is CallState.ENDED


async def test_the_caller_is_transferred_to_an_agent_and_the_call_ends_so(line: Line) -> None:
    call_id = await with_agents(line)
    await line.system.until(call_id, lambda call: recording_status(call)[0] == "active")
    await answers(line, raw_id(GRACE))
    done = await transfer(
        line, call_id, {"agent": GRACE}, topic="Invoice", details={"Contract": "gold"}, voipHeaders={"X-Case": "42"}
    )
    assert (done.status, done.data["status"]) == (200, "succeeded"), done.body
    call = await line.system.until(call_id, has_ended)
    (sent,) = await requests(line, "TransferToParticipant")
    context = sent["customCallingContext"]
    assert context["voipHeaders"] == {"X-Case": "42", "X-Call-Id": call_id}
    assert context["teamsPhoneCallDetails"]["callTopic"] == "Invoice"
    last = call.transfer.last
    assert last is not None
    assert (last.target, last.transferee) == (raw_id(GRACE), f"4:{CALLER}")
    seen = (await line.get(f"calls/{call_id}/transfers")).data
    (listed,) = seen["value"]
    assert (listed["operation"]["status"], listed["target"]["userId"]) == ("succeeded", GRACE)
    assert seen["transferredAt"]
    assert (await line.get(f"calls/{call_id}")).data["transferredAt"] == seen["transferredAt"]
    assert recording_status(await line.system.over(call_id))[0] == "archived"
    grace = await line.client.token(user="grace", roles=["Agent"])
    assert (await line.get(f"calls/{call_id}/transfers", grace)).status == 200


async def test_a_number_takes_sip_headers_and_a_group_call_names_its_transferee(line: Line) -> None:
    call_id = await with_agents(line, GRACE)
    await answers(line, f"4:{NUMBER}")
    refused = await transfer(line, call_id, {"number": NUMBER})
    assert (refused.status, refused.data["code"]) == (409, "NotAllowed")
    assert "name the transferee" in refused.data["detail"]
    sip = {"X-MS-Custom-Case": "42", "User-To-User": "abc"}
    done = await transfer(line, call_id, {"number": NUMBER}, transferee={"number": CALLER}, sipHeaders=sip)
    assert done.data["status"] == "succeeded", done.body
    (sent,) = await requests(line, "TransferToParticipant")
    assert sent["customCallingContext"]["sipHeaders"] == sip
    call = await line.system.until(call_id, lambda call: f"4:{CALLER}" not in call.participants.present)
    assert call.state is CallState.CONNECTED


async def test_a_transfer_to_another_account_rings_there(line: Line) -> None:
    call_id = await with_agents(line)
    done = await transfer(line, call_id, {"account": SALES})
    assert done.data["status"] == "succeeded", done.body
    await line.system.until(call_id, has_ended)


async def test_a_transfer_that_is_declined_leaves_the_caller_in_the_call(line: Line) -> None:
    call_id = await with_agents(line)
    await answers(line, raw_id(GRACE), "decline")
    failed = await transfer(line, call_id, {"agent": GRACE})
    assert (failed.status, failed.data["status"]) == (200, "failed")
    assert failed.data["failure"]["meaning"] == "the call was declined"
    assert (await line.call(call_id)).state is CallState.CONNECTED
    assert (await line.get(f"calls/{call_id}/transfers")).data["transferredAt"] is None


async def test_a_double_clicked_transfer_happens_once(line: Line) -> None:
    call_id = await with_agents(line)
    await answers(line, raw_id(GRACE), after=0.5)
    replies = await asyncio.gather(*(transfer(line, call_id, {"agent": GRACE}) for _ in "two"))
    assert {reply.data["status"] for reply in replies} == {"succeeded"}
    assert len({reply.data["id"] for reply in replies}) == 1
    assert len(await requests(line, "TransferToParticipant")) == 1


async def test_of_two_supervisors_one_transfers_and_the_other_one_is_refused(line: Line) -> None:
    call_id = await with_agents(line)
    await answers(line, raw_id(GRACE), after=20)
    first = await transfer(line, call_id, {"agent": GRACE}, wait=0)
    other = await line.client.token(user="joan", roles=["Supervisor"])
    body = {"target": {"agent": ALAN}}
    refused = await line.command(f"calls/{call_id}/transfers", body, token=other)
    assert (refused.status, refused.data["code"]) == (409, "NotAllowed")
    assert first.data["id"] in refused.data["detail"]


async def test_the_caller_hangs_up_while_the_target_rings(line: Line) -> None:
    call_id = await with_agents(line)
    await answers(line, raw_id(GRACE), after=20)
    under_way = asyncio.create_task(transfer(line, call_id, {"agent": GRACE}))
    await line.system.until(call_id, lambda call: any(each.performed for each in call.effects))
    await caller_hangs_up(line, call_id)
    reply = await under_way
    assert (reply.status, reply.data["status"]) == (200, "failed"), reply.body
    await line.system.until(call_id, has_ended)
    late = await transfer(line, call_id, {"agent": GRACE})
    assert (late.status, late.data["code"]) == (409, "CallNotConnected")


async def test_what_acs_would_ignore_or_refuse_is_refused_by_the_name_of_its_field(line: Line) -> None:
    call_id = await with_agents(line)
    many = {str(n): "x" for n in range(11)}
    refused: list[tuple[dict[str, Any], str]] = [
        ({"topic": "x" * 49}, "topic"),
        ({"details": many}, "details"),
        ({"voipHeaders": {"x-call-id": "mine"}}, "voipHeaders"),
        ({"sipHeaders": {"Case": "42"}}, "sipHeaders"),
        ({"sipHeaders": {"X-MS-Case": "42"}}, "sipHeaders"),
        ({"transferee": {}}, "transferee"),
    ]
    for more, named in refused:
        reply = await transfer(line, call_id, {"agent": GRACE}, **more)
        assert (reply.status, reply.data["code"]) == (400, "BadBody"), more
        assert named in reply.data["detail"]
    reply = await transfer(line, call_id, {"agent": GRACE}, sipHeaders={"X-Case": "42"})
    assert (reply.status, reply.data["code"]) == (409, "NotAllowed")
    assert await requests(line, "TransferToParticipant") == []

"""An agent's client calls a number on behalf of a resource account."""

from __future__ import annotations

from uuid import uuid4

from shared.calls.state import CallState
from tests.api.calls.conftest import Line
from tests.api.calls.parties import GRACE, OWN_ACCOUNT, answers, raw_id, requests


async def test_the_callee_is_added_and_the_call_ends_when_they_leave(line: Line) -> None:
    callee = f"4:+49{uuid4().int % 10**9:09d}"
    await answers(line, callee, after=0.1, hangs_up_after=1)
    call_id = await line.connected(**{"from": raw_id(GRACE)}, on_behalf_of_callee=callee)
    call = await line.system.until(call_id, lambda call: call.state is CallState.ENDED)
    assert callee in call.participants.all_participants
    added = [each for each in await requests(line, "AddParticipant") if callee in str(each["participantToAdd"])]
    assert len(added) == 1
    assert (await line.get(f"calls/{call_id}")).data["onBehalfOf"][0]["number"] == callee.removeprefix("4:")
    found = await line.client.ask("POST", "calls/search", line.supervisor, {"number": callee.removeprefix("4:")})
    assert [each["id"] for each in found.data["value"]] == [call_id]


async def test_the_call_ends_when_the_callee_declines(line: Line) -> None:
    callee = f"4:+49{uuid4().int % 10**9:09d}"
    await answers(line, callee, "decline")
    call_id = await line.connected(**{"from": raw_id(GRACE)}, on_behalf_of_callee=callee)
    call = await line.system.until(call_id, lambda call: call.state is CallState.ENDED)
    assert callee not in call.participants.all_participants
    result = (await line.get(f"calls/{call_id}")).data["result"]
    assert (result["subCode"], result["sourceEvent"]) == (560603, "AddParticipantFailed")


async def test_of_several_callees_one_is_enough(line: Line) -> None:
    declines, accepts = (f"4:+49{uuid4().int % 10**9:09d}" for _ in range(2))
    await answers(line, declines, "decline")
    await answers(line, accepts, after=0.3, hangs_up_after=1)
    call_id = await line.connected(**{"from": raw_id(GRACE)}, on_behalf_of_callee=[declines, accepts])
    call = await line.system.until(call_id, lambda call: call.state is CallState.ENDED)
    assert accepts in call.participants.all_participants
    assert declines not in call.participants.all_participants


async def test_a_call_that_the_rules_deny_is_rejected_and_its_client_finds_the_reason(line: Line) -> None:
    request, callee = uuid4().hex, f"4:+49{uuid4().int % 10**9:09d}"
    reason = "Premium numbers are not called."
    rules = {"rules": [{"do": "deny", "prefixes": [callee.removeprefix("4:")], "reason": reason}, {"do": "allow"}]}
    administrator = await line.client.token(roles=["Administrator"])
    saved = await line.client.ask("PUT", f"outbound-rules/{OWN_ACCOUNT}", administrator, rules)
    assert saved.status in {200, 201}, saved.body
    how = {"from": raw_id(GRACE), "custom_headers": {"Request-Id": request}, "on_behalf_of_callee": callee}
    call_id = await line.system.dial(**({"to": OWN_ACCOUNT} | how))
    call = await line.system.until(call_id, lambda call: call.state is CallState.REJECTED)
    await line.client.ask("DELETE", f"outbound-rules/{OWN_ACCOUNT}", administrator)
    assert (await requests(line, "RejectCall"))[-1]["callRejectReason"] == "forbidden"
    grace = await line.client.token(user=GRACE, roles=["Agent"])
    found = await line.client.ask("GET", f"call-requests/{request}", grace)
    assert (found.status, found.data["refusal"], found.data["callId"]) == (200, reason, call.id)
    other = await line.client.ask("GET", f"call-requests/{request}", line.supervisor)
    assert other.status == 404

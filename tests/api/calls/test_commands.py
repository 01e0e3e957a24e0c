"""Commands: carried out once, with an outcome to ask after."""

from __future__ import annotations

import asyncio

from shared.calls.state import CallState
from tests.api.calls.conftest import Line


async def test_a_hang_up_ends_the_call_and_the_timeline_says_who_requested_it(line: Line) -> None:
    call_id = await line.connected()
    done = await line.command(f"calls/{call_id}/hang-up", wait=10)
    assert (done.status, done.data["status"]) == (200, "succeeded"), done.body
    assert done.headers["Preference-Applied"] == "wait=10"
    call = await line.system.until(call_id, lambda call: call.state is CallState.ENDED)
    (entry,) = (each for each in call.timeline if each.type == "OperationRequested")
    assert entry.text == f"HangUp, by {done.data['requestedBy']}"
    again = await line.get(done.headers["Location"])
    assert again.data == done.data


async def test_the_same_key_is_the_same_command(line: Line) -> None:
    call_id = await line.connected()
    asking = (line.client.ask("POST", f"calls/{call_id}/hang-up", line.supervisor, Idempotency_Key="k") for _ in "four")
    replies = await asyncio.gather(*asking)
    assert {reply.status for reply in replies} <= {200, 202, 409}
    assert len({reply.data["id"] for reply in replies if reply.status != 409}) == 1
    await line.system.until(call_id, lambda call: call.state is CallState.ENDED)
    assert len(await line.system.requests("TerminateCall")) == 1


async def test_a_command_on_a_call_that_has_ended_says_so(line: Line) -> None:
    call_id = await line.connected()
    await line.command(f"calls/{call_id}/hang-up", wait=10)
    refused = await line.command(f"calls/{call_id}/hang-up")
    assert (refused.status, refused.data["code"]) == (409, "CallNotConnected")
    assert "ended" in refused.data["detail"]

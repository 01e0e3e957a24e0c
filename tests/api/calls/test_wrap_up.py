"""The wrap-up of a call: written by an agent who was in it, also after its end."""

from __future__ import annotations

from shared.calls.state import CallState
from tests.api.calls.conftest import Line
from tests.api.calls.parties import GRACE, with_agents
from tests.api.conftest import Reply


async def write(line: Line, call_id: str, token: str, code: str, note: str = "") -> Reply:
    return await line.client.ask("PUT", f"calls/{call_id}/wrap-up", token, {"code": code, "note": note})


async def test_an_agent_writes_and_corrects_a_wrap_up_until_after_the_end(line: Line) -> None:
    call_id = await with_agents(line, GRACE)
    grace = await line.client.token(user="grace", roles=["Agent"])
    assert (await write(line, call_id, grace, "resolved")).status == 200
    await line.command(f"calls/{call_id}/hang-up")
    await line.system.until(call_id, lambda call: call.state is CallState.ENDED)
    for _ in range(2):
        written = await write(line, call_id, grace, "callback", "Megan asks for a call after nine.")
        assert (written.status, written.data["code"], written.data["agent"]) == (200, "callback", GRACE)
    assert "ETag" in written.headers["Access-Control-Expose-Headers"]
    (shown,) = (await line.get(f"calls/{call_id}")).data["wrapUps"]
    assert shown == written.data
    timeline = (await line.get(f"calls/{call_id}/timeline")).data["value"]
    texts = [each["text"] for each in timeline if each["type"] == "WrapUpWritten"]
    assert texts == [f"resolved, by user {GRACE}", f"callback, by user {GRACE}"]


async def test_those_who_were_not_in_the_call_write_none(line: Line) -> None:
    call_id = await with_agents(line, GRACE)
    alan = await line.client.token(user="alan", roles=["Agent"])
    assert (await write(line, call_id, alan, "resolved")).status == 404
    assert (await write(line, call_id, line.supervisor, "resolved")).data["code"] == "NotInCall"
    grace = await line.client.token(user="grace", roles=["Agent"])
    assert (await write(line, call_id, grace, "")).status == 400

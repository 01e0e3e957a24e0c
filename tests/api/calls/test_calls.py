"""A call, and its timeline."""

from __future__ import annotations

from datetime import datetime

import pytest

from shared.api.http import Request
from shared.api.parameters import ACCOUNT, USER
from shared.api.router import Api
from shared.calls.state import CallState
from tests.api.calls.conftest import Line

HTTP_LOG = "azure.core.pipeline.policies.http_logging_policy"


async def test_a_call_is_shown_with_its_caller_account_and_recording(line: Line) -> None:
    call_id = await line.recorded()
    call = (await line.get(f"calls/{call_id}")).data
    assert (call["id"], call["state"], call["recording"]["status"]) == (call_id, "connected", "active")
    assert call["account"] == {"id": ACCOUNT, "name": "Support line", "number": "+18005550100"}
    assert (call["caller"]["number"], call["caller"]["kind"]) == ("+12065551212", "phoneNumber")
    assert datetime.fromisoformat(call["calledAt"]) <= datetime.fromisoformat(call["connectedAt"])
    assert call["latencies"]["timeToAnswer"] > 0
    assert "+12065551212" in {each["number"] for each in call["participants"]}
    assert call["endedAt"] is call["result"] is None
    await line.command(f"calls/{call_id}/hang-up", wait=10)
    await line.system.until(call_id, lambda each: each.lifecycle.result is not None)
    ended = (await line.get(f"calls/{call_id}")).data
    assert ended["state"] == CallState.ENDED
    assert (ended["result"]["code"], ended["result"]["subCode"]) == (200, 7000)
    assert ended["result"]["meaning"]


async def test_a_call_seen_is_an_etag_that_costs_one_read_and_no_body(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    call_id = await line.recorded()
    await line.system.idle()
    api = Api(line.system.container)
    seen = await api.respond(Request("GET", f"calls/{call_id}"), keyed=True)
    with caplog.at_level("INFO", HTTP_LOG):
        known = {"if-none-match": seen.headers["ETag"]}
        again = await api.respond(Request("GET", f"calls/{call_id}", headers=known), keyed=True)
    assert (again.status, again.body) == (304, b"")
    assert sum(each.message.startswith("Request URL") for each in caplog.records) == 1
    await line.command(f"calls/{call_id}/hang-up", wait=10)
    changed = await api.respond(Request("GET", f"calls/{call_id}", headers=known), keyed=True)
    assert changed.status == 200


async def test_an_agent_sees_the_calls_that_they_are_in(line: Line) -> None:
    call_id = await line.connected()
    agent = await line.client.token(user="grace", roles=["Agent"])
    assert (await line.get(f"calls/{call_id}", agent)).status == 404
    await line.join(call_id, USER)
    seen = await line.get(f"calls/{call_id}", agent)
    assert USER in {each["userId"] for each in seen.data["participants"]}
    assert (await line.get(f"calls/{call_id}/timeline", agent)).status == 200


async def test_a_timeline_is_paged_from_its_oldest_event(line: Line) -> None:
    call_id = await line.recorded()
    await line.system.idle()
    whole = (await line.get(f"calls/{call_id}/timeline")).data["value"]
    assert [each["at"] for each in whole] == sorted(each["at"] for each in whole)
    assert {"IncomingCall", "CallConnected", "RecordingStateChanged"} <= {each["type"] for each in whole}
    path, pages = f"calls/{call_id}/timeline?pageSize=2", []
    while path:
        page = (await line.get(path)).data
        pages += page["value"]
        path = page.get("nextLink", "")
    assert pages == whole
    wrong = await line.get(f"calls/{call_id}/timeline?continuation=elsewhere")
    assert (wrong.status, wrong.data["code"]) == (400, "BadParameter")

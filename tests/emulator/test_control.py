"""The control API, and the fault rules of Call Automation."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.exceptions import AzureError, HttpResponseError

from tests.emulator.client import ACCOUNT, CALLER, Application, Control, refusal

STATUS = {"where": "acs", "do": "status", "status": 429}


async def test_a_call_can_be_followed(answered: Any, control: Control) -> None:
    ringing = await control.dial()
    call = await answered()
    state = await control("GET", f"calls/{call.id}")
    assert (state["state"], state["callConnectionId"]) == ("connected", call.connection_id)
    assert (state["from"], state["to"]) == (f"4:{CALLER}", f"28:orgid:{ACCOUNT}")
    assert [one["identifier"]["rawId"] for one in state["participants"]] == [f"4:{CALLER}"]
    states = {one["id"]: one["state"] for one in (await control("GET", "calls"))["calls"]}
    assert states == {ringing["id"]: "ringing", call.id: "connected"}


async def test_the_journal_has_every_request(answered: Any, control: Control) -> None:
    call = await answered()
    (entry,) = await control.journal("acs.request")
    assert entry["operation"] == "AnswerCall"
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/calling/callConnections:answer", 200)
    assert entry["body"]["incomingCallContext"] == call.dialled["incomingCallContext"]
    assert entry["received"] <= entry["at"]
    assert (entry["answer"]["callConnectionId"], entry["error"]) == (call.connection_id, None)
    assert entry["repeated"] is False
    later = await control("GET", f"journal?since={entry['seq']}")
    assert all(one["seq"] > entry["seq"] for one in later["entries"])


async def test_the_journal_keeps_the_codes_of_errors(client: CallAutomationClient, control: Control) -> None:
    with pytest.raises(HttpResponseError):
        await client.get_call_connection("none").get_call_properties()
    (entry,) = await control.journal("acs.request")
    assert (entry["status"], entry["error"]) == (404, "8522")
    assert entry["answer"]["error"]["message"] == "Call not found."


async def test_the_journal_reads_as_text(answered: Any, control: Control, session: aiohttp.ClientSession) -> None:
    await answered()
    await control.idle()
    async with session.get(f"{control.url}/_emulator/journal?format=text") as answer:
        first, *lines = (await answer.text()).splitlines()
    assert first.split(maxsplit=2) == ["0.000", "s", "ACS → Event Grid               IncomingCall"]
    assert any("app → ACS" in line and "AnswerCall" in line and line.endswith("200") for line in lines)
    assert any("ParticipantsUpdated (2 present)" in line for line in lines)


async def test_the_root_describes_the_emulator_and_its_addresses(
    control: Control, session: aiohttp.ClientSession
) -> None:
    async with session.get(control.url) as answer:
        text = await answer.text()
    secure = control.url.replace("http:", "https:")
    for expected in ("Azure Communication Services", f"endpoint={secure}/;accesskey=", "/_emulator/calls", "topic acs"):
        assert expected in text


async def test_a_reset_forgets_everything(answered: Any, control: Control, app: Application) -> None:
    await answered()
    await control.fault(where="callbacks", do="drop")
    await control("POST", "options", {"repeatability": False})
    assert await control("POST", "reset") == {"status": "ok"}
    assert (await control("GET", "calls"))["calls"] == []
    assert (await control("GET", "journal"))["entries"] == []
    assert (await control("GET", "faults"))["faults"] == []
    assert (await control("GET", "options"))["repeatability"] is True
    await answered()


@pytest.mark.parametrize(
    ("method", "path", "body", "why"),
    [
        ("POST", "calls", {"kind": "fax"}, "one of tpe, acs"),
        ("POST", "calls", {"hangup_after": 3}, "no 'hangup_after'; did you mean 'hangs_up_after'?"),
        ("POST", "calls", {"hangs_up_after": -1}, "from 0, not -1"),
        ("POST", "calls", {"to": "nope"}, "'to' is a phone number"),
        ("POST", "calls", [{}, {"zzz": 1}], "a call has no 'zzz'"),
        ("POST", "calls", {"presses": [{"tone": "one", "when": 3}]}, "a press has no 'when'"),
        ("POST", "calls", {"presses": [{"tone": "one", "after": -3}]}, "from 0, not -3"),
        ("POST", "calls", {"event_delay": float("inf")}, "number of seconds"),
        ("POST", "calls", {"from": 7}, "'from' is a string"),
        ("POST", "calls", {"hangs_up_after": "soon"}, "number of seconds"),
        ("POST", "calls", {"presses": [{"tone": "eleven"}]}, "'tone' is one of"),
        ("POST", "calls", {"recording_chunks": 0}, "from 1"),
        ("POST", "calls", "hello", "JSON object"),
        ("PUT", "callees/4:+1", {"behaviour": "sing"}, "'behaviour' is one of"),
        ("PUT", "callees/4:+1", {"after": -1}, "'after'"),
        ("PUT", "callees/4:+1", {"behavior": "accept"}, "did you mean 'behaviour'?"),
        ("PUT", "callees/unknown", {"behaviour": "accept"}, "not 'unknown'"),
        ("POST", "faults", {"where": "nowhere"}, "'where' is one of"),
        ("POST", "faults", {**STATUS, "match": {"operation": "AnswrCall"}}, "did you mean 'AnswerCall'?"),
        ("POST", "faults", {**STATUS, "match": {"type": "x"}}, "matches operation, not 'type'"),
        ("POST", "faults", {**STATUS, "retry": 3}, "takes code, label, message, retry_after, status, not 'retry'"),
        ("POST", "faults", {**STATUS, "status": 42}, "an HTTP status, not 42"),
        ("POST", "faults", {"where": "callbacks", "do": "delay", "seconds": -1}, "from 0, not -1"),
        (
            "POST",
            "faults",
            {"where": "callbacks", "do": "drop", "match": {"type": "CallConnected"}},
            "'type' at callbacks",
        ),
        ("POST", "faults", {"where": "graph", "do": "drop", "match": {"operation": "AnswerCall"}}, "at graph"),
        ("POST", "faults", {**STATUS, "times": True}, "'times' is a whole number"),
        ("POST", "options", {"colour": "red"}, "the options has no 'colour'"),
        ("POST", "options", {"repeatability": "no"}, "true or false"),
        ("POST", "options", {"speed": 0}, "above 0"),
        ("POST", "options", {"start_recording_answer": "404"}, "202-bare"),
        ("POST", "events", {"topic": "nowhere", "events": []}, "nowhere"),
        ("POST", "events", {"topic": "acs", "events": 1}, "list of CloudEvents"),
        ("POST", "events", {"topics": "acs"}, "did you mean 'topic'?"),
        ("POST", "tokens", {"expire_in": 3}, "did you mean 'expires_in'?"),
        ("POST", "keys/rotate", {"forgetting": True}, "did you mean 'forget'?"),
        ("PATCH", "directory", {"tenant": {}}, "did you mean 'tenants'?"),
        ("PATCH", "directory", {"tenants": {"contoso": {"user": {}}}}, "did you mean 'users'?"),
        ("PATCH", "directory", {"tenants": {"contoso": {"users": {"ada": {"mail2": 1}}}}}, "did you mean 'mail'?"),
        ("POST", "directory/resource-accounts", {"amount": 3}, "no 'amount'"),
        ("POST", "entra/tokens", {"usr": "ada"}, "unknown field 'usr'"),
        ("GET", "journal?since=yesterday", None, "sequence number"),
        ("GET", "journal?kind=acs.requests", None, "did you mean 'acs.request'?"),
        ("GET", "journal?form=text", None, "did you mean 'format'?"),
        ("GET", "journal?format=yaml", None, "json or text"),
    ],
)
async def test_an_invalid_control_request_is_refused_with_the_reason(
    control: Control, method: str, path: str, body: Any, why: str
) -> None:
    status, answer = await control.status(method, path, body)
    assert status == 400
    assert why in answer["error"]


async def test_an_event_can_be_published_again(control: Control) -> None:
    await control.dial()
    (event,) = await control.events("IncomingCall")
    await control("POST", "events", {"topic": "acs", "events": [event, event]})
    assert [one["id"] for one in await control.events("IncomingCall")] == [event["id"]] * 3
    assert await control("GET", "deadletters") == {"deadletters": []}


async def test_keys_cannot_be_pressed_before_the_call_is_answered(control: Control) -> None:
    dialled = await control.dial()
    status, answer = await control.status("POST", f"calls/{dialled['id']}/press", {"tone": "one"})
    assert (status, "not connected" in answer["error"]) == (400, True)


async def test_the_same_seed_gives_the_same_ids(control: Control, emulator: Any) -> None:
    emulator.config.seed = 7
    ids = []
    for _ in range(2):
        await control("POST", "reset")
        ids.append(await control.dial())
    assert ids[0] == ids[1]


async def test_acs_is_busy(client: CallAutomationClient, control: Control, app: Application) -> None:
    dialled = await control.dial()
    await control.fault(where="acs", match={"operation": "AnswerCall"}, do="status", status=429, retry_after=7, times=1)
    with pytest.raises(HttpResponseError) as raised:
        await client.answer_call(dialled["incomingCallContext"], app.url)
    assert refusal(raised) == (429, "8516")
    response: Any = raised.value.response
    assert response.headers["Retry-After"] == "7"
    await client.answer_call(dialled["incomingCallContext"], app.url)


async def test_a_late_answer_is_overtaken_by_its_callbacks(
    client: CallAutomationClient, control: Control, app: Application
) -> None:
    dialled = await control.dial()
    await control.fault(where="acs", match={"operation": "AnswerCall"}, do="delay", seconds=4)
    answering = asyncio.ensure_future(client.answer_call(dialled["incomingCallContext"], app.url))
    await app.event("CallConnected")
    assert not answering.done()
    assert (await answering).call_connection_state == "connecting"


async def test_an_answer_is_lost_and_the_request_repeated(
    client: CallAutomationClient, control: Control, app: Application
) -> None:
    dialled = await control.dial()
    await control.fault(where="acs", match={"operation": "AnswerCall"}, do="lose_ack", times=1)
    headers = {"Repeatability-Request-ID": "11111111-2222-4333-8444-555555555555"}
    with pytest.raises(AzureError):
        await client.answer_call(dialled["incomingCallContext"], app.url, headers=headers)
    await client.answer_call(dialled["incomingCallContext"], app.url, headers=headers)
    entries = await control.journal("acs.request")
    assert [(entry.get("lost"), entry["repeated"]) for entry in entries] == [(True, False), (None, True)]
    assert len(app.of("CallConnected")) == 1


async def test_a_request_never_arrives(client: CallAutomationClient, control: Control, app: Application) -> None:
    dialled = await control.dial()
    await control.fault(where="acs", do="drop", times=1)
    with pytest.raises(AzureError):
        await client.answer_call(dialled["incomingCallContext"], app.url)
    assert (await control("GET", f"calls/{dialled['id']}"))["state"] == "ringing"
    assert [entry["status"] for entry in await control.journal("acs.request")] == [None]

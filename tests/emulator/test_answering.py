from __future__ import annotations

import asyncio
import base64
import re
from typing import Any

import aiohttp
import pytest
from azure.communication.callautomation import (
    CommunicationUserIdentifier,
    MicrosoftTeamsAppIdentifier,
    PhoneNumberIdentifier,
)
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.emulator.client import ACCOUNT, CALLER, Application, Control, refusal, until


async def test_a_dialled_call_raises_an_incoming_call_event(control: Control) -> None:
    dialled = await control.dial(display_name="Ada", on_behalf_of_callee="8:acs:r_t_u", custom_headers={"a": "b"})
    (event,) = await control.events("IncomingCall")
    assert event["id"] == dialled["eventId"]
    assert event["subject"] == f"/caller/4:{CALLER}/recipient/28:orgid:{ACCOUNT}"
    data = event["data"]
    assert data["to"] == {"kind": "unknown", "rawId": f"28:orgid:{ACCOUNT}"}
    assert data["from"] == {"kind": "phoneNumber", "rawId": f"4:{CALLER}", "phoneNumber": {"value": CALLER}}
    assert data["callerDisplayName"] == "Ada"
    assert data["customContext"] == {"voipHeaders": {"a": "b"}}
    assert data["onBehalfOfCallee"]["kind"] == "teamsExtensionUser"
    assert data["incomingCallContext"] == dialled["incomingCallContext"]
    assert data["correlationId"] == dialled["correlationId"]


async def test_two_calls_dialled_at_once_are_one_publish(control: Control) -> None:
    dialled = await control("POST", "calls", [{"to": ACCOUNT}, {"to": ACCOUNT}])
    events = await control.events("IncomingCall")
    assert [one["eventId"] for one in dialled] == [event["id"] for event in events]


async def test_a_late_event_keeps_the_time_it_happened_at(control: Control) -> None:
    await control.dial(event_delay=10)
    assert await control.events("IncomingCall") == []
    await control.idle()
    (entry,) = await control.journal("event")
    assert entry["at"] > entry["event"]["time"]


async def test_an_answered_call_is_connected_and_lists_its_participants(answered: Any, app: Application) -> None:
    call = await answered()
    connected = await app.event("CallConnected")
    assert connected["operationContext"] == "answering"
    assert connected["resultInformation"] == {"code": 200, "subCode": 0, "message": ""}
    assert connected["correlationId"] == call.dialled["correlationId"]
    updated = await app.event("ParticipantsUpdated")
    own, caller = updated["participants"]  # the application is a participant, too
    assert own["identifier"]["kind"] == "communicationUser"
    assert caller["identifier"]["rawId"] == f"4:{CALLER}"
    assert updated["sequenceNumber"] == 1
    properties = await call.connection.get_call_properties()
    assert properties.call_connection_state == "connected"
    assert properties.server_call_id == call.dialled["serverCallId"]
    listed = [person.identifier.raw_id async for person in call.connection.list_participants()]
    assert listed == [own["identifier"]["rawId"], f"4:{CALLER}"]
    person = await call.connection.get_participant(PhoneNumberIdentifier(CALLER))
    assert person.is_muted is False


async def test_a_context_can_be_used_once(answered: Any, client: CallAutomationClient, app: Application) -> None:
    call = await answered()
    with pytest.raises(HttpResponseError, match="already used") as raised:
        await client.answer_call(call.dialled["incomingCallContext"], app.url)
    assert refusal(raised) == (400, "8523")


async def test_a_call_that_rang_out_cannot_be_answered(
    client: CallAutomationClient, control: Control, app: Application
) -> None:
    dialled = await control.dial()
    await control("POST", "options", {"speed": 1000})
    hasty = await control.dial()
    await asyncio.sleep(0.1)
    with pytest.raises(ResourceNotFoundError) as raised:
        await client.answer_call(hasty["incomingCallContext"], app.url)
    assert refusal(raised) == (404, "8522")
    assert (await control("GET", f"calls/{hasty['id']}"))["state"] == "missed"
    assert (await control("POST", f"calls/{dialled['id']}/hangup"))["state"] == "missed"


async def test_a_rejected_call_is_over(client: CallAutomationClient, control: Control) -> None:
    dialled = await control.dial()
    await client.reject_call(dialled["incomingCallContext"], call_reject_reason="busy")
    assert (await control("GET", f"calls/{dialled['id']}"))["state"] == "rejected"
    with pytest.raises(HttpResponseError, match="already used"):
        await client.reject_call(dialled["incomingCallContext"])


async def test_a_teams_phone_call_is_not_redirected_but_others_are(
    client: CallAutomationClient, control: Control
) -> None:
    bob = CommunicationUserIdentifier("8:acs:res_bob")
    teams = await control.dial()
    with pytest.raises(HttpResponseError) as raised:
        await client.redirect_call(teams["incomingCallContext"], bob)
    assert refusal(raised) == (405, "8520")
    dialled = await control.dial(kind="acs", to="8:acs:res_ann")
    await client.redirect_call(dialled["incomingCallContext"], bob)
    second = (await control.events("IncomingCall"))[-1]["data"]
    assert second["correlationId"] == dialled["correlationId"]
    assert second["incomingCallContext"] != dialled["incomingCallContext"]


async def test_a_call_redirected_to_a_number_raises_no_event(client: CallAutomationClient, control: Control) -> None:
    dialled = await control.dial(kind="acs", to="8:acs:res_ann")
    await client.redirect_call(dialled["incomingCallContext"], PhoneNumberIdentifier("+4915112345"))
    assert len(await control.events("IncomingCall")) == 1
    assert (await control("GET", f"calls/{dialled['id']}"))["state"] == "redirected"


async def test_ids_and_times_are_written_as_the_service_writes_them(answered: Any, app: Application) -> None:
    call = await answered()
    server_call_id = call.dialled["serverCallId"]
    assert "/" in server_call_id
    assert server_call_id.endswith("=")
    assert base64.b64decode(server_call_id, validate=True)
    times = [event["time"] for event in app.events]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00", time) for time in times)


async def test_a_call_without_custom_headers_has_no_custom_context(control: Control) -> None:
    await control.dial()
    (event,) = await control.events("IncomingCall")
    assert "customContext" not in event["data"]


@pytest.mark.parametrize("for_everyone", [False, True])
async def test_the_application_hangs_up(
    answered: Any, app: Application, control: Control, *, for_everyone: bool
) -> None:
    call = await answered()
    await call.connection.hang_up(is_for_everyone=for_everyone)
    ended = await app.event("CallDisconnected")
    assert (ended["resultInformation"]["code"], ended["resultInformation"]["subCode"]) == (200, 7000)
    assert len(app.of("ParticipantsUpdated")) == 1
    assert (await control("GET", f"calls/{call.id}"))["state"] == "ended"
    with pytest.raises(ResourceNotFoundError):
        await call.connection.get_call_properties()
    for everyone, refused in ((True, (404, "8522")), (False, (400, "8528"))):
        with pytest.raises(HttpResponseError) as raised:
            await call.connection.hang_up(is_for_everyone=everyone)
        assert refusal(raised) == refused


async def test_the_caller_hangs_up(answered: Any, app: Application, control: Control) -> None:
    call = await answered(hangs_up_after=2)
    ended = (await app.event("CallDisconnected"))["resultInformation"]
    assert (ended["code"], ended["subCode"]) == (200, 5001)
    assert [one["identifier"]["kind"] for one in app.of("ParticipantsUpdated")[-1]["participants"]] == [
        "communicationUser"
    ]
    state = await control("GET", f"calls/{call.id}")
    assert state["state"] == "ended"
    assert state["ringing_at"] < state["answered_at"] < state["ended_at"]


async def test_an_outbound_call_is_accepted(client: CallAutomationClient, app: Application) -> None:
    call = await client.create_call(
        PhoneNumberIdentifier("+4915112345"),
        app.url,
        operation_context="dial",
        teams_app_source=MicrosoftTeamsAppIdentifier(ACCOUNT),
    )
    assert call.call_connection_state == "connecting"
    connection = client.get_call_connection(call.call_connection_id)  # type: ignore[arg-type]
    with pytest.raises(HttpResponseError) as raised:
        await connection.cancel_all_media_operations()
    assert refusal(raised) == (400, "8501")
    assert (await app.event("CallConnected"))["operationContext"] == "dial"
    updated = await app.event("ParticipantsUpdated")
    raw_ids = [one["identifier"]["rawId"] for one in updated["participants"]]
    assert raw_ids == [f"28:orgid:{ACCOUNT}", "4:+4915112345"]


async def test_an_outbound_call_is_declined(client: CallAutomationClient, app: Application, control: Control) -> None:
    await control("PUT", "callees/4:+4915112345", {"behaviour": "decline"})
    await client.create_call(
        PhoneNumberIdentifier("+4915112345"), app.url, teams_app_source=MicrosoftTeamsAppIdentifier(ACCOUNT)
    )
    failed = await app.event("CreateCallFailed")
    assert (failed["resultInformation"]["code"], failed["resultInformation"]["subCode"]) == (603, 560603)
    await app.event("CallDisconnected")


async def test_an_outbound_call_is_rejected_by_an_acs_user(
    client: CallAutomationClient, app: Application, control: Control
) -> None:
    await control("PUT", "callees/8:acs:res_ann", {"behaviour": "decline"})
    await client.create_call(CommunicationUserIdentifier("8:acs:res_ann"), app.url, source_display_name="Contoso")
    for event in ("CreateCallFailed", "CallDisconnected"):
        result = (await app.event(event))["resultInformation"]
        assert (result["code"], result["subCode"]) == (603, 0)


async def test_a_group_call_connects_with_the_first_and_takes_in_the_rest(
    client: CallAutomationClient, app: Application
) -> None:
    people = [CommunicationUserIdentifier("8:acs:res_ann"), CommunicationUserIdentifier("8:acs:res_bob")]
    await client.create_call(people, app.url)
    await until(lambda: any(len(one["participants"]) == 3 for one in app.of("ParticipantsUpdated")))
    assert len(app.of("CallConnected")) == 1


async def test_a_teams_phone_call_takes_no_caller_id(client: CallAutomationClient, app: Application) -> None:
    with pytest.raises(HttpResponseError, match="sourceCallerIdNumber") as raised:
        await client.create_call(
            PhoneNumberIdentifier("+4915112345"),
            app.url,
            source_caller_id_number=PhoneNumberIdentifier("+18005550100"),
            teams_app_source=MicrosoftTeamsAppIdentifier(ACCOUNT),
        )
    assert refusal(raised) == (400, "8523")


async def test_a_call_can_be_joined_by_its_server_call_id(
    answered: Any, client: CallAutomationClient, app: Application
) -> None:
    call = await answered()
    joined = await client.connect_call(app.url, server_call_id=call.dialled["serverCallId"])
    assert joined.call_connection_id != call.connection_id
    assert (joined.call_connection_state, joined.targets, joined.source) == ("connecting", [], None)
    assert joined.server_call_id is None
    assert joined.correlation_id != call.dialled["correlationId"]
    connected = (await app.connection(str(joined.call_connection_id)))["serverCallId"]
    assert connected == call.dialled["serverCallId"]
    with pytest.raises(ResourceNotFoundError):
        await client.connect_call(app.url, server_call_id="unknown")


async def test_unknown_ids_are_not_found(
    client: CallAutomationClient, session: aiohttp.ClientSession, control: Control
) -> None:
    with pytest.raises(ResourceNotFoundError) as raised:
        await client.get_call_connection("unknown").get_call_properties()
    assert refusal(raised) == (404, "8522")
    assert (await control.status("GET", "calls/unknown"))[0] == 404
    async with session.post(f"{control.url}/calling/nothing:here") as answer:
        assert answer.status == 404
        assert (await answer.json())["error"]["code"] == "8522"

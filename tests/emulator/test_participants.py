from __future__ import annotations

import asyncio
from typing import Any

import pytest
from azure.communication.callautomation import (
    CommunicationUserIdentifier,
    MicrosoftTeamsAppIdentifier,
    PhoneNumberIdentifier,
    TeamsExtensionUserIdentifier,
)
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.emulator.client import ACCOUNT, CALLER, Application, Control, refusal, until

AGENT = TeamsExtensionUserIdentifier(user_id="user", tenant_id="tenant", resource_id="resource")
AGENT_ID = "8:acs:resource_tenant_user"
NUMBER = PhoneNumberIdentifier("+4915112345")


def _result(data: dict[str, Any]) -> tuple[int, int]:
    return data["resultInformation"]["code"], data["resultInformation"]["subCode"]


async def test_an_agent_accepts(answered: Any, app: Application) -> None:
    call = await answered()
    added = await call.connection.add_participant(AGENT, operation_context="bring in")
    assert added.invitation_id
    assert added.participant.identifier.raw_id == AGENT_ID
    succeeded = await app.event("AddParticipantSucceeded")
    assert succeeded["operationContext"] == "bring in"
    assert succeeded["participant"]["kind"] == "teamsExtensionUser"
    await until(lambda: len(app.of("ParticipantsUpdated")) == 2)
    first, second = sorted(app.of("ParticipantsUpdated"), key=lambda data: data["sequenceNumber"])
    assert [len(data["participants"]) for data in (first, second)] == [2, 3]


@pytest.mark.parametrize(
    ("who", "raw_id", "behaviour", "result"),
    [
        (AGENT, AGENT_ID, "decline", (603, 560603)),
        (AGENT, AGENT_ID, "no_answer", (487, 10004)),
        (AGENT, AGENT_ID, "wrong_token", (408, 10057)),
        (NUMBER, "4:+4915112345", "no_answer", (480, 560480)),
    ],
)
async def test_an_invitation_fails(
    answered: Any, app: Application, control: Control, *, who: Any, raw_id: str, behaviour: str, result: tuple[int, int]
) -> None:
    await control("PUT", f"callees/{raw_id}", {"behaviour": behaviour, "after": 1})
    call = await answered()
    await call.connection.add_participant(who, invitation_timeout=3)
    failed = await app.event("AddParticipantFailed")
    assert _result(failed) == result
    assert failed["participant"]["rawId"] == raw_id


async def test_an_invitation_is_cancelled(answered: Any, app: Application, control: Control) -> None:
    await control("PUT", f"callees/{AGENT_ID}", {"behaviour": "no_answer"})
    call = await answered()
    added = await call.connection.add_participant(AGENT)
    await call.connection.cancel_add_participant_operation(added.invitation_id, operation_context="never mind")
    succeeded = await app.event("CancelAddParticipantSucceeded")
    assert (succeeded["invitationId"], succeeded["operationContext"]) == (added.invitation_id, "never mind")
    assert _result(succeeded) == (487, 5234)
    await call.connection.cancel_add_participant_operation(added.invitation_id)
    assert _result(await app.event("CancelAddParticipantFailed")) == (404, 8522)


async def test_a_callee_is_not_invited_twice_at_once(answered: Any, control: Control) -> None:
    await control("PUT", "callees/+4915112345", {"behaviour": "no_answer"})
    call = await answered()
    await call.connection.add_participant(NUMBER)
    with pytest.raises(HttpResponseError) as raised:
        await call.connection.add_participant(NUMBER)
    assert refusal(raised) == (409, "8519")


async def test_a_participant_is_removed(answered: Any, app: Application) -> None:
    call = await answered()
    await call.connection.add_participant(AGENT)
    await app.event("AddParticipantSucceeded")
    await call.connection.remove_participant(AGENT, operation_context="out")
    assert (await app.event("RemoveParticipantSucceeded"))["operationContext"] == "out"
    await call.connection.remove_participant(AGENT)
    assert _result(await app.event("RemoveParticipantFailed")) == (404, 8522)
    with pytest.raises(ResourceNotFoundError):
        await call.connection.get_participant(AGENT)
    assert app.of("CallDisconnected") == []


async def test_the_call_lasts_until_the_last_participant_leaves(
    answered: Any, app: Application, control: Control
) -> None:
    call = await answered()
    await call.connection.add_participant(AGENT)
    await app.event("AddParticipantSucceeded")
    await control("POST", f"calls/{call.id}/hangup")
    await until(lambda: len(app.of("ParticipantsUpdated")) == 3)
    assert app.of("CallDisconnected") == []
    await control("POST", f"calls/{call.id}/hangup", {"who": AGENT_ID})
    await app.event("CallDisconnected")


async def test_a_transfer_is_accepted(answered: Any, app: Application) -> None:
    call = await answered()
    await call.connection.transfer_call_to_participant(AGENT, operation_context="over to you")
    accepted = await app.event("CallTransferAccepted")
    assert accepted["operationContext"] == "over to you"
    assert accepted["transferTarget"]["rawId"] == AGENT_ID
    assert accepted["transferee"]["rawId"] == f"4:{CALLER}"
    await app.event("CallDisconnected")


async def test_a_transfer_is_declined(answered: Any, app: Application, control: Control) -> None:
    await control("PUT", "callees/4:+4915112345", {"behaviour": "decline"})
    call = await answered()
    await call.connection.transfer_call_to_participant(NUMBER, transferee=PhoneNumberIdentifier(CALLER))
    failed = await app.event("CallTransferFailed")
    assert _result(failed) == (603, 560603)
    assert not {"transferTarget", "transferee"} & set(failed)
    assert (await call.connection.get_call_properties()).call_connection_state == "connected"


async def test_a_transfer_to_a_resource_account_rings_there_with_the_same_correlation_id(
    answered: Any, app: Application, control: Control
) -> None:
    call = await answered()
    await call.connection.transfer_call_to_participant(MicrosoftTeamsAppIdentifier(ACCOUNT))
    await app.event("CallTransferAccepted")
    await control.idle()
    first, second = await control.events("IncomingCall")
    assert first["data"]["correlationId"] == second["data"]["correlationId"]
    assert first["data"]["incomingCallContext"] != second["data"]["incomingCallContext"]


async def test_a_teams_phone_call_can_be_neither_muted_nor_held(answered: Any) -> None:
    call = await answered()
    caller = PhoneNumberIdentifier(CALLER)
    for refused in (call.connection.mute_participant, call.connection.hold, call.connection.unhold):
        with pytest.raises(HttpResponseError) as raised:
            await refused(caller)
        assert refusal(raised) == (405, "8520")


async def test_acs_calls_can_be_muted_and_held(answered: Any, app: Application) -> None:
    call = await answered(kind="acs", to="8:acs:res_app")
    caller = PhoneNumberIdentifier(CALLER)
    await call.connection.mute_participant(caller)
    await call.connection.hold(caller)
    await until(lambda: any(one["participants"][1]["isOnHold"] for one in app.of("ParticipantsUpdated")))
    person = await call.connection.get_participant(caller)
    assert (person.is_muted, person.is_on_hold) == (True, True)
    await call.connection.unhold(caller)
    assert (await call.connection.get_participant(caller)).is_on_hold is False


async def test_participants_move_between_calls(
    answered: Any, app: Application, control: Control, client: CallAutomationClient
) -> None:
    first = await answered(kind="acs", **{"from": "8:acs:res_ann"})
    second = await control.dial(kind="acs", **{"from": "8:acs:res_bob"})
    other = await client.answer_call(second["incomingCallContext"], app.url)
    moved = await first.connection.move_participants(
        [CommunicationUserIdentifier("8:acs:res_bob"), CommunicationUserIdentifier("8:acs:res_nobody")],
        str(other.call_connection_id),
    )
    assert [person.identifier.raw_id for person in moved.participants] == ["8:acs:res_bob"]
    assert (await app.event("MoveParticipantSucceeded"))["fromCall"] == other.call_connection_id
    assert _result(await app.event("MoveParticipantFailed")) == (404, 8522)
    assert len([person async for person in first.connection.list_participants()]) == 3
    await app.event("CallDisconnected")


async def test_events_of_an_operation_go_where_it_says(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    await call.connection.add_participant(AGENT, operation_callback_url=f"{app.url}?own=1")
    await app.event("AddParticipantSucceeded")
    await asyncio.sleep(0.01)
    urls = {e["events"][0]["type"].rpartition(".")[2]: e["url"] for e in await control.journal("callback")}
    assert urls["AddParticipantSucceeded"].endswith("?own=1")
    assert urls["ParticipantsUpdated"] == app.url

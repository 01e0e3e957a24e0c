"""What Teams Phone extensibility does not allow is refused, and what it ignores is ignored."""

from __future__ import annotations

from typing import Any

import pytest
from azure.communication.callautomation import (
    MicrosoftTeamsAppIdentifier,
    MicrosoftTeamsUserIdentifier,
    PhoneNumberIdentifier,
    TeamsExtensionUserIdentifier,
    TeamsPhoneCallDetails,
    TeamsPhoneCallerDetails,
)
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.emulator.client import ACCOUNT, CALLER, Application, Control, refusal, until

AGENT = TeamsExtensionUserIdentifier(user_id="user", tenant_id="tenant", resource_id="resource")
AGENT_ID = "8:acs:resource_tenant_user"
NUMBER = PhoneNumberIdentifier("+4915112345")
ABSENT = PhoneNumberIdentifier("+19995550100")
HEADERS: Any = {"voip_headers": {"call": "our-id"}, "sip_headers": {"X-MS-Custom-Call": "our-id"}}


async def test_a_number_that_answered_is_not_dialled_again(answered: Any, app: Application) -> None:
    call = await answered()
    await call.connection.add_participant(NUMBER)
    await app.event("AddParticipantSucceeded")
    with pytest.raises(HttpResponseError) as raised:
        await call.connection.add_participant(NUMBER)
    assert refusal(raised) == (409, "8519")
    await call.connection.remove_participant(NUMBER)
    await app.event("RemoveParticipantSucceeded")
    for again in (call.connection.add_participant, call.connection.transfer_call_to_participant):
        with pytest.raises(HttpResponseError) as raised:
            await again(NUMBER)
        assert refusal(raised) == (405, "8520")
        assert "4:+4915112345 a second time" in str(raised.value)


@pytest.mark.parametrize("number", ["+112", "911"])
async def test_an_emergency_number_is_not_called(
    answered: Any, client: CallAutomationClient, app: Application, number: str
) -> None:
    call = await answered()
    target = PhoneNumberIdentifier(number, raw_id=f"4:{number}")
    for request in (
        lambda: call.connection.add_participant(target),
        lambda: call.connection.transfer_call_to_participant(target),
        lambda: client.create_call(target, app.url, source_caller_id_number=NUMBER),
    ):
        with pytest.raises(HttpResponseError) as raised:
            await request()
        assert refusal(raised) == (405, "8520")


async def test_a_number_that_declined_is_dialled_again(answered: Any, app: Application, control: Control) -> None:
    await control("PUT", "callees/4:+4915112345", {"behaviour": "decline", "after": 0})
    call = await answered()
    await call.connection.add_participant(NUMBER)
    await app.event("AddParticipantFailed")
    await call.connection.add_participant(NUMBER)


async def test_an_agent_can_be_added_again(answered: Any, app: Application) -> None:
    call = await answered()
    for count in (1, 2):
        await call.connection.add_participant(AGENT)
        await until(lambda count=count: len(app.of("AddParticipantSucceeded")) == count)  # type: ignore[misc]
        await call.connection.remove_participant(AGENT)
        await until(lambda count=count: len(app.of("RemoveParticipantSucceeded")) == count)  # type: ignore[misc]


async def test_acs_calls_dial_a_number_again(answered: Any, app: Application) -> None:
    call = await answered(kind="acs", to="8:acs:res_app")
    await call.connection.add_participant(NUMBER)
    await app.event("AddParticipantSucceeded")
    await call.connection.remove_participant(NUMBER)
    await call.connection.add_participant(NUMBER)


async def test_a_second_transfer_waits_for_the_first(answered: Any, app: Application, control: Control) -> None:
    await control("PUT", "callees/4:+4915112345", {"behaviour": "decline", "after": 3})
    call = await answered()
    await call.connection.transfer_call_to_participant(NUMBER)
    with pytest.raises(HttpResponseError) as raised:
        await call.connection.transfer_call_to_participant(AGENT)
    assert refusal(raised) == (409, "8607")
    await app.event("CallTransferFailed")
    await call.connection.transfer_call_to_participant(AGENT)
    await app.event("CallTransferAccepted")


async def test_a_transferee_who_leaves_meanwhile_is_not_transferred(
    answered: Any, app: Application, control: Control
) -> None:
    await control("PUT", "callees/4:+4915112345", {"after": 4})
    call = await answered()
    await call.connection.add_participant(AGENT)
    await app.event("AddParticipantSucceeded")
    await call.connection.transfer_call_to_participant(NUMBER, transferee=PhoneNumberIdentifier(CALLER))
    await control("POST", f"calls/{call.id}/hangup")
    failed = await app.event("CallTransferFailed")
    assert (failed["resultInformation"]["code"], failed["resultInformation"]["subCode"]) == (404, 8522)
    assert (await control("GET", f"calls/{call.id}"))["transferred"] == []


async def test_operations_on_a_party_who_is_not_in_the_call(answered: Any, app: Application) -> None:
    call = await answered()
    requests: list[Any] = [
        lambda: call.connection.transfer_call_to_participant(AGENT, transferee=ABSENT),
        lambda: call.connection.start_recognizing_media("dtmf", ABSENT),
        lambda: call.connection.send_dtmf_tones(["one"], ABSENT),
        lambda: call.connection.start_continuous_dtmf_recognition(ABSENT),
        lambda: call.connection.get_participant(ABSENT),
    ]
    for request in requests:
        with pytest.raises(ResourceNotFoundError) as raised:
            await request()
        assert refusal(raised) == (404, "8522")
    await call.connection.remove_participant(ABSENT)
    assert (await app.event("RemoveParticipantFailed"))["resultInformation"]["subCode"] == 8522


@pytest.mark.parametrize("field", ["source_caller_id_number", "source_display_name"])
async def test_an_invitation_has_no_caller_id(answered: Any, field: str) -> None:
    call = await answered()
    value = {"source_caller_id_number": NUMBER, "source_display_name": "Contoso"}[field]
    with pytest.raises(HttpResponseError) as raised:
        await call.connection.add_participant(AGENT, **{field: value})
    assert refusal(raised) == (400, "8523")


@pytest.mark.parametrize(
    ("who", "raw_id", "delivered", "ignored"),
    [
        (AGENT, AGENT_ID, {"voipHeaders": {"call": "our-id"}}, ["sipHeaders"]),
        (
            MicrosoftTeamsUserIdentifier("grace"),
            "8:orgid:grace",
            {"voipHeaders": {"call": "our-id"}},
            ["sipHeaders"],
        ),
        (NUMBER, "4:+4915112345", {"sipHeaders": {"X-MS-Custom-Call": "our-id"}}, ["voipHeaders"]),
    ],
)
async def test_headers_that_the_target_does_not_take_are_ignored(
    answered: Any, control: Control, *, who: Any, raw_id: str, delivered: dict[str, Any], ignored: list[str]
) -> None:
    call = await answered()
    await call.connection.add_participant(who, **HEADERS)
    (entry,) = await control.journal("acs.request", operation="AddParticipant")
    assert (entry["status"], entry["ignored"]) == (202, ignored)
    invited = (await control("GET", f"calls/{call.id}"))["invited"]
    assert invited == [{"operation": "add", "participant": raw_id, "customContext": delivered}]


def _context(topic: str, keys: int) -> Any:
    information = {f"key {n}": str(n) for n in range(keys)}
    caller = TeamsPhoneCallerDetails(
        caller=PhoneNumberIdentifier(CALLER), name="Ada", phone_number=CALLER, additional_caller_information=information
    )
    details = TeamsPhoneCallDetails(teams_phone_caller=caller, call_topic=topic)
    return {"voip_headers": {"call": "our-id"}, "teams_phone_call_details": details}


async def test_more_than_ten_facts_about_the_caller_are_ignored(answered: Any, control: Control) -> None:
    call = await answered()
    await call.connection.transfer_call_to_participant(AGENT, **_context("x" * 48, 12))
    (entry,) = await control.journal("acs.request", operation="TransferToParticipant")
    assert entry["ignored"] == ["additionalCallerInformation.key 10", "additionalCallerInformation.key 11"]
    (invited,) = (await control("GET", f"calls/{call.id}"))["invited"]
    details = invited["customContext"]["teamsPhoneCallDetails"]
    assert len(details["teamsPhoneCallerDetails"]["additionalCallerInformation"]) == 10
    assert details["callTopic"] == "x" * 48


async def test_a_topic_has_48_characters_at_most(answered: Any) -> None:
    call = await answered()
    with pytest.raises(HttpResponseError) as raised:
        await call.connection.transfer_call_to_participant(AGENT, **_context("x" * 49, 1))
    assert refusal(raised) == (400, "8523")


async def test_a_resource_account_gets_the_headers_with_its_call(
    answered: Any, app: Application, control: Control
) -> None:
    call = await answered()
    await call.connection.transfer_call_to_participant(
        MicrosoftTeamsAppIdentifier(ACCOUNT), voip_headers={"call": "our-id"}
    )
    await app.event("CallTransferAccepted")
    await control.idle()
    _, second = await control.events("IncomingCall")
    assert second["data"]["customContext"] == {"voipHeaders": {"call": "our-id"}}


async def test_an_agents_client_holds_and_mutes(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    await call.connection.add_participant(AGENT)
    await app.event("AddParticipantSucceeded")
    caller = f"4:{CALLER}"
    await control("POST", f"calls/{call.id}/client", {"who": caller, "on_hold": True, "muted": True})
    person = await call.connection.get_participant(PhoneNumberIdentifier(CALLER))
    assert (person.is_on_hold, person.is_muted) == (True, True)
    await until(lambda: len(app.of("ParticipantsUpdated")) == 4)
    await control("POST", f"calls/{call.id}/client", {"who": caller, "on_hold": False})
    person = await call.connection.get_participant(PhoneNumberIdentifier(CALLER))
    assert (person.is_on_hold, person.is_muted) == (False, True)


async def test_a_client_holds_in_a_call_of_two_only(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    path, hold = f"calls/{call.id}/client", {"who": f"4:{CALLER}", "on_hold": True}
    for agent in (AGENT, TeamsExtensionUserIdentifier(user_id="b", tenant_id="tenant", resource_id="resource")):
        await call.connection.add_participant(agent)
    await until(lambda: len(app.of("AddParticipantSucceeded")) == 2)
    wrong: list[tuple[dict[str, Any], str]] = [
        (hold, "in a call of two only"),
        ({"who": AGENT_ID}, "'on_hold' or 'muted'"),
        ({"who": "4:+1999", "muted": True}, "4:+1999 is not in the call"),
        ({"muted": True}, "'who' is a string"),
    ]
    for body, why in wrong:
        status, answer = await control.status("POST", path, body)
        assert (status, why in answer["error"]) == (400, True), answer

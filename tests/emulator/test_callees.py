"""Agents and numbers with a script: how they take a call, and what they do in it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from azure.communication.callautomation import (
    MicrosoftTeamsAppIdentifier,
    PhoneNumberIdentifier,
    RecognizeInputType,
    TeamsExtensionUserIdentifier,
)

from tests.emulator.client import ACCOUNT, CALLER, Application, Control, until

AGENT = TeamsExtensionUserIdentifier(user_id="user", tenant_id="tenant", resource_id="resource")
AGENT_ID, NUMBER, NUMBER_ID = "8:acs:resource_tenant_user", PhoneNumberIdentifier("+4915112345"), "4:+4915112345"


async def _set(control: Control, raw_id: str, **behaviour: Any) -> None:
    status, answer = await control.status("PUT", f"callees/{raw_id}", behaviour)
    assert status == 200, answer


async def test_an_agent_hangs_up_some_seconds_after_accepting(
    answered: Any, app: Application, control: Control
) -> None:
    await _set(control, AGENT_ID, hangs_up_after=2)
    call = await answered()
    await call.connection.add_participant(AGENT)
    await app.event("AddParticipantSucceeded")
    await until(lambda: len(app.of("ParticipantsUpdated")) == 3)
    assert [len(data["participants"]) for data in app.of("ParticipantsUpdated")][-1] == 2
    assert app.of("CallDisconnected") == []


async def test_a_voicemail_accepts_and_greets(answered: Any, app: Application, control: Control) -> None:
    await _set(control, NUMBER_ID, behaviour="voicemail", after=2, greeting="We are closed.", hangs_up_after=3)
    call = await answered()
    await call.connection.add_participant(NUMBER)
    await app.event("AddParticipantSucceeded")
    await until(lambda: len(app.of("ParticipantsUpdated")) == 3)
    assert "We are closed." in (await control("GET", f"calls/{call.id}/sounds"))["sounds"]


async def test_a_callee_presses_keys_and_speaks(answered: Any, app: Application, control: Control) -> None:
    script = {"presses": [{"after": 4, "tone": "one"}], "says": [{"after": 6, "phrase": "It is me"}]}
    await _set(control, AGENT_ID, **script)
    call = await answered()
    await call.connection.add_participant(AGENT)
    await app.event("AddParticipantSucceeded")
    await call.connection.start_recognizing_media(
        RecognizeInputType.DTMF, AGENT, dtmf_max_tones_to_collect=1, initial_silence_timeout=30
    )
    await call.connection.start_recognizing_media(RecognizeInputType.SPEECH, AGENT, initial_silence_timeout=30)
    await until(lambda: len(app.of("RecognizeCompleted")) == 2)
    first, second = app.of("RecognizeCompleted")
    assert (first["dtmfResult"]["tones"], second["speechResult"]["speech"]) == (["one"], "It is me")


async def test_a_callee_who_declines_can_be_reported_as_added(
    answered: Any, app: Application, control: Control
) -> None:
    await _set(control, AGENT_ID, behaviour="decline", declined_as_succeeded=True)
    call = await answered()
    await call.connection.add_participant(AGENT, operation_context="bring in")
    succeeded = await app.event("AddParticipantSucceeded")
    assert (succeeded["operationContext"], succeeded["resultInformation"]["code"]) == ("bring in", 200)
    await control.idle()
    assert app.of("AddParticipantFailed") == []
    assert len(app.of("ParticipantsUpdated")) == 1
    assert [person.identifier.raw_id async for person in call.connection.list_participants()][1:] == [f"4:{CALLER}"]


async def test_an_outbound_callee_has_a_script(control: Control, app: Application, client: Any) -> None:
    await _set(control, NUMBER_ID, after=0, hangs_up_after=1)
    await client.create_call(NUMBER, app.url, source_caller_id_number=PhoneNumberIdentifier(CALLER))
    await app.event("CallConnected")
    await app.event("CallDisconnected")


async def test_the_target_of_a_transfer_has_a_script(answered: Any, app: Application, control: Control) -> None:
    await _set(control, AGENT_ID, hangs_up_after=1)
    call = await answered()
    await call.connection.transfer_call_to_participant(AGENT)
    await app.event("CallDisconnected")
    assert (await control("GET", f"calls/{call.id}"))["transferred"] == [f"4:{CALLER}", AGENT_ID]
    async with asyncio.timeout(20):
        while (await control("GET", f"calls/{call.id}"))["transferred"]:  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.02)


async def test_a_resource_account_with_a_behaviour_is_a_queue_and_does_not_ring_here(
    answered: Any, app: Application, control: Control
) -> None:
    queue = f"28:orgid:{ACCOUNT}"
    await _set(control, queue, after=1)
    call = await answered()
    await call.connection.transfer_call_to_participant(MicrosoftTeamsAppIdentifier(ACCOUNT))
    await app.event("CallTransferAccepted")
    await app.event("CallDisconnected")
    await control.idle()
    assert len(await control.events("IncomingCall")) == 1
    assert (await control("GET", f"calls/{call.id}"))["transferred"] == [f"4:{CALLER}", queue]


async def test_the_callees_of_a_scenario_are_set_at_once(control: Control) -> None:
    await _set(control, NUMBER_ID, behaviour="decline")
    scenario = {
        AGENT_ID: {"after": 2, "says": [{"after": 1, "phrase": "Hello"}]},
        "+15550100": {"behaviour": "no_answer"},
    }
    found = await control("PUT", "callees", scenario)
    assert list(found) == [AGENT_ID, "4:+15550100"]
    assert found[AGENT_ID] == {
        "behaviour": "accept",
        "after": 2,
        "declined_as_succeeded": False,
        "hangs_up_after": None,
        "presses": [],
        "says": [{"after": 1, "phrase": "Hello", "confidence": 0.92}],
    }
    assert await control("GET", "callees") == found


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"4:+1": {"behavior": "accept"}}, "the behaviour of 4:+1 has no 'behavior'; did you mean 'behaviour'?"),
        ({"4:+1": {"behaviour": "accept", "greeting": "Hi"}}, "has no 'greeting'"),
        ({"4:+1": {"says": [{"phrase": "Hi", "at": 1}]}}, "a phrase to say has no 'at'"),
        ({"4:+1": {"declined_as_succeeded": True}}, "needs the behaviour 'decline'"),
        ({"4:+1": {"behaviour": "decline", "hangs_up_after": 1}}, "'decline' never joins"),
        ({"4:+1": {}, "nonsense": {}}, "the callee is a phone number"),
        ({"4:+1": 7}, "the behaviour of 4:+1 is a JSON object"),
        ([], "the callees are a JSON object"),
    ],
)
async def test_a_scenario_is_set_whole_or_not_at_all(control: Control, body: Any, why: str) -> None:
    await _set(control, NUMBER_ID, behaviour="decline")
    status, answer = await control.status("PUT", "callees", body)
    assert (status, why in answer["error"]) == (400, True), answer
    assert list(await control("GET", "callees")) == [NUMBER_ID]

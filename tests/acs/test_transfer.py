"""Transferring a participant: the requests to ACS."""

from __future__ import annotations

from msgspec.structs import replace

from emulator.server import Emulator
from shared.acs.executor import EffectExecutor
from shared.calls.actions import CustomContext, TransferCall
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import Lifecycle
from shared.calls.event import ActionPerformed
from tests.support import an_effect, asked, perform

CALLER, NUMBER, QUEUE = "4:+12065551212", "4:+12065550199", "28:orgid:22222222-2222-4222-8222-222222222222"
AGENT = (
    "8:acs:ac5e0000-0000-4000-8000-000000000001_c0000000-0000-4000-8000-000000000001"
    "_0000c0de-0000-4000-8000-0000000000a2"
)


async def test_an_agent_gets_the_calls_id_the_headers_and_the_call_details(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator
) -> None:
    call = replace(answered_call, lifecycle=Lifecycle(caller=CALLER, caller_name="Megan Bowen"))
    given = CustomContext(voip_headers={"X-Case": "42"}, topic="Invoice", details={"Contract": "gold"})
    effect = an_effect(TransferCall(AGENT, CALLER, given))
    assert isinstance((await executor.perform(call, effect, 8)).data, ActionPerformed)
    (request,) = asked(emulator, "TransferToParticipant")
    body, context = request["body"], request["body"]["customCallingContext"]
    assert (body["targetParticipant"]["rawId"], body["transferee"]["rawId"]) == (AGENT, CALLER)
    assert context["voipHeaders"] == {"X-Call-Id": call.id, "X-Case": "42"}
    details = context["teamsPhoneCallDetails"]
    assert details["callTopic"] == "Invoice"
    caller = details["teamsPhoneCallerDetails"]
    assert caller["caller"]["rawId"] == CALLER
    assert (caller["name"], caller["phoneNumber"]) == ("Megan Bowen", "+12065551212")
    assert caller["additionalCallerInformation"] == {"Contract": "gold"}
    assert body["operationContext"] == request["headers"]["Repeatability-Request-ID"] == effect.id


async def test_call_details_are_sent_without_further_headers(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator
) -> None:
    """The SDK drops them where there is no header at all."""
    await perform(executor, answered_call, TransferCall(QUEUE, None, CustomContext(topic="Invoice")))
    context = asked(emulator, "TransferToParticipant")[0]["body"]["customCallingContext"]
    assert context["teamsPhoneCallDetails"] == {"callTopic": "Invoice"}


async def test_a_number_gets_sip_headers_alone(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator
) -> None:
    sip = {"User-To-User": "abc", "X-MS-Custom-Case": "42"}
    await perform(executor, answered_call, TransferCall(NUMBER, None, CustomContext(sip_headers=sip)))
    body = asked(emulator, "TransferToParticipant")[0]["body"]
    assert body["customCallingContext"]["sipHeaders"] == sip
    assert not body["customCallingContext"].get("voipHeaders")
    assert "transferee" not in body


async def test_a_number_gets_no_context_unless_some_is_given(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator
) -> None:
    await perform(executor, answered_call, TransferCall(NUMBER))
    assert "customCallingContext" not in asked(emulator, "TransferToParticipant")[0]["body"]

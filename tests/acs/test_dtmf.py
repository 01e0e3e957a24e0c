"""Sending DTMF tones to the emulator, over HTTP, with the SDK."""

from __future__ import annotations

import pytest

from emulator.server import Emulator
from shared.acs.answering import IncomingCallResponder
from shared.acs.context import Context
from shared.acs.executor import EffectExecutor
from shared.calls.actions import SendDtmf, StartContinuousDtmf, StopContinuousDtmf
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import CallAnswered
from shared.calls.event import ActionFailed, ActionPerformed
from shared.platform.clients import Clients
from shared.platform.settings import Settings
from tests.golden import START
from tests.support import CALL_ID, a_call, an_effect, asked, ring

CALLER = "4:+12065551212"


@pytest.fixture
async def context(environment: dict[str, str]) -> Context:
    settings = Settings(environment)
    return Context(settings, Clients(settings), lambda: START)


async def test_tones_are_sent_by_their_names_with_the_effects_id(context: Context, emulator: Emulator) -> None:
    answered = (await IncomingCallResponder(context).answer(CALL_ID, await ring(emulator), 8)).data
    assert isinstance(answered, CallAnswered)
    effect = an_effect(SendDtmf(CALLER, "0*#d"))
    outcome = await EffectExecutor(context).perform(a_call(answered.call_connection_id or ""), effect, 8)
    await context.clients.close()
    assert isinstance(outcome.data, ActionPerformed)
    (request,) = asked(emulator, "SendDtmfTones")
    assert request["body"]["tones"] == ["zero", "asterisk", "pound", "d"]
    assert request["body"]["targetParticipant"]["rawId"] == CALLER
    assert request["body"]["operationContext"] == request["headers"]["Repeatability-Request-ID"] == effect.id


@pytest.mark.parametrize("tones", ["", "12x", "1 2"])
async def test_invalid_tones_are_refused_without_a_request(context: Context, emulator: Emulator, tones: str) -> None:
    outcome = await EffectExecutor(context).perform(a_call(), an_effect(SendDtmf(CALLER, tones)), 8)
    assert isinstance(outcome.data, ActionFailed)
    assert outcome.data.code == 400
    assert asked(emulator, "SendDtmfTones") == []


async def test_the_keys_of_a_participant_are_reported_until_that_is_stopped(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator
) -> None:
    for action, operation in (
        (StartContinuousDtmf(CALLER), "StartContinuousDtmfRecognition"),
        (StopContinuousDtmf(CALLER), "StopContinuousDtmfRecognition"),
    ):
        effect = an_effect(action)
        assert isinstance((await executor.perform(answered_call, effect, 8)).data, ActionPerformed)
        (request,) = asked(emulator, operation)
        assert request["body"]["targetParticipant"]["rawId"] == CALLER
        assert request["body"]["operationContext"] == effect.id

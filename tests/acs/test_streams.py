"""Media streaming and transcription: the requests to ACS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.server import Emulator
from shared.acs.answering import IncomingCallResponder
from shared.acs.executor import EffectExecutor
from shared.calls.actions import (
    AnyAction,
    StartMediaStreaming,
    StartTranscription,
    StopMediaStreaming,
    StopTranscription,
    UpdateTranscription,
)
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import CallAnswered
from shared.calls.event import ActionPerformed
from tests.support import CALL_ID, a_call, an_effect, asked, perform, ring

STREAMS = {"MEDIA_STREAMING_URL": "wss://media.example/calls", "TRANSCRIPTION_URL": "wss://media.example/texts"}


@pytest.mark.parametrize(
    ("action", "more"),
    [
        (StartMediaStreaming(), {}),
        (StopMediaStreaming(), {}),
        (StartTranscription(), {}),
        (StartTranscription("de-DE"), {"locale": "de-DE"}),
        (StopTranscription(), {}),
        (UpdateTranscription("de-DE"), {"locale": "de-DE"}),
    ],
)
async def test_a_call_that_was_answered_with_the_options_is_streamed(
    make_responder: Callable[..., IncomingCallResponder],
    executor: EffectExecutor,
    emulator: Emulator,
    action: AnyAction,
    more: dict[str, Any],
) -> None:
    answered = (await make_responder(**STREAMS).answer(CALL_ID, await ring(emulator), 8)).data
    assert isinstance(answered, CallAnswered)
    effect = an_effect(action)
    outcome = (await executor.perform(a_call(answered.call_connection_id or ""), effect, 8)).data
    assert isinstance(outcome, ActionPerformed), outcome
    (request,) = asked(emulator, action.name)
    assert request["body"] == {"operationContext": effect.id} | more


async def test_a_call_that_was_answered_without_them_is_refused_for_good(
    executor: EffectExecutor, answered_call: Call
) -> None:
    failed = await perform(executor, answered_call, StartMediaStreaming())
    assert failed.codes == (400, 8500)
    assert failed.action.is_final(*failed.codes, 1)

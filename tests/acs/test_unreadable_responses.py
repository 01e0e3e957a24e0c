"""A request that ACS accepts without a body, where the SDK expects one, is accepted, and so is not sent again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.acs.executor import EffectExecutor
from shared.calls.actions import (
    AddParticipant,
    AnyAction,
    CancelMedia,
    HoldParticipant,
    MoveParticipants,
    MuteParticipant,
    PauseRecording,
    Play,
    Recognize,
    RemoveParticipant,
    RequestRecording,
    ResumeRecording,
    SendDtmf,
    StartContinuousDtmf,
    StartMediaStreaming,
    StartTranscription,
    StopContinuousDtmf,
    StopMediaStreaming,
    StopRecording,
    StopTranscription,
    TransferCall,
    UnholdParticipant,
    UpdateTranscription,
)
from shared.calls.event import ActionPerformed
from tests.support import Servers, a_call, perform, unreadable

CALLER, RECORDING = "4:+12065551212", "cmVjb3JkaW5n"
ACTIONS = [
    AddParticipant(CALLER),
    RemoveParticipant(CALLER),
    MuteParticipant(CALLER),
    HoldParticipant(CALLER),
    UnholdParticipant(CALLER),
    MoveParticipants((CALLER,), "connection"),
    TransferCall(CALLER),
    Play("prompt", "Hello."),
    Recognize(CALLER, "keys"),
    CancelMedia("operation"),
    SendDtmf(CALLER, "1"),
    StartContinuousDtmf(CALLER),
    StopContinuousDtmf(CALLER),
    StartMediaStreaming(),
    StopMediaStreaming(),
    StartTranscription(),
    UpdateTranscription("de-DE"),
    StopTranscription(),
    RequestRecording(),
    PauseRecording(RECORDING),
    ResumeRecording(RECORDING),
    StopRecording(RECORDING),
]
WITH_200 = (MuteParticipant, HoldParticipant, UnholdParticipant, StartContinuousDtmf, StopContinuousDtmf)
WITH_204 = (StopRecording,)


def status_of(action: AnyAction) -> int:
    return 200 if isinstance(action, WITH_200) else 204 if isinstance(action, WITH_204) else 202


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
async def test_an_accepted_request_is_accepted(
    make_executor: Callable[..., EffectExecutor], servers: Servers, action: AnyAction
) -> None:
    server = await servers.start(unreadable(b"", "application/json", status_of(action)))
    outcome = await perform(make_executor(ACS_ENDPOINT=server), a_call(), action)
    assert isinstance(outcome, ActionPerformed), outcome

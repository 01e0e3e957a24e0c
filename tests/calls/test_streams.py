"""Media streaming and transcription: the state that ACS reported last, and the outcomes of commands."""

from __future__ import annotations

from itertools import permutations

import pytest

from shared.calls.actions import AnyAction, StartMediaStreaming, StopTranscription, UpdateTranscription
from shared.calls.capabilities import command_outcome
from shared.calls.capabilities.streams import Stream, StreamState
from shared.calls.effect import effect_id
from shared.calls.event import OperationRequested, own
from shared.calls.operations import OutcomeStatus
from shared.calls.policy import CallPolicy
from tests.calls.driver import CALL, at, connected
from tests.golden import event

UNRECORDED = CallPolicy(record=False)
CONTEXT = effect_id(CALL, "command")


@pytest.mark.parametrize(
    ("action", "name", "status"),
    [
        (StartMediaStreaming(), "media_streaming_started", OutcomeStatus.SUCCEEDED),
        (StartMediaStreaming(), "media_streaming_failed", OutcomeStatus.FAILED),
        (StopTranscription(), "transcription_stopped", OutcomeStatus.SUCCEEDED),
        (UpdateTranscription("de-DE"), "transcription_updated", OutcomeStatus.SUCCEEDED),
        (UpdateTranscription("de-DE"), "transcription_failed", OutcomeStatus.FAILED),
    ],
)
def test_an_event_reports_the_outcome_of_a_command(action: AnyAction, name: str, status: OutcomeStatus) -> None:
    call = connected(UNRECORDED).receive(own(CONTEXT, at(2), OperationRequested(action, "user grace")))
    assert call.asked == [action]
    call.receive(event(name, 3, operationContext=CONTEXT))
    outcome = command_outcome(call.call, CONTEXT)
    assert outcome is not None
    assert outcome.status is status
    assert call.open == []


@pytest.mark.parametrize(
    "order",
    [*permutations([("media_streaming_started", 2), ("media_streaming_stopped", 3), ("transcription_failed", 4)])],
)
def test_the_state_is_the_one_that_was_reported_last(order: tuple[tuple[str, float], ...]) -> None:
    call = connected(UNRECORDED)
    for name, moment in order:
        call.receive(event(name, moment), now=9)
    assert call.call.streams.media == Stream(StreamState.INACTIVE, at(3), "subscriptionStopped")
    assert call.call.streams.transcription == Stream(StreamState.FAILED, at(4), "speechServicesConnectionError")


def test_the_timeline_has_acs_word_for_the_cause() -> None:
    call = connected(UNRECORDED).receive(event("transcription_failed", 2)).call
    assert call.timeline[-1].text.startswith("speechServicesConnectionError; 500/8578: ")

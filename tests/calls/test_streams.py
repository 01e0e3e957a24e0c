"""Media streaming and transcription: the state that ACS reported last, the outcomes of commands, and retries."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from shared.calls.actions import (
    AnyAction,
    StartMediaStreaming,
    StartTranscription,
    StopTranscription,
    UpdateTranscription,
)
from shared.calls.capabilities import command_outcome
from shared.calls.capabilities.streams import MOST_FAILURES, Stream, StreamState
from shared.calls.effect import effect_id
from shared.calls.event import OperationRequested, own
from shared.calls.operations import OutcomeStatus
from shared.calls.policy import CallPolicy
from tests.calls.driver import CALL, CallDriver, at, connected, step_event
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
    result = {"code": 400 if status is OutcomeStatus.FAILED else 200, "subCode": 8605}
    call.receive(event(name, 3, operationContext=CONTEXT, resultInformation=result))
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


def test_a_stream_that_failed_is_started_again_a_second_later() -> None:
    call = connected(UNRECORDED).receive(event("media_streaming_failed", 2))
    assert call.asked == []
    assert call.wake(3).asked == [StartMediaStreaming()]
    call.done(3.1)
    call.receive(step_event("media_streaming_started", 3.2, "start media again 1"))
    assert call.open == []
    assert call.call.streams.media == Stream(StreamState.ACTIVE, at(3.2), "subscriptionStarted")


def test_each_stream_is_started_again_by_itself_and_a_repeated_failure_counts_once() -> None:
    call = connected(UNRECORDED).receive(event("media_streaming_failed", 2)).receive(event("transcription_failed", 2.1))
    call.receive(event("media_streaming_failed", 2), now=2.2)
    assert {each.name for each in call.wake(4).asked} == {"StartMediaStreaming", "StartTranscription"}
    assert len(call.call.streams.failures) == 2


def test_retries_come_later_and_later_and_end() -> None:
    call, now, waited = connected(UNRECORDED), 2.0, []
    call.receive(event("media_streaming_failed", now))
    while call.open:
        (effect,) = call.call.effects
        waited.append((effect.due - at(now)).total_seconds())
        now += waited[-1]
        assert call.wake(now).asked == [StartMediaStreaming()]
        call.done(now)
        call.receive(step_event("media_streaming_failed", now, f"start media again {len(waited)}"))
    assert waited[:8] == [1, 1, 2, 4, 8, 15, 30, 60]
    assert set(waited[8:]) <= {8, 15, 30, 60}, "those of five minutes ago are forgotten"
    assert len(waited) == MOST_FAILURES - 1


def test_a_failure_after_a_long_time_is_retried_at_once() -> None:
    call = connected(UNRECORDED)
    for n, now in enumerate((2, 400), start=1):
        call.receive(event("transcription_failed", now))
        assert call.wake(now + 1).asked == [StartTranscription()], now
        call.done(now + 1)
        call.receive(step_event("transcription_started", now + 2, f"start transcription again {n}"))


@pytest.mark.parametrize(
    ("code", "sub_code"),
    [(400, 8605), (403, 7506), (400, 8504)],
)
def test_a_stream_that_cannot_succeed_is_not_started_again(code: int, sub_code: int) -> None:
    call = connected(UNRECORDED)
    call.receive(event("media_streaming_failed", 2, resultInformation={"code": code, "subCode": sub_code}))
    assert call.open == []


def test_a_url_whose_server_does_not_run_is_tried_again() -> None:
    call = connected(UNRECORDED)
    call.receive(event("media_streaming_failed", 2, resultInformation={"code": 400, "subCode": 8581}))
    assert call.open == [StartMediaStreaming()]


def _stopped(call: CallDriver) -> None:
    call.receive(event("media_streaming_stopped", 2.5))


def _started(call: CallDriver) -> None:
    call.receive(event("media_streaming_started", 2.5))


def _ended(call: CallDriver) -> None:
    call.receive(event("call_disconnected", 2.5))


@pytest.mark.parametrize("happens", [_stopped, _started, _ended])
def test_a_stream_that_needs_no_retry_any_more_gets_none(happens: Callable[[CallDriver], None]) -> None:
    call = connected(UNRECORDED).receive(event("media_streaming_failed", 2))
    happens(call)
    assert call.open == []


def test_a_retry_that_acs_refuses_is_the_last() -> None:
    call = connected(UNRECORDED).receive(event("media_streaming_failed", 2)).wake(3).fails(3.1, 400, 8500)
    assert call.open == []


def test_a_transcription_goes_on_in_the_language_that_was_set() -> None:
    call = connected(UNRECORDED)
    for now, language in ((2, "de-DE"), (3, "fr-FR")):
        context = effect_id(CALL, f"command {language}")
        call.receive(own(context, at(now), OperationRequested(UpdateTranscription(language), "user grace")))
        call.done(now)
        call.receive(event("transcription_updated", now, f"updated {now}", operationContext=context))
    call.receive(event("transcription_failed", 4))
    assert call.open == [StartTranscription("fr-FR")]

"""Recognition and tones: the results are kept by operation, and stand in no text of the timeline."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from shared.calls.actions import AnyAction, Recognize, StartContinuousDtmf, StopContinuousDtmf
from shared.calls.capabilities import command_outcome, command_result
from shared.calls.capabilities.dtmf import MOST_TONES, listened_to
from shared.calls.capabilities.recognition import LONGEST_SPEECH, MOST_RESULTS
from shared.calls.effect import effect_id
from shared.calls.event import ActionPerformed, OperationRequested, own
from shared.calls.operations import OutcomeStatus
from shared.calls.policy import CallPolicy
from tests.calls.driver import CALL, CallDriver, at, connected
from tests.golden import event

CALLER = "4:+12065551212"
UNRECORDED = CallPolicy(record=False)


def context(name: str) -> str:
    return effect_id(CALL, f"command {name}")


def commanded(*actions: AnyAction) -> CallDriver:
    """A call with accepted commands, whose contexts are ``context("0")``, …"""
    call = connected(UNRECORDED)
    for n, action in enumerate(actions):
        call.receive(own(context(str(n)), at(2 + n), OperationRequested(action, "user grace")))
        call.receive(own(f"{n}/done", at(2 + n), ActionPerformed(context(str(n)), action)))
    return call


def texts(call: CallDriver) -> str:
    return " ".join(entry.text for entry in call.call.timeline)


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("recognize_keys", {"keys": "42#"}),
        ("recognize_speech", {"speech": "My order has not arrived.", "confidence": 0.93}),
        ("recognize_choice", {"choice": "Confirm", "phrase": "yes", "confidence": 0.8}),
    ],
)
def test_what_was_recognized_is_the_result_of_the_command(name: str, result: dict[str, Any]) -> None:
    call = commanded(Recognize(CALLER, "keysOrSpeech"))
    assert command_result(call.call, context("0")) is None
    call.receive(event(name, 5, operationContext=context("0")))
    assert command_result(call.call, context("0")) == result
    outcome = command_outcome(call.call, context("0"))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.SUCCEEDED
    assert call.open == []
    assert not [value for value in result.values() if str(value) in texts(call)]


@pytest.mark.parametrize("result", [{"dtmfResult": {"tones": []}}, {"dtmfResult": None}, {"dtmfResult": {"tones": 7}}])
def test_a_result_without_keys_is_empty(result: dict[str, Any]) -> None:
    call = commanded(Recognize(CALLER, "keys"))
    call.receive(event("recognize_keys", 5, operationContext=context("0"), **result))
    assert command_result(call.call, context("0")) == {"keys": ""}


def test_a_choice_that_was_pressed_has_no_phrase() -> None:
    call = commanded(Recognize(CALLER, "choices"))
    pressed = {"label": "Confirm", "recognizedPhrase": None}
    call.receive(event("recognize_choice", 5, operationContext=context("0"), choiceResult=pressed))
    assert command_result(call.call, context("0")) == {"choice": "Confirm"}


@pytest.mark.parametrize(
    ("name", "status"), [("recognize_failed", OutcomeStatus.FAILED), ("recognize_canceled", OutcomeStatus.CANCELED)]
)
def test_a_recognition_that_fails_or_is_cancelled_has_no_result(name: str, status: OutcomeStatus) -> None:
    call = commanded(Recognize(CALLER, "keys")).receive(event(name, 5, operationContext=context("0")))
    outcome = command_outcome(call.call, context("0"))
    assert outcome is not None
    assert outcome.status is status
    assert command_result(call.call, context("0")) is None


def test_the_latest_results_are_kept() -> None:
    call = connected(UNRECORDED)
    for n in range(MOST_RESULTS + 2):
        words = {"speech": "x" * 2 * LONGEST_SPEECH}
        call.receive(event("recognize_speech", 5 + n, operationContext=str(n), speechResult=words))
    results = call.call.recognition.results
    assert {*results} == {str(n) for n in range(2, MOST_RESULTS + 2)}
    assert {len(each.speech or "") for each in results.values()} == {LONGEST_SPEECH}


# -- Continuous DTMF ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [*permutations([(1, "one"), (2, "two"), (3, "pound"), (2, "two")])])
def test_tones_are_kept_once_and_in_the_order_of_their_sequence_ids(order: tuple[tuple[int, str], ...]) -> None:
    call = commanded(StartContinuousDtmf(CALLER))
    for n, tone in order:
        call.receive(
            event("tone_received", 5, f"tone {n}", sequenceId=n, tone=tone, operationContext=context("0")), now=6
        )
    assert "".join(tone.key for tone in call.call.dtmf.in_order) == "12#"
    assert {tone.operation for tone in call.call.dtmf.in_order} == {context("0")}
    assert "one" not in texts(call)


def test_the_latest_tones_are_kept() -> None:
    call = commanded(StartContinuousDtmf(CALLER))
    for n in range(MOST_TONES + 5):
        call.receive(event("tone_received", 5 + n, sequenceId=n))
    assert [tone.sequence_id for tone in call.call.dtmf.in_order] == [*range(5, MOST_TONES + 5)]


def test_a_participant_is_listened_to_until_that_is_stopped_or_fails() -> None:
    other = "4:+12065550000"
    call = commanded(StartContinuousDtmf(CALLER), StartContinuousDtmf(other))
    assert listened_to(call.call) == [CALLER, other]
    call.receive(event("tone_failed", 6, operationContext=context("1")))
    assert listened_to(call.call) == [CALLER]
    assert listened_to(commanded(StartContinuousDtmf(CALLER), StopContinuousDtmf(CALLER)).call) == []

"""What operators are told: each fact once, and nobody by name."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from azure.functions import CloudEvent
from msgspec.structs import fields

from shared.calls.call import Call
from shared.calls.events import Answered, EffectFailed, Event, Rang, Refused
from shared.calls.machine import reduce
from shared.calls.policy import Decision, Plan
from shared.platform import telemetry
from shared.platform.telemetry import TelemetryEvent, changes, emit
from shared.service.container import Container
from tests.golden import START, event, golden
from tests.support import CALL_ID

CORRELATION = golden("call_connected")["data"]["correlationId"]
SECRETS = ("+12065551212", "Ada", "4:", "28:orgid")


def rang(decision: Decision = Decision.ANSWER) -> Event:
    received = START + timedelta(seconds=0.2)
    data = Rang(decision, "4:+12065551212", "28:orgid:a", "Ada", None, "server", CORRELATION, received)
    return Event("incoming", "IncomingCall", START, data)


def answered() -> Event:
    sent, taken = START + timedelta(seconds=0.3), START + timedelta(seconds=0.5)
    return Event("answer/done", "Answered", taken, Answered("connection", "server", CORRELATION, sent, taken))


def live(*events: Event, plan: Plan | None = None) -> list[TelemetryEvent]:
    """Everything that is told of a call that lives through these events."""
    call, told = Call(id=CALL_ID, plan=plan or Plan()), []
    before: Call | None = None
    for each in events:
        call, _ = reduce(call, each, each.at)
        if call != before:
            told += list(changes(before, call, [each]))
        before = call
    return told


def names(facts: list[TelemetryEvent]) -> list[str]:
    return [fact.name for fact in facts]


WHOLE = (
    rang(),
    answered(),
    event("call_connected", 1.0),
    event("recording_active", 1.5),
    event("play_started", 2.0),
    event("recording_inactive", 9.0),
    event("call_disconnected", 10.0),
)


def test_the_phases_of_answering_are_told_as_they_become_known() -> None:
    told = [fact for fact in live(*WHOLE) if isinstance(fact, telemetry.Phase)]
    assert names(list(told)) == ["call.notified", "call.answered", "call.connected", "call.heard"]
    assert [fact.seconds for fact in told] == [0.2, 0.1, 0.7, 1.0]
    assert {(fact.call, fact.correlation) for fact in told} == {(CALL_ID, CORRELATION)}


def test_a_call_is_settled_once() -> None:
    (settled,) = [fact for fact in live(*WHOLE) if isinstance(fact, telemetry.CallSettled)]
    assert (settled.state, settled.seconds) == ("ended", 9.0)


def test_an_event_that_comes_again_tells_nothing() -> None:
    assert live(*WHOLE, *WHOLE, *WHOLE) == live(*WHOLE)


@pytest.mark.parametrize(("decision", "state"), [(Decision.TOO_LATE, "missed"), (Decision.NOT_OURS, "not ours")])
def test_a_call_that_is_not_taken_is_told(decision: Decision, state: str) -> None:
    assert [f.state for f in live(rang(decision)) if isinstance(f, telemetry.CallSettled)] == [state]


def test_what_acs_refuses_is_told_with_its_code() -> None:
    refused = Event("answer/refused", "AnswerRefused", START, Refused(403, 10105, "no, Ada"))
    told = live(rang(), refused)
    assert names(told) == ["call.notified", "call.settled", "step.failed"]
    assert told[-1] == telemetry.StepFailed(CALL_ID, CORRELATION, "AnswerRefused", 403, 10105)


def test_a_recording_that_cannot_be_had_is_told_with_why() -> None:
    failed = event("start_recording_failed", 2.0, resultInformation={"code": 400, "subCode": 8500, "message": "Ada"})
    told = live(rang(), answered(), event("call_connected", 1.0), failed)
    assert [f for f in told if isinstance(f, telemetry.RecordingSettled)] == [
        telemetry.RecordingSettled(CALL_ID, CORRELATION, "not recorded", 400, 8500)
    ]


def test_a_failed_effect_is_told_by_its_name() -> None:
    failed = Event("x/failed", "EffectFailed", START, EffectFailed("x", "Play", 400, 8535, "Ada"))
    assert list(changes(None, Call(id=CALL_ID), [failed])) == [telemetry.StepFailed(CALL_ID, "", "Play", 400, 8535)]


def test_a_line_is_a_name_and_json(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="teams_phone.telemetry")
    emit(*live(*WHOLE))
    for message in caplog.messages:
        name, _, rest = message.partition(" ")
        (kind,) = [fact for fact in telemetry.TELEMETRY_EVENTS if fact.name == name]
        assert set(json.loads(rest)) == {field.name for field in fields(kind)}


def test_nobody_is_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="teams_phone.telemetry")
    emit(*live(*WHOLE))
    assert caplog.messages
    for secret in SECRETS:
        assert not any(secret in message for message in caplog.messages)


def test_few_values_but_for_the_ids() -> None:
    """Texts of the platform or of callers are no fields: only ids, states, codes, and names of the code's own."""
    texts = {
        f"{fact.name}.{field.name}"
        for fact in telemetry.TELEMETRY_EVENTS
        for field in fields(fact)
        if field.type is str
    }
    ids = {name for name in texts if name.endswith((".call", ".correlation"))}
    assert texts - ids == {
        "call.settled.state",
        "recording.settled.status",
        "step.failed.step",
        "event.quarantined.source",
    }


async def test_the_app_tells_what_it_keeps_aside_and_refuses_and_that_it_lives(
    make_app: Callable[..., Container], caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app()
    caplog.set_level(logging.INFO, logger="teams_phone.telemetry")
    await app.events.callback(
        CloudEvent(specversion="1.0", id="x", source="s", type="Microsoft.Communication.CallConnected", data={})
    )
    assert await app.ingress.accept(CALL_ID, "Bearer forged", b"[]") == 401
    await app.sweeper.sweep()
    assert 'event.quarantined {"source":"call_event"}' in caplog.messages
    assert 'callback.refused {"status":401}' in caplog.messages
    assert any(message.startswith("sweep.done ") for message in caplog.messages)

"""Telemetry events: each change once, and no names of people."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from azure.functions import CloudEvent
from msgspec.structs import fields

from shared.calls.actions import Play
from shared.calls.capabilities import Call, reduce
from shared.calls.capabilities.lifecycle import CallAnswered, Decision, IncomingCallReceived, RequestRejected
from shared.calls.event import ActionFailed, Event, own
from shared.platform import telemetry
from shared.platform.telemetry import TelemetryEvent, changes, emit
from shared.service.container import Container
from tests.golden import START, event, golden
from tests.support import CALL_ID

CORRELATION = golden("call_connected")["data"]["correlationId"]
SECRETS = ("+12065551212", "Ada", "4:", "28:orgid")


def incoming(decision: Decision = Decision.ANSWER) -> Event:
    data = IncomingCallReceived(
        decision=decision,
        caller="4:+12065551212",
        callee="28:orgid:a",
        caller_name="Ada",
        server_call_id="server",
        correlation_id=CORRELATION,
        received_at=START + timedelta(seconds=0.2),
    )
    return Event("incoming", "IncomingCall", START, data)


def answered() -> Event:
    sent, accepted = START + timedelta(seconds=0.3), START + timedelta(seconds=0.5)
    data = CallAnswered(
        sent_at=sent,
        answered_at=accepted,
        call_connection_id="connection",
        server_call_id="server",
        correlation_id=CORRELATION,
    )
    return own("answer/done", accepted, data)


def emitted(*events: Event) -> list[TelemetryEvent]:
    """The telemetry of a call with these events."""
    call, found = Call(id=CALL_ID), []
    before: Call | None = None
    for each in events:
        call, _ = reduce(call, each, each.at)
        if call != before:
            found += list(changes(before, call, [each]))
        before = call
    return found


def names(facts: list[TelemetryEvent]) -> list[str]:
    return [fact.name for fact in facts]


WHOLE = (
    incoming(),
    answered(),
    event("call_connected", 1.0),
    event("recording_active", 1.5),
    event("play_started", 2.0),
    event("recording_inactive", 9.0),
    event("call_disconnected", 10.0),
)


def test_the_phases_of_answering_are_emitted_as_they_become_known() -> None:
    found = [fact for fact in emitted(*WHOLE) if isinstance(fact, telemetry.Phase)]
    assert names(list(found)) == ["call.notified", "call.answered", "call.connected", "call.heard"]
    assert [fact.seconds for fact in found] == [0.2, 0.1, 0.7, 1.0]
    assert {(fact.call, fact.correlation) for fact in found} == {(CALL_ID, CORRELATION)}


def test_a_call_is_settled_once() -> None:
    (settled,) = [fact for fact in emitted(*WHOLE) if isinstance(fact, telemetry.CallSettled)]
    assert (settled.state, settled.seconds) == ("ended", 9.0)


def test_a_repeated_event_emits_nothing() -> None:
    assert emitted(*WHOLE, *WHOLE, *WHOLE) == emitted(*WHOLE)


@pytest.mark.parametrize(("decision", "state"), [(Decision.TOO_LATE, "missed"), (Decision.NOT_OURS, "not ours")])
def test_a_call_that_is_not_answered_is_settled(decision: Decision, state: str) -> None:
    assert [f.state for f in emitted(incoming(decision)) if isinstance(f, telemetry.CallSettled)] == [state]


def test_a_request_that_acs_rejects_is_a_failed_step_with_its_code() -> None:
    rejected = own("answer/rejected", START, RequestRejected(403, 10105, "no, Ada"))
    found = emitted(incoming(), rejected)
    assert names(found) == ["call.notified", "call.settled", "step.failed"]
    assert found[-1] == telemetry.StepFailed(CALL_ID, CORRELATION, "RequestRejected", 403, 10105)


def test_a_recording_that_cannot_be_started_is_settled_with_its_code() -> None:
    failed = event("start_recording_failed", 2.0, resultInformation={"code": 400, "subCode": 8500, "message": "Ada"})
    found = emitted(incoming(), answered(), event("call_connected", 1.0), failed)
    assert [f for f in found if isinstance(f, telemetry.RecordingSettled)] == [
        telemetry.RecordingSettled(CALL_ID, CORRELATION, "not recorded", 400, 8500)
    ]


def test_a_failed_action_is_a_failed_step_with_its_name() -> None:
    failed = own("x/failed", START, ActionFailed("x", Play("announcement", "Hello, Ada."), 400, 8535, "Ada"))
    assert list(changes(None, Call(id=CALL_ID), [failed])) == [telemetry.StepFailed(CALL_ID, "", "Play", 400, 8535)]


def test_a_line_is_a_name_and_json(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="teams_phone.telemetry")
    emit(*emitted(*WHOLE))
    for message in caplog.messages:
        name, _, rest = message.partition(" ")
        (kind,) = [fact for fact in telemetry.TELEMETRY_EVENTS if fact.name == name]
        assert set(json.loads(rest)) == {field.name for field in fields(kind)}


def test_no_line_names_a_person(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="teams_phone.telemetry")
    emit(*emitted(*WHOLE))
    assert caplog.messages
    for secret in SECRETS:
        assert not any(secret in message for message in caplog.messages)


def test_only_ids_have_high_cardinality() -> None:
    """Fields are ids, states, codes and names in the code, not texts of the platform or of callers."""
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


async def test_the_app_emits_quarantined_events_refused_callbacks_and_sweeps(
    make_container: Callable[..., Container], caplog: pytest.LogCaptureFixture
) -> None:
    container = make_container()
    caplog.set_level(logging.INFO, logger="teams_phone.telemetry")
    await container.events.callback(
        CloudEvent(specversion="1.0", id="x", source="s", type="Microsoft.Communication.CallConnected", data={})
    )
    assert await container.ingress.accept(CALL_ID, "Bearer forged", b"[]") == 401
    await container.sweeper.sweep()
    assert 'event.quarantined {"source":"call_event"}' in caplog.messages
    assert 'callback.refused {"status":401}' in caplog.messages
    assert any(message.startswith("sweep.done ") for message in caplog.messages)

"""Outbound calls: dialled once, or not at all, and the row says so."""

from __future__ import annotations

from typing import Any

from shared.calls.actions import CreateCall, Play
from shared.calls.capabilities.outbound import CallCreated, failure
from shared.calls.event import CallRequested, Event, own
from shared.calls.policy import CallPolicy
from shared.calls.state import CallState
from tests.calls.driver import CALL, CallDriver, at, step_event
from tests.golden import event

CREATE = CreateCall("4:+4930123", "a")
REQUESTED = CallRequested("28:orgid:a", "4:+4930123", "user grace", "tenant", greeting="Hello.")
DECLINED = {"code": 603, "subCode": 560603, "message": ""}


def requested() -> Event:
    return own(f"{CALL}/requested", at(0), REQUESTED)


def dialing() -> CallDriver:
    return CallDriver(CallPolicy(record=False)).receive(requested())


def created(driver: CallDriver, now: float, connection: str | None = "connection") -> CallDriver:
    (effect,) = driver.effects
    data = CallCreated(effect_id=effect.id, action=effect.action, call_connection_id=connection)
    return driver.receive(own(f"{effect.id}/done", at(now), data))


def test_a_call_is_dialled_and_greeted_when_it_is_picked_up() -> None:
    call = dialing()
    assert (call.call.state, call.asked) == (CallState.DIALING, [CREATE])
    created(call, 0.5)
    assert (call.call.call_connection_id, call.asked) == ("connection", [])
    assert call.receive(event("call_connected", 9)).asked == [Play("greeting", "Hello.")]
    assert call.call.lifecycle.caller == "4:+4930123"


def test_a_repeated_request_dials_once() -> None:
    call = dialing()
    created(call, 0.5).receive(requested(), 1)
    assert (call.asked, call.wake(100).asked) == ([], [])


def test_a_call_that_is_declined_has_failed() -> None:
    call = created(dialing(), 0.5)
    call.receive(step_event("create_call_failed", 5, "create call"))
    assert call.call.state is CallState.FAILED
    assert call.call.lifecycle.result is not None
    assert call.call.lifecycle.result.sub_code == 560603


def test_a_request_whose_invocation_died_is_not_sent_again() -> None:
    """ACS may have dialled: the app waits for an event, and then says that the outcome is unknown."""
    call = dialing().wake(30)
    assert (call.asked, call.open, call.call.state) == ([], [], CallState.DIALING)
    assert call.wake(180).call.state is CallState.FAILED
    texts = [entry.text for entry in call.call.timeline if entry.type == "ActionFailed"]
    assert texts[0].startswith("CreateCall: 408")


def test_a_call_of_which_no_event_comes_has_failed_and_says_so() -> None:
    call = created(dialing(), 0.5).wake(170)
    assert (call.asked, call.call.state) == ([], CallState.DIALING)
    assert call.wake(181).call.state is CallState.FAILED
    failed = failure(call.call)
    assert failed is not None
    assert (failed.code, failed.message) == (408, "no event reported the outcome")


def test_a_repeated_request_that_finds_no_row_begins_anew() -> None:
    """The first one left its key and nothing else: its instance died before the row."""
    later = own(f"{CALL}/requested", at(3600), REQUESTED)
    call = CallDriver(CallPolicy(record=False)).receive(later, 3600)
    assert (call.asked, call.call.state) == ([CREATE], CallState.DIALING)
    assert created(call, 3600.5).wake(3700).call.state is CallState.DIALING


def test_a_call_whose_response_was_lost_goes_on_when_it_is_picked_up() -> None:
    call = dialing().wake(30).receive(event("call_connected", 35))
    assert (call.call.state, call.asked) == (CallState.CONNECTED, [Play("greeting", "Hello.")])
    assert call.call.call_connection_id


def test_a_request_without_a_response_is_not_sent_again() -> None:
    for code in (408, 500, 503):
        call = dialing().fails(1, code)
        assert (call.asked, call.open, call.call.state) == ([], [], CallState.DIALING)


def test_a_request_that_acs_refuses_has_failed() -> None:
    call = dialing().fails(1, 400, 8523)
    assert (call.open, call.call.state) == ([], CallState.FAILED)


def test_a_request_that_acs_throttles_is_sent_again() -> None:
    call = dialing().fails(1, 429, 8516, retry_after=5)
    assert call.call.state is CallState.DIALING
    assert call.wake(7).asked == [CREATE]


def test_a_response_without_ids_waits_for_the_events() -> None:
    call = created(dialing(), 0.5, connection=None).wake(20)
    assert (call.asked, call.call.state) == ([], CallState.DIALING)
    data: Any = call.receive(event("call_connected", 21)).call
    assert data.state is CallState.CONNECTED

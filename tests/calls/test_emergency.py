"""Emergency numbers, and calls of emergency services."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shared.calls.actions import (
    AddParticipant,
    Consult,
    HangUp,
    OfferCall,
    Play,
    RequestRecording,
    StartRecording,
    StopRecording,
    TransferCall,
)
from shared.calls.capabilities.on_behalf_of import CalledOnBehalf
from shared.calls.capabilities.recording import RecordingStatus
from shared.calls.capabilities.routing import PlanChosen
from shared.calls.emergency import CODES, MARK, REFUSAL, is_emergency, is_emergency_number, is_emergency_service
from shared.calls.event import Event, own
from shared.calls.plans.checking import check
from shared.calls.plans.document import Plan
from shared.calls.policy import CallPolicy
from shared.service.allowed import refusal
from tests.calls.driver import ANNOUNCED, CallDriver, answered, at, connected, incoming
from tests.golden import cloud_event, event

RECORDING = str(cloud_event("recording_active")["data"]["recordingId"])
PLAN: dict[str, dict[str, Any]] = {
    "hours": {
        "type": "hours",
        "timeZone": "Europe/Berlin",
        "open": {"mon": ["08:00-09:00"]},
        "then": "menu",
        "otherwise": "closed",
    },
    "menu": {"type": "menu", "prompt": {"text": "Press 1."}, "keys": {"1": "sales"}, "otherwise": "closed"},
    "sales": {"type": "ring", "targets": [{"group": "sales"}], "left": "bye", "otherwise": "closed"},
    "closed": {"type": "play", "prompt": {"text": "We are closed."}, "then": "bye"},
    "bye": {"type": "hangUp"},
}


def called(caller: str = "4:+911") -> Event:
    event = incoming()
    return replace(event, data=replace(event.data, caller=caller))


def plan_of(steps: dict[str, dict[str, Any]]) -> Plan:
    return msgspec.convert({"start": next(iter(steps)), "steps": steps}, Plan)


def planned(steps: dict[str, dict[str, Any]], policy: CallPolicy = ANNOUNCED) -> CallDriver:
    """A call of an emergency service that has connected."""
    chosen = own("plan chosen", at(0.4), PlanChosen(plan_of(steps), 1, "cccccccc-cccc-4ccc-8ccc-cccccccccccc"))
    driver = CallDriver(policy).receive(called()).receive(chosen).receive(answered())
    return driver.receive(event("call_connected", 1))


def way(driver: CallDriver) -> list[tuple[str, str]]:
    return [(visit.name, visit.reason) for visit in driver.call.routing.visits]


# -- Numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        *("112", "911", "999", "000", "110", "118", "119", "15", "17", "18", "100", "101", "102", "103", "108"),
        *("111", "122", "190", "+112", "+911", "+110"),
        *("+49112", "+49110", "+1911", "+1112", "+44999", "+44112", "+61000", "+33112", "+3315", "+7103", "+353999"),
    ],
)
def test_an_emergency_number_in_every_form(number: str) -> None:
    assert is_emergency_number(f"4:{number}")


@pytest.mark.parametrize(
    "number",
    [
        "+493012345112",
        "+4911212345",  # the digits of one after the country code, and more
        "+49301121",
        "+1911555",
        "+19115550100",
        "+12065550112",
        "+442079460999",
        "+61491570000",
        "+6834112",  # Niue: four digits after the country code
        "+112345678",
        "+911122334455",  # India and New Delhi
        "+99912345678",
        "+15551112222",
        "+49",
        "",
    ],
)
def test_the_number_of_a_subscriber_is_none(number: str) -> None:
    assert not is_emergency_number(f"4:{number}")


def test_four_digits_after_a_country_code_are_never_one() -> None:
    for country in ("1", "7", "20", "44", "49", "91", "352", "683", "999"):
        for code in CODES:
            national = f"{code}0000"[: max(4, len(code) + 1)]
            assert is_emergency_number(f"4:+{country}{code}")
            assert not is_emergency_number(f"4:+{country}{national}"), f"+{country}{national}"


@pytest.mark.parametrize("raw_id", [None, "", "8:acs:112", "28:orgid:112", "112", "4:anonymous"])
def test_other_identities_are_none(raw_id: str | None) -> None:
    assert not is_emergency_number(raw_id)


@pytest.mark.parametrize(
    ("number", "expected"),
    [("112", True), ("911", True), ("+911", True), ("+49110", True), ("+101", True), ("101", False), ("118", False)],
)
def test_an_extension_that_calls_is_not_an_emergency_service(number: str, expected: bool) -> None:
    assert is_emergency_service(f"4:{number}") is expected
    assert is_emergency_service(f"4:{number}", (number,))
    assert not is_emergency_service(None)


def test_further_numbers_are_those_of_the_setting() -> None:
    assert not is_emergency_number("4:10111")
    for number in ("10111", "+10111", "+2710111"):
        assert is_emergency_number(f"4:{number}", ("10111",))
    assert is_emergency_number("4:+4930112233", ("+4930112233",))
    assert not is_emergency_number("4:+49301122334", ("+4930112233",))


# -- Refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action",
    [AddParticipant("4:+112"), TransferCall("4:+49112"), Consult("4:911", "4:+1", "https://audio/hold.wav")],
)
def test_the_server_calls_no_emergency_number(action: Any) -> None:
    assert refusal(connected().call, action) == REFUSAL


def test_the_server_calls_no_number_of_the_setting() -> None:
    call = connected(CallPolicy(emergency_numbers=("+4930112233",))).call
    assert refusal(call, AddParticipant("4:+4930112233")) == REFUSAL
    assert refusal(call, AddParticipant("4:+4930112234")) is None


def test_a_plan_that_calls_one_is_refused() -> None:
    steps: dict[str, dict[str, Any]] = {
        "ring": {"type": "ring", "targets": [{"group": "a"}, {"number": "+112"}], "left": "bye", "otherwise": "away"},
        "away": {"type": "transfer", "to": {"number": "+4930112233"}, "otherwise": "bye"},
        "bye": {"type": "hangUp"},
    }
    found = check(plan_of(steps), has_speech=True)
    assert [(each.path, each.text) for each in found] == [("steps.ring.targets.1.number", REFUSAL)]
    found = check(plan_of(steps), has_speech=True, emergency_numbers=("+4930112233",))
    assert [each.path for each in found] == ["steps.ring.targets.1.number", "steps.away.to.number"]


# -- Calls of emergency services ---------------------------------------------------------------------------------


def test_a_call_of_an_emergency_service_is_not_recorded_and_hears_no_announcement() -> None:
    driver = CallDriver(ANNOUNCED).receive(called()).receive(answered()).receive(event("call_connected", 1))
    assert driver.asked == []
    assert driver.recording == (RecordingStatus.OFF, None)


def test_a_call_that_is_answered_as_one_is_not_recorded_whatever_comes_first() -> None:
    """CallConnected overtakes the row of the incoming call, and returns the operation context of the answer."""
    driver = CallDriver(ANNOUNCED).receive(event("call_connected", 1, operationContext=f"id{MARK}"))
    assert driver.asked == []
    assert [entry.text for entry in driver.call.timeline] == [
        "a call of an emergency service: no recording, no prompts"
    ]
    assert driver.receive(called(), now=2).asked == []


def test_a_recording_that_began_before_the_caller_was_known_is_stopped() -> None:
    driver = CallDriver(ANNOUNCED).receive(event("call_connected", 1))
    assert driver.asked == [StartRecording(1)]
    driver.done(1.1).receive(event("recording_active", 1.2))
    assert driver.receive(called(), now=1.3).asked == [StopRecording(RECORDING)]
    driver.done(1.4).receive(event("recording_inactive", 1.5))
    assert driver.wake(600).open == []


def test_a_recording_whose_start_was_under_way_is_stopped() -> None:
    driver = CallDriver(ANNOUNCED).receive(event("call_connected", 1))
    start = driver.effects
    driver.receive(called(), now=1.1)
    driver.effects = start
    assert driver.done(1.2, RECORDING).asked == [StopRecording(RECORDING)]


def test_a_call_to_an_emergency_number_on_behalf_of_the_account_is_not_recorded_and_ends() -> None:
    on_behalf = own("on behalf", at(0), CalledOnBehalf(callees=("4:+112",)))
    driver = CallDriver(ANNOUNCED).receive(incoming()).receive(on_behalf).receive(answered())
    driver.receive(event("call_connected", 1))
    assert driver.asked == [HangUp()]  # the agent's client places it itself


def test_an_emergency_service_that_an_agent_brings_in_is_not_recorded() -> None:
    driver = connected(CallPolicy()).done(1.1).receive(event("recording_active", 1.2))
    people = [{"identifier": {"rawId": raw_id}} for raw_id in ("4:+1", "4:+112")]
    driver.receive(event("participants_updated", 2, sequenceNumber=1, participants=people))
    assert driver.asked == [StopRecording(RECORDING)]


def test_a_recording_by_command_is_refused() -> None:
    driver = CallDriver(ANNOUNCED).receive(called()).receive(answered()).receive(event("call_connected", 1))
    assert is_emergency(driver.call)
    assert refusal(driver.call, RequestRecording()) == "Calls of emergency services are not recorded."
    assert refusal(connected().call, RequestRecording()) is None


# -- Their plan --------------------------------------------------------------------------------------------------


def test_the_plan_goes_straight_to_the_step_that_rings() -> None:
    driver = planned(PLAN)
    assert way(driver) == [("hours.1", "a call of an emergency service"), ("sales.1", "")]
    assert [type(action) for action in driver.asked] == [OfferCall]
    reached = [entry.text for entry in driver.call.timeline if entry.type == "StepReached"]
    assert "a call of an emergency service" in reached[-1]


def test_it_hears_no_prompt_while_it_rings() -> None:
    steps = {**PLAN, "sales": {**PLAN["sales"], "meanwhile": {"file": "https://audio/hold.wav"}}}
    assert not any(isinstance(action, Play) for action in planned(steps).open)


def test_a_call_that_no_one_answers_is_hung_up_only_after_it_rang() -> None:
    """The offer is refused, as if no agent were there. The prompt of the next step is passed over."""
    driver = planned(PLAN).fails(1.1, 403)
    assert way(driver)[1:] == [
        ("sales.1", "no offer could be made"),
        ("closed.1", "a call of an emergency service"),
        ("bye.1", ""),
    ]


def test_a_plan_without_such_a_step_ends_and_does_not_hang_up() -> None:
    steps = {"closed": PLAN["closed"], "bye": PLAN["bye"]}
    driver = planned(steps)
    assert way(driver) == [("closed.1", "a call of an emergency service, and the plan has no step that rings")]
    assert driver.open == []


def test_a_plan_that_transfers_does_so() -> None:
    steps = {
        "menu": {**PLAN["menu"], "keys": {"1": "away"}},
        "away": {"type": "transfer", "to": {"number": "+4930123456"}, "otherwise": "closed"},
        **{name: PLAN[name] for name in ("closed", "bye")},
    }
    assert planned(steps).asked == [TransferCall("4:+4930123456")]

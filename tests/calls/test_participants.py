"""Participants: who is in the call, who is on hold, and what became of invitations and removals."""

from __future__ import annotations

from itertools import permutations

import pytest

from shared.calls.actions import (
    Action,
    AddParticipant,
    CancelInvitation,
    Consult,
    HoldParticipant,
    MoveParticipants,
    OfferCall,
    RemoveParticipant,
    TransferCall,
)
from shared.calls.capabilities import command_outcome
from shared.calls.capabilities.participants import ParticipantInvited
from shared.calls.capabilities.routing import CallOffered
from shared.calls.event import ActionPerformed, Event, OperationRequested, own
from shared.calls.operations import OutcomeStatus
from shared.calls.policy import CallPolicy
from tests.calls.driver import CallDriver, at, connected
from tests.golden import event

UNRECORDED = CallPolicy(record=False)
ADD, CANCEL = "7a0c53a0-0000-5000-8000-000000000001", "7a0c53a0-0000-5000-8000-000000000002"
CALLER = "4:+12065551212"
OBJECT_ID = "66666666-7777-8888-9999-aaaaaaaaaaaa"
AGENT = f"8:acs:ac5e0000-0000-4000-8000-000000000001_11111111-2222-3333-4444-555555555555_{OBJECT_ID}"


def command(action: Action, after: float = 2, id: str = ADD) -> Event:
    return own(id, at(after), OperationRequested(action, "user supervisor"))  # type: ignore[arg-type]  # one of the union


def invited(after: float = 3) -> Event:
    data = ParticipantInvited(ADD, AddParticipant(AGENT), invitation_id="invitation")
    return own(f"{ADD}/done", at(after), data)


def reported(name: str, after: float = 4, context: str = ADD) -> Event:
    return event(name, after, operationContext=context)


def present(after: float, number: int, *raw_ids: str, on_hold: tuple[str, ...] = ()) -> Event:
    people = [{"identifier": {"rawId": each}, "isMuted": False, "isOnHold": each in on_hold} for each in raw_ids]
    return event("participants_updated", after, sequenceNumber=number, participants=people)


def status(driver: CallDriver, context: str = ADD) -> OutcomeStatus | None:
    outcome = command_outcome(driver.call, context)
    return outcome.status if outcome else None


def text(driver: CallDriver, type: str) -> str:
    return next(entry.text for entry in driver.call.timeline if entry.type == type)


def test_the_part_names_who_is_on_hold_and_the_number_of_the_event_that_says_so() -> None:
    held = connected(UNRECORDED).receive(present(2, 5, CALLER, AGENT, on_hold=(CALLER,)))
    part = held.receive(present(3, 4, CALLER, AGENT)).call.participants  # an older one
    assert (part.on_hold, part.sequence_number) == ((CALLER,), 5)
    assert held.receive(present(4, 9, CALLER, AGENT)).call.participants.on_hold == ()


def test_a_participant_joined_when_it_was_first_reported_in_any_order() -> None:
    driver = connected(UNRECORDED).receive(present(5, 7, CALLER, AGENT)).receive(present(2, 3, CALLER))
    part = driver.receive(present(9, 8, CALLER)).call.participants
    assert part.joined_at == {CALLER: at(2), AGENT: at(5)}
    assert part.all_participants == tuple(sorted((CALLER, AGENT)))
    assert part.present == (CALLER,)


@pytest.mark.parametrize(
    "action", [AddParticipant(AGENT), TransferCall(AGENT), Consult(target=AGENT, held=CALLER, music="https://m")]
)
def test_whoever_the_call_is_offered_to_is_known_before_acs_is_asked(action: Action) -> None:
    assert connected(UNRECORDED).receive(command(action)).call.participants.invited == (AGENT,)


def test_success_of_an_addition_alone_brings_no_participant_into_the_call() -> None:
    driver = connected(UNRECORDED).receive(command(AddParticipant(AGENT))).receive(invited())
    assert status(driver) is OutcomeStatus.PROGRESSED
    driver.receive(reported("add_participant_succeeded"))
    assert status(driver) is OutcomeStatus.SUCCEEDED
    assert driver.call.participants.present == ()


def test_the_participants_can_be_reported_before_the_addition_has_succeeded() -> None:
    driver = connected(UNRECORDED).receive(command(AddParticipant(AGENT))).receive(present(3, 2, CALLER, AGENT))
    assert AGENT in driver.call.participants.present
    assert status(driver) is None
    assert status(driver.receive(reported("add_participant_succeeded"))) is OutcomeStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("action", "name", "expected"),
    [
        (AddParticipant(AGENT), "add_participant_failed", OutcomeStatus.FAILED),
        (RemoveParticipant(AGENT), "remove_participant_succeeded", OutcomeStatus.SUCCEEDED),
        (RemoveParticipant(AGENT), "remove_participant_failed", OutcomeStatus.FAILED),
        (MoveParticipants((CALLER,), "other"), "move_participant_succeeded", OutcomeStatus.SUCCEEDED),
        (MoveParticipants((CALLER,), "other"), "move_participant_failed", OutcomeStatus.FAILED),
    ],
)
def test_the_events_of_acs_are_outcomes(action: Action, name: str, expected: OutcomeStatus) -> None:
    driver = connected(UNRECORDED).receive(command(action))
    assert driver.asked == [action]
    assert status(driver.done(3)) is OutcomeStatus.PROGRESSED
    assert status(driver.receive(reported(name))) is expected
    assert driver.open == []


def test_an_accepted_hold_can_still_fail() -> None:
    driver = connected(UNRECORDED).receive(command(HoldParticipant(AGENT))).done(3)
    assert status(driver) is OutcomeStatus.SUCCEEDED
    assert status(driver.receive(reported("hold_failed"))) is OutcomeStatus.FAILED


def test_a_canceled_invitation_ends_the_addition_and_the_cancellation() -> None:
    driver = connected(UNRECORDED).receive(command(AddParticipant(AGENT))).receive(invited())
    assert driver.call.participants.invitations == {ADD: "invitation"}
    driver.receive(command(CancelInvitation(ADD), 4, CANCEL)).done(5)
    assert status(driver) is OutcomeStatus.PROGRESSED
    driver.receive(reported("cancel_add_participant_succeeded", 6, CANCEL))
    assert (status(driver), status(driver, CANCEL)) == (OutcomeStatus.CANCELED, OutcomeStatus.SUCCEEDED)
    assert driver.open == []
    assert text(driver, "CancelAddParticipantSucceeded") == "487/5234: the invitation was cancelled"


def test_a_cancellation_that_comes_too_late_fails_and_the_addition_has_its_own_outcome() -> None:
    driver = connected(UNRECORDED).receive(command(AddParticipant(AGENT))).receive(invited())
    driver.receive(command(CancelInvitation(ADD), 4, CANCEL)).done(5)
    driver.receive(reported("add_participant_succeeded", 6))
    driver.receive(reported("cancel_add_participant_failed", 7, CANCEL))
    assert (status(driver), status(driver, CANCEL)) == (OutcomeStatus.SUCCEEDED, OutcomeStatus.FAILED)


def test_the_timeline_names_agents_by_their_ids_and_no_numbers() -> None:
    driver = connected(UNRECORDED).receive(command(AddParticipant(AGENT)))
    driver.receive(command(RemoveParticipant(CALLER), 3, CANCEL)).receive(reported("add_participant_failed"))
    requested = [entry.text for entry in driver.call.timeline if entry.type == "OperationRequested"]
    assert requested == [
        f"AddParticipant (agent {OBJECT_ID}), by user supervisor",
        "RemoveParticipant (a phone number), by user supervisor",
    ]
    assert text(driver, "AddParticipantFailed") == f"agent {OBJECT_ID}; 603/0: the call was declined"
    driver.receive(present(6, 9, CALLER, AGENT, on_hold=(CALLER,)))
    assert text(driver, "ParticipantsUpdated") == "2 participants, 1 on hold"
    assert all("+1206" not in entry.text for entry in driver.call.timeline)


OFFER = OfferCall("sales.1", 1, (), "all", 30)
BY_PLAN = (
    own("offered", at(2), CallOffered(effect_id="offer", action=OFFER, targets=("8:acs:a", "8:acs:b"))),
    own("invited", at(3), ParticipantInvited(effect_id="add", action=AddParticipant("8:acs:b"), invitation_id="i")),
    own("transferred", at(4), ActionPerformed("transfer", TransferCall("8:acs:c"))),
)


@pytest.mark.parametrize("order", list(permutations(BY_PLAN)))
def test_those_to_whom_a_plan_offers_the_call_are_invited(order: tuple[Event, ...]) -> None:
    call = connected()
    for each in order:
        call.receive(each)
    assert call.call.participants.invited == ("8:acs:a", "8:acs:b", "8:acs:c")

"""Consult: the caller hears music and not the agents, who speak to each other; then join, swap or drop."""

from __future__ import annotations

from typing import Any

from shared.calls.actions import (
    AddParticipant,
    AnyAction,
    CancelInvitation,
    CancelMedia,
    Consult,
    EndConsult,
    Play,
    RemoveParticipant,
)
from shared.calls.actions.consult import HOLDS
from shared.calls.capabilities import command_outcome, next_timer_at
from shared.calls.event import ActionPerformed, OperationRequested, own
from shared.calls.operations import OutcomeStatus, context_of_step
from shared.calls.policy import CallPolicy
from shared.service.allowed import refusal
from tests.calls.driver import CALL, CallDriver, at, connected
from tests.golden import event

CALLER, FIRST, SECOND = "4:+12065551212", "8:acs:r_t_a", "8:acs:r_t_b"
MUSIC = "https://contoso.example/hold.wav"
CONSULT = Consult(target=SECOND, held=CALLER, music=MUSIC)


class Driver:
    """A call of a caller and an agent, with a consult."""

    def __init__(self, action: Consult = CONSULT) -> None:
        self.driver: CallDriver = connected(CallPolicy(record=False))
        self.number = 1
        self.present(2, CALLER, FIRST)
        self.command("consult", action, 3)

    def command(self, context: str, action: AnyAction, now: float) -> None:
        self.driver.receive(own(context, at(now), OperationRequested(action, "user u")))

    def present(self, now: float, *raw_ids: str, on_hold: str = "") -> None:
        self.number += 1
        people = [{"identifier": {"rawId": each}, "isMuted": False, "isOnHold": each == on_hold} for each in raw_ids]
        self.driver.receive(event("participants_updated", now, sequenceNumber=self.number, participants=people))

    def says(self, name: str, now: float, command: str, step: str, **data: Any) -> None:
        for effect in self.driver.call.effects:  # ACS has accepted what was sent before it reports anything
            if effect.tries and not effect.performed:
                self.driver.receive(own(f"{effect.id}/done", at(now), ActionPerformed(effect.id, effect.action)))
        self.driver.receive(event(name, now, operationContext=context_of_step(CALL, command, step), **data))

    def outcome(self, context: str) -> OutcomeStatus | None:
        found = command_outcome(self.driver.call, context)
        return found.status if found else None

    def wants(self, kind: type) -> list[Any]:
        return [action for action in self.driver.open if isinstance(action, kind)]

    def holds(self) -> list[str]:
        return [play.targets[0] for play in self.wants(Play) if play.isolates]

    def isolated(self) -> None:
        self.says("play_started", 4, "consult", "hold 1")
        self.present(5, CALLER, FIRST, on_hold=CALLER)

    def accepted(self) -> None:
        self.isolated()
        self.says("add_participant_succeeded", 8, "consult", "add")
        self.present(8.1, CALLER, FIRST, SECOND, on_hold=CALLER)


def test_the_agent_is_invited_once_the_caller_hears_nothing_but_music() -> None:
    consult = Driver()
    assert consult.holds() == [CALLER]
    assert not consult.wants(AddParticipant)
    consult.says("play_started", 4, "consult", "hold 1")
    assert not consult.wants(AddParticipant)
    consult.present(5, CALLER, FIRST, on_hold=CALLER)
    assert consult.wants(AddParticipant) == [AddParticipant(SECOND)]
    assert consult.outcome("consult") is OutcomeStatus.PROGRESSED
    consult.says("add_participant_succeeded", 8, "consult", "add")
    assert consult.outcome("consult") is OutcomeStatus.SUCCEEDED
    assert consult.holds() == [CALLER]


def test_without_isolation_no_agent_is_invited_and_the_music_ends() -> None:
    consult = Driver()
    consult.says("play_started", 4, "consult", "hold 1")
    consult.driver.wake(15)
    assert consult.outcome("consult") is OutcomeStatus.FAILED
    assert consult.wants(CancelMedia)
    consult.says("play_canceled", 16, "consult", "hold 1")
    assert consult.driver.open == []
    consult.present(17, CALLER, FIRST, on_hold=CALLER)  # too late
    assert consult.driver.open == []


def test_a_consult_that_needs_no_isolation_begins_with_the_music() -> None:
    consult = Driver(Consult(target=SECOND, held=CALLER, music=MUSIC, needs_isolation=False))
    consult.says("play_started", 4, "consult", "hold 1")
    assert consult.wants(AddParticipant) == [AddParticipant(SECOND)]


def test_an_agent_who_declines_ends_the_music() -> None:
    consult = Driver()
    consult.isolated()
    consult.says("add_participant_failed", 8, "consult", "add")
    assert consult.outcome("consult") is OutcomeStatus.FAILED
    assert consult.wants(CancelMedia)


def test_a_join_ends_the_music_and_leaves_everyone_in() -> None:
    consult = Driver()
    consult.accepted()
    consult.command("join", EndConsult("consult", "join"), 20)
    assert consult.wants(CancelMedia)
    assert consult.outcome("join") is None
    consult.says("play_canceled", 21, "consult", "hold 1")
    assert consult.outcome("join") is OutcomeStatus.SUCCEEDED
    assert consult.driver.open == []


def test_a_swap_plays_to_the_other_one_after_the_first_music_has_ended() -> None:
    consult = Driver()
    consult.accepted()
    consult.command("swap", EndConsult("consult", "swap"), 20)
    assert consult.holds() == [CALLER]  # until ACS reports that it is cancelled: there is one queue
    consult.says("play_canceled", 21, "consult", "hold 1")
    assert consult.holds() == [SECOND]
    consult.says("play_started", 22, "swap", "hold 1")
    consult.present(22, CALLER, FIRST, SECOND, on_hold=SECOND)
    assert consult.outcome("swap") is OutcomeStatus.SUCCEEDED
    consult.command("back", EndConsult("consult", "swap"), 30)
    consult.says("play_canceled", 31, "swap", "hold 1")
    assert consult.holds() == [CALLER]


def test_a_drop_removes_the_agent_and_the_caller_hears_the_first_one_again() -> None:
    consult = Driver()
    consult.accepted()
    consult.command("drop", EndConsult("consult", "drop"), 20)
    assert consult.wants(RemoveParticipant) == [RemoveParticipant(SECOND)]
    assert consult.wants(CancelMedia)
    consult.says("remove_participant_succeeded", 21, "drop", "remove")
    assert consult.outcome("drop") is OutcomeStatus.SUCCEEDED


def test_a_drop_before_the_agent_accepts_cancels_the_invitation() -> None:
    consult = Driver()
    consult.isolated()
    consult.command("drop", EndConsult("consult", "drop"), 6)
    assert consult.wants(CancelInvitation) == [CancelInvitation(context_of_step(CALL, "consult", "add"))]
    assert consult.outcome("drop") is None
    consult.says("add_participant_failed", 7, "consult", "add")
    consult.says("play_canceled", 7, "consult", "hold 1")
    assert consult.outcome("drop") is OutcomeStatus.SUCCEEDED
    assert consult.driver.open == []


def test_a_drop_before_the_music_plays_asks_for_nothing_more() -> None:
    consult = Driver()
    consult.driver.fails(3.5, 503)  # the request for the music; it would be tried again
    consult.command("drop", EndConsult("consult", "drop"), 4)
    consult.says("play_canceled", 5, "consult", "hold 1")
    assert consult.driver.open == []
    assert consult.outcome("consult") is OutcomeStatus.CANCELED
    assert consult.outcome("drop") is OutcomeStatus.SUCCEEDED


def test_the_music_ends_when_the_agent_leaves() -> None:
    consult = Driver()
    consult.accepted()
    consult.present(30, CALLER, FIRST, on_hold=CALLER)
    assert consult.wants(CancelMedia)


def test_music_that_breaks_off_is_played_again() -> None:
    consult = Driver()
    consult.accepted()
    consult.says("play_canceled", 30, "consult", "hold 1")
    (play,) = consult.wants(Play)
    assert play.targets == (CALLER,)
    context = context_of_step(CALL, "consult", "hold 2")
    assert any(effect.id == context for effect in consult.driver.call.effects)


def test_a_file_that_cannot_be_played_fails_the_consult_at_once() -> None:
    consult = Driver()
    consult.says("play_failed", 4, "consult", "hold 1")
    assert consult.outcome("consult") is OutcomeStatus.FAILED
    assert consult.driver.open == []


def test_music_that_breaks_off_again_and_again_fails_the_consult() -> None:
    consult = Driver()
    for n, step in enumerate(HOLDS):
        consult.says("play_completed", 4 + n, "consult", step)
    assert consult.outcome("consult") is OutcomeStatus.FAILED
    assert consult.driver.open == []


def test_a_prompt_waits_until_the_consult_is_over() -> None:
    """A prompt to everyone would break the isolation of the caller."""
    consult = Driver()
    consult.accepted()
    consult.command("prompt", Play("prompt", "Hello."), 20)
    assert consult.holds() == [CALLER]
    assert [play.purpose for play in consult.wants(Play)] == ["hold 1"]
    consult.command("join", EndConsult("consult", "join"), 21)
    consult.says("play_canceled", 22, "consult", "hold 1")
    assert [play.purpose for play in consult.wants(Play)] == ["prompt"]


def test_the_end_of_the_call_ends_everything() -> None:
    consult = Driver()
    consult.accepted()
    consult.driver.receive(event("call_disconnected", 30))
    assert consult.driver.open == []


def test_raw_ids_in_another_case_are_of_the_same_participants() -> None:
    """ACS can write the GUIDs of a raw id in another case than the command."""
    consult = Driver(Consult(target="8:acs:R_T_B", held="8:acs:R_T_A", music=MUSIC))
    consult.says("play_started", 4, "consult", "hold 1")
    consult.present(5, CALLER, FIRST, on_hold=FIRST)
    consult.says("add_participant_succeeded", 8, "consult", "add")
    consult.present(9, CALLER, FIRST, SECOND, on_hold=FIRST)
    assert not consult.wants(CancelMedia)
    assert "in the call already" in (refusal(consult.driver.call, AddParticipant("8:acs:R_T_B")) or "")


def test_a_caller_whom_an_agents_client_holds_is_not_isolated_before_the_music_begins() -> None:
    consult = Driver()
    consult.present(3.5, CALLER, FIRST, on_hold=CALLER)
    assert not consult.wants(AddParticipant)
    consult.says("play_started", 4, "consult", "hold 1")
    assert consult.wants(AddParticipant)


def test_without_isolation_a_consult_fails_at_its_first_timer() -> None:
    consult = Driver()
    consult.says("play_started", 9, "consult", "hold 1")  # the music began late
    timer = next_timer_at(consult.driver.call)
    assert timer == at(19)
    consult.driver.wake(19)
    assert consult.outcome("consult") is OutcomeStatus.FAILED


def test_an_invitation_that_is_reported_as_cancelled_alone_is_over() -> None:
    consult = Driver()
    consult.isolated()
    consult.command("drop", EndConsult("consult", "drop"), 6)
    consult.says("cancel_add_participant_succeeded", 7, "consult", "cancel")
    consult.says("play_canceled", 7, "consult", "hold 1")
    assert consult.outcome("consult") is OutcomeStatus.CANCELED
    assert consult.outcome("drop") is OutcomeStatus.SUCCEEDED
    assert consult.driver.open == []
    consult.says("add_participant_succeeded", 8, "consult", "add")  # it crossed the cancellation
    assert consult.wants(RemoveParticipant) == [RemoveParticipant(SECOND)]


def test_music_that_fails_while_the_agent_rings_cancels_the_invitation() -> None:
    consult = Driver()
    consult.isolated()
    consult.says("play_failed", 6, "consult", "hold 1")
    assert consult.wants(CancelInvitation)
    assert consult.outcome("consult") is not OutcomeStatus.FAILED  # the agent can still accept
    consult.says("cancel_add_participant_succeeded", 7, "consult", "cancel")
    assert consult.outcome("consult") is OutcomeStatus.CANCELED


def test_the_second_of_two_ends_of_a_consult_fails() -> None:
    consult = Driver()
    consult.accepted()
    consult.command("join", EndConsult("consult", "join"), 20)
    consult.command("late drop", EndConsult("consult", "drop"), 20.1)  # another instance had read the same row
    assert consult.outcome("late drop") is OutcomeStatus.FAILED
    assert not consult.wants(RemoveParticipant)


def test_a_swap_needs_an_agent_who_has_accepted() -> None:
    consult = Driver()
    consult.isolated()
    assert "not accepted" in (refusal(consult.driver.call, EndConsult("consult", "swap")) or "")
    assert refusal(consult.driver.call, EndConsult("consult", "drop")) is None


def test_a_swap_fails_if_the_agent_has_left() -> None:
    consult = Driver()
    consult.accepted()
    consult.command("swap", EndConsult("consult", "swap"), 20)
    consult.present(20.5, CALLER, FIRST)
    consult.says("play_canceled", 21, "consult", "hold 1")
    assert consult.outcome("swap") is OutcomeStatus.FAILED


def test_a_swap_that_a_join_overtakes_is_cancelled() -> None:
    consult = Driver()
    consult.accepted()
    consult.command("swap", EndConsult("consult", "swap"), 20)
    consult.command("join", EndConsult("consult", "join"), 20.1)
    consult.says("play_canceled", 21, "consult", "hold 1")
    assert consult.outcome("swap") is OutcomeStatus.CANCELED
    assert consult.outcome("join") is OutcomeStatus.SUCCEEDED


def test_an_agent_who_is_being_invited_cannot_be_consulted_as_well() -> None:
    driver = connected(CallPolicy(record=False))
    driver.receive(event("participants_updated", 2, participants=[{"identifier": {"rawId": CALLER}}]))
    assert refusal(driver.call, CONSULT) is None
    driver.receive(own("add", at(3), OperationRequested(AddParticipant(SECOND.upper()), "user u")))
    assert "being invited already" in (refusal(driver.call, CONSULT) or "")

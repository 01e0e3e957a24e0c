"""Media: one operation at a time, in the order in which they were requested; music gives way to prompts."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from shared.calls.actions import MEDIA, AnyAction, CancelMedia, Music, Play, Recognize
from shared.calls.capabilities import CAPABILITIES, Call, command_outcome, next_check_at, next_timer_at
from shared.calls.effect import Effect, effect_id
from shared.calls.engine import reduce
from shared.calls.event import ActionFailed, ActionPerformed, Event, OperationRequested, own
from shared.calls.media import MediaOperation, playing, waiting
from shared.calls.music import music_wanted
from shared.calls.operations import Outcome, OutcomeStatus, context_of_step
from shared.calls.policy import CallPolicy
from shared.service.commands import context_of
from tests.calls.driver import ANNOUNCED, CALL, CallDriver, at, connected, timer
from tests.golden import event

UNRECORDED = CallPolicy(record=False)
CALLER = "4:+12065551212"


def context(name: str) -> str:
    return effect_id(CALL, f"command {name}")


FIRST, SECOND = Play("first", "Please wait."), Play("second", "An agent is coming.")
MUSIC = Music("https://contoso.com/music.wav", (CALLER,))


class MediaDriver(CallDriver):
    """A call whose commands have names; ACS accepts each request at once, unless ``slow``."""

    def __init__(self, policy: CallPolicy = UNRECORDED, *, slow: bool = False) -> None:
        super().__init__()
        self.call, self.effects = connected(policy).call, ()
        self.slow, self.sent = slow, list[Effect]()

    def receive(self, said: Event, now: float | None = None) -> MediaDriver:
        super().receive(said, now)
        effects = [effect for effect in self.effects if effect.action.queue == MEDIA]
        self.sent += effects
        if not self.slow:
            for effect in effects:
                self.accept(effect, said, now)
        return self

    def accept(self, effect: Effect, said: Event, now: float | None = None) -> None:
        moment = said.at if now is None else at(now)
        self.receive(own(f"{effect.id}/done", moment, ActionPerformed(effect.id, effect.action)), now)

    def command(self, name: str, action: AnyAction, now: float) -> MediaDriver:
        return self.receive(own(context(name), at(now), OperationRequested(action, "user grace")))

    def cancel(self, name: str, now: float) -> MediaDriver:
        return self.command(f"cancel {name}", CancelMedia(context(name)), now)

    def says(self, name: str, now: float, id: str) -> MediaDriver:
        return self.receive(event(name, now, operationContext=id))

    def refuse(self, effect: Effect, now: float, code: int) -> MediaDriver:
        failed = ActionFailed(effect.id, effect.action, code, 0, "")
        return self.receive(own(f"{effect.id}/failed/{effect.tries}", at(now), failed))

    def outcome_of(self, name: str) -> OutcomeStatus | None:
        found: Outcome | None = command_outcome(self.call, context(name))
        return found.status if found else None

    @property
    def actions(self) -> list[Any]:
        return [effect.action for effect in self.sent]


def step(name: str, n: int) -> str:
    return context_of_step(CALL, context(name), f"play {n}")


def loop(n: int) -> Play:
    return Play(f"play {n}", MUSIC.source, MUSIC.targets, loop=True)


# -- One at a time -----------------------------------------------------------------------------------------------


def test_two_prompts_are_played_one_after_the_other() -> None:
    call = MediaDriver().command("a", FIRST, 2).command("b", SECOND, 3)
    assert call.actions == [FIRST]
    assert call.says("play_completed", 4, context("a")).actions == [FIRST, SECOND]


def test_prompts_are_played_in_the_order_of_their_requests_whatever_their_ids() -> None:
    names = ["a", "b", "c", "d"]
    for order in permutations(names):
        call = MediaDriver().command("now", FIRST, 2)
        for second, name in enumerate(order):
            call.command(name, Play(name, name), 3 + second)
        for second, name in enumerate(("now", *order)):
            call.says("play_completed", 10 + second, context(name))
        assert [action.source for action in call.actions[1:]] == [*order]


def test_a_recognition_waits_for_a_prompt() -> None:
    keys = Recognize(CALLER, "keys")
    call = MediaDriver().command("a", FIRST, 2).command("b", keys, 3)
    assert call.actions == [FIRST]
    assert call.says("play_failed", 4, context("a")).actions == [FIRST, keys]


def test_the_announcement_of_the_recording_waits_for_a_command_and_goes_before_the_next() -> None:
    call = MediaDriver(ANNOUNCED).command("a", FIRST, 2).command("b", SECOND, 3).receive(event("recording_active", 4))
    assert call.actions == [FIRST]
    announcement = Play("announcement", ANNOUNCED.announcement)
    assert call.says("play_completed", 5, context("a")).actions == [FIRST, announcement]
    assert call.says("play_completed", 6, effect_id(CALL, "announcement")).actions[2:] == [SECOND]


def test_an_announcement_that_is_wanted_no_more_holds_the_queue_until_it_is_over() -> None:
    call = MediaDriver(ANNOUNCED).receive(event("recording_active", 2))
    call.receive(event("recording_inactive", 3)).command("a", FIRST, 4)
    assert call.actions == [Play("announcement", ANNOUNCED.announcement)]
    assert call.says("play_completed", 5, effect_id(CALL, "announcement")).actions[1:] == [FIRST]


def test_the_order_of_the_capabilities_makes_no_difference_to_what_is_played_first() -> None:
    def play(capabilities: Any) -> list[Effect]:
        call, asked = Call(id=CALL, policy=ANNOUNCED), list[Effect]()
        for said in (
            event("call_connected", 1),
            own(context("m"), at(2), OperationRequested(MUSIC, "user grace")),
            event("recording_active", 3),
            own(context("a"), at(4), OperationRequested(FIRST, "user grace")),
            event("play_canceled", 5, operationContext=step("m", 1)),
            timer(60),
        ):
            call, effects = reduce(call, said, said.at, capabilities)
            asked += effects
        return asked

    assert play(CAPABILITIES) == play(CAPABILITIES[::-1])


# -- Cancelling --------------------------------------------------------------------------------------------------


def test_a_prompt_that_is_cancelled_before_its_turn_is_never_sent() -> None:
    call = MediaDriver().command("a", FIRST, 2).command("b", SECOND, 3).cancel("b", 4)
    assert (call.outcome_of("b"), call.outcome_of("cancel b")) == (OutcomeStatus.CANCELED, OutcomeStatus.SUCCEEDED)
    assert call.says("play_completed", 5, context("a")).wake(60).open == []
    assert call.actions == [FIRST]


def test_a_cancelled_prompt_is_followed_by_the_next_which_the_cancellation_does_not_reach() -> None:
    call = MediaDriver().command("a", FIRST, 2).command("b", SECOND, 3).cancel("a", 4)
    assert call.actions == [FIRST, CancelMedia(context("a"))]
    assert call.says("play_canceled", 5, context("a")).actions[2:] == [SECOND]
    assert call.outcome_of("cancel a") is OutcomeStatus.SUCCEEDED
    assert call.says("play_completed", 6, context("b")).outcome_of("b") is OutcomeStatus.SUCCEEDED


def test_nothing_is_played_while_a_cancellation_is_being_sent() -> None:
    """The prompt ended by itself; the cancellation would end the next one."""
    call = MediaDriver().command("a", FIRST, 2).command("b", SECOND, 3)
    call.slow = True
    call.cancel("a", 4).says("play_completed", 4.1, context("a"))
    assert call.actions == [FIRST, CancelMedia(context("a"))]
    call.accept(call.sent[-1], event("play_completed", 4.2), 4.2)
    assert call.actions[2:] == [SECOND]
    assert call.outcome_of("cancel a") is OutcomeStatus.FAILED  # it was played to its end


def test_a_cancellation_whose_invocation_died_delays_the_next_prompt_until_its_lease_ends() -> None:
    call = MediaDriver().command("a", FIRST, 2).command("b", SECOND, 3)
    call.slow = True
    call.cancel("a", 4).says("play_completed", 4.1, context("a"))
    assert next_check_at(call.call) == at(14)
    assert call.wake(14).actions[2:] == [SECOND]


def test_a_cancellation_waits_for_the_response_to_the_request_that_it_cancels() -> None:
    call = MediaDriver(slow=True).command("a", FIRST, 2).cancel("a", 2.1)
    assert call.actions == [FIRST]
    call.accept(call.sent[0], event("play_started", 2.2), 2.2)
    assert call.actions[1:] == [CancelMedia(context("a"))]


def test_a_prompt_whose_invocation_died_is_cancelled_once_its_lease_has_ended() -> None:
    call = MediaDriver(slow=True).command("a", FIRST, 2).cancel("a", 2.1)
    assert next_check_at(call.call) == at(12)
    assert call.wake(12).actions == [FIRST, CancelMedia(context("a"))]


def test_a_prompt_that_is_being_cancelled_is_not_sent_again() -> None:
    call = MediaDriver(slow=True).command("a", FIRST, 2)
    call.refuse(call.sent[0], 2.1, 503).cancel("a", 2.2)
    call.accept(call.sent[-1], event("play_started", 2.3), 2.3)
    assert next_timer_at(call.call) == at(7.3)
    assert call.wake(7).wake(8).actions == [FIRST, CancelMedia(context("a"))]
    assert call.outcome_of("a") is OutcomeStatus.CANCELED


def test_a_lost_play_canceled_does_not_block_the_queue() -> None:
    call = MediaDriver().command("a", FIRST, 2).command("b", SECOND, 3).cancel("a", 4)
    assert next_timer_at(call.call) == at(9)
    assert call.wake(8.9).actions[2:] == []
    assert call.wake(9).actions[2:] == [SECOND]
    assert call.outcome_of("a") is OutcomeStatus.CANCELED


def test_a_prompt_that_acs_does_not_take_in_three_tries_does_not_block_the_queue() -> None:
    """The lease of the third try lasts for 40 seconds."""
    call = MediaDriver(slow=True).command("a", FIRST, 2).command("b", SECOND, 3)
    for now in (4, 10, 20):
        call.refuse(call.sent[-1], now, 503)
        call.wake(now + 9)
    assert call.actions == [FIRST, FIRST, FIRST, SECOND]
    assert call.sent[-1].leased_until == at(20 + 10)
    assert call.outcome_of("a") is OutcomeStatus.FAILED


def test_a_lost_play_completed_does_not_block_the_queue() -> None:
    call = MediaDriver().command("a", FIRST, 2).command("b", SECOND, 3)
    assert call.wake(2 + 120).actions == [FIRST, SECOND]
    assert call.outcome_of("a") is OutcomeStatus.FAILED


@pytest.mark.parametrize("names", [*permutations(["play_started", "play_canceled", "play_completed"])])
def test_the_outcome_of_a_cancelled_prompt_does_not_depend_on_the_order_of_its_events(names: tuple[str, ...]) -> None:
    call = MediaDriver().command("a", FIRST, 2).cancel("a", 3)
    for name in names:
        call.says(name, 4, context("a"))
    assert call.outcome_of("a") is OutcomeStatus.SUCCEEDED


# -- Music -------------------------------------------------------------------------------------------------------


def test_a_prompt_interrupts_the_music_and_the_music_comes_back() -> None:
    call = MediaDriver().command("m", MUSIC, 2).says("play_started", 2.1, step("m", 1)).command("a", FIRST, 3)
    assert call.actions == [loop(1), CancelMedia(step("m", 1))]
    assert call.says("play_canceled", 4, step("m", 1)).actions[2:] == [FIRST]
    assert call.says("play_completed", 5, context("a")).actions[3:] == [loop(2)]
    assert call.outcome_of("m") is OutcomeStatus.PROGRESSED


def test_music_waits_while_prompts_are_played() -> None:
    call = MediaDriver().command("a", FIRST, 2).command("m", MUSIC, 3).command("b", SECOND, 4)
    assert call.says("play_completed", 5, context("a")).actions == [FIRST, SECOND]
    assert call.says("play_completed", 6, context("b")).actions[2:] == [loop(1)]


def test_cancelled_music_stops() -> None:
    call = MediaDriver().command("m", MUSIC, 2).cancel("m", 3)
    assert call.outcome_of("m") is OutcomeStatus.CANCELED
    assert call.actions == [loop(1), CancelMedia(step("m", 1))]
    assert call.says("play_canceled", 4, step("m", 1)).wake(60).actions[2:] == []
    assert call.open == []


def test_music_that_is_cancelled_while_a_prompt_interrupts_it_does_not_come_back() -> None:
    call = MediaDriver().command("m", MUSIC, 2).command("a", FIRST, 3).says("play_canceled", 4, step("m", 1))
    call.cancel("m", 5).says("play_completed", 6, context("a"))
    assert call.wake(60).actions == [loop(1), CancelMedia(step("m", 1)), FIRST]


def test_music_comes_back_if_the_prompt_that_interrupted_it_is_cancelled_and_the_end_of_the_music_is_lost() -> None:
    call = MediaDriver().command("m", MUSIC, 2).command("a", FIRST, 3).cancel("a", 3.5)
    assert call.actions == [loop(1), CancelMedia(step("m", 1))]
    assert call.wake(8).actions[2:] == [loop(2)]


def test_a_prompt_follows_cancelled_music_whose_end_is_lost() -> None:
    call = MediaDriver().command("m", MUSIC, 2).cancel("m", 3).command("a", FIRST, 3.5)
    assert call.actions == [loop(1), CancelMedia(step("m", 1))]
    assert call.wake(8).actions[2:] == [FIRST]


def test_music_that_cannot_be_played_has_failed() -> None:
    call = MediaDriver().command("m", MUSIC, 2).says("play_failed", 3, step("m", 1))
    assert call.outcome_of("m") is OutcomeStatus.FAILED
    assert call.wake(60).actions == [loop(1)]


def test_music_that_has_failed_stays_failed_and_waits_no_more() -> None:
    call = MediaDriver().command("m", MUSIC, 2).says("play_failed", 3, step("m", 1)).cancel("m", 4)
    assert call.outcome_of("m") is OutcomeStatus.FAILED
    assert call.command("a", FIRST, 5).actions == [loop(1), FIRST]
    assert shown(call) == (context("a"), [])


def test_music_that_fails_while_it_is_being_stopped_is_cancelled() -> None:
    call = MediaDriver().command("m", MUSIC, 2).cancel("m", 3).says("play_failed", 4, step("m", 1))
    assert call.outcome_of("m") is OutcomeStatus.CANCELED
    assert call.open == []


def test_the_same_music_is_another_command_after_it_has_failed() -> None:
    call = MediaDriver()
    first = context_of(call.call, MUSIC, "user grace", "")
    call.receive(own(first, at(2), OperationRequested(MUSIC, "user grace")))
    assert context_of(call.call, MUSIC, "user grace", "") == first
    call.says("play_failed", 3, context_of_step(CALL, first, "play 1"))
    assert context_of(call.call, MUSIC, "user grace", "") != first


def test_a_second_music_begins_when_the_first_is_cancelled() -> None:
    call = MediaDriver().command("m", MUSIC, 2).command("n", MUSIC, 3).wake(60)
    assert call.actions == [loop(1)]
    call.cancel("m", 61).says("play_canceled", 62, step("m", 1))
    assert [effect.id for effect in call.sent[2:]] == [step("n", 1)]


def test_music_gives_way_thirty_times() -> None:
    call = MediaDriver().command("m", MUSIC, 2)
    for n in range(1, 31):
        call.command(f"a{n}", FIRST, 10 * n).says("play_canceled", 10 * n + 1, step("m", n))
        call.says("play_completed", 10 * n + 2, context(f"a{n}"))
    assert [action for action in call.actions if isinstance(action, Play) and action.loop] == [
        loop(n) for n in range(1, 31)
    ]
    assert call.open == []
    assert call.outcome_of("m") is OutcomeStatus.CANCELED


def moved(call: Call) -> list[AnyAction]:
    wanted = music_wanted(call, context("m"), Music.steps, "u", ("4:+2",), is_on=True)
    return [each.action for each in wanted]


def test_music_moves_to_other_targets_by_the_next_step() -> None:
    call = MediaDriver().command("m", MUSIC, 2)
    assert moved(call.call) == [loop(1), CancelMedia(step("m", 1))]
    call.says("play_canceled", 3, step("m", 1))
    call.call = replace(call.call, effects=())
    assert moved(call.call) == [Play("play 2", "u", ("4:+2",), loop=True)]


# -- What can be seen of it ---------------------------------------------------------------------------------------


def shown(call: MediaDriver) -> tuple[str | None, list[str | None]]:
    """The commands that play and wait."""
    now = playing(call.call)
    return (now.command if now else None), [each.command for each in waiting(call.call)]


def test_the_operation_that_plays_and_those_that_wait_are_known() -> None:
    call = MediaDriver().command("m", MUSIC, 2)
    assert shown(call) == (context("m"), [])
    call.command("a", FIRST, 3).command("b", SECOND, 4).says("play_canceled", 5, step("m", 1))
    assert shown(call) == (context("a"), [context("m"), context("b")])
    call.cancel("b", 6).cancel("m", 7)
    assert shown(call) == (context("a"), [])
    assert shown(call.says("play_completed", 8, context("a"))) == (None, [])


def test_the_announcement_plays_for_no_command() -> None:
    call = MediaDriver(ANNOUNCED).receive(event("recording_active", 2)).command("a", FIRST, 3)
    assert playing(call.call) == MediaOperation(Play("announcement", ANNOUNCED.announcement), None)
    assert shown(call) == (None, [context("a")])


def test_the_end_of_the_call_ends_all_media() -> None:
    call = MediaDriver().command("m", MUSIC, 2).command("a", FIRST, 3).command("b", SECOND, 4)
    assert call.receive(event("call_disconnected", 5)).open == []
    assert call.says("play_canceled", 6, step("m", 1)).actions == [loop(1), CancelMedia(step("m", 1))]
    assert next_check_at(call.call) is None


def test_a_prompt_is_not_over_because_acs_could_not_take_its_cancellation() -> None:
    """The music would go on, and block ACS's queue."""
    driver = CallDriver()
    driver.call = connected(UNRECORDED).call
    driver.receive(own(context("music"), at(2), OperationRequested(MUSIC, "user grace"))).done(2)
    driver.receive(event("play_started", 3, operationContext=context_of_step(CALL, context("music"), "play 1")))
    driver.receive(own(context("prompt"), at(4), OperationRequested(FIRST, "user grace")))
    now = 4.0
    for _ in range(4):
        assert [type(action) for action in driver.asked] == [CancelMedia]
        driver.fails(now, 503)
        now += 20
        driver.wake(now)
    assert FIRST not in driver.open
    driver.done(now)
    driver.receive(event("play_canceled", now, operationContext=context_of_step(CALL, context("music"), "play 1")))
    assert driver.asked == [FIRST]

"""Effects: leased once, performed again after a crash, dropped when nothing wants them."""

from __future__ import annotations

from msgspec.structs import replace

from shared.calls.actions import StartRecording
from shared.calls.capabilities import next_check_at, reduce
from shared.calls.engine import next_timer_at
from shared.calls.event import ActionFailed, own
from tests.calls.driver import (
    CallDriver,
    at,
    connected,
)
from tests.golden import event

# -- Effects: claimed once, done again after a crash, dropped when they are moot --


def test_an_effect_is_claimed_by_one_invocation_at_a_time() -> None:
    life = connected()
    again = CallDriver()
    again.call = life.call
    assert again.receive(event("call_connected", 1), now=2).asked == []
    assert again.receive(event("participants_updated", 3), now=3).asked == []


def test_a_claim_whose_invocation_died_is_taken_over_when_the_event_comes_again() -> None:
    life = connected().receive(event("call_connected", 1), now=11.5)
    assert life.asked == [StartRecording(1)]
    assert life.effects[0].tries == 2


def test_the_sweep_finds_a_claim_whose_invocation_died() -> None:
    life = connected()
    assert next_check_at(life.call) == at(11)
    assert next_timer_at(life.call) is None


def test_what_a_call_wanted_is_moot_once_it_has_ended() -> None:
    life = connected().receive(event("start_recording_failed", 2)).receive(event("call_disconnected", 3))
    assert life.call.effects == ()
    assert next_check_at(life.call) is None


def test_the_outcome_of_an_effect_that_is_moot_changes_nothing() -> None:
    life = connected()
    effect = life.effects[0]
    ended = life.receive(event("call_disconnected", 3)).call
    late = ActionFailed(effect.id, effect.action, 500, 0, "")
    after, asked = reduce(ended, own("x", at(4), late), at(4))
    assert asked == ()
    assert replace(after, timeline=ended.timeline) == ended

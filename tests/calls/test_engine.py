"""Effects: leased once, performed again after a crash, dropped when they are no longer needed."""

from __future__ import annotations

from msgspec.structs import replace

from shared.calls.actions import StartRecording
from shared.calls.capabilities import next_check_at, next_timer_at, reduce
from shared.calls.event import ActionFailed, own
from tests.calls.driver import (
    CallDriver,
    at,
    connected,
)
from tests.golden import event


def test_an_effect_is_leased_by_one_invocation_at_a_time() -> None:
    driver = connected()
    again = CallDriver()
    again.call = driver.call
    assert again.receive(event("call_connected", 1), now=2).asked == []
    assert again.receive(event("participants_updated", 3), now=3).asked == []


def test_an_expired_lease_is_taken_over_when_the_event_is_delivered_again() -> None:
    driver = connected().receive(event("call_connected", 1), now=11.5)
    assert driver.asked == [StartRecording(1)]
    assert driver.effects[0].tries == 2


def test_the_sweep_finds_an_expired_lease() -> None:
    driver = connected()
    assert next_check_at(driver.call) == at(11)
    assert next_timer_at(driver.call) is None


def test_effects_are_dropped_once_the_call_has_ended() -> None:
    driver = connected().receive(event("start_recording_failed", 2)).receive(event("call_disconnected", 3))
    assert driver.call.effects == ()
    assert next_check_at(driver.call) is None


def test_the_outcome_of_a_dropped_effect_changes_nothing() -> None:
    driver = connected()
    effect = driver.effects[0]
    ended = driver.receive(event("call_disconnected", 3)).call
    late = ActionFailed(effect.id, effect.action, 500, 0, "")
    after, asked = reduce(ended, own("x", at(4), late), at(4))
    assert asked == ()
    assert replace(after, timeline=ended.timeline) == ended

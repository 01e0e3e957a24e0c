"""Many callers in plans at once: a small version of `make queue`."""

from __future__ import annotations

from local.queue import in_a_menu, in_a_queue, inversions, served, went_on
from tests.simulation.invariants import broken


def test_calls_that_wait_in_a_menu_all_go_on_with_their_own_keys() -> None:
    result = in_a_menu(8)
    assert broken(result) == []
    assert went_on(result) == 8


def test_callers_are_served_in_the_order_in_which_they_came() -> None:
    result = in_a_queue(6, 1, 10.0, talks=(10.0, 20.0))
    callers = served(result)
    assert broken(result) == []
    assert len(callers) == 6
    assert inversions(callers) == 0
    assert callers[-1].seconds > 60

"""Wrap-ups: the latest of each agent, whatever the order of the events; the timeline has the code and no note."""

from __future__ import annotations

from itertools import permutations

from shared.calls.capabilities.wrap_up import WrapUpWritten
from shared.calls.event import Event, own
from shared.calls.policy import CallPolicy
from tests.calls.driver import at, connected

GRACE, ALAN = "0000c0de-0000-4000-8000-0000000000a2", "0000a1a0-0000-4000-8000-0000000000a3"
UNRECORDED = CallPolicy(record=False)


def written(after: float, agent: str, code: str, note: str = "") -> Event:
    return own(f"wrap-up {agent} {after}", at(after), WrapUpWritten(agent, code, note))


def test_the_latest_of_each_agent_counts_in_every_order() -> None:
    events = (written(5, GRACE, "resolved"), written(9, GRACE, "callback", "after nine"), written(7, ALAN, "sale"))
    for order in permutations(events):
        call = connected(UNRECORDED)
        for each in order:
            call.receive(each, now=10)
        found = {agent: (each.code, each.note) for agent, each in call.call.wrap_up.by_agent.items()}
        assert found == {GRACE: ("callback", "after nine"), ALAN: ("sale", "")}


def test_the_timeline_has_the_code_and_no_note() -> None:
    call = connected(UNRECORDED).receive(written(5, GRACE, "resolved", "Her name is Megan."))
    (entry,) = (each for each in call.call.timeline if each.type == "WrapUpWritten")
    assert entry.text == f"resolved, by user {GRACE}"
    assert call.effects == ()

"""Ringing agents: who is invited, who accepts, and where the call goes on."""

from __future__ import annotations

import pytest

from shared.calls.actions import EngageAgent, OfferCall, ReleaseAgent, RemoveParticipant
from tests.calls.plans.ringing import DECLINED, NUMBER, OFFLINE, ONE, RUNG_OUT, TWO, RingingCall


def test_an_agent_accepts_talks_and_leaves() -> None:
    call = RingingCall([[ONE]])
    assert call.invited == [ONE]
    call.accepts(ONE, 5)
    assert call.ends == {}
    call.wake(7)
    assert (call.ends, call.sent(EngageAgent)) == ({ONE: "accepted"}, [EngageAgent(ONE)])
    assert (call.where, call.sent(ReleaseAgent)) == ("sales.1", [])
    call.goes(ONE, 60)
    assert call.way == [("sales.1", "the agent has left"), ("left.1", "")]
    assert call.sent(ReleaseAgent) == [ReleaseAgent(ONE, "accepted")]


def test_no_agent_is_free() -> None:
    call = RingingCall([])
    assert call.way == [("sales.1", "no one was available"), ("unavailable.1", "")]


def test_exits_that_are_not_given_are_otherwise() -> None:
    call = RingingCall([], unavailable=None)
    assert call.where == "otherwise.1"


def test_an_offer_names_the_targets_and_those_who_have_had_it() -> None:
    call = RingingCall([[ONE]]).refuses(ONE, 5)
    first, second = call.sent(OfferCall)
    assert (first.visit, first.round, first.targets) == ("sales.1", 1, ("group:sales", NUMBER))
    assert (second.round, ONE in second.excluded, "4:+1" in second.excluded) == (2, True, True)


@pytest.mark.parametrize(
    ("codes", "end", "where"),
    [
        (DECLINED, "declined", "declined.1"),
        (RUNG_OUT, "noAnswer", "noAnswer.1"),
        (OFFLINE, "noAnswer", "noAnswer.1"),
        ((403, 10105), "failed", "unavailable.1"),
    ],
)
def test_outcomes_lead_on(codes: tuple[int, int], end: str, where: str) -> None:
    call = RingingCall([[ONE]]).refuses(ONE, 5, codes)
    assert (call.ends, call.where) == ({ONE: end}, where)


def test_agents_ring_in_turn() -> None:
    call = RingingCall([[ONE], [TWO]], order="inTurn").refuses(ONE, 5)
    assert call.invited == [ONE, TWO]
    call.talks(TWO, 10)
    assert call.ends == {ONE: "declined", TWO: "accepted"}
    assert call.sent(ReleaseAgent) == [ReleaseAgent(ONE, "declined")]


def test_an_agent_who_is_in_the_call_for_less_than_a_moment_has_declined() -> None:
    call = RingingCall([[ONE]]).accepts(ONE, 5).goes(ONE, 6)
    assert (call.ends, call.where) == ({ONE: "declined"}, "declined.1")
    assert call.sent(RemoveParticipant) == []


def test_an_agent_who_declined_and_is_reported_as_added_has_not_answered() -> None:
    call = RingingCall([[ONE]]).added(ONE, 5).wake(35.9)
    assert call.ends == {}
    call.wake(36.1)
    assert call.ends == {ONE: "noAnswer"}

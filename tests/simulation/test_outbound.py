"""Outbound calls in the simulator: single faults, each at the moment where it hurts most."""

from __future__ import annotations

from typing import Any

import pytest

from shared.calls.state import CallState
from shared.service.outbound_guard import UNKNOWN
from tests.simulation.invariants import broken
from tests.simulation.outbound import CALLEES, Outbound
from tests.simulation.storage import table_error
from tests.simulation.transport import NetworkFault
from tests.simulation.world import Caller, RunResult, Schedule, simulate

ACCEPTS, DECLINES = CALLEES[0], CALLEES[2]


def run(*outbound: Outbound, callers: tuple[Caller, ...] = (), **how: Any) -> RunResult:
    """A run with these outbound calls, in which no invariant is broken."""
    settings, options = {"RECORDING": "off"}, {"repeatability": False}
    result = simulate(
        Schedule("outbound", callers=callers, outbound=outbound, settings=settings, options=options, **how)
    )
    assert broken(result) == []
    return result


def requests(result: RunResult, operation: str = "CreateCall") -> int:
    return sum(sent.operation == operation and sent.arrived for sent in result.sent)


def states(result: RunResult) -> set[str]:
    return {str(call.state) for call in result.calls.values()}


def test_a_double_click_with_a_key_is_one_call() -> None:
    result = run(Outbound(clicks=(0.0, 0.0, 0.2)))
    assert len({each.call_id for each in result.placements}) == 1
    assert (requests(result), states(result)) == (1, {"ended"})


@pytest.mark.parametrize("do", ["answer lost", "committed", "slow"])
def test_a_call_whose_response_is_lost_goes_on_when_it_is_picked_up(do: str) -> None:
    result = run(Outbound(), network_faults=[NetworkFault("acs", "CreateCall", do, seconds=30.0)])
    assert (requests(result), states(result)) == (1, {"ended"})


@pytest.mark.parametrize("do", ["reset", "unanswered", "status"])
def test_a_request_that_never_arrives_is_not_sent_again_and_the_row_says_so(do: str) -> None:
    result = run(Outbound(), network_faults=[NetworkFault("acs", "CreateCall", do)])
    assert sum(sent.operation == "CreateCall" for sent in result.sent) == 1
    assert states(result) == {"failed"}


def test_a_request_that_finds_the_key_of_one_that_died_is_dialled() -> None:
    """The first one dies after its key is written, and its client sends it again."""
    lost = NetworkFault("table", "insert", "status", 2, 1, table_error(503, "ServerBusy"))
    result = run(Outbound(), network_faults=[lost])
    assert (requests(result), states(result)) == (1, {"ended"})


def test_both_lines_are_free_again_after_calls_that_failed() -> None:
    first = [Outbound(n, f"first{n}", callee=DECLINES) for n in (0.0, 0.1)]
    busy, later = Outbound(1.0, "busy"), Outbound(60.0, "later", callee=ACCEPTS)
    result = run(*first, busy, later)
    assert [each.problem for each in result.placements] == ["", "", "LinesBusy", ""]
    assert requests(result) == 3


def test_the_callee_of_a_call_on_behalf_is_added_once_whatever_crashes() -> None:
    callers = (Caller(0.0, 30.0, on_behalf_of="4:+12065550199"),)
    for point in range(1, simulate(Schedule(callers=callers, settings={"RECORDING": "off"})).steps, 7):
        result = simulate(Schedule("crash", callers=callers, settings={"RECORDING": "off"}, kills=frozenset({point})))
        assert broken(result) == []
        assert requests(result, "AddParticipant") >= 1


def test_a_client_whose_rules_cannot_be_read_is_rejected_and_the_row_says_why() -> None:
    callers = (Caller(0.0, 30.0, on_behalf_of="4:+12065550199"),)
    unread = NetworkFault("table", "get", "unanswered", times=2, kind="storage time-out")
    result = simulate(Schedule("unread", callers=callers, network_faults=[unread]))
    assert broken(result) == []
    (call,) = result.calls.values()
    assert (call.state, call.on_behalf_of.refusal) == (CallState.REJECTED, UNKNOWN)
    assert requests(result, "AddParticipant") == 0

"""Commands of supervisors in the simulator: single faults, each at the moment where it hurts most."""

from __future__ import annotations

from typing import Any

import pytest

from shared.api.v1.calls.command import state_of
from tests.simulation.invariants import broken
from tests.simulation.supervisors import ACTIONS, Command
from tests.simulation.transport import NetworkFault
from tests.simulation.world import Caller, RunResult, Schedule, simulate

OFF = {"RECORDING": "off"}


def run(*commands: Command, lasts: float = 10.0, **how: Any) -> RunResult:
    """A call of so many seconds with these commands, in which no invariant is broken."""
    result = simulate(Schedule("commands", callers=(Caller(0.0, lasts),), commands=commands, settings=OFF, **how))
    assert broken(result) == []
    return result


def carried_out(result: RunResult, operation: str) -> int:
    entries = (e for e in result.journal if e["kind"] == "acs.request" and e["operation"] == operation)
    return sum(not entry["repeated"] and entry["status"] < 300 for entry in entries)


def outcomes(result: RunResult) -> list[str]:
    (call,) = result.calls.values()
    return [state_of(call, id).status for id in call.operations.requested]


OPERATIONS = {
    "hang up": "TerminateCall",
    "play": "Play",
    "recognize": "Recognize",
    "send tones": "SendDtmfTones",
    "add agent": "AddParticipant",
    "remove caller": "RemoveParticipant",
    "transfer": "TransferToParticipant",
}


@pytest.mark.parametrize("key", ["k", ""])
@pytest.mark.parametrize("do", OPERATIONS)
def test_a_double_click_is_one_command(do: str, key: str) -> None:
    result = run(Command(2.0, do, key=key, clicks=(0.0, 0.0)))
    assert {each.status for each in result.submissions} <= {200, 202}
    assert len({each.state.id for each in result.submissions if each.state}) == 1
    assert carried_out(result, OPERATIONS[do]) == 1


@pytest.mark.parametrize("do", ACTIONS)
def test_a_caller_who_hangs_up_in_the_middle_of_a_command_leaves_none_without_an_outcome(do: str) -> None:
    for lasts in (2.0, 2.03, 2.1):
        result = run(Command(2.0, do, clicks=(0.0, 0.0)), lasts=lasts)
        assert all(outcome in {"succeeded", "failed", "canceled"} for outcome in outcomes(result))


@pytest.mark.parametrize("do", ["transfer", "remove caller", "hang up"])
def test_two_supervisors_at_once_both_get_an_outcome(do: str) -> None:
    result = run(Command(2.0, do, "grace", wait=15), Command(2.0, do, "linus", wait=15))
    assert len({each.state.id for each in result.submissions if each.state}) == 2
    assert "succeeded" in outcomes(result)
    assert {call.state for call in result.calls.values()} == {"ended"}


def test_the_key_of_a_command_that_is_over_is_not_carried_out_again() -> None:
    result = run(Command(2.0, "play", clicks=(0.0, 4.0)), Command(2.5, "play", key="other", clicks=(0.0, 4.0)))
    assert carried_out(result, "Play") == 2
    assert [each.status for each in result.submissions] == [202, 202, 200, 200]


def test_the_key_of_a_command_of_a_call_that_has_ended_gives_its_outcome() -> None:
    result = run(Command(2.0, "hang up", clicks=(0.0, 4.0)))
    first, again = result.submissions
    assert (first.is_accepted, again.status) == (True, 200)


def test_a_command_after_the_end_is_refused() -> None:
    result = run(Command(2.0, "play"), lasts=1.5)
    assert [(each.status, each.problem) for each in result.submissions] == [(409, "CallNotConnected")]


@pytest.mark.parametrize(("do", "operation"), [("play", "Play"), ("send tones", "SendDtmfTones")])
def test_a_command_whose_response_is_lost_is_carried_out_once(do: str, operation: str) -> None:
    result = run(Command(2.0, do), network_faults=[NetworkFault("acs", operation, "answer lost")])
    assert carried_out(result, operation) == 1
    assert outcomes(result) == ["succeeded"]

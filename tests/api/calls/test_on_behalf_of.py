"""An agent's client calls a number on behalf of a resource account."""

from __future__ import annotations

from uuid import uuid4

from shared.calls.state import CallState
from tests.api.calls.conftest import Line
from tests.api.calls.parties import GRACE, answers, raw_id, requests


async def test_the_callee_is_added_and_the_call_ends_when_they_leave(line: Line) -> None:
    callee = f"4:+49{uuid4().int % 10**9:09d}"
    await answers(line, callee, after=0.1, hangs_up_after=1)
    call_id = await line.connected(**{"from": raw_id(GRACE)}, on_behalf_of_callee=callee)
    call = await line.system.until(call_id, lambda call: call.state is CallState.ENDED)
    assert callee in call.participants.all_participants
    added = [each for each in await requests(line, "AddParticipant") if callee in str(each["participantToAdd"])]
    assert len(added) == 1
    assert (await line.get(f"calls/{call_id}")).data["onBehalfOf"]["number"] == callee.removeprefix("4:")


async def test_the_call_ends_when_the_callee_declines(line: Line) -> None:
    callee = f"4:+49{uuid4().int % 10**9:09d}"
    await answers(line, callee, "decline")
    call_id = await line.connected(**{"from": raw_id(GRACE)}, on_behalf_of_callee=callee)
    call = await line.system.until(call_id, lambda call: call.state is CallState.ENDED)
    assert callee not in call.participants.all_participants
    assert "AddParticipantFailed" in [entry.type for entry in call.timeline]

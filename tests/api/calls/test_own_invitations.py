"""Agents whom the app invites are identities of its ACS resource: ACS can raise IncomingCall for them."""

from __future__ import annotations

from typing import Any

import pytest

from shared.calls.state import CallState
from tests.api.calls.conftest import Line
from tests.api.calls.parties import GRACE, answers, raw_id, requests


async def legs(line: Line, agent: str) -> list[dict[str, Any]]:
    """The calls at the emulator that ring at an agent."""
    return [each for each in (await line.system.control("GET", "calls"))["calls"] if each["to"] == agent]


@pytest.mark.parametrize("rings", [True, False])
@pytest.mark.parametrize("do", ["participants", "transfers"])
async def test_the_ring_of_an_own_agent_is_never_answered(line: Line, do: str, rings: bool) -> None:
    agent = raw_id(GRACE)
    await answers(line, agent, after=0.5)
    await line.system.control("POST", "options", {"invitations_ring": rings})
    call_id = await line.connected()
    body = {"targets": [{"agent": GRACE}]} if do == "participants" else {"target": {"agent": GRACE}}
    sent = await line.command(f"calls/{call_id}/{do}", body)
    assert sent.status == 200, sent.body
    found = await legs(line, agent)
    assert len(found) == int(rings)
    for leg in found:
        row = await line.system.until(await line.system.id_of(leg), lambda _: True)
        assert (row.state, row.lifecycle.caller) == (CallState.NOT_OURS, None)
        assert leg["state"] in {"ringing", "missed"}
    assert len(await requests(line, "AnswerCall")) == 1
    assert await requests(line, "RejectCall") == []

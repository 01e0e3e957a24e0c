"""Calls between clients: the events that the resource raises of them, and of whom it does not."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.emulator.client import Control

USER = "8:acs:11111111-1111-4111-8111-111111111111_0000000c-1fb9-4878-07fd-0848220077e1"
OTHER = "8:acs:11111111-1111-4111-8111-111111111111_0000000c-1fb9-4878-07fd-0848220077e2"
TEAMS_USER = "8:orgid:0000c0de-0000-4000-8000-0000000000a2"
ATTENDANT = "28:orgid:cc123456-5678-5678-1234-ccc123456789"


async def events(control: Control) -> list[dict[str, Any]]:
    await control.idle()
    return [entry["event"] for entry in await control.journal("event")]


@pytest.mark.parametrize(("target", "participants"), [(TEAMS_USER, 1), (ATTENDANT, 1), (OTHER, 2)])
async def test_events_of_participants_are_raised_for_acs_users_alone(
    control: Control, target: str, participants: int
) -> None:
    call = await control("POST", "client-calls", {"from": USER, "to": target})
    await control("POST", f"client-calls/{call['id']}/hangup")
    await control("POST", f"client-calls/{call['id']}/hangup")  # the other one, at the same time
    found = await events(control)
    kinds = [event["type"].removeprefix("Microsoft.Communication.") for event in found]
    assert kinds == [
        "CallStarted",
        *["CallParticipantAdded"] * participants,
        *["CallParticipantRemoved"] * participants,
        "CallEnded",
    ]
    assert {event["data"]["serverCallId"] for event in found} == {call["serverCallId"]}
    assert found[0]["subject"] == f"call/{call['serverCallId']}/startedBy/{USER}"
    assert found[1]["data"]["user"]["communicationUser"] == {"id": USER}
    assert found[-1]["data"]["durationOfCall"] >= 0
    assert TEAMS_USER not in str(found)


@pytest.mark.parametrize(("source", "target"), [(TEAMS_USER, USER), ("+12065551212", USER), (USER, "+12065551212")])
async def test_other_calls_are_refused(
    control: Control, session: aiohttp.ClientSession, source: str, target: str
) -> None:
    url = f"{control.url}/_emulator/client-calls"
    async with session.post(url, json={"from": source, "to": target}) as answer:
        assert answer.status == 400

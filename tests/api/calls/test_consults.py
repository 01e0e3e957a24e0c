"""Consults over the API: who hears whom, in the emulator's sound."""

from __future__ import annotations

import asyncio
from typing import Any

from emulator.listening import heard
from shared.calls.effect import effect_id
from shared.calls.policy import ANNOUNCEMENT
from tests.api.calls.conftest import Line

CALLER, NUMBER = "4:+12065551212", "+12065551212"
AGENT = "0000a1a0-0000-4000-8000-0000000000a3"
MUSIC = "https://contoso.example/hold.wav"
BODY: dict[str, Any] = {"target": {"agent": AGENT}, "music": MUSIC}


async def hears(line: Line, raw_id: str, seconds: float = 0.4) -> set[str]:
    """The sounds that a party hears during the next seconds."""
    (call,) = (await line.system.control("GET", "calls"))["calls"]
    url = f"{line.system.stack.emulator_url}/_emulator/calls/{call['id']}/heard/{raw_id}"
    before = await (await line.system.http.get(url)).read()
    await asyncio.sleep(seconds)
    after = await (await line.system.http.get(url)).read()
    sounds = (await line.system.control("GET", f"calls/{call['id']}/sounds"))["sounds"]
    return heard(after, sounds, start=len(before) / 32_000)


async def ready(line: Line) -> str:
    """The id of a call whose announcement is over."""
    call_id = await line.connected()
    announcement = effect_id(call_id, ANNOUNCEMENT)
    await line.system.until(
        call_id, lambda call: CALLER in call.participants.present and call.operations.is_over(announcement)
    )
    return call_id


async def consulting(line: Line) -> tuple[str, str, str]:
    """The ids of a call and its consult, and the raw id of the agent who is in it."""
    call_id = await ready(line)
    begun = await line.command(f"calls/{call_id}/consults", BODY, wait=15)
    assert (begun.status, begun.data["status"]) == (200, "succeeded"), begun.body
    call = await line.system.until(call_id, lambda call: any(AGENT in each for each in call.participants.present))
    return call_id, begun.data["id"], next(each for each in call.participants.present if AGENT in each)


async def test_the_caller_hears_music_until_the_agents_join_it(line: Line) -> None:
    call_id, consult, agent = await consulting(line)
    assert await hears(line, CALLER) == {"hold.wav"}
    assert await hears(line, agent) == set()
    swapped = await line.command(f"calls/{call_id}/consults/{consult}/swap", wait=15)
    assert swapped.data["status"] == "succeeded", swapped.body
    assert await hears(line, agent) == {"hold.wav"}
    joined = await line.command(f"calls/{call_id}/consults/{consult}/join", wait=15)
    assert joined.data["status"] == "succeeded", joined.body
    assert await hears(line, CALLER) == {agent}
    assert await hears(line, agent) == {CALLER}
    late = await line.command(f"calls/{call_id}/consults/{consult}/drop")
    assert (late.status, late.data["code"]) == (409, "NotAllowed")


async def test_a_drop_removes_the_agent(line: Line) -> None:
    call_id, consult, agent = await consulting(line)
    second = await line.command(f"calls/{call_id}/consults", BODY | {"target": {"number": "+498912345"}})
    assert (second.status, second.data["code"]) == (409, "NotAllowed")
    assert "under way" in second.data["detail"]
    canceled = await line.command(f"calls/{call_id}/operations/{consult}/cancel")
    assert (canceled.status, canceled.data["code"]) == (409, "NotCancelable")
    assert "join or drop" in canceled.data["detail"]
    dropped = await line.command(f"calls/{call_id}/consults/{consult}/drop", wait=15)
    assert dropped.data["status"] == "succeeded", dropped.body
    await line.system.until(call_id, lambda call: agent not in call.participants.present)
    assert await hears(line, CALLER) == set()


async def test_where_music_does_not_isolate_no_agent_is_invited(line: Line) -> None:
    await line.system.control("POST", "options", {"targeted_play_isolates": False})
    call_id = await ready(line)
    begun = await line.command(f"calls/{call_id}/consults", BODY, wait=15)
    assert begun.data["status"] == "failed", begun.body
    assert "apart from the others" in begun.data["failure"]["meaning"]
    assert await line.system.requests("AddParticipant") == []
    assert len(await line.system.requests("CancelAllMediaOperations")) == 1


async def test_the_caller_who_leaves_ends_the_consult(line: Line) -> None:
    call_id, consult, _ = await consulting(line)
    (call,) = (await line.system.control("GET", "calls"))["calls"]
    await line.system.control("POST", f"calls/{call['id']}/hangup")
    after = await line.command(f"calls/{call_id}/consults/{consult}/join", wait=5)
    assert after.status in {200, 202, 409}, after.body

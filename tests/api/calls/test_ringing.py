"""A plan that rings agents and a number: who is connected in the end, and what the caller hears."""

from __future__ import annotations

import asyncio
from typing import Any

from emulator.listening import passages
from shared.calls.identities import phone_number
from shared.calls.plans.invitations import ends_of
from tests.api.calls.conftest import Line
from tests.api.calls.parties import CALLER, answers, id_at_acs, raw_id, requests
from tests.api.calls.plans import at_step, planned
from tests.api.calls.test_offers import BYE, Agent

MUSIC, ASKED = "https://audio.example/hold.wav", "https://audio.example/press-1.wav"


async def ringing(line: Line, *targets: dict[str, str], **ring: Any) -> str:
    step = {"type": "ring", "targets": targets, "left": "bye", "otherwise": "bye", "meanwhile": {"file": MUSIC}} | ring
    return await planned(line, {"sales": step, "bye": BYE, "end": {"type": "hangUp"}})


async def ends(line: Line, call_id: str, *targets: str) -> list[str]:
    """What became of the targets, once it is known of all."""

    def known(call: Any) -> dict[str, str]:
        return {target: end for target, end, _ in ends_of(call.routing.visits[0].choices)}

    call = await line.system.until(call_id, lambda call: known(call).keys() == set(targets))
    return [known(call)[target] for target in targets]


async def heard(line: Line, call_id: str, who: str) -> list[set[str]]:
    """What a party heard, one after the other; moments in which things change are left out."""
    id = await id_at_acs(line, call_id)
    url = f"{line.system.stack.emulator_url}/_emulator/calls/{id}"
    async with line.system.http.get(f"{url}/heard/{who}") as wav, line.system.http.get(f"{url}/sounds") as sounds:
        found = passages(await wav.read(), (await sounds.json())["sounds"])
    return [{str(name) for name in each.names} for each in found if each.end - each.start > 0.1]


async def test_one_declines_one_rings_out_and_a_number_answers(line: Line) -> None:
    grace, alan = await Agent.available(line, "decline"), await Agent.available(line, "no_answer")
    number = phone_number("+12065550177")
    await answers(line, number, presses=[{"after": 2, "tone": "one"}])
    targets = {"agent": grace.id}, {"agent": alan.id}, {"number": "+12065550177"}
    call_id = await ringing(line, *targets, order="inTurn", seconds=5, confirmPrompt={"file": ASKED})
    found = await ends(line, call_id, raw_id(grace.id), raw_id(alan.id), number)
    assert found == ["declined", "noAnswer", "accepted"]
    await asyncio.sleep(1)
    sounds = await heard(line, call_id, phone_number(CALLER))
    assert {"hold.wav"} in sounds[: sounds.index({number})]
    assert sounds[-1] == {number}, "without music"
    assert {phone_number(CALLER)} in await heard(line, call_id, number)
    callees = [raw_id(grace.id), raw_id(alan.id), number]
    invited = [each["participantToAdd"]["rawId"] for each in await requests(line, "AddParticipant")]
    assert [each for each in invited if each in callees] == callees


async def test_a_client_that_dies_while_the_agent_talks(line: Line) -> None:
    grace = await Agent.available(line)
    await answers(line, raw_id(grace.id), hangs_up_after=3)
    call_id = await ringing(line, {"agent": grace.id})
    assert await ends(line, call_id, raw_id(grace.id)) == ["accepted"]
    await at_step(line, call_id, "bye.1")
    assert (await line.call(call_id)).routing.visits[0].reason == "the agent has left"


async def test_an_agent_who_declines_and_is_reported_as_added_is_not_connected(line: Line) -> None:
    grace, alan = await Agent.available(line, "decline"), await Agent.available(line)
    await answers(line, raw_id(grace.id), "decline", declined_as_succeeded=True)
    call_id = await ringing(line, {"agent": grace.id}, {"agent": alan.id}, order="all", seconds=5)
    assert await ends(line, call_id, raw_id(grace.id), raw_id(alan.id)) == ["withdrawn", "accepted"]

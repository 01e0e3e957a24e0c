"""Calls that a plan offers to agents: who sees them, and the answers of agents' clients."""

from __future__ import annotations

import asyncio
from typing import Any

from shared.calls.capabilities import Call
from shared.calls.plans.invitations import End, ends_of
from tests.api.calls.conftest import Line
from tests.api.calls.parties import answers, raw_id
from tests.api.calls.plans import at_step, planned
from tests.api.conftest import Reply

BYE = {"type": "menu", "prompt": {"file": "https://audio/silence.wav"}, "seconds": 60, "otherwise": "end"}


class Agent:
    """An agent without previous calls, who is available, and whose client does what ``behaviour`` says."""

    def __init__(self, id: str, token: str) -> None:
        self.id, self.token = id, token

    @classmethod
    async def available(cls, line: Line, behaviour: str = "accept", after: float = 0.1) -> Agent:
        token = await line.client.token(user=await line.client.newcomer(), roles=["Agent"])
        id = (await line.client.ask("GET", "users/me", token)).data["id"]
        made = await line.client.ask("PUT", f"agents/{id}", line.supervisor, {})
        ready = await line.client.ask("PUT", "agents/me/presence", token, {"state": "available"})
        assert (made.status, ready.status) == (201, 200), ready.body
        await answers(line, raw_id(id), behaviour, after)
        return cls(id, token)

    async def answers(self, line: Line, call_id: str, *, accepted: bool, visit: str = "sales.1") -> Reply:
        path = f"calls/{call_id}/steps/{visit}/answer"
        return await line.client.ask("POST", path, self.token, {"accepted": accepted})


async def ringing(line: Line, *agents: Agent) -> str:
    """The id of a call whose plan rings the agents at once."""
    ring = {"type": "ring", "targets": [{"agent": each.id} for each in agents], "order": "all", "seconds": 60}
    plan: dict[str, dict[str, Any]] = {
        "sales": ring | {"left": "bye", "otherwise": "bye"},
        "bye": BYE,
        "end": {"type": "hangUp"},
    }
    call_id = await planned(line, plan)
    await line.system.until(call_id, lambda call: all(is_invited(call, each) for each in agents))
    return call_id


def is_invited(call: Call, agent: Agent) -> bool:
    return raw_id(agent.id) in call.participants.invited


def refusal(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.data["code"]


async def offers(line: Line, call_id: str, visit: str = "sales.1") -> dict[str, tuple[bool | None, str | None]]:
    """The answer and the outcome of each offer, by the agent's object id."""
    step = (await line.get(f"calls/{call_id}/steps/{visit}")).data
    return {each["target"]["userId"]: (each["accepted"], each["outcome"]) for each in step["offers"]}


async def test_an_agent_who_is_rung_sees_the_call_and_others_do_not(line: Line) -> None:
    grace, alan = await asyncio.gather(Agent.available(line, "no_answer"), Agent.available(line))
    call_id = await ringing(line, grace)
    assert (await line.get(f"calls/{call_id}/steps", grace.token)).data["value"][0]["type"] == "ring"
    assert (await line.get(f"calls/{call_id}", alan.token)).status == 404
    listed = (await line.get("calls", grace.token)).data["value"]
    assert [each["id"] for each in listed] == [call_id]


async def test_the_agent_who_accepts_wins_and_the_other_one_is_refused(line: Line) -> None:
    grace, alan = await asyncio.gather(Agent.available(line), Agent.available(line, "no_answer"))
    call_id = await ringing(line, grace, alan)
    accepted = await grace.answers(line, call_id, accepted=True)
    assert accepted.status == 200, accepted.body
    await line.system.until(call_id, lambda call: f"end {raw_id(grace.id)}" in call.routing.visits[0].choices)
    late = await alan.answers(line, call_id, accepted=True)
    assert refusal(late) == (409, "OfferOver")
    assert "withdrawn" in late.data["detail"]
    assert await offers(line, call_id) == {grace.id: (True, "accepted"), alan.id: (None, "withdrawn")}
    again = await grace.answers(line, call_id, accepted=True)
    assert (again.status, again.data["visit"]) == (200, "sales.1")
    assert refusal(await grace.answers(line, call_id, accepted=False)) == (409, "AnsweredAlready")


async def test_of_two_who_accept_at_once_one_stays(line: Line) -> None:
    agents = await asyncio.gather(Agent.available(line), Agent.available(line))
    call_id = await ringing(line, *agents)
    replies = await asyncio.gather(*(each.answers(line, call_id, accepted=True) for each in agents))
    assert {reply.status for reply in replies} <= {200, 409}
    call = await line.system.until(call_id, lambda call: len(list(ends_of(call.routing.visits[0].choices))) == 2)
    ends = {end: target for target, end, _ in ends_of(call.routing.visits[0].choices)}
    assert ends.keys() == {End.ACCEPTED, End.WITHDRAWN}
    winner, loser = ends[End.ACCEPTED], ends[End.WITHDRAWN]
    await line.system.until(call_id, lambda call: winner in call.participants.present)
    await line.system.until(call_id, lambda call: loser not in call.participants.present)


async def test_when_all_decline_the_call_goes_on(line: Line) -> None:
    grace, alan = await asyncio.gather(Agent.available(line, "no_answer"), Agent.available(line, "no_answer"))
    call_id = await ringing(line, grace, alan)
    for agent in (grace, alan):
        declined = await agent.answers(line, call_id, accepted=False)
        assert declined.status == 200, declined.body
    await at_step(line, call_id, "bye.1")
    assert await offers(line, call_id) == {grace.id: (False, "declined"), alan.id: (False, "declined")}
    again = await grace.answers(line, call_id, accepted=False)
    assert (again.status, again.data["to"], again.data["reason"]) == (200, "bye", "declined")
    texts = [each.text for each in (await line.call(call_id)).timeline if each.type == "OfferAnswered"]
    assert f"sales.1: agent {grace.id} declines" in texts


async def test_nobody_answers_for_another_one(line: Line) -> None:
    grace = await Agent.available(line, "no_answer")
    call_id = await ringing(line, grace)
    path, body = f"calls/{call_id}/steps/sales.1/answer", {"accepted": True}
    assert refusal(await line.client.ask("POST", path, line.supervisor, body)) == (409, "NotOffered")
    assert refusal(await line.client.ask("POST", path, None, body, keyed=True)) == (409, "NotOffered")
    elsewhere = await line.client.token(tenant="fabrikam", user="fred", roles=["Supervisor"])
    assert refusal(await line.client.ask("POST", path, elsewhere, body)) == (404, "NotFound")
    assert await offers(line, call_id) == {grace.id: (None, None)}


async def test_an_answer_to_another_step_is_refused(line: Line) -> None:
    grace = await Agent.available(line, "decline")
    call_id = await ringing(line, grace)
    await at_step(line, call_id, "bye.1")
    assert refusal(await grace.answers(line, call_id, accepted=True)) == (409, "StepLeft")
    assert refusal(await grace.answers(line, call_id, accepted=True, visit="bye.1")) == (409, "NotOffered")
    assert refusal(await grace.answers(line, call_id, accepted=True, visit="sales.2")) == (404, "NotFound")

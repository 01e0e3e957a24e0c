"""Claims on agents in Table storage: one agent has one call, whatever several instances do at once."""

from __future__ import annotations

import asyncio

import pytest

from shared.agents.models import Agent
from shared.agents.states import After, available, away
from shared.calls.identities import agent as raw_id
from tests.agents.conftest import ADA, BOB, CYD, Centre, targets_of, user

NUMBER, TEAMS_USER = "4:+493012345", f"8:orgid:{ADA}"


def raw(id: str) -> str:
    return raw_id("ac5e0000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000001", id)


async def test_the_longest_idle_agent_is_claimed_first_and_no_agent_twice(centre: Centre) -> None:
    await centre.staff(BOB, ADA)
    assert await targets_of(centre.one, centre.offer("call 1")) == (BOB,)
    assert await targets_of(centre.one, centre.offer("call 2")) == (ADA,)
    assert await targets_of(centre.one, centre.offer("call 3")) == ()
    found = await centre.status(BOB)
    assert (found.state, found.call) == ("ringing", "call 1")


async def test_of_two_calls_that_want_the_same_agent_at_once_one_gets_another(centre: Centre) -> None:
    await centre.staff(ADA, BOB)
    first, second = await asyncio.gather(
        targets_of(centre.one, centre.offer("call 1")), targets_of(centre.two, centre.offer("call 2"))
    )
    assert {*first, *second} == {ADA, BOB}


async def test_of_ten_calls_that_want_three_agents_at_once_three_get_one(centre: Centre) -> None:
    await centre.staff(ADA, BOB, CYD)
    instances = (centre.one, centre.two)
    found = await asyncio.gather(*(targets_of(instances[n % 2], centre.offer(f"call {n}")) for n in range(10)))
    assert sorted(id for claimed in found for id in claimed) == [ADA, BOB, CYD]


async def test_the_same_round_asked_again_has_the_same_agent_and_the_next_round_another(centre: Centre) -> None:
    await centre.staff(ADA, BOB)
    for instance in (centre.one, centre.two):
        assert await targets_of(instance, centre.offer("call")) == (ADA,)
    excluded = centre.offer("call", turn=2, excluded=(raw(ADA).upper(),))
    assert await targets_of(centre.two, excluded) == (BOB,)


async def test_a_claim_ends_by_itself(centre: Centre) -> None:
    await centre.staff(ADA)
    await targets_of(centre.one, centre.offer("call 1"))
    centre.passes(31)
    assert await targets_of(centre.two, centre.offer("call 2")) == (ADA,)


async def test_all_claims_every_free_agent_and_the_direct_targets(centre: Centre) -> None:
    await centre.staff(ADA, BOB, CYD)
    await targets_of(centre.one, centre.offer("other"))
    offer = centre.offer("call", "group:sales", raw(BOB), NUMBER, TEAMS_USER, order="all")
    for _ in range(2):
        assert set(await targets_of(centre.one, offer)) == {BOB, CYD, NUMBER, TEAMS_USER}


async def test_in_turn_follows_the_document(centre: Centre) -> None:
    await centre.staff(BOB, ADA)
    targets = (raw(ADA), NUMBER, "group:sales")
    excluded: tuple[str, ...] = ()
    for n, expected in enumerate((ADA, NUMBER, BOB)):
        found = await targets_of(centre.one, centre.offer("call", *targets, order="inTurn", turn=n, excluded=excluded))
        assert found == (expected,)
        excluded = (*excluded, expected if ":" in expected else raw(expected))
        await centre.one.release(centre.tenant, expected, "call", "declined")
    assert await targets_of(centre.one, centre.offer("call", *targets, order="inTurn", turn=9, excluded=excluded)) == ()


async def test_longest_idle_takes_agents_before_numbers(centre: Centre) -> None:
    await centre.staff(ADA)
    assert await targets_of(centre.one, centre.offer("call 1", NUMBER, "group:sales")) == (ADA,)
    assert await targets_of(centre.one, centre.offer("call 2", NUMBER, "group:sales")) == (NUMBER,)


async def test_agents_and_groups_that_do_not_exist_are_passed_over(centre: Centre) -> None:
    assert await targets_of(centre.one, centre.offer("call", raw(ADA), "group:none", NUMBER)) == (NUMBER,)
    assert await targets_of(centre.one, centre.offer("call", raw(ADA), "group:none")) == ()


async def test_agents_take_calls_of_their_accounts_only(centre: Centre) -> None:
    await centre.staff(ADA, accounts=("other",))
    assert await targets_of(centre.one, centre.offer("call")) == ()
    await centre.staff(ADA, accounts=("other", "account"))
    assert await targets_of(centre.one, centre.offer("call")) == (ADA,)


async def test_another_tenants_agents_are_not_claimed(centre: Centre) -> None:
    await centre.staff(ADA)
    other = Centre(centre.table, centre.wakes)
    assert await targets_of(other.one, other.offer("call")) == ()


async def test_an_agent_whose_client_has_not_renewed_the_presence_is_away(centre: Centre) -> None:
    await centre.staff(ADA)
    centre.passes(3600)
    assert await targets_of(centre.one, centre.offer("call")) == ()
    found = await centre.status(ADA)
    assert (found.state, found.reason) == ("away", "the client has not renewed the presence")


async def test_an_accepted_call_ends_in_wrap_up_and_the_agent_is_the_last_in_turn(centre: Centre) -> None:
    await centre.staff(ADA, BOB, wrap_up=20)
    await targets_of(centre.one, centre.offer("call 1"))
    await centre.two.engage(centre.tenant, ADA, "call 1")
    centre.passes(600)
    assert (await centre.status(ADA)).state == "inCall"
    await centre.one.release(centre.tenant, ADA, "call 1", "accepted")
    assert (await centre.status(ADA)).state == "wrapUp"
    centre.passes(20)
    assert (await centre.status(ADA)).state == "available"
    assert await targets_of(centre.one, centre.offer("call 2")) == (BOB,)


@pytest.mark.parametrize(
    ("after", "state", "reason"),
    [("declined", "available", ""), ("withdrawn", "available", ""), ("noAnswer", "away", "did not answer")],
)
async def test_the_state_of_an_agent_who_has_not_accepted(
    centre: Centre, after: After, state: str, reason: str
) -> None:
    await centre.staff(ADA)
    await targets_of(centre.one, centre.offer("call"))
    for _ in range(2):
        await centre.one.release(centre.tenant, ADA, "call", after)
        found = await centre.status(ADA)
        assert (found.state, found.reason) == (state, reason)


async def test_another_calls_claim_is_neither_engaged_nor_released(centre: Centre) -> None:
    await centre.staff(ADA)
    await targets_of(centre.one, centre.offer("call 1"))
    centre.passes(31)
    await targets_of(centre.one, centre.offer("call 2"))
    await centre.two.engage(centre.tenant, ADA, "call 1")
    await centre.two.release(centre.tenant, ADA, "call 1", "noAnswer")
    found = await centre.status(ADA)
    assert (found.state, found.call) == ("ringing", "call 2")


async def test_an_agent_who_does_not_exist_is_neither_engaged_nor_released(centre: Centre) -> None:
    await centre.one.engage(centre.tenant, ADA, "call")
    await centre.one.release(centre.tenant, ADA, "call", "accepted")
    assert await centre.store.agent(centre.tenant, ADA) is None


async def test_a_claim_and_a_renewed_presence_do_not_undo_each_other(centre: Centre) -> None:
    ids = [user(n) for n in range(10, 20)]
    await centre.staff(*ids)

    def renewed(agent: Agent | None) -> Agent:
        assert agent is not None
        return available(agent, centre.now.replace(year=2027), centre.now)

    renewals = (centre.store.change_agent(centre.tenant, id, renewed) for id in ids)
    offered = asyncio.create_task(targets_of(centre.one, centre.offer("call", order="all")))
    await asyncio.gather(*renewals)
    assert sorted(await offered) == ids
    for id in ids:
        agent = await centre.store.agent(centre.tenant, id)
        assert agent is not None
        assert agent.claim is not None
        assert agent.expires_at is not None
        assert (agent.claim.call, agent.expires_at.year) == ("call", 2027)


async def test_a_presence_that_is_set_during_a_call_holds_after_it(centre: Centre) -> None:
    await centre.staff(ADA)
    await targets_of(centre.one, centre.offer("call"))
    await centre.one.engage(centre.tenant, ADA, "call")
    await centre.store.change_agent(centre.tenant, ADA, lambda each: each and away(each, "lunch", centre.now))
    assert (await centre.status(ADA)).state == "inCall"
    await centre.one.release(centre.tenant, ADA, "call", "accepted")
    assert (await centre.status(ADA)).reason == "lunch"

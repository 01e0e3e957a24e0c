"""Callers who wait for an agent: served in the order in which they began to wait, by several instances."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from shared.agents.claims import FRONT
from shared.agents.models import Group
from shared.agents.queue import SILENCE, Queue
from shared.calls.identities import agent as raw_id
from tests.agents.conftest import ADA, BEGIN, BOB, CYD, Centre, targets_of, user

NUMBER = "4:+493012345"


def raw(id: str) -> str:
    return raw_id("ac5e0000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000001", id)


async def waiting(centre: Centre) -> list[str]:
    return [each.call for each in await Queue(centre.table, lambda: centre.now).waiting(centre.tenant)]


async def busy(centre: Centre, *ids: str, wrap_up: int = 0) -> None:
    """Agents of sales, each in a call of the same name."""
    await centre.staff(*ids, wrap_up=wrap_up)
    for id in ids:
        assert await targets_of(centre.one, centre.offer(id)) == (id,)
        await centre.one.engage(centre.tenant, id, id)


async def test_the_position_counts_those_who_wait_longer_for_the_same_group(centre: Centre) -> None:
    await busy(centre, ADA)
    for n, since in enumerate((3, 1, 2)):
        await centre.one.offer(centre.waits(f"call {n}", since))
    await centre.one.offer(centre.waits("other", 0, "group:support"))
    found = [await centre.two.offer(centre.waits(f"call {n}", since, turn=2)) for n, since in enumerate((3, 1, 2))]
    assert [(each.targets, each.position) for each in found] == [((), 3), ((), 1), ((), 2)]


async def test_a_free_agent_goes_to_the_call_that_waits_longest(centre: Centre) -> None:
    await busy(centre, ADA)
    for n in (2, 1):
        await centre.one.offer(centre.waits(f"call {n}", n))
    await centre.two.release(centre.tenant, ADA, ADA, "accepted")
    assert await centre.woken() == ["call 1"]
    younger = await centre.two.offer(centre.waits("call 2", 2, turn=2))
    assert (younger.targets, younger.position) == ((), 2)
    assert await targets_of(centre.one, centre.waits("call 1", 1, turn=2)) == (ADA,)


async def test_two_free_agents_serve_two_callers_in_any_order(centre: Centre) -> None:
    await busy(centre, ADA, BOB)
    for n in (1, 2, 3):
        await centre.one.offer(centre.waits(f"call {n}", n))
    for id in (ADA, BOB):
        await centre.two.release(centre.tenant, id, id, "accepted")
    assert set(await centre.woken()) == {"call 1", "call 2"}
    assert await targets_of(centre.one, centre.waits("call 3", 3, turn=2)) == ()
    assert await targets_of(centre.two, centre.waits("call 2", 2, turn=2)) == (BOB,)
    assert await targets_of(centre.one, centre.waits("call 1", 1, turn=2)) == (ADA,)


async def test_a_call_that_rings_keeps_its_place_and_no_second_agent(centre: Centre) -> None:
    await busy(centre, ADA, BOB)
    for n in (1, 2):
        await centre.one.offer(centre.waits(f"call {n}", n))
    await centre.one.release(centre.tenant, ADA, ADA, "accepted")
    await centre.one.offer(centre.waits("call 1", 1, turn=2))
    await centre.one.release(centre.tenant, BOB, BOB, "accepted")
    found = await centre.two.offer(centre.waits("call 2", 2, turn=2))
    assert found.targets == (BOB,)
    await centre.one.release(centre.tenant, ADA, "call 1", "noAnswer")
    again = await centre.one.offer(centre.waits("call 1", 1, turn=3, excluded=(raw(ADA),)))
    assert (again.targets, again.position) == ((), 1)


async def test_an_agent_whom_the_oldest_call_cannot_take_goes_to_the_next(centre: Centre) -> None:
    await centre.staff(ADA)
    for n, since in ((1, 1), (2, 2)):
        excluded = (raw(ADA),) if n == 1 else ()
        found = await targets_of(centre.one, centre.waits(f"call {n}", since, excluded=excluded))
        assert found == ((ADA,) if n == 2 else ())


async def test_a_group_without_agents_holds_up_no_other(centre: Centre) -> None:
    await centre.staff(ADA)
    await centre.one.offer(centre.waits("first", 0, "group:empty"))
    assert await targets_of(centre.two, centre.waits("second", 1)) == (ADA,)


async def test_a_call_that_has_died_does_not_count_and_its_row_is_dropped(centre: Centre) -> None:
    await busy(centre, ADA)
    await centre.one.offer(centre.waits("dead", 1))
    centre.passes(SILENCE.total_seconds() + 1)
    assert (await centre.two.offer(centre.waits("alive", 2))).position == 1
    centre.now = BEGIN
    assert await waiting(centre) == ["alive"]
    await centre.one.offer(centre.waits("dead", 1, turn=2))
    assert await waiting(centre) == ["dead", "alive"], "one that comes back has its place again"


async def test_a_call_that_stops_waiting_is_gone_and_stopping_again_is_harmless(centre: Centre) -> None:
    await busy(centre, ADA)
    await centre.one.offer(centre.waits("call", 1))
    for _ in range(2):
        await centre.two.stop_waiting(centre.tenant, "call", BEGIN + timedelta(seconds=1))
        assert await waiting(centre) == []


async def test_a_call_that_is_served_at_once_never_enters_the_queue(centre: Centre) -> None:
    await centre.staff(ADA)
    found = await centre.one.offer(centre.waits("call", 1))
    assert (found.targets, found.position) == ((ADA,), None)
    assert await waiting(centre) == []


async def test_numbers_are_offered_to_a_call_that_waits(centre: Centre) -> None:
    await busy(centre, ADA)
    assert await targets_of(centre.one, centre.waits("call", 1, "group:sales", NUMBER)) == (NUMBER,)


async def test_the_end_of_a_wrap_up_wakes_the_call_whose_turn_it_is(centre: Centre) -> None:
    await busy(centre, ADA, wrap_up=10)
    await centre.one.release(centre.tenant, ADA, ADA, "accepted")
    centre.passes(9.5)
    assert (await centre.one.offer(centre.waits("call 1", 1))).position == 1
    assert (await centre.two.offer(centre.waits("call 2", 2))).position == 2
    assert await centre.woken() == []
    await asyncio.sleep(1.1)
    assert await centre.woken() == ["call 1"]
    centre.passes(1)
    assert await targets_of(centre.two, centre.waits("call 1", 1, turn=2)) == (ADA,)


async def test_an_agent_who_goes_into_wrap_up_wakes_a_call_that_waits_already_at_its_end(centre: Centre) -> None:
    await busy(centre, ADA, wrap_up=1)
    for n in (2, 1):
        await centre.one.offer(centre.waits(f"call {n}", n))
    await centre.two.release(centre.tenant, ADA, ADA, "accepted")
    assert await centre.woken() == []
    await asyncio.sleep(1.1)
    assert await centre.woken() == ["call 1"]


async def test_callers_far_back_look_for_no_agents(centre: Centre) -> None:
    await busy(centre, ADA)
    places = range(FRONT + 10)
    await asyncio.gather(*(centre.one.offer(centre.waits(f"call {n:02}", n)) for n in places))
    await centre.one.release(centre.tenant, ADA, ADA, "accepted")
    assert await centre.woken() == ["call 00"]
    found = await asyncio.gather(*(centre.two.offer(centre.waits(f"call {n:02}", n, turn=2)) for n in places))
    assert [each.position for each in found[1:]] == [n + 1 for n in places[1:]]
    assert found[0].targets == (ADA,)


async def test_of_calls_that_ask_at_once_the_oldest_are_served(centre: Centre) -> None:
    agents = [user(n) for n in range(20, 25)]
    await busy(centre, *agents)
    places = range(12)
    await asyncio.gather(*(centre.one.offer(centre.waits(f"call {n:02}", n)) for n in places))
    await centre.staff(*agents)  # anew, without their calls
    instances = (centre.one, centre.two)
    asked = (instances[n % 2].offer(centre.waits(f"call {n:02}", n, turn=2)) for n in places)
    served = [bool(each.targets) for each in await asyncio.gather(*asked)]
    assert served == [True] * 5 + [False] * 7


async def test_an_agent_of_two_groups_goes_to_the_oldest_call_of_either(centre: Centre) -> None:
    await busy(centre, CYD)
    await centre.store.change_group(centre.tenant, "support", lambda _: Group("support", "Support", (CYD,)))
    await centre.one.offer(centre.waits("for support", 1, "group:support"))
    await centre.one.offer(centre.waits("for sales", 2))
    await centre.one.release(centre.tenant, CYD, CYD, "accepted")
    assert await centre.woken() == ["for support"]
    assert await targets_of(centre.two, centre.waits("for sales", 2, turn=2)) == ()
    assert await targets_of(centre.two, centre.waits("for support", 1, "group:support", turn=2)) == (CYD,)


async def test_the_status_of_a_group_counts_its_callers_and_agents(centre: Centre) -> None:
    await busy(centre, ADA, BOB, CYD)
    for n in (1, 2):
        await centre.one.offer(centre.waits(f"call {n}", n))
    await centre.one.release(centre.tenant, CYD, CYD, "noAnswer")
    (found,) = await centre.two.groups(centre.tenant)
    assert (found.group.id, found.waiting, found.longest_wait) == ("sales", 2, BEGIN + timedelta(seconds=1))
    assert found.agents == {"inCall": 2, "away": 1}


async def test_a_call_does_not_wait_for_its_own_earlier_wait(centre: Centre) -> None:
    """It has come to another step, and its row of the step before is not deleted yet."""
    await centre.staff(ADA, group="support")
    await centre.one.offer(centre.waits("call", 1))
    await centre.staff(ADA)
    assert await targets_of(centre.two, centre.waits("call", 2, "group:support")) == (ADA,)

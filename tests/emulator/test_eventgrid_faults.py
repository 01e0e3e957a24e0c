from __future__ import annotations

import asyncio

from tests.emulator.eventgrid_fixtures import event, subscription, until, world

FAST = 1000.0


async def test_duplicate_delivers_an_event_several_times_at_once() -> None:
    async with world(subscription()) as w:
        w.faults.add({"where": "eventgrid", "do": "duplicate", "count": 5, "times": 1})
        w.webhook.slow = 0.05
        await w.grid.publish("call-events", [event("twin"), event("single")])
        await w.settle()
        assert sorted(w.webhook.ids()) == ["single", *["twin"] * 5]
        assert w.webhook.most_at_once == 6


async def test_reorder_sends_what_it_held_in_reverse() -> None:
    async with world(subscription()) as w:
        w.faults.add({"where": "eventgrid", "do": "reorder", "count": 3, "seconds": 60})
        for n in range(3):
            assert w.webhook.ids() == []
            await w.grid.publish("call-events", [event(str(n))])
        await w.settle()
        assert w.webhook.ids() == ["2", "1", "0"]


async def test_reorder_gives_up_holding_after_its_seconds() -> None:
    async with world(subscription(), speed=FAST) as w:
        w.faults.add({"where": "eventgrid", "do": "reorder", "count": 3, "seconds": 50})
        await w.grid.publish("call-events", [event("a"), event("b")])
        await w.settle()
        assert w.webhook.ids() == ["b", "a"]


async def test_reorder_holds_again_after_it_has_sent() -> None:
    async with world(subscription()) as w:
        w.faults.add({"where": "eventgrid", "do": "reorder", "count": 2, "seconds": 60})
        for pair in ("ab", "cd"):
            await w.grid.publish("call-events", [event(id) for id in pair])
            await w.settle()
        assert w.webhook.ids() == ["b", "a", "d", "c"]


async def test_delay_delivers_late() -> None:
    async with world(subscription(), speed=FAST) as w:
        w.faults.add({"where": "eventgrid", "do": "delay", "seconds": 100})
        begun = asyncio.get_running_loop().time()
        await w.grid.publish("call-events", [event()])
        await w.settle()
        assert w.webhook.received[0].at - begun >= 0.1


async def test_drop_never_delivers() -> None:
    async with world(subscription("one"), subscription("two"), speed=FAST) as w:
        w.faults.add({"where": "eventgrid", "do": "drop", "match": {"subscription": "one"}})
        await w.grid.publish("call-events", [event()])
        await w.settle()
        assert [r.query["functionName"] for r in w.webhook.received] == ["two"]
        assert w.grid.dead_letters() == []


async def test_a_lost_acknowledgement_brings_the_event_again() -> None:
    async with world(subscription(), speed=FAST) as w:
        w.faults.add({"where": "eventgrid", "do": "lose_ack", "times": 1})
        await w.grid.publish("call-events", [event()])
        await w.settle()
        assert w.webhook.ids() == ["1", "1"]
        first, second = w.webhook.received
        assert second.at - first.at >= 10 / FAST
        assert [e["status"] for e in w.journal.entries("delivery")] == [202, 202]


async def test_a_rule_applies_to_the_events_it_matches() -> None:
    async with world(subscription()) as w:
        rule = {"where": "eventgrid", "do": "drop", "match": {"type": "T.A", "topic": "call-events"}}
        w.faults.add(rule)
        await w.grid.publish("call-events", [event("a", "T.A"), event("b", "T.B")])
        await w.settle()
        assert w.webhook.ids() == ["b"]
        (fault,) = w.journal.entries("fault")
        assert (fault["event"], fault["subscription"], fault["rule"]["do"]) == ("a", "f", "drop")


async def test_a_reset_releases_held_events() -> None:
    async with world(subscription()) as w:
        w.faults.add({"where": "eventgrid", "do": "reorder", "count": 2, "seconds": 60, "times": 2})
        await w.grid.publish("call-events", [event("forgotten")])
        w.grid.reset()
        await until(w.grid.idle)
        await w.grid.publish("call-events", [event("held")])
        await asyncio.sleep(0.05)
        assert w.webhook.ids() == []

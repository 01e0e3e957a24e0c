"""Events for other applications: a subscriber that is down, answers that are lost, and instances that die."""

from __future__ import annotations

from collections import Counter
from typing import Any
from unittest.mock import patch

import msgspec

from local.stack import LOCAL
from shared.calls.event import OWN_PREFIX
from tests.simulation import world
from tests.simulation.invariants import broken
from tests.simulation.transport import NetworkFault
from tests.simulation.world import RunResult, Schedule, World, simulate

HOUR = 3600.0
CRM = "http://crm.example/events"
SUBSCRIPTION = {"name": "crm", "topic": "call-events", "endpoint": CRM, "event_types_begin_with": [OWN_PREFIX]}
STEPS = 90  # of the app from the call to its end; more than it has until it is connected


def published(result: RunResult) -> list[dict[str, Any]]:
    events = [entry["event"] for entry in result.journal if entry["kind"] == "event"]
    return [event for event in events if event["type"].startswith(OWN_PREFIX)]


def test_a_subscriber_that_is_down_for_an_hour_misses_nothing() -> None:
    received: list[dict[str, Any]] = []
    to_the_app = World._post

    async def post(self: World, method: str, url: str, headers: dict[str, str], body: bytes) -> int | None:
        if url != CRM:
            return await to_the_app(self, method, url, headers, body)
        if self.loop.time() < HOUR:
            return 503
        received.append(msgspec.json.decode(body))
        return 200

    platform = LOCAL | {"subscriptions": [*LOCAL["subscriptions"], SUBSCRIPTION]}
    with patch.object(world, "LOCAL", platform), patch.object(World, "_post", post):
        result = simulate(Schedule("down"))
    assert not [fault for fault in broken(result) if "accepted by crm" not in fault]  # no row has those
    assert result.seconds > HOUR
    flat = [event for each in received for event in (each if isinstance(each, list) else [each])]
    assert {event["id"] for event in flat} == {event["id"] for event in published(result)}
    assert sorted(event["data"]["sequence"] for event in flat) == [1, 2, 3]


def test_an_event_whose_acceptance_is_lost_is_published_again_with_the_same_id_and_number() -> None:
    seen: Counter[str] = Counter()
    for nth in range(1, 12, 2):
        result = simulate(
            Schedule("lost", network_faults=[NetworkFault("acs", "Publish", "answer lost", nth=nth, times=5)])
        )
        assert broken(result) == []
        seen += Counter(event["id"] for event in published(result))
        assert {event["data"]["sequence"] for event in published(result)} == {1, 2, 3}
    assert max(seen.values()) > 6  # times that an event of a run was published: at least one was so twice


def test_whatever_step_an_instance_dies_at_the_events_are_published() -> None:
    for step in range(6, STEPS, 8):
        result = simulate(Schedule("crash", kills=frozenset({step})))
        assert broken(result) == []
        assert {event["type"].rpartition(".")[2] for event in published(result)} >= {"CallConnected", "CallEnded"}

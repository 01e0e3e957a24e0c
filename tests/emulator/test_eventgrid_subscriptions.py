from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from emulator.clock import Clock
from emulator.eventgrid import BadConfig, EventGrid
from emulator.faults import Faults
from emulator.journal import Journal
from tests.emulator.eventgrid_fixtures import TOPICS, Webhook, event, subscription, until, world


def configured(config: dict[str, Any], functions_url: str | None = "http://127.0.0.1:1/hook") -> EventGrid:
    clock = Clock()
    return EventGrid(config, clock=clock, journal=Journal(clock), faults=Faults(), functions_url=functions_url)


BAD = {
    "an unknown topic": (subscription("f", "nowhere"), "subscription 'f': 'topic' 'nowhere'"),
    "neither function nor endpoint": ({"name": "n", "topic": "acs"}, "'n': needs a 'function' or an 'end"),
    "no name at all": ({"topic": "acs"}, r"subscriptions\[0\]: needs a 'function'"),
    "no attempt": (subscription(max_attempts=0), "'f': 'max_attempts' is a whole number from 1 to 30, not 0"),
    "31 attempts": (subscription(max_attempts=31), "'max_attempts' is a whole number from 1 to 30"),
    "attempts as text": (subscription(max_attempts="2"), "'max_attempts'"),
    "attempts as truth": (subscription(max_attempts=True), "'max_attempts'"),
    "no time to live": (subscription(ttl_minutes=0), "'ttl_minutes' is a whole number from 1 to 1440"),
    "more than a day": (subscription(ttl_minutes=1441), "'ttl_minutes'"),
    "too large a batch": (subscription(max_events_per_batch=5001), "'max_events_per_batch'"),
    "an unknown schema": (subscription(schema="custom"), "'f': 'schema' is one of cloudevents, eventgrid"),
    "a schema its topic has not": (subscription(schema="eventgrid"), "takes CloudEvents"),
    "types as text": (subscription(event_types="a"), "'f': 'event_types' is a list"),
    "types and exceptions": (subscription(event_types=["a"], event_types_except=["b"]), "not both"),
    "a subject that is none": (subscription(subject_begins_with=1), "'subject_begins_with' is a text"),
    "dead letters maybe": (subscription(dead_letter="no"), "'dead_letter' is true or false"),
    "an endpoint that is none": ({"name": "n", "topic": "acs", "endpoint": "ftp://x"}, "'endpoint' is an http"),
    "a misspelt field": (subscription(max_atempts=3), "'f': unknown field 'max_atempts'"),
    "a text": ("f", "a subscription is an object"),
}


@pytest.mark.parametrize(("entry", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_subscription_is_named_with_its_field(entry: Any, message: str) -> None:
    with pytest.raises(BadConfig, match=message):
        configured({"topics": TOPICS, "subscriptions": [entry]})


@pytest.mark.parametrize(
    ("topics", "message"),
    [
        ([{"name": "t", "kind": "custom"}], "topic 't': a custom topic needs a 'key'"),
        ([{"name": "t", "kind": "other"}], "topic 't': 'kind' is system or custom"),
        ([{"kind": "system"}], r"topics\[0\]: a topic is an object with a 'name'"),
        ([TOPICS[0], TOPICS[0]], "topic 'acs' is there twice"),
        ({}, "'topics' is a list"),
    ],
)
def test_a_bad_topic_is_named_with_its_field(topics: Any, message: str) -> None:
    with pytest.raises(BadConfig, match=message):
        configured({"topics": topics})


def test_two_subscriptions_of_one_name_are_refused() -> None:
    with pytest.raises(BadConfig, match="subscription 'f' is there twice"):
        configured({"topics": TOPICS, "subscriptions": [subscription(), subscription(topic="acs")]})


def test_a_function_needs_to_know_where_functions_are() -> None:
    with pytest.raises(BadConfig, match="'function' needs the configuration's 'functions'"):
        configured({"topics": TOPICS, "subscriptions": [subscription()]}, functions_url=None)


def test_the_projects_own_configuration_is_good() -> None:
    config = json.loads((Path(__file__).parents[2] / "infra/local.json").read_text())
    assert set(configured(config, functions_url=None).topics) == {"acs", "call-events"}


@pytest.mark.parametrize(
    ("filters", "delivered"),
    [
        ({}, ["a", "b", "c"]),
        ({"event_types": ["T.A"]}, ["a"]),
        ({"event_types": ["t.a", "T.C"]}, ["a", "c"]),
        ({"event_types": []}, []),
        ({"event_types_except": ["T.A"]}, ["b", "c"]),
        ({"event_types_begin_with": ["t.a", "T.C"]}, ["a", "c"]),
        ({"event_types_begin_with": ["T."], "event_types_except": ["T.A"]}, ["b", "c"]),
        ({"subject_begins_with": "/caller/"}, ["a", "b"]),
        ({"subject_ends_with": "/X"}, ["a", "c"]),
        ({"subject_begins_with": "/caller/", "subject_ends_with": "/x", "event_types": ["T.A"]}, ["a"]),
    ],
)
async def test_a_subscription_gets_the_events_of_its_filters(filters: Any, delivered: list[str]) -> None:
    async with world(subscription(**filters)) as w:
        await w.grid.publish(
            "call-events",
            [
                event("a", "T.A", subject="/caller/x"),
                event("b", "T.B", subject="/caller/y"),
                event("c", "T.C", subject="/other/x"),
            ],
        )
        await w.settle()
        assert sorted(w.webhook.ids()) == delivered


async def test_a_topic_delivers_to_its_own_subscriptions_only() -> None:
    async with world(subscription("one"), subscription("two"), subscription("other", "acs")) as w:
        await w.grid.publish("call-events", [event()])
        await w.settle()
        assert sorted(r.query["functionName"] for r in w.webhook.received) == ["one", "two"]


async def test_subscriptions_come_and_go_at_run_time() -> None:
    async with world(subscription("first")) as w, aiohttp.ClientSession(w.url) as http:
        path = "/eventgrid/subscriptions/later"
        entry = {"topic": "call-events", "function": "g", "event_types": ["T.A"], "max_attempts": 3}
        async with http.put(path, json=entry) as answer:
            assert answer.status == 201
        async with http.put(path, json=entry) as answer:
            assert answer.status == 200
        async with http.get("/eventgrid/subscriptions") as answer:
            assert {s["name"] for s in await answer.json()} == {"first", "later"}
        async with http.get(path) as answer:
            described = await answer.json()
        assert (described["event_types"], described["max_attempts"]) == (["T.A"], 3)
        async with http.put(path, json=described) as answer:
            assert answer.status == 200, "a subscription as shown can be PUT"
        await w.grid.publish("call-events", [event(type="T.A")])
        await w.settle()
        assert sorted(r.query["functionName"] for r in w.webhook.received) == ["first", "g"]

        async with http.delete(path) as answer:
            assert answer.status == 200
        for verb in (http.get, http.delete):
            async with verb(path) as answer:
                assert answer.status == 404


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"topic": "nowhere", "function": "f"}', b"5"])
async def test_a_bad_subscription_at_run_time_is_refused(body: bytes) -> None:
    async with world() as w, aiohttp.ClientSession(w.url) as http:
        async with http.put("/eventgrid/subscriptions/s", data=body) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]["message"]
        async with http.get("/eventgrid/subscriptions") as answer:
            assert await answer.json() == []


async def test_a_reset_restores_the_configuration_and_forgets_deliveries() -> None:
    webhook = Webhook(status=500)
    async with world(subscription("kept"), webhook=webhook) as w, aiohttp.ClientSession(w.url) as http:
        await w.grid.publish("call-events", [event()])
        await until(lambda: webhook.received)
        async with http.put("/eventgrid/subscriptions/extra", json=subscription("extra")):
            pass
        async with http.delete("/eventgrid/subscriptions/kept"):
            pass
        w.grid.reset()
        await w.settle()
        async with http.get("/eventgrid/subscriptions") as answer:
            assert [s["name"] for s in await answer.json()] == ["kept"]
        webhook.status = 200
        await w.grid.publish("call-events", [event("2")])
        await w.settle()
        assert webhook.ids() == ["1", "2"]


def test_a_reset_before_the_start_changes_nothing() -> None:
    grid = configured({"topics": TOPICS, "subscriptions": [subscription()]})
    grid.reset()
    assert grid.dead_letters() == []


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("cloudevents", "the header WebHook-Allowed-Origin is None"),
        ("eventgrid", "the answer has no validationResponse"),
    ],
)
async def test_a_failed_handshake_says_why_once_and_backs_off(schema: str, reason: str) -> None:
    webhook = Webhook(greets=False)
    topic = "call-events" if schema == "cloudevents" else "acs"
    async with world(subscription("s", topic, schema=schema), webhook=webhook) as w:
        await until(lambda: len(webhook.handshakes) == 3)
        pauses = [b.at - a.at for a, b in itertools.pairwise(webhook.handshakes)]
        assert pauses[1] > 1.5 * pauses[0]
        webhook.greets = True
        await until(lambda: len(w.journal.entries("handshake")) == 2)
        failed, succeeded = w.journal.entries("handshake")
    assert failed["reason"].startswith(reason)
    assert (failed["subscription"], failed["attempt"]) == ("s", 1)
    assert (succeeded["reason"], succeeded["attempt"]) == (None, 4)


async def test_a_handshake_without_a_server_says_so() -> None:
    entry = {"name": "s", "topic": "call-events", "endpoint": "http://127.0.0.1:9/hook"}
    async with world(entry) as w:
        await until(lambda: bool(w.journal.entries("handshake")))
        (failed,) = w.journal.entries("handshake")
    assert failed["reason"].startswith("the endpoint can't be reached: ClientConnector")

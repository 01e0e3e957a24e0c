from __future__ import annotations

import asyncio
import json
from typing import Any

import azure.functions as func
import pytest

from emulator.clock import Clock
from emulator.eventgrid import EventGrid
from emulator.faults import Faults
from emulator.journal import Journal
from tests.emulator.eventgrid_fixtures import event, until
from tests.emulator.host_fixtures import hosting

HOOK = "/runtime/webhooks/EventGrid"
NOTIFICATION = {"aeg-event-type": "Notification"}


class Taken:
    """An app whose function takes CloudEvents, and fails those whose id is bad."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.at_once = self.most_at_once = 0
        self.app = func.FunctionApp()

        @self.app.function_name("take")
        @self.app.event_grid_trigger(arg_name="event")
        async def f(event: func.CloudEvent) -> None:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await asyncio.sleep(0.02)
            self.at_once -= 1
            self.events.append(event)
            if event.id == "bad":
                raise ValueError("bad event")


async def post(http: Any, body: Any, headers: dict[str, str] = NOTIFICATION, function: str = "take") -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with http.post(HOOK, params={"functionName": function}, data=raw, headers=headers) as answer:
        return int(answer.status)


async def test_an_event_arrives_through_the_packages_own_converter() -> None:
    taken = Taken()
    sent = event("1", "T.A", subject="/s", time="2026-11-21T01:02:03.1234567Z", data={"a": [1]}, hop="2")
    async with hosting(taken.app) as http:
        assert await post(http, sent) == 202
    (got,) = taken.events
    assert isinstance(got, func.CloudEvent)
    assert (got.id, got.type, got.subject, got.specversion) == ("1", "T.A", "/s", "1.0")
    assert got.get_json() == {"a": [1]}
    assert got.time is not None
    assert got.time.year == 2026


async def test_a_batch_is_one_invocation_for_each_event_at_once() -> None:
    taken = Taken()
    async with hosting(taken.app) as http:
        assert await post(http, [event(str(n)) for n in range(5)]) == 202
    assert sorted(e.id for e in taken.events) == ["0", "1", "2", "3", "4"]
    assert taken.most_at_once == 5


async def test_one_event_that_fails_fails_the_whole_delivery_after_all_have_run() -> None:
    taken = Taken()
    async with hosting(taken.app) as http:
        assert await post(http, [event("a"), event("bad"), event("c")]) == 500
    assert sorted(e.id for e in taken.events) == ["a", "bad", "c"]


@pytest.mark.parametrize("body", [b"{", b"", b"[" * 100_000, b"5", b'["text"]'])
async def test_a_payload_that_is_no_event_fails(body: bytes) -> None:
    async with hosting(Taken().app) as http:
        assert await post(http, body) == 500


async def test_an_empty_batch_succeeds() -> None:
    async with hosting(Taken().app) as http:
        assert await post(http, []) == 202


@pytest.mark.parametrize("function", ["", "unknown"])
async def test_an_unknown_function_is_not_found(function: str) -> None:
    async with hosting(Taken().app) as http:
        assert await post(http, event(), function=function) == 404


async def test_the_handshake_of_cloudevents_is_answered() -> None:
    async with hosting(Taken().app) as http:
        headers = {"WebHook-Request-Origin": "eventgrid.azure.net"}
        async with http.options(f"{HOOK}?functionName=take", headers=headers) as answer:
            assert answer.status == 200
            assert answer.headers["Webhook-Allowed-Origin"] == "eventgrid.azure.net"


async def test_the_handshake_of_event_grids_schema_is_answered() -> None:
    async with hosting(Taken().app) as http:
        headers = {"aeg-event-type": "SubscriptionValidation"}
        body = [{"id": "1", "data": {"validationCode": "abc"}}]
        async with http.post(f"{HOOK}?functionName=take", json=body, headers=headers) as answer:
            assert (answer.status, await answer.json()) == (200, {"validationResponse": "abc"})
        async with http.post(f"{HOOK}?functionName=take", json=[], headers=headers) as answer:
            assert answer.status == 500


@pytest.mark.parametrize(("header", "status"), [("Unsubscribe", 202), ("Other", 400), ("", 400), (None, 400)])
async def test_any_other_kind_of_request(header: str | None, status: int) -> None:
    async with hosting(Taken().app) as http:
        assert await post(http, event(), {} if header is None else {"aeg-event-type": header}) == status


async def test_event_grids_own_schema_and_plain_texts_are_decoded_by_annotation() -> None:
    app, seen = func.FunctionApp(), []

    @app.event_grid_trigger(arg_name="event")
    def typed(event: func.EventGridEvent) -> None:
        seen.append((event.id, event.event_type, event.topic))

    @app.event_grid_trigger(arg_name="event")
    def text(event: str) -> None:
        seen.append(json.loads(event)["id"])

    @app.event_grid_trigger(arg_name="event")
    def raw(event: bytes) -> None:
        seen.append(json.loads(event)["id"])

    old = {"id": "1", "topic": "t", "eventType": "T", "eventTime": "2026-11-21T01:02:03Z", "data": {}}
    async with hosting(app) as http:
        for name in ("typed", "text", "raw"):
            assert await post(http, [old], function=name) == 202
    assert seen == [("1", "T", "t"), "1", "1"]


async def test_the_webhook_requires_its_key_when_keys_are_enforced() -> None:
    async with hosting(Taken().app, enforce_keys=True) as http:
        assert await post(http, event()) == 401
        url = f"{HOOK}?functionName=take&code=the-key"
        async with http.post(url, json=event(), headers=NOTIFICATION) as answer:
            assert answer.status == 202


async def test_the_emulators_event_grid_and_the_host_understand_each_other() -> None:
    taken, clock = Taken(), Clock(100)
    async with hosting(taken.app) as http:
        grid = EventGrid(
            {
                "topics": [{"name": "acs", "kind": "system"}],
                "subscriptions": [{"function": "take", "topic": "acs", "max_attempts": 2, "max_events_per_batch": 10}],
            },
            clock=clock,
            journal=Journal(clock),
            faults=Faults(),
            functions_url=str(http._base_url).rstrip("/") + HOOK,
        )
        await grid.start()
        try:
            await grid.publish("acs", [event("good"), event("bad")])
            await until(grid.idle)
        finally:
            await grid.close()
    assert sorted(e.id for e in taken.events) == ["bad", "bad", "good", "good"]
    assert [letter["event"]["id"] for letter in grid.dead_letters()] == ["good", "bad"]

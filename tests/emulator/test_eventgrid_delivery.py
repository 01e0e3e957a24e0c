from __future__ import annotations

import asyncio
import itertools
import json
import re
from typing import Any

import pytest
from azure.storage.blob.aio import BlobServiceClient

from emulator.eventgrid import attempts, delivery, schedule
from tests.emulator.eventgrid_fixtures import Webhook, event, served, subscription, until, world

FAST = 1000.0


async def test_one_event_is_delivered_as_one_object_with_the_services_headers() -> None:
    async with world(subscription("incoming_call")) as w:
        sent = event(subject="/s", time="2026-11-21T01:02:03Z", data={"ä": 1})
        await w.grid.publish("call-events", [sent])
        await w.settle()

        (received,) = w.webhook.received
        assert received.method == "POST"
        assert received.query == {"functionName": "incoming_call"}
        assert received.body == sent
        headers = received.headers
        assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
        assert headers["aeg-event-type"] == "Notification"
        assert headers["aeg-subscription-name"] == "INCOMING_CALL"
        assert headers["aeg-delivery-count"] == "0"
        assert headers["aeg-metadata-version"] == "1"
        assert "aeg-data-version" in headers


async def test_batches_are_arrays_of_at_most_the_agreed_size() -> None:
    async with world(subscription(max_events_per_batch=2)) as w:
        await w.grid.publish("call-events", [event(str(n)) for n in range(5)])
        await w.settle()
        assert sorted(len(r.body) for r in w.webhook.received) == [1, 2, 2]
        content_types = {r.headers["content-type"] for r in w.webhook.received}
        assert content_types == {"application/cloudevents-batch+json; charset=utf-8"}


async def test_event_grids_own_schema_is_an_array_of_its_own_fields() -> None:
    async with world(subscription(topic="acs", schema="eventgrid")) as w:
        await w.grid.publish("acs", [event(subject="/s", time="2026-11-21T01:02:03Z", data={"a": 1})])
        await w.settle()
        (received,) = w.webhook.received
        assert received.body == [
            {
                "id": "1",
                "topic": "acs",
                "subject": "/s",
                "eventType": "Test.Happened",
                "eventTime": "2026-11-21T01:02:03Z",
                "data": {"a": 1},
                "dataVersion": "1.0",
                "metadataVersion": "1",
            }
        ]
        (handshake,) = w.webhook.handshakes
        assert handshake.headers["aeg-event-type"] == "SubscriptionValidation"
        assert handshake.body[0]["eventType"] == "Microsoft.EventGrid.SubscriptionValidationEvent"


async def test_the_handshake_comes_before_the_first_delivery() -> None:
    async with world(subscription()) as w:
        await until(lambda: w.webhook.handshakes)
        assert w.webhook.handshakes[0].headers["webhook-request-origin"] == "eventgrid.azure.net"


@pytest.mark.parametrize("topic_and_schema", [("call-events", "cloudevents"), ("acs", "eventgrid")])
async def test_events_wait_for_a_handshake_that_succeeds_late(
    topic_and_schema: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "HANDSHAKE_PAUSE", 0.02)
    webhook, (topic, schema) = Webhook(greets=False), topic_and_schema
    async with world(subscription(topic=topic, schema=schema), webhook=webhook) as w:
        await w.grid.publish(topic, [event()])
        await until(lambda: len(webhook.handshakes) >= 2)
        assert webhook.received == []
        assert not w.grid.idle()
        webhook.greets = True
        await w.settle()
        assert webhook.ids() == ["1"]


async def test_an_endpoint_may_start_after_the_events() -> None:
    webhook = Webhook()
    async with served([]) as gone:
        pass  # the port is free again, and closed
    entry = {"name": "n", "topic": "call-events", "endpoint": f"{gone}/hook", "ttl_minutes": 1}
    async with world(entry, speed=FAST, webhook=webhook) as w:
        await w.grid.publish("call-events", [event()])
        await w.settle()
        (letter,) = w.grid.dead_letters()
        assert letter["event"]["deadletterreason"] == "TimeToLiveExceeded"
        assert letter["event"]["deliveryattempts"] == 0


@pytest.mark.parametrize("status", [200, 201, 202, 203, 204])
async def test_a_success_is_not_delivered_again(status: int) -> None:
    async with world(subscription(), speed=FAST, webhook=Webhook(status)) as w:
        await w.grid.publish("call-events", [event()])
        await w.settle()
        assert len(w.webhook.received) == 1
        assert w.grid.dead_letters() == []


@pytest.mark.parametrize("status", [400, 401, 403, 413])
async def test_a_client_error_is_never_retried(status: int) -> None:
    async with world(subscription(), speed=FAST, webhook=Webhook(status)) as w:
        await w.grid.publish("call-events", [event()])
        await w.settle()
        assert len(w.webhook.received) == 1
        (letter,) = w.grid.dead_letters()
        assert letter["event"]["deliveryattempts"] == 1
        assert [e["event"]["id"] for e in w.journal.entries("dead_letter")] == ["1"]


@pytest.mark.parametrize("status", [205, 301, 404, 408, 429, 500, 503])
async def test_any_other_answer_is_retried(status: int) -> None:
    async with world(subscription(), speed=FAST, webhook=Webhook(answers=[status])) as w:
        await w.grid.publish("call-events", [event()])
        await w.settle()
        assert [r.headers["aeg-delivery-count"] for r in w.webhook.received] == ["0", "1"]
        journaled = [(e["attempt"], e["status"]) for e in w.journal.entries("delivery")]
        assert journaled == [(1, status), (2, 202)]


async def test_retries_keep_to_the_schedule() -> None:
    async with world(subscription(max_attempts=5), speed=FAST, webhook=Webhook(500)) as w:
        await w.grid.publish("call-events", [event()])
        await w.settle()
        times = [r.at for r in w.webhook.received]
        waits = [(b - a) * FAST for a, b in itertools.pairwise(times)]
        assert [least <= waited for least, waited in zip((10, 30, 60, 300), waits, strict=True)] == [True] * 4
        assert waits[3] < 600


def test_the_schedule_is_the_documented_one() -> None:
    steps = [schedule.wait(n, 500) for n in range(1, 13)]
    documented = [10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 43200, 43200]
    assert all(least <= step <= least * 1.1 + 1e-6 for least, step in zip(documented, steps, strict=True))


@pytest.mark.parametrize(("status", "least"), [(408, 120), (503, 30), (404, 10), (500, 10), (None, 10)])
def test_some_answers_ask_for_a_longer_wait(status: int | None, least: float) -> None:
    assert least <= schedule.wait(1, status) <= least * 1.1


@pytest.mark.parametrize(
    ("status", "name"),
    [(404, "NotFound"), (500, "InternalServerError"), (None, "GenericError"), (799, "GenericError")],
)
def test_outcomes_have_names(status: int | None, name: str) -> None:
    assert schedule.outcome(status) == name


async def test_an_event_is_given_up_after_its_attempts() -> None:
    async with world(subscription(max_attempts=2), speed=FAST, webhook=Webhook(500)) as w:
        await w.grid.publish("call-events", [event(data={"a": 1})])
        await w.settle()
        assert len(w.webhook.received) == 2
        (letter,) = w.grid.dead_letters()
        assert letter["subscription"] == "f"
        buried = letter["event"]
        assert (buried["id"], buried["data"]) == ("1", {"a": 1})
        assert buried["deadletterreason"] == "MaxDeliveryAttemptsExceeded"
        assert buried["deliveryattempts"] == 2
        assert buried["lastdeliveryoutcome"] == "InternalServerError"
        assert buried["publishtime"] <= buried["lastdeliveryattempttime"]


async def test_an_event_is_given_up_when_its_time_has_passed() -> None:
    async with world(subscription(ttl_minutes=1), speed=100, webhook=Webhook(500)) as w:
        await w.grid.publish("call-events", [event()])
        await w.settle()
        assert len(w.webhook.received) == 3, "at once, after 10 s and after 40 s; 100 s is too late"
        (letter,) = w.grid.dead_letters()
        assert letter["event"]["deadletterreason"] == "TimeToLiveExceeded"


async def test_without_dead_lettering_an_event_is_dropped() -> None:
    async with world(subscription(dead_letter=False), speed=FAST, webhook=Webhook(400)) as w:
        await w.grid.publish("call-events", [event()])
        await w.settle()
        assert w.grid.dead_letters() == []
        assert len(w.journal.entries("dead_letter")) == 1


async def test_a_batch_is_retried_as_a_whole() -> None:
    async with world(subscription(max_events_per_batch=3), speed=FAST, webhook=Webhook(answers=[500])) as w:
        await w.grid.publish("call-events", [event("a"), event("b")])
        await w.settle()
        assert [[e["id"] for e in r.body] for r in w.webhook.received] == [["a", "b"], ["a", "b"]]


async def test_an_endpoint_that_does_not_answer_in_time_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "PATIENCE", 0.05)
    webhook = Webhook(slow=30)
    async with world(subscription(max_attempts=1), speed=FAST, webhook=webhook) as w:
        await w.grid.publish("call-events", [event()])
        await w.settle()
        (entry,) = w.journal.entries("delivery")
        assert (entry["status"], entry["outcome"]) == (None, "TimedOut")


async def test_deliveries_go_in_parallel_but_not_without_bound() -> None:
    webhook = Webhook(slow=0.02)
    async with world(subscription(), webhook=webhook) as w:
        await w.grid.publish("call-events", [event(str(n)) for n in range(200)])
        await w.settle()
        assert len(webhook.received) == 200
        assert 16 <= webhook.most_at_once <= 64


async def test_a_slow_subscription_does_not_hold_up_another() -> None:
    async with world(subscription("fast"), subscription("slow", event_types=["T.Slow"])) as w:
        w.webhook.slow = 0.3
        await w.grid.publish("call-events", [event(str(n), "T.Slow") for n in range(3)])
        w.webhook.slow = 0
        await w.grid.publish("call-events", [event("quick", "T.Quick")])
        await until(lambda: any(e["events"][0]["id"] == "quick" for e in w.journal.entries("delivery")))


async def test_the_journal_has_every_attempt() -> None:
    async with world(subscription("call_connected"), webhook=Webhook(200)) as w:
        await w.grid.publish("call-events", [event("e", "T.A")])
        await w.settle()
        (entry,) = w.journal.entries("delivery")
        assert entry["subscription"] == entry["function"] == "call_connected"
        assert entry["events"] == [{"id": "e", "type": "T.A"}]
        assert (entry["attempt"], entry["status"]) == (1, 200)


async def test_closing_ends_deliveries_under_way() -> None:
    async with world(subscription(), webhook=Webhook(500)) as w:
        await w.grid.publish("call-events", [event()])
        await until(lambda: w.webhook.received)
        await asyncio.wait_for(w.grid.close(), 1)
        assert w.grid.idle()


@pytest.mark.parametrize("schema", ["cloudevents", "eventgrid"])
async def test_dead_letters_are_written_to_storage(schema: str, storage: str) -> None:
    entry = subscription("incoming_call", "acs", schema=schema)
    async with world(entry, webhook=Webhook(400), storage=storage) as w:
        await w.grid.publish("acs", [event(schema, data={"a": 1})])
        await w.settle()
    name, (letter,) = await _written(storage, schema)
    assert re.fullmatch(r"acs/INCOMING_CALL/\d{4}/\d\d/\d\d/\d\d/[0-9a-f-]{36}\.json", name)
    spelt = str.lower if schema == "cloudevents" else str
    assert letter[spelt("deadLetterReason")] == schedule.UNDELIVERABLE
    assert letter[spelt("lastDeliveryOutcome")] == "BadRequest"
    assert letter["data"] == {"a": 1}


async def test_without_storage_only_the_blob_is_lost(storage: str) -> None:
    away = re.sub(r"BlobEndpoint=http://127.0.0.1:\d+", "BlobEndpoint=http://127.0.0.1:1", storage)
    async with world(subscription(), webhook=Webhook(400), storage=away) as w:
        await w.grid.publish("call-events", [event()])
        await w.settle()
        assert len(w.grid.dead_letters()) == 1


async def _written(storage: str, id: str) -> tuple[str, list[dict[str, Any]]]:
    async with BlobServiceClient.from_connection_string(storage) as service:
        container = service.get_container_client("deadletters")
        async for name in container.list_blob_names():
            blob = await container.download_blob(name)
            letters = json.loads(await blob.readall())
            if letters[0]["id"] == id:
                return name, letters
    raise LookupError(id)

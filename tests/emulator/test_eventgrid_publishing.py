from __future__ import annotations

import io
import json
from typing import Any

import aiohttp
import pytest
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.core.messaging import CloudEvent
from azure.eventgrid.aio import EventGridPublisherClient

from emulator.eventgrid import BadEvent
from tests.emulator.eventgrid_fixtures import KEY, World, event, subscription, world

TOPIC = "/eventgrid/topics/call-events/api/events"
BATCH = "application/cloudevents-batch+json"
SINGLE = "application/cloudevents+json"


async def post(
    w: World, body: Any, *, path: str = TOPIC, key: str | None = KEY, content_type: str = BATCH
) -> tuple[int, dict[str, Any]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": content_type} | ({"aeg-sas-key": key} if key else {})
    async with (
        aiohttp.ClientSession() as session,
        session.post(w.url + path, data=io.BytesIO(raw), headers=headers) as r,
    ):
        text = await r.text()
        return r.status, json.loads(text) if text else {}


async def test_the_real_sdk_publishes_events_unchanged() -> None:
    async with world(subscription()) as w:
        sent = CloudEvent(
            source="calling/callConnections/c1",
            type="Microsoft.Communication.CallConnected",
            subject="calling/callConnections/c1",
            data={"callConnectionId": "c1", "n": 1},
            extensions={"traceparent": "00-1", "hop": 2},
            id="e1",
        )
        client = EventGridPublisherClient(w.url + TOPIC, AzureKeyCredential(KEY))
        async with client:
            await client.send([sent])
        await w.settle()

        (received,) = w.webhook.received
        assert received.body["id"] == "e1"
        assert received.body["type"] == "Microsoft.Communication.CallConnected"
        assert received.body["subject"] == "calling/callConnections/c1"
        assert received.body["data"] == {"callConnectionId": "c1", "n": 1}
        assert received.body["traceparent"] == "00-1"
        assert received.body["hop"] == 2
        (accepted,) = w.journal.entries("event")
        assert (accepted["topic"], accepted["event"]["id"]) == ("call-events", "e1")


async def test_the_real_sdk_sends_many_events_at_once() -> None:
    async with world(subscription()) as w:
        events: list[CloudEvent[Any]] = [CloudEvent(source="s", type="t", data={}, id=str(n)) for n in range(50)]
        async with EventGridPublisherClient(w.url + TOPIC, AzureKeyCredential(KEY)) as client:
            await client.send(events)
        await w.settle()
        assert sorted(w.webhook.ids(), key=int) == [str(n) for n in range(50)]


async def test_the_real_sdk_raises_for_a_wrong_key() -> None:
    async with world() as w, EventGridPublisherClient(w.url + TOPIC, AzureKeyCredential("bm8=")) as client:
        with pytest.raises(ClientAuthenticationError):
            await client.send([CloudEvent(source="s", type="t", data={})])


@pytest.mark.parametrize(
    ("body", "content_type"),
    [([event()], BATCH), (event(), SINGLE), (event(), "application/json"), ([event()], "application/json")],
)
async def test_every_form_of_cloudevents_in_json_is_accepted(body: Any, content_type: str) -> None:
    async with world(subscription()) as w:
        assert (await post(w, body, content_type=f"{content_type}; charset=utf-8"))[0] == 200
        await w.settle()
        assert w.webhook.ids() == ["1"]


@pytest.mark.parametrize("key", [None, "", "d3Jvbmc=", KEY + "x"])
async def test_without_the_topics_key_nothing_is_accepted(key: str | None) -> None:
    async with world() as w:
        status, answer = await post(w, [event()], key=key)
        assert status == 401
        assert answer["error"]["code"] == "Unauthorized"
        assert w.journal.entries("event") == []


async def test_a_topic_that_does_not_exist_is_not_found() -> None:
    async with world() as w:
        assert (await post(w, [event()], path="/eventgrid/topics/nowhere/api/events"))[0] == 404


async def test_a_system_topic_is_published_to_by_its_service_only() -> None:
    async with world(subscription(topic="acs")) as w:
        assert (await post(w, [event()], path="/eventgrid/topics/acs/api/events"))[0] == 403
        await w.grid.publish("acs", [event()])
        await w.settle()
        assert w.webhook.ids() == ["1"]


async def test_a_body_over_one_megabyte_is_too_large() -> None:
    async with world() as w:
        status, answer = await post(w, [event(data="x" * 1024 * 1024)])
        assert status == 413
        assert answer["error"]["code"] == "RequestEntityTooLarge"


async def test_a_body_just_under_one_megabyte_is_accepted() -> None:
    async with world() as w:
        room = 1024 * 1024 - len(json.dumps([event(data="")]))
        assert (await post(w, [event(data="x" * room)]))[0] == 200


BAD_EVENTS = {
    "no id": {"source": "s", "type": "t", "specversion": "1.0"},
    "empty id": event(id=""),
    "number as id": event() | {"id": 5},
    "no source": {"id": "1", "type": "t", "specversion": "1.0"},
    "no type": {"id": "1", "source": "s", "specversion": "1.0"},
    "no specversion": {"id": "1", "source": "s", "type": "t"},
    "another specversion": event() | {"specversion": "0.3"},
    "extension in capitals": event(traceParent="x"),
    "extension with a dash": event() | {"trace-parent": "x"},
    "extension that is an object": event(trace={"a": 1}),
    "subject that is a number": event(subject=7),
    "time that is none": event(time="yesterday"),
    "two kinds of data": event(data={}, data_base64="eA=="),
    "Event Grid's own schema": {"id": "1", "eventType": "t", "subject": "s", "dataVersion": "1"},
    "a text": "event",
    "nothing": None,
}


@pytest.mark.parametrize("bad", BAD_EVENTS.values(), ids=BAD_EVENTS.keys())
async def test_an_event_that_is_not_cloudevents_1_0_is_refused_with_its_batch(bad: Any) -> None:
    async with world(subscription()) as w:
        status, answer = await post(w, [event(), bad])
        assert status == 400
        assert answer["error"]["code"] == "BadRequest"
        assert answer["error"]["message"]
        assert w.journal.entries("event") == []
        assert w.grid.idle()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", BATCH),
        (b"{", BATCH),
        (b"\xff\xfe", BATCH),
        (b"[" * 100_000, BATCH),
        (event(), BATCH),
        ([event()], SINGLE),
        ([event()], "text/plain"),
    ],
    ids=["empty", "broken", "not UTF-8", "deep", "object as batch", "batch as object", "text"],
)
async def test_a_malformed_body_is_refused(body: Any, content_type: str) -> None:
    async with world() as w:
        assert (await post(w, body, content_type=content_type))[0] == 400


async def test_publishing_from_inside_is_checked_as_well() -> None:
    async with world() as w:
        with pytest.raises(BadEvent, match="required attribute 'source'"):
            await w.grid.publish("acs", [{"id": "1", "type": "t", "specversion": "1.0"}])
        with pytest.raises(BadEvent, match="no topic 'nowhere'"):
            await w.grid.publish("nowhere", [event()])

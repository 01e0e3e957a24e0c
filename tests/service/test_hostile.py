"""Malformed input at every public entry point: no crash, no lost event, no effect on other events."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from typing import Any

import pytest
from azure.functions import CloudEvent
from azure.storage.blob.aio import ContainerClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.server import Emulator
from shared.calls.capabilities.recording import recording_id_of, server_call_id_of
from shared.service.container import Container
from shared.service.processor import TryAgain
from tests.golden import FOLDER, cloud_event
from tests.support import CALL_ID, decoded, kept, names_in


@pytest.fixture
def token(emulator: Emulator) -> str:
    return f"Bearer {emulator.service.callback_token()}"


DELIVERIES = 3
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

text = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", "\x00", "\ud800", "a/b#c?d\\e", "%00", "é" * 600, "💥" * 300, "'; drop table calls", "../../x"]
    ),
)
leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), text)
anything = st.recursive(
    leaf, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)), max_leaves=8
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, inner in items for found in _paths(inner, (*path, key)))]


@st.composite
def bent(draw: st.DrawFn) -> dict[str, Any]:
    """A golden event with a part replaced, removed or added."""
    event = cloud_event(draw(st.sampled_from(NAMES)))
    event["callid"] = CALL_ID
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from([path for path in _paths(event["data"]) if path] or [("x",)]))
        place = event["data"]
        try:
            for key in parents:
                place = place[key]
            if draw(st.booleans()):
                place[last] = draw(anything)
            else:
                del place[last]
        except (KeyError, IndexError, TypeError):
            continue
    return event


async def handle(container: Container, event: CloudEvent) -> None:
    match event.type.rpartition(".")[2]:
        case "IncomingCall":
            await container.answering.incoming_call(event)
        case "RecordingFileStatusUpdated":
            await container.events.recording_file(event)
        case _:
            await container.events.callback(event)


async def is_handled(container: Container, event: CloudEvent) -> bool:
    """Whether the event needs no other delivery. One that takes too long because the machine is busy is repeated, as by
    Event Grid; an event that always takes too long is an error.
    """
    for _ in range(DELIVERIES - 1):
        with suppress(TimeoutError):
            return await _is_taken(container, event)
    return await _is_taken(container, event)


async def _is_taken(container: Container, event: CloudEvent) -> bool:
    try:
        await handle(container, event)
    except TryAgain:
        return False
    return True


@FEW
@given(event=bent())
async def test_a_malformed_event_ends_in_a_timeline_or_in_quarantine(
    container: Container, quarantine: ContainerClient, event: dict[str, Any]
) -> None:
    event["id"] = uuid.uuid4().hex  # an event that is repeated is stored once
    before = len(await names_in(quarantine))
    if not await is_handled(container, decoded(event)):
        return  # Event Grid delivers it again, and dead-letters it in the end
    call = (await container.store.read(await call_of(container, event))).call
    in_timeline = call is not None and event["id"] in [entry.id for entry in call.timeline]
    incoming = event["type"].endswith(".IncomingCall")  # its call has an id of its own
    assert in_timeline or incoming or len(await names_in(quarantine)) > before


async def call_of(container: Container, event: dict[str, Any]) -> str:
    """The call of the event. A recording's file names none, and earlier examples decide which it is: one
    can have set up a call with the same server call id.
    """
    if not event["type"].endswith(".RecordingFileStatusUpdated"):
        return CALL_ID
    ids = (recording_id_of(event["subject"]), server_call_id_of(event["subject"]) or "")
    found = [await container.store.call_of_recording(id) for id in ids]
    return next((call_id for call_id in found if call_id), CALL_ID)


@FEW
@given(body=st.one_of(st.binary(max_size=200), anything.map(lambda value: json.dumps(value).encode())))
async def test_no_body_makes_the_callback_endpoint_fail(container: Container, token: str, body: bytes) -> None:
    assert await container.ingress.accept(CALL_ID, token, body) == 200


@FEW
@given(events=st.lists(st.one_of(bent(), anything), max_size=5))
async def test_malformed_callbacks_do_not_affect_others(
    container: Container, token: str, emulator: Emulator, events: list[Any]
) -> None:
    marker = cloud_event("call_connected", id="neighbour")
    assert await container.ingress.accept(CALL_ID, token, json.dumps([*events, marker]).encode()) == 200
    published = [entry["event"]["id"] for entry in emulator.journal.entries("event")]
    assert published[-1] == "neighbour"


@FEW
@given(authorization=st.one_of(st.text(max_size=60), st.binary(max_size=60).map(lambda b: f"Bearer {b!r}")))
async def test_no_forged_authorization_is_accepted(container: Container, authorization: str) -> None:
    assert await container.ingress.accept(CALL_ID, authorization, b"[]") == 401


@FEW
@given(message=text)
async def test_no_message_makes_the_queue_function_fail(container: Container, message: str) -> None:
    await container.sweeper.wake(message)


async def test_one_bad_event_among_five_thousand_is_quarantined_and_the_others_are_published(
    container: Container, token: str, emulator: Emulator, quarantine: ContainerClient
) -> None:
    events: list[Any] = [
        {"id": str(n), "source": "s", "type": "t", "time": "2026-11-21T09:00:00Z", "specversion": "1.0", "data": {}}
        for n in range(5000)
    ]
    events[2500] = {"id": "bad"}
    body = json.dumps(events).encode()
    assert await container.ingress.accept(CALL_ID, token, body) == 200
    published = [entry["event"]["id"] for entry in emulator.journal.entries("event")]
    assert published == [str(n) for n in range(5000) if n != 2500]
    assert {"id": "bad"} in [record["event"] for record in await kept(quarantine)]


async def test_an_event_too_large_for_the_topic_is_quarantined_and_the_next_one_published(
    container: Container, token: str, emulator: Emulator, quarantine: ContainerClient
) -> None:
    large = cloud_event("call_connected", id="large", filler="x" * 1_040_000)
    small = cloud_event("call_connected", id="small")
    body = json.dumps([large, small]).encode()
    assert len(body) <= 1024 * 1024
    assert await container.ingress.accept(CALL_ID, token, body) == 200
    assert [entry["event"]["id"] for entry in emulator.journal.entries("event")] == ["small"]
    assert "it is too large for the topic" in [record["reason"] for record in await kept(quarantine)]


@pytest.mark.parametrize("name", ["\ud800", "\x00", "💥" * 3000, "a" * 100_000])
async def test_no_callers_name_keeps_a_call_from_being_answered(
    container: Container, emulator: Emulator, name: str
) -> None:
    event = emulator.service.incoming_call_event(_rung(emulator), display_name=name)
    await container.answering.incoming_call(decoded(event))
    (answer,) = [e for e in emulator.journal.entries("acs.request") if e["operation"] == "AnswerCall"]
    assert answer["status"] == 200


def _rung(emulator: Emulator) -> Any:
    from emulator.acs.identifiers import parse  # noqa: PLC0415

    return emulator.service.ring(parse("+12065551212"), parse("cc123456-5678-5678-1234-ccc123456789"))

"""``CallbackIngress.accept``: callbacks of ACS, from the HTTP request to the topic."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.storage.blob.aio import ContainerClient

from emulator.server import Emulator
from shared.acs.callbacks import LARGEST_BODY, read
from shared.platform import clock
from shared.service.container import Container
from tests.golden import cloud_event
from tests.support import CALL_ID, Issuer, Servers, asked, closed_port, decoded, kept


@pytest.fixture
def token(emulator: Emulator) -> str:
    return f"Bearer {emulator.service.callback_token()}"


def published(emulator: Emulator) -> list[dict[str, Any]]:
    """The event that the topic received. Its time is parsed, because the SDK formats it differently."""
    return [at_its_moment(entry["event"]) for entry in emulator.journal.entries("event")]


def at_its_moment(event: dict[str, Any]) -> dict[str, Any]:
    return event | {"time": datetime.fromisoformat(event["time"])}


def an_event(id: str = "1", **changed: Any) -> dict[str, Any]:
    return cloud_event("call_connected", id=id) | changed


def with_call_id(event: dict[str, Any]) -> dict[str, Any]:
    return at_its_moment(event) | {"callid": CALL_ID}


async def post(container: Container, token: str, body: Any, call_id: str = CALL_ID) -> int:
    return await container.ingress.accept(
        call_id, token, body if isinstance(body, bytes) else json.dumps(body).encode()
    )


# -- Accepted ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["call_connected", "participants_updated", "recording_active", "start_recording_failed", "tone_received"]
)
async def test_an_event_is_published_unchanged_but_for_the_calls_id(
    container: Container, token: str, emulator: Emulator, name: str
) -> None:
    event = cloud_event(name)
    assert await post(container, token, [event]) == 200
    assert published(emulator) == [with_call_id(event)]


async def test_a_single_event_needs_no_array(container: Container, token: str, emulator: Emulator) -> None:
    assert await post(container, token, an_event()) == 200
    assert published(emulator) == [with_call_id(an_event())]


async def test_the_order_is_kept(container: Container, token: str, emulator: Emulator) -> None:
    events = [an_event(str(n)) for n in range(20)]
    assert await post(container, token, events) == 200
    assert published(emulator) == [with_call_id(event) for event in events]


async def test_unknown_types_are_published(container: Container, token: str, emulator: Emulator) -> None:
    data: dict[str, Any] = {
        "big": 2**53 + 1,
        "small": 0.1,
        "null": None,
        "text": "Ümläut 🙂 \u2028",
        "empty": {},
        "list": [[]],
    }
    event = an_event(type="Microsoft.Communication.SomethingNew", data=data, dataversion="9")
    assert await post(container, token, [event]) == 200
    assert published(emulator) == [with_call_id(event)]


@pytest.mark.parametrize(
    "time",
    ["2026-11-21T09:00:00.1234567Z", "2026-11-21T09:00:00.123456+00:00", "2026-11-21T10:00:00+01:00"],
)
async def test_the_moment_is_kept_to_the_microsecond(
    container: Container, token: str, emulator: Emulator, time: str
) -> None:
    assert await post(container, token, [an_event(time=time)]) == 200
    assert [event["time"] for event in published(emulator)] == [datetime.fromisoformat(time).astimezone(UTC)]


async def test_the_call_id_is_that_of_the_url(container: Container, token: str, emulator: Emulator) -> None:
    assert await post(container, token, [an_event(callid="20261121-" + "f" * 32)]) == 200
    assert [event["callid"] for event in published(emulator)] == [CALL_ID]


async def test_an_empty_array_publishes_nothing(
    container: Container, token: str, emulator: Emulator, quarantine: ContainerClient
) -> None:
    assert await post(container, token, []) == 200
    assert published(emulator) == await kept(quarantine) == []


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-21T09:00:00",
        "2026-11-21t09:00:00z",
        "2026-11-21T09:00:00z",
        "2026-11-21 09:00:00Z",
        "2026-11-21 09:00:00",
        "2026-11-21T09:00:00+0100",
        "2026-11-21T09:00:00.123456789Z",
        "2026-11-21T09:00:00.1Z",
        "2026-11-21T09:00:00-00:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2016-12-31T23:59:60Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T09:00Z",
        "20261121T090000Z",
        "2026-W47-6T09:00:00Z",
        "1700000000",
        1700000000,
        "",
    ],
)
async def test_any_time_is_read_by_the_worker_or_quarantined(  # pytest passes them by name
    container: Container, token: str, emulator: Emulator, quarantine: ContainerClient, time: Any
) -> None:
    assert await post(container, token, [an_event(time=time)]) == 200
    events = [entry["event"] for entry in emulator.journal.entries("event")]
    read_by_worker = [decoded(event).time for event in events]
    stored = [record["event"]["time"] for record in await kept(quarantine)]
    assert (read_by_worker or stored) == ([clock.parse(time)] if events else [time])


# -- Refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["audience", "issuer"])
async def test_another_resources_token_is_refused(
    container: Container, emulator: Emulator, quarantine: ContainerClient, wrong: str
) -> None:
    claims = {"issuer": emulator.url, "audience": emulator.config.resource_id} | {wrong: "another"}
    token = emulator.service.keys.token(issuer=claims["issuer"], audience=claims["audience"])
    assert await post(container, f"Bearer {token}", [an_event()]) == 401
    assert published(emulator) == await kept(quarantine) == []


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer forged", "Basic x"])
@pytest.mark.parametrize("body", [[an_event()], b"not JSON", b"[" * 100_000])
async def test_a_request_without_a_token_is_refused_without_effect(
    container: Container, emulator: Emulator, quarantine: ContainerClient, authorization: str, body: Any
) -> None:
    assert await post(container, authorization, body) == 401
    assert published(emulator) == await kept(quarantine) == []


async def test_an_expired_token_is_refused(container: Container, emulator: Emulator) -> None:
    token = emulator.service.keys.token(issuer=emulator.url, audience=emulator.config.resource_id, expires_in=-61)
    assert await post(container, f"Bearer {token}", [an_event()]) == 401
    assert published(emulator) == []


async def test_a_body_that_is_too_large_is_refused_first(container: Container, token: str, emulator: Emulator) -> None:
    """It is refused before its token is checked: the keys are not fetched."""
    assert await container.ingress.accept(CALL_ID, token, b" " * (LARGEST_BODY + 1)) == 413
    assert asked(emulator, "GetKeys") == published(emulator) == []


async def test_the_largest_body_is_accepted(
    container: Container, token: str, emulator: Emulator, quarantine: ContainerClient
) -> None:
    body = json.dumps([an_event()]).encode()
    assert await container.ingress.accept(CALL_ID, token, body + b" " * (LARGEST_BODY - len(body))) == 200
    assert published(emulator) == [with_call_id(an_event())]


# -- Quarantined ----------------------------------------------------------------------------------------------


BAD: dict[str, Any] = {
    "a string": "event",
    "null": None,
    "an array": [an_event()],
    "no id": {k: v for k, v in an_event().items() if k != "id"},
    "an empty id": an_event() | {"id": ""},
    "an id that is a number": an_event() | {"id": 7},
    "no source": {k: v for k, v in an_event().items() if k != "source"},
    "no type": {k: v for k, v in an_event().items() if k != "type"},
    "no time": {k: v for k, v in an_event().items() if k != "time"},
    "a time that is none": an_event(time="yesterday"),
    "no data": {k: v for k, v in an_event().items() if k != "data"},
    "data that is text": an_event(data="text"),
    "another version": an_event(specversion="0.3"),
    "a subject that is a number": an_event(subject=7),
    "a content type that is a number": an_event(datacontenttype=7),
    "an extension that is an object": an_event(extension={}),
    "an extension with a name that is none": an_event(**{"Not-A-Name": "x"}),
    "two kinds of data": an_event(data_base64="eA=="),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_a_bad_event_does_not_affect_the_others(
    container: Container, token: str, emulator: Emulator, quarantine: ContainerClient, bad: Any
) -> None:
    assert await post(container, token, [an_event("1"), bad, an_event("2")]) == 200
    assert published(emulator) == [with_call_id(an_event("1")), with_call_id(an_event("2"))]
    (record,) = await kept(quarantine)
    assert record["event"] == bad
    assert record["source"] == "callbacks"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[{]",
        b'{"id": NaN}',
        b'["\\ud800"]',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=lambda body: repr(body[:10]),
)
async def test_a_body_that_is_not_json_is_quarantined(
    container: Container, token: str, quarantine: ContainerClient, body: bytes
) -> None:
    assert await post(container, token, body) == 200
    (record,) = await kept(quarantine)
    assert record["event"] == body.decode(errors="replace")


@pytest.mark.parametrize("levels", [70, 300, 700, 900, 990, 2000])
@pytest.mark.parametrize("inside", [False, True])
async def test_deep_nesting_does_no_harm(  # noqa: PLR0917  # pytest gives them by name
    container: Container, token: str, emulator: Emulator, quarantine: ContainerClient, levels: int, inside: bool
) -> None:
    """As an event and within one, at any depth, whatever depth the JSON libraries support."""
    deep = "[" * levels + "]" * levels
    if inside:
        deep = json.dumps(an_event("deep", data={"deep": "here"})).replace('"here"', deep)
    assert await post(container, token, f"[{json.dumps(an_event('1'))},{deep}]".encode()) == 200
    assert len(await kept(quarantine)) == 1
    assert "deep" not in [event["id"] for event in published(emulator)]


def test_the_limit_of_depth_is_enough_for_any_event_of_acs() -> None:
    event = an_event(data={"callConnectionId": "c", "deep": json.loads("[" * 40 + "]" * 40)})
    assert read(json.dumps([event]).encode()) == ([event], [])


@pytest.mark.parametrize("call_id", ["", "x", CALL_ID.upper(), CALL_ID + "0", "../" + CALL_ID, CALL_ID + "\n"])
async def test_events_for_a_url_without_a_call_id_are_quarantined(
    container: Container, token: str, emulator: Emulator, quarantine: ContainerClient, call_id: str
) -> None:
    assert await post(container, token, [an_event()], call_id) == 200
    assert published(emulator) == []
    (record,) = await kept(quarantine)
    assert record["event"] == an_event()


# -- To be sent again -------------------------------------------------------------------------------------------------


async def test_without_the_topic_acs_must_send_it_again(make_container: Callable[..., Container], token: str) -> None:
    assert await post(make_container(EVENTS_TOPIC_ENDPOINT=closed_port()), token, [an_event()]) == 503


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
async def test_a_topic_that_refuses_counts_as_unavailable(
    make_container: Callable[..., Container], token: str, servers: Servers, status: int
) -> None:
    container = make_container(EVENTS_TOPIC_ENDPOINT=await servers.start(status))
    assert await post(container, token, [an_event()]) == 503


async def test_without_the_quarantine_acs_must_send_it_again(
    make_container: Callable[..., Container], token: str, environment: dict[str, str]
) -> None:
    away = f"{closed_port()}/devstoreaccount1"
    parts = [
        f"BlobEndpoint={away}" if p.startswith("BlobEndpoint") else p for p in environment["CALL_STORAGE"].split(";")
    ]
    assert await post(make_container(CALL_STORAGE=";".join(parts)), token, b"not JSON") == 503


async def test_without_keys_acs_must_send_it_again(make_container: Callable[..., Container], token: str) -> None:
    assert await post(make_container(CALLBACK_TOKEN_KEYS_URL=closed_port()), token, [an_event()]) == 503


async def test_known_keys_are_enough_while_the_issuer_is_unreachable(
    make_container: Callable[..., Container], issuer: Issuer, emulator: Emulator
) -> None:
    container = make_container(CALLBACK_TOKEN_ISSUER=issuer.url, CALLBACK_TOKEN_KEYS_URL=issuer.url)
    assert await post(container, issuer.token(), [an_event("1")]) == 200
    issuer.url, tokens = closed_port(), [issuer.token(iss=issuer.url), issuer.token("two", iss=issuer.url)]
    assert [await post(container, token, [an_event("2")]) for token in tokens] == [200, 401]
    assert len(published(emulator)) == 2

"""Authentication, api-versions, bodies and repetitions."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from azure.communication.callautomation import CallAutomationClient as Synchronous
from azure.communication.callautomation import MicrosoftTeamsAppIdentifier, PhoneNumberIdentifier
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

from emulator.acs.signature import SIGNED_HEADERS, sign
from emulator.config import ACCESS_KEY
from emulator.server import Emulator
from tests.emulator.client import ACCOUNT, CALLER, Application, Control, refusal

VERSION = "?api-version=2026-03-12"


def signed(url: str, method: str, path: str, body: bytes = b"", *, age: float = 0) -> dict[str, str]:
    date = format_datetime(datetime.now(UTC) - timedelta(seconds=age), usegmt=True)
    content = base64.b64encode(hashlib.sha256(body).digest()).decode()
    text = f"{method}\n{path}\n{date};{url.removeprefix('http://')};{content}"
    return {
        "x-ms-date": date,
        "x-ms-content-sha256": content,
        "Authorization": f"HMAC-SHA256 SignedHeaders={SIGNED_HEADERS}&Signature={sign(ACCESS_KEY, text)}",
        "Content-Type": "application/json",
    }


async def test_another_key_is_refused(emulator: Emulator) -> None:
    wrong = base64.b64encode(b"wrong").decode()
    async with CallAutomationClient(emulator.url, AzureKeyCredential(wrong), retry_total=0) as client:
        with pytest.raises(ClientAuthenticationError):
            await client.get_call_connection("any").get_call_properties()


async def test_the_synchronous_clients_other_form_of_a_path_is_accepted(emulator: Emulator, answered: Any) -> None:
    call = await answered()

    def look() -> Any:
        with Synchronous(emulator.url, AzureKeyCredential(ACCESS_KEY), retry_total=0) as client:
            return client.get_call_connection(call.connection_id).get_participant(PhoneNumberIdentifier(CALLER))

    assert (await asyncio.to_thread(look)).identifier.raw_id == f"4:{CALLER}"


@pytest.mark.parametrize(
    "change",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer token"},
        {"x-ms-date": "yesterday"},
        {"x-ms-content-sha256": "AAAA"},
        {"Host": "elsewhere:7080"},
    ],
    ids=lambda change: next(iter(change.items()))[0] + "=" + next(iter(change.values()))[:6],
)
async def test_a_request_is_refused_unless_all_is_signed(
    emulator: Emulator, session: aiohttp.ClientSession, change: dict[str, str]
) -> None:
    path = f"/calling/callConnections/any{VERSION}"
    headers = signed(emulator.url, "GET", path)
    async with session.get(emulator.url + path, headers=headers) as answer:
        assert answer.status == 404
    async with session.get(emulator.url + path, headers={**headers, **change}) as answer:
        assert answer.status == 401
        assert (await answer.json())["error"]["code"] == "Denied"


async def test_an_old_signature_is_refused(emulator: Emulator, session: aiohttp.ClientSession) -> None:
    path = f"/calling/callConnections/any{VERSION}"
    for age, status in ((14 * 60, 404), (16 * 60, 401), (-16 * 60, 401)):
        async with session.get(emulator.url + path, headers=signed(emulator.url, "GET", path, age=age)) as answer:
            assert answer.status == status


async def test_an_api_version_is_required(emulator: Emulator, session: aiohttp.ClientSession) -> None:
    path = "/calling/callConnections/any"
    async with session.get(emulator.url + path, headers=signed(emulator.url, "GET", path)) as answer:
        assert answer.status == 400
        assert "api-version" in (await answer.json())["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("callConnections:answer", b'{"incomingCallContext":"x"}', "'callbackUri' is required"),
        ("callConnections:answer", b'{"callbackUri":"http://a/b"}', "'incomingCallContext' is required"),
        ("callConnections:answer", b'{"incomingCallContext":"x","callbackUri":"a/b"}', "absolute"),
        ("callConnections:answer", b'{"incomingCallContext":7,"callbackUri":"http://a/b"}', "type str"),
        ("callConnections:reject", b'{"incomingCallContext":"x","callRejectReason":"tired"}', "callRejectReason"),
        (
            "callConnections",
            b'{"targets":[{"phoneNumber":{}}],"callbackUri":"http://a"}',
            "targets[0].phoneNumber.value",
        ),
        ("recordings", b'{"recordingFormatType":"ogg"}', "recordingFormatType"),
        ("recordings", b"{}", "callConnectionId"),
        ("recordings", b"[]", "object"),
        ("recordings", b"nonsense", "JSON object"),
    ],
)
async def test_a_body_is_checked_and_the_field_named(
    emulator: Emulator, session: aiohttp.ClientSession, path: str, body: bytes, field: str
) -> None:
    path = f"/calling/{path}{VERSION}"
    headers = signed(emulator.url, "POST", path, body)
    async with session.post(emulator.url + path, data=body, headers=headers) as answer:
        assert answer.status == 400
        error = (await answer.json())["error"]
    assert error["code"] == "8523"
    assert field in error["message"]


async def test_a_range_is_checked(answered: Any) -> None:
    call = await answered()
    with pytest.raises(HttpResponseError, match="between 0 and 180") as raised:
        await call.connection.add_participant(PhoneNumberIdentifier("+4915112345"), invitation_timeout=181)
    assert refusal(raised) == (400, "8523")


async def _create(client: CallAutomationClient, app: Application, number: str = "+4915112345") -> str:
    call = await client.create_call(
        PhoneNumberIdentifier(number),
        app.url,
        teams_app_source=MicrosoftTeamsAppIdentifier(ACCOUNT),
        headers={"Repeatability-Request-ID": "11111111-2222-4333-8444-555555555555"},
    )
    assert call.call_connection_id
    return call.call_connection_id


async def test_a_repeated_request_is_performed_once(
    client: CallAutomationClient, app: Application, control: Control
) -> None:
    ids = await asyncio.gather(*(_create(client, app) for _ in range(5)))
    assert len(set(ids)) == 1
    entries = await control.journal("acs.request", operation="CreateCall")
    assert sorted(entry["repeated"] for entry in entries) == [False, True, True, True, True]
    assert "Repeatability-Request-ID" in entries[0]["headers"]
    assert entries[0]["body"]["callbackUri"] == app.url


async def test_a_repetition_with_another_body_is_refused(client: CallAutomationClient, app: Application) -> None:
    await _create(client, app)
    with pytest.raises(HttpResponseError, match="Repeatability-Request-ID") as raised:
        await _create(client, app, "+4915100000")
    assert refusal(raised) == (400, "8523")


async def test_repetitions_are_forgotten_after_five_minutes(
    client: CallAutomationClient, app: Application, control: Control
) -> None:
    first = await _create(client, app)
    await control("POST", "options", {"speed": 100_000})
    await asyncio.sleep(0.01)
    assert await _create(client, app) != first


async def test_repeatability_can_be_switched_off(
    client: CallAutomationClient, app: Application, control: Control
) -> None:
    await control("POST", "options", {"repeatability": False})
    assert await _create(client, app) != await _create(client, app)


async def test_answers_carry_the_services_headers(
    client: CallAutomationClient, app: Application, control: Control
) -> None:
    dialled = await control.dial()
    seen: dict[str, str] = {}
    options: dict[str, Any] = {"raw_response_hook": lambda response: seen.update(response.http_response.headers)}
    answer = await client.answer_call(dialled["incomingCallContext"], app.url, **options)
    assert "Repeatability-Result" not in seen
    assert seen["X-Microsoft-Skype-Chain-ID"] == dialled["correlationId"]
    assert "2026-03-12" in seen["api-supported-versions"].split(", ")
    connection = client.get_call_connection(str(answer.call_connection_id))
    await connection.send_dtmf_tones(["one"], PhoneNumberIdentifier(CALLER), request_id="the request", **options)
    assert seen["Repeatability-Result"] == "accepted"
    assert seen["X-Microsoft-Skype-Chain-ID"] == dialled["correlationId"]
    assert seen["x-ms-client-request-id"] == "the request"


async def test_refusals_carry_the_headers_of_tracing_alone(client: CallAutomationClient, app: Application) -> None:
    with pytest.raises(HttpResponseError) as raised:
        await client.answer_call("nothing", app.url)
    response: Any = raised.value.response
    assert response.headers["MS-CV"]
    assert "Repeatability-Result" not in response.headers


@pytest.mark.parametrize("version", ["2026-03-13", "2026-03", "", "2023-10-01"])
async def test_an_api_version_must_exist(emulator: Emulator, session: aiohttp.ClientSession, version: str) -> None:
    path = f"/calling/callConnections/any?api-version={version}"
    async with session.get(emulator.url + path, headers=signed(emulator.url, "GET", path)) as answer:
        assert answer.status == 400
        assert f"'{version}' does not exist" in (await answer.json())["error"]["message"]

"""The emulated Resource Manager: who may ask, for what, and what it says of a subscription."""

from __future__ import annotations

from typing import Any

import pytest

from local.stack import SAMPLE
from tests.doctor.conftest import CONTOSO, World

TOPIC = SAMPLE["EVENTS_TOPIC_ID"]
VERSION = {"api-version": "2025-02-15"}
CLIENT = {"client_id": SAMPLE["API_CLIENT_ID"], "client_secret": SAMPLE["API_CLIENT_SECRET"]}


async def token(world: World) -> str:
    form = CLIENT | {"grant_type": "client_credentials", "scope": f"{world.stack.tls_url}/.default"}
    async with world.http.post(f"{world.stack.tls_url}/{CONTOSO}/oauth2/v2.0/token", data=form) as answer:
        return str((await answer.json())["access_token"])


async def ask(world: World, path: str, bearer: str, params: dict[str, str]) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    async with world.http.get(f"{world.stack.tls_url}{path}", headers=headers, params=params) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("way", ["", "/providers/Microsoft.EventGrid"])
async def test_a_subscription_is_listed_with_its_properties(world: World, way: str) -> None:
    status, answer = await ask(world, f"{TOPIC}{way}/eventSubscriptions", await token(world), VERSION)
    assert status == 200
    found = {each["name"]: each["properties"] for each in answer["value"]}["call-connected"]
    assert found["destination"]["properties"]["resourceId"].endswith("/functions/call_connected")
    assert found["filter"]["includedEventTypes"] == ["Microsoft.Communication.CallConnected"]
    assert found["retryPolicy"] == {"maxDeliveryAttempts": 30, "eventTimeToLiveInMinutes": 240}


async def test_invalid_requests_are_refused_with_the_documented_codes(world: World) -> None:
    good, path = await token(world), f"{TOPIC}/eventSubscriptions"
    asked = [
        (path, "", VERSION),
        (path, f"{good[:-4]}AAAA", VERSION),
        (path, good, {}),
        (path.replace("/topics/", "/systemTopics/"), good, VERSION),
    ]
    answers = [await ask(world, *each) for each in asked]
    assert [(status, answer["error"]["code"]) for status, answer in answers] == [
        (401, "AuthenticationFailed"),
        (401, "InvalidAuthenticationToken"),
        (400, "MissingApiVersionParameter"),
        (404, "ResourceNotFound"),
    ]

"""Consent to Teams Phone extensibility: no SDK for Python has it, so azure-core's pipeline is used as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import jwt
import pytest
from azure.communication.identity._shared.policy import HMACCredentialsPolicy
from azure.core import AsyncPipelineClient
from azure.core.credentials import AzureKeyCredential
from azure.core.rest import AsyncHttpResponse, HttpRequest

from emulator.acs.identity_stores import SEED
from emulator.config import RESOURCE_ID, Config
from emulator.directory import Directory
from emulator.server import Emulator
from tests.emulator.client import Control
from tests.emulator.graph_client import ALAN, GRACE, SALES, SUPPORT

CONTOSO, FABRIKAM = "c0000000-0000-4000-8000-000000000001", "f0000000-0000-4000-8000-000000000002"
CLIENT = "c11e0000-0000-4000-8000-0000000000c1"
EXTENSION = {"audience": "https://auth.msft.communication.azure.com", "scopes": "TeamsExtension.ManageCalls"}
VERSION = "api-version=2025-06-30"
ACCOUNT = {"principalType": "teamsResourceAccount"}
USER = {"principalType": "user", "clientIds": [CLIENT]}

Request = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
async def ask(emulator: Emulator, config: Config) -> AsyncIterator[Request]:
    policy = HMACCredentialsPolicy(emulator.url, AzureKeyCredential(config.access_key), decode_url=True)
    client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(emulator.url, policies=[policy])
    async with client:

        async def ask(
            method: str, object_id: str, body: Any = None, *, tenant: str = CONTOSO, query: str = VERSION
        ) -> tuple[int, Any]:
            url = f"{emulator.url}/access/teamsExtension/tenants/{tenant}/assignments/{object_id}?{query}"
            response = await client.send_request(HttpRequest(method, url, json=body))
            return response.status_code, response.json() if response.content else None

        yield ask


async def test_an_assignment_is_made_changed_shown_and_removed(ask: Request) -> None:
    made = {"objectId": ALAN, "tenantId": CONTOSO, **USER}
    assert await ask("PUT", ALAN, USER) == (201, made)
    changed = {**USER, "clientIds": [CLIENT, GRACE]}
    assert await ask("PUT", ALAN, changed) == (200, made | changed)
    assert await ask("GET", ALAN.upper()) == (200, made | changed)
    assert await ask("DELETE", ALAN) == (204, None)
    for method in ("GET", "DELETE"):
        status, body = await ask(method, ALAN)
        assert (status, body["error"]["code"]) == (404, "NotFound")


@pytest.mark.parametrize("spelling", ["teamsResourceAccount", "resourceAccount"])
async def test_both_spellings_of_a_resource_account_are_taken(ask: Request, spelling: str) -> None:
    body = {"principalType": spelling}
    assert await ask("PUT", SALES, body) == (201, {"objectId": SALES, "tenantId": CONTOSO, **body})


async def test_tenants_do_not_see_each_others(ask: Request) -> None:
    await ask("PUT", SALES, ACCOUNT)
    assert (await ask("GET", SALES, tenant=FABRIKAM))[0] == 404


@pytest.mark.parametrize(
    ("object_id", "body", "query"),
    [
        (ALAN, {"principalType": "group"}, VERSION),
        (ALAN, {"principalType": "user"}, VERSION),
        (ALAN, {}, VERSION),
        (ALAN, None, VERSION),
        (SUPPORT, {**ACCOUNT, "clientIds": [CLIENT]}, VERSION),
        ("alan", USER, VERSION),
        (ALAN, USER, ""),
    ],
)
async def test_an_invalid_assignment_is_refused(ask: Request, object_id: str, body: Any, query: str) -> None:
    status, answer = await ask("PUT", object_id, body, query=query)
    assert (status, answer["error"]["code"]) == (400, "BadRequest")


async def test_a_reset_restores_the_initial_assignments(ask: Request, control: Control) -> None:
    await ask("PUT", SALES, ACCOUNT)
    await ask("DELETE", SUPPORT)
    await control("POST", "reset")
    assert (await ask("GET", SALES))[0] == 404
    assert await ask("GET", SUPPORT) == (200, {"objectId": SUPPORT, "tenantId": CONTOSO, **ACCOUNT})


def test_the_initial_assignments_are_in_the_directory() -> None:
    there = {(t["id"], each["id"]) for t in Directory().tenants() for each in t["resourceAccounts"].values()}
    assert set(SEED) <= there


# -- Agents' clients exchange their tokens ---------------------------------------------------------------------


async def exchanged(emulator: Emulator, session: aiohttp.ClientSession, header: str) -> tuple[int, Any]:
    url = f"{emulator.tls_url}/access/teamsExtension/:exchangeAccessToken?{VERSION}"
    async with session.post(url, json={}, headers={"Authorization": header}) as answer:
        return answer.status, await answer.json()


async def test_an_agent_with_an_assignment_gets_a_token(
    ask: Request, emulator: Emulator, session: aiohttp.ClientSession
) -> None:
    await ask("PUT", ALAN, USER)
    entra = emulator.entra.sign_in({"user": "alan", "client": CLIENT, **EXTENSION})
    status, body = await exchanged(emulator, session, f"Bearer {entra}")
    assert (status, body["identity"]["id"]) == (200, f"8:acs:{RESOURCE_ID}_{CONTOSO}_{ALAN}")
    assert set(body["accessToken"]) == {"token", "expiresOn"}
    claims = jwt.decode(body["accessToken"]["token"], options={"verify_signature": False})
    assert claims["tid"] == CONTOSO


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"user": "grace"}, 403),  # has no assignment
        ({"client": GRACE}, 403),  # not for this client
        ({"scopes": "Teams.ManageCalls"}, 403),
        ({"expires_in": -60}, 401),
        ({"audience": "https://graph.microsoft.com"}, 401),
    ],
)
async def test_an_agent_without_an_assignment_is_refused(
    ask: Request, emulator: Emulator, session: aiohttp.ClientSession, asked: dict[str, Any], status: int
) -> None:
    await ask("PUT", ALAN, USER)
    entra = emulator.entra.sign_in({"user": "alan", "client": CLIENT, **EXTENSION, **asked})
    assert (await exchanged(emulator, session, f"Bearer {entra}"))[0] == status


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nothing", "HMAC-SHA256 SignedHeaders=x"])
async def test_an_exchange_needs_a_bearer_token(
    emulator: Emulator, session: aiohttp.ClientSession, header: str
) -> None:
    status, body = await exchanged(emulator, session, header)
    assert (status, body["error"]["code"]) == (401, "InvalidAccessToken")

"""Identities of ACS, by the SDK's own client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from azure.communication.identity import CommunicationUserIdentifier
from azure.communication.identity.aio import CommunicationIdentityClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError

from emulator.config import RESOURCE_ID, Config
from emulator.server import Emulator
from tests.emulator.client import Control, refusal
from tests.emulator.graph_client import ALAN, GRACE

CLIENT, OTHER = "c11e0000-0000-4000-8000-0000000000c1", "c11e0000-0000-4000-8000-0000000000c2"
TEAMS = {"audience": "https://auth.msft.communication.azure.com", "scopes": "Teams.ManageCalls Teams.ManageChats"}


@pytest.fixture(params=["http", "https"])
async def identities(
    request: pytest.FixtureRequest, emulator: Emulator, config: Config
) -> AsyncIterator[CommunicationIdentityClient]:
    url = emulator.url if request.param == "http" else emulator.tls_url
    async with CommunicationIdentityClient(url, AzureKeyCredential(config.access_key), retry_total=0) as client:
        yield client


def minutes_left(token: Any) -> float:
    """Of a token as the SDK gives it: it says that ``expires_on`` is a number, and hands on the service's text."""
    return (datetime.fromisoformat(token.expires_on[:19]).replace(tzinfo=UTC) - datetime.now(UTC)) / timedelta(
        minutes=1
    )


async def test_a_user_lives_from_creation_to_deletion(identities: CommunicationIdentityClient) -> None:
    user = await identities.create_user()
    assert user.raw_id.startswith(f"8:acs:{RESOURCE_ID}_")
    token = await identities.get_token(user, ["voip", "chat"])
    assert minutes_left(token) == pytest.approx(24 * 60, abs=1)
    claims = jwt.decode(token.token, options={"verify_signature": False})
    assert (claims["skypeid"], claims["acsScope"]) == (user.raw_id.removeprefix("8:"), "voip,chat")
    assert "tid" not in claims, "a tenant makes it the token of a Teams identity"
    await identities.revoke_tokens(user)
    await identities.delete_user(user)
    for gone in (identities.revoke_tokens(user), identities.delete_user(user)):
        with pytest.raises(HttpResponseError) as raised:
            await gone
        assert raised.value.status_code == 404


async def test_a_user_can_be_created_with_a_token(identities: CommunicationIdentityClient) -> None:
    user, token = await identities.create_user_and_token(["voip"], token_expires_in=timedelta(hours=2))
    assert user.raw_id
    assert minutes_left(token) == pytest.approx(120, abs=1)


@pytest.mark.parametrize(
    ("scopes", "minutes"), [(["voip"], 59), (["voip"], 1441), (["everything"], 60), ([], 60)], ids=str
)
async def test_other_scopes_and_times_are_refused(
    identities: CommunicationIdentityClient, scopes: list[Any], minutes: int
) -> None:
    user = await identities.create_user()
    with pytest.raises(HttpResponseError) as raised:
        await identities.get_token(user, scopes, token_expires_in=timedelta(minutes=minutes))
    assert raised.value.status_code == 400
    assert str(raised.value.error.code) == "BadRequest"  # type: ignore[union-attr]


async def test_a_user_of_another_resource_is_refused(identities: CommunicationIdentityClient) -> None:
    other = CommunicationUserIdentifier(f"8:acs:{OTHER}_{ALAN}")
    with pytest.raises(HttpResponseError) as raised:
        await identities.revoke_tokens(other)
    assert refusal(raised) == (401, "IdentityNotOwned")


async def test_a_request_with_a_wrong_key_is_refused(emulator: Emulator) -> None:
    wrong = AzureKeyCredential("d3Jvbmcga2V5")
    async with CommunicationIdentityClient(emulator.url, wrong, retry_total=0) as client:
        with pytest.raises(HttpResponseError) as raised:
            await client.create_user()
    assert refusal(raised) == (401, "Denied")


async def test_a_teams_users_token_is_good_as_long_as_entras(
    identities: CommunicationIdentityClient, emulator: Emulator, control: Control
) -> None:
    entra = emulator.entra.sign_in({"user": "grace", "client": CLIENT, "expires_in": 1800, **TEAMS})
    token = await identities.get_token_for_teams_user(entra, CLIENT, GRACE)
    assert minutes_left(token) == pytest.approx(30, abs=1)
    assert jwt.decode(token.token, options={"verify_signature": False})["tid"] == "c0000000-0000-4000-8000-000000000001"
    assert not {entra, token.token} & set(str(await control.journal("acs.request")).split("'"))


@pytest.mark.parametrize(
    ("asked", "ids", "status"),
    [
        ({"expires_in": -60}, (CLIENT, GRACE), 401),
        ({"algorithm": "HS256"}, (CLIENT, GRACE), 401),
        ({"audience": "https://graph.microsoft.com"}, (CLIENT, GRACE), 401),
        ({"app": CLIENT}, (CLIENT, GRACE), 401),
        ({}, (OTHER, GRACE), 401),
        ({}, (CLIENT, ALAN), 401),
        ({"scopes": "Teams.ManageCalls"}, (CLIENT, GRACE), 403),
    ],
)
async def test_a_token_that_is_not_the_users_for_this_is_refused(
    identities: CommunicationIdentityClient,
    emulator: Emulator,
    asked: dict[str, Any],
    ids: tuple[str, str],
    status: int,
) -> None:
    entra = emulator.entra.sign_in({"user": "grace", "client": CLIENT, **TEAMS, **asked})
    with pytest.raises(HttpResponseError) as raised:
        await identities.get_token_for_teams_user(entra, *ids)
    assert refusal(raised) == (status, "InvalidAccessToken" if status == 401 else "Forbidden")


async def test_throttling_has_the_services_code(identities: CommunicationIdentityClient, control: Control) -> None:
    match = {"operation": "CommunicationIdentityCreate"}
    await control.fault(where="acs", match=match, do="status", status=429, retry_after=3, times=1)
    with pytest.raises(HttpResponseError) as raised:
        await identities.create_user()
    assert refusal(raised) == (429, "TooManyRequests")
    response: Any = raised.value.response  # typed as less than it is
    assert response.headers["Retry-After"] == "3"
    assert (await identities.create_user()).raw_id


async def test_a_reset_forgets_identities(identities: CommunicationIdentityClient, control: Control) -> None:
    user = await identities.create_user()
    await control("POST", "reset")
    with pytest.raises(HttpResponseError) as raised:
        await identities.delete_user(user)
    assert raised.value.status_code == 404

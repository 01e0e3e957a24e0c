"""The emulated Entra, asked by azure-identity over TLS as the real one is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import ClientAssertionCredential, ClientSecretCredential, OnBehalfOfCredential

from emulator import tls
from emulator.config import Config
from emulator.server import Emulator, running
from tests.emulator.client import Control

CONTOSO = "c0000000-0000-4000-8000-000000000001"
FABRIKAM = "f0000000-0000-4000-8000-000000000002"
API = "a9100000-0000-4000-8000-0000000000a1"
SECRET = "emulator-client-secret"
GRAPH = "https://graph.microsoft.com"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
async def secure() -> AsyncIterator[Emulator]:
    platform: dict[str, Any] = {"topics": [], "subscriptions": []}
    certificate = ROOT / ".local/emulator-tls.pem"
    async with running(Config(port=0, tls_port=0, tls_certificate=certificate, platform=platform)) as emulator:
        yield emulator


@pytest.fixture
async def secure_control(secure: Emulator, session: aiohttp.ClientSession) -> AsyncIterator[Control]:
    yield Control(secure.url, session)
    await secure.reset()


async def signed_in(secure_control: Control, **how: Any) -> str:
    return str((await secure_control("POST", "entra/tokens", how))["token"])


async def exchanged(emulator: Emulator, assertion: str, tenant: str = CONTOSO, secret: str = SECRET) -> dict[str, Any]:
    """The claims of a token for Graph on behalf of the assertion's user."""
    how: dict[str, Any] = {"client_secret": secret, "user_assertion": assertion, "authority": emulator.tls_url}
    async with OnBehalfOfCredential(tenant, API, **how) as credential:
        token = await credential.get_token(f"{GRAPH}/.default")
    return emulator.entra.verify(token.token, GRAPH)


async def test_a_token_is_exchanged_for_the_users_rights_in_graph(secure: Emulator, secure_control: Control) -> None:
    claims = await exchanged(secure, await signed_in(secure_control, user="grace"))
    grace = secure.directory.data["tenants"]["contoso"]["users"]["grace"]
    assert (claims["oid"], claims["tid"], claims["appid"]) == (grace["id"], CONTOSO, API)
    assert "CallDelegation.Read" in claims["scp"].split()
    assert "roles" not in claims


async def test_an_app_gets_its_own_permissions(secure: Emulator, secure_control: Control) -> None:
    async with ClientSecretCredential(CONTOSO, API, SECRET, authority=secure.tls_url) as credential:
        claims = secure.entra.verify((await credential.get_token(f"{GRAPH}/.default")).token, GRAPH)
    assert (claims["idtyp"], claims["roles"][0]) == ("app", "TeamsResourceAccount.Read.All")
    assert "scp" not in claims


@pytest.mark.parametrize(("audience", "number"), [("api://AzureADTokenExchange", 0), ("api://something", 70021)])
async def test_a_federated_credential_stands_for_a_secret(
    secure: Emulator, secure_control: Control, audience: str, number: int
) -> None:
    proof = await signed_in(secure_control, audience=audience)
    async with ClientAssertionCredential(CONTOSO, API, lambda: proof, authority=secure.tls_url) as credential:
        if not number:
            assert (await credential.get_token(f"{GRAPH}/.default")).token
            return
        with pytest.raises(ClientAuthenticationError, match=f"AADSTS{number}"):
            await credential.get_token(f"{GRAPH}/.default")


@pytest.mark.parametrize(
    ("app", "user", "number"),
    [
        ({"delegated": []}, {}, 65001),
        ({"assignmentRequired": True, "roles": {"grace": None}}, {}, 50105),
        ({}, {"enabled": False}, 50057),
        ({}, {"blocked": True}, 53003),
        ({}, {"mfa": True}, 50076),
        (None, {}, 700016),
    ],
)
async def test_refusals_of_the_directory_have_their_numbers(
    secure: Emulator, secure_control: Control, app: Any, user: Any, number: int
) -> None:
    assertion = await signed_in(secure_control, user="grace")
    await secure_control("PATCH", "directory", {"tenants": {"contoso": {"apps": {API: app}, "users": {"grace": user}}}})
    with pytest.raises(ClientAuthenticationError, match=f"AADSTS{number}:"):
        await exchanged(secure, assertion)


@pytest.mark.parametrize(
    ("how", "shown", "number"),
    [
        ({"expires_in": -10}, {}, 500133),
        ({"audience": "api://another"}, {}, 500131),
        ({"algorithm": "HS256"}, {}, 50013),
        ({"algorithm": "none"}, {}, 50013),
        ({"kid": "unknown"}, {}, 50013),
        ({}, {"tenant": FABRIKAM}, 50013),
        ({"app": "5e4f1ce0-0000-4000-8000-0000000000e1"}, {}, 7000114),
        ({}, {"secret": "wrong"}, 7000215),
        ({}, {"tenant": "50000000-0000-4000-8000-0000000000ff"}, 90002),
    ],
)
async def test_a_wrong_assertion_is_refused_by_its_number(
    secure: Emulator, secure_control: Control, how: dict[str, Any], shown: dict[str, str], number: int
) -> None:
    with pytest.raises(ClientAuthenticationError, match=f"AADSTS{number}:"):
        await exchanged(secure, await signed_in(secure_control, **how), **shown)


async def test_tokens_are_verified_by_the_published_keys_until_they_are_withdrawn(
    secure: Emulator, secure_control: Control, session: aiohttp.ClientSession
) -> None:
    async def published() -> set[str]:
        async with session.get(f"{secure.tls_url}/common/discovery/v2.0/keys") as answer:
            return {key["kid"] for key in (await answer.json())["keys"]}

    kid = jwt.get_unverified_header(await signed_in(secure_control))["kid"]
    assert kid in await published()
    await secure_control("POST", "entra/keys/rotate")
    assert kid in await published()
    await secure_control("POST", "entra/keys/rotate", {"forget": True})
    assert kid not in await published()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("user", "unknown"), ("tenant", "nowhere"), ("expires_in", "soon"), ("algorithm", "RS1"), ("rolls", ["Agent"])],
)
async def test_an_unknown_user_or_tenant_is_refused(secure_control: Control, field: str, wrong: Any) -> None:
    status, answer = await secure_control.status("POST", "entra/tokens", {field: wrong})
    assert status == 400
    assert field[:-1] in answer["error"]


def test_the_certificate_is_made_once_and_anew_when_it_is_no_good(tmp_path: Path) -> None:
    path = tls.ensure(tmp_path / "new/emulator.pem")
    made = path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert tls.ensure(path).read_bytes() == made
    path.write_bytes(made[: len(made) // 3])
    assert tls.ensure(path).read_bytes() != made
    tls.context(path)

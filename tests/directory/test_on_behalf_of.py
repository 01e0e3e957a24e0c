"""Tokens for Graph: on behalf of users, and of the app itself."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import jwt
import pytest
from aiohttp import web
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest
from azure.data.tables.aio import TableServiceClient

from emulator.server import Emulator
from shared.directory import on_behalf_of
from shared.directory.caller import Caller
from shared.directory.directory import Directory
from shared.directory.errors import UpstreamError
from shared.directory.on_behalf_of import ASSERTION_SCOPE, GraphCredentials
from shared.platform.clients import Clients
from shared.platform.settings import Settings
from shared.service.container import Container
from tests.directory.fixtures import ADA, CONTOSO, FABRIKAM, SignedIn, token_for, upstream_error
from tests.emulator.client import Control
from tests.support import Servers, closed_port

CLIENT = "a9100000-0000-4000-8000-0000000000a1"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"


@pytest.fixture
def credentials(directory: Directory) -> GraphCredentials:
    return directory.credentials


@pytest.fixture
def scope(environment: dict[str, str]) -> str:
    return f"{environment['GRAPH_ENDPOINT']}/.default"


Exchange = Callable[[str], Awaitable[tuple[str, Awaitable[Any]]]]


@pytest.fixture
def exchange(credentials: GraphCredentials, signed_in: SignedIn, scope: str) -> Exchange:
    """A user's token, and the pending exchange of it."""

    async def begin(user: str) -> tuple[str, Awaitable[Any]]:
        caller = await signed_in(user)
        return caller.assertion, credentials.on_behalf_of(caller).get_token(scope)

    return begin


def exchanges(emulator: Emulator) -> int:
    return sum(e["operation"] == "OnBehalfOf" for e in emulator.journal.entries("entra.request"))


async def contoso(control: Control, **changes: Any) -> None:
    """Change something in contoso's directory."""
    await control("PATCH", "directory", {"tenants": {"contoso": changes}})


async def test_a_users_token_is_exchanged_for_a_token_of_graph(
    emulator: Emulator, credentials: GraphCredentials, signed_in: SignedIn, scope: str
) -> None:
    token = await credentials.on_behalf_of(await signed_in("grace")).get_token(scope)
    claims = emulator.entra.verify(token.token)
    assert (claims["aud"], claims["appid"]) == ("https://graph.microsoft.com", CLIENT)
    assert claims["oid"] == (await signed_in("grace")).id
    assert token.expires_on > time.time() + 600


ERRORS: list[tuple[dict[str, Any], str, int]] = [
    ({"apps": {CLIENT: {"delegated": []}}}, "AADSTS65001", 403),
    ({"apps": {CLIENT: {"secret": "another"}}}, "AADSTS7000215", 502),
    ({"apps": {CLIENT: None}}, "AADSTS700016", 403),
    ({"apps": {CLIENT: {"assignmentRequired": True, "roles": {"grace": None}}}}, "AADSTS50105", 403),
    ({"users": {"grace": {"mfa": True}}}, "AADSTS50076", 401),
    ({"users": {"grace": {"enabled": False}}}, "AADSTS50057", 403),
    ({"users": {"grace": {"blocked": True}}}, "AADSTS53003", 403),
]


@pytest.mark.parametrize(("change", "code", "status"), ERRORS, ids=[code for _, code, _ in ERRORS])
async def test_an_error_of_entra_keeps_its_number_and_not_its_text(  # noqa: PLR0917  # fixtures and cases
    exchange: Exchange,
    control: Control,
    caplog: pytest.LogCaptureFixture,
    change: dict[str, Any],
    code: str,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    await contoso(control, **change)
    assertion, answer = await exchange("grace")
    error = await upstream_error(answer)
    assert (error.entry.source, error.code, error.entry.status) == ("Entra", code, status)
    assert bool(error.claims) == (code == "AADSTS50076")
    everything = f"{error} {error!r} {caplog.text}"
    assert assertion.rpartition(".")[2] not in everything
    assert "Timestamp:" not in everything, "Entra's text, which can contain names of people"
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"expires_in": -5}, "AADSTS500133"), ({"audience": "another"}, "AADSTS500131"), ({"kid": "x"}, "AADSTS50013")],
)
async def test_a_token_that_entra_rejects_is_a_401_for_the_caller(
    credentials: GraphCredentials, control: Control, scope: str, asked: dict[str, Any], code: str
) -> None:
    """It can expire between validation and exchange: validation allows a minute more than Entra."""
    caller = Caller("user", CONTOSO, ADA, frozenset(), await token_for(control, "ada", **asked))
    error = await upstream_error(credentials.on_behalf_of(caller).get_token(scope))
    assert (error.code, error.entry.status) == (code, 401)


@pytest.mark.parametrize("caller", [Caller("key", None, "x", frozenset()), Caller("app", CONTOSO, "x", frozenset())])
def test_only_a_users_token_is_exchanged(credentials: GraphCredentials, caller: Caller) -> None:
    with pytest.raises(UpstreamError) as raised:
        credentials.on_behalf_of(caller)
    assert raised.value.code == "NeedsUser"


@pytest.mark.parametrize("status", [503, 429])
async def test_an_outage_of_entra_is_a_503(exchange: Exchange, control: Control, status: int) -> None:
    rule = {"where": "entra", "match": {"operation": "OnBehalfOf"}, "do": "status", "status": status, "retry_after": 30}
    await control("POST", "faults", rule)
    started = time.monotonic()
    error = await upstream_error((await exchange("grace"))[1])
    assert time.monotonic() - started < 5, "azure-core waits as long as Retry-After says"
    assert (error.entry.status, error.retry_after) == (503, 30)


async def test_an_unreachable_entra_is_a_503(environment: dict[str, str], signed_in: SignedIn, scope: str) -> None:
    parts = Container(environment | {"AZURE_AUTHORITY_HOST": closed_port().replace("http:", "https:")})
    error = await upstream_error(parts.directory.credentials.on_behalf_of(await signed_in("grace")).get_token(scope))
    assert (error.code, error.entry.status) == ("Unreachable", 503)
    await parts.close()


# -- The cached tokens ----------------------------------------------------------------------------------------


async def test_two_requests_of_one_user_are_one_exchange(
    emulator: Emulator, credentials: GraphCredentials, signed_in: SignedIn, scope: str
) -> None:
    grace, alan = await signed_in("grace"), await signed_in("alan")
    first, second = await asyncio.gather(*(credentials.on_behalf_of(grace).get_token(scope) for _ in range(2)))
    assert first.token == second.token
    assert exchanges(emulator) == 1
    other = await credentials.on_behalf_of(alan).get_token(scope)
    assert other.token != first.token
    assert exchanges(emulator) == 2


async def test_a_new_sign_in_does_not_use_a_cached_token(
    emulator: Emulator, credentials: GraphCredentials, signed_in: SignedIn, scope: str, control: Control
) -> None:
    await credentials.on_behalf_of(await signed_in("grace")).get_token(scope)
    await contoso(control, users={"grace": {"enabled": False}})
    again = await signed_in("grace", expires_in=1800)
    assert (await upstream_error(credentials.on_behalf_of(again).get_token(scope))).code == "AADSTS50057"


async def test_the_least_recently_used_credentials_are_released(
    emulator: Emulator, credentials: GraphCredentials, signed_in: SignedIn, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_behalf_of, "MAX_USERS", 1)
    grace, alan = await signed_in("grace"), await signed_in("alan")
    await credentials.on_behalf_of(grace).get_token(scope)
    released = [weakref.ref(each) for each in credentials._users.values()]
    released += [weakref.ref(each._credential) for each in credentials._users.values()]  # type: ignore[arg-type]
    await credentials.on_behalf_of(alan).get_token(scope)
    gc.collect()
    assert [each() for each in released] == [None, None]
    await credentials.on_behalf_of(grace).get_token(scope)
    assert exchanges(emulator) == 3


async def test_no_token_is_stored(credentials: GraphCredentials, signed_in: SignedIn, scope: str, storage: str) -> None:
    caller = await signed_in("grace")
    token = (await credentials.on_behalf_of(caller).get_token(scope)).token
    async with TableServiceClient.from_connection_string(storage) as service:
        tables = [service.get_table_client(each.name) async for each in service.list_tables()]
        rows = repr([row for table in tables async for row in table.list_entities()])
    assert token not in rows
    assert caller.assertion not in rows


async def test_close_closes_every_session(environment: dict[str, str], control: Control, scope: str) -> None:
    """An open session warns when it is collected, and warnings are errors in this suite."""
    parts = Container(environment)
    caller = await parts.directory.token_validator.validate(f"Bearer {await token_for(control, 'ada')}")
    await parts.directory.credentials.on_behalf_of(caller).get_token(scope)
    await parts.close()
    await parts.close()
    gc.collect()


# -- The app's own rights -------------------------------------------------------------------------------------


async def test_the_app_authenticates_in_each_tenant(
    emulator: Emulator, credentials: GraphCredentials, scope: str
) -> None:
    claims = [emulator.entra.verify((await credentials.as_app(t).get_token(scope)).token) for t in (CONTOSO, FABRIKAM)]
    assert [(c["tid"], c["idtyp"]) for c in claims] == [(CONTOSO, "app"), (FABRIKAM, "app")]


def test_the_app_authenticates_in_no_other_tenant(credentials: GraphCredentials) -> None:
    with pytest.raises(UpstreamError) as raised:
        credentials.as_app("50000000-0000-4000-8000-000000000003")
    assert raised.value.code == "OtherTenant"


# -- In Azure: the managed identity -----------------------------------------------------------------------------


class RedirectToEmulator(AioHttpTransport):  # type: ignore[misc]  # azure-core loads it lazily, hence Any
    """Sends requests for Microsoft's Entra to the emulator, below the SDK."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._to = urlsplit(url)

    async def send(self, request: HttpRequest, **kwargs: Any) -> Any:
        url = urlsplit(request.url)
        if url.hostname == "login.microsoftonline.com":
            request.url = urlunsplit(url._replace(netloc=self._to.netloc))
        return await super().send(request, **kwargs)


Deployed = Callable[[str], GraphCredentials]


@pytest.fixture
async def deployed(
    emulator: Emulator, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Deployed]:
    """As in Azure: Microsoft's authority, no secret, and a managed identity with the given token."""
    requested: list[str] = []
    servers, transport = Servers(), RedirectToEmulator(emulator.tls_url)
    clients: list[Clients] = []
    token = ""

    async def identity(request: web.Request) -> web.Response:
        requested.append(request.query["resource"])
        if not token:
            return web.json_response({"error": "no identity is assigned"}, status=400)
        body = {"resource": requested[-1], "token_type": "Bearer", "expires_on": int(time.time()) + 3600}
        return web.json_response(body | {"access_token": token})

    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    monkeypatch.setenv("IDENTITY_ENDPOINT", await servers.start(identity))
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    settings = Settings(environment | {"AZURE_AUTHORITY_HOST": "", "API_CLIENT_SECRET": ""})

    def deploy(given: str) -> GraphCredentials:
        nonlocal token
        token = given
        clients.append(Clients(settings))
        return GraphCredentials(settings, clients[-1], transport)

    yield deploy
    assert set(requested) <= {ASSERTION_SCOPE.removesuffix("/.default")}
    for each in clients:
        await each.close()
    await transport.close()
    await servers.__aexit__()


async def test_the_app_authenticates_by_its_managed_identity(
    emulator: Emulator, deployed: Deployed, signed_in: SignedIn
) -> None:
    caller = await signed_in("grace")
    credentials = deployed(emulator.entra.keys.sign({"aud": "api://AzureADTokenExchange", "sub": "identity"}))
    for credential in (credentials.on_behalf_of(caller), credentials.as_app(CONTOSO)):
        assert emulator.entra.verify((await credential.get_token(GRAPH_SCOPE)).token)["appid"] == CLIENT


async def test_an_identity_without_a_federated_credential_is_reported(deployed: Deployed, signed_in: SignedIn) -> None:
    credentials = deployed(jwt.encode({"aud": "api://AzureADTokenExchange"}, "a" * 32))
    error = await upstream_error(credentials.on_behalf_of(await signed_in("grace")).get_token(GRAPH_SCOPE))
    assert (error.code, error.entry.status) == ("AADSTS70021", 502)


async def test_an_app_without_an_identity_is_reported(deployed: Deployed, signed_in: SignedIn) -> None:
    credentials = deployed("")
    error = await upstream_error(credentials.on_behalf_of(await signed_in("grace")).get_token(GRAPH_SCOPE))
    assert (error.code, error.entry.status) == ("NoIdentity", 503)

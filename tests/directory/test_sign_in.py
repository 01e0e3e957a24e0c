from __future__ import annotations

import asyncio
import base64
import gc
import json
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
from shared.directory import sign_in as module
from shared.directory.directory import Directory
from shared.directory.graph import Refused
from shared.directory.sign_in import ASSERTION_SCOPE, Caller, SignIn
from shared.platform.clients import Clients
from shared.platform.settings import Settings
from shared.platform.tokens import Forbidden, KeysUnavailable, SigningKeys
from tests.directory.ground import ADA, CONTOSO, FABRIKAM, FELIX, SignedIn, refusal, token_for
from tests.emulator.client import Control
from tests.parts import parts_of
from tests.support import Servers, closed_port

CLIENT = "a9100000-0000-4000-8000-0000000000a1"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"


@pytest.fixture
def sign_in(directory: Directory) -> SignIn:
    return directory.sign_in


@pytest.fixture
def scope(environment: dict[str, str]) -> str:
    return f"{environment['GRAPH_ENDPOINT']}/.default"


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with Servers() as servers:
        yield servers


Exchange = Callable[[str], Awaitable[tuple[str, Awaitable[Any]]]]


@pytest.fixture
def exchange(sign_in: SignIn, signed_in: SignedIn, scope: str) -> Exchange:
    """A user's token, and what comes of exchanging it."""

    async def begin(user: str) -> tuple[str, Awaitable[Any]]:
        caller = await signed_in(user)
        return caller.assertion, sign_in.on_behalf_of(caller).get_token(scope)

    return begin


def exchanges(emulator: Emulator) -> int:
    return sum(e["operation"] == "OnBehalfOf" for e in emulator.journal.entries("entra.request"))


async def contoso(control: Control, **what: Any) -> None:
    """Change something in contoso's directory."""
    await control("PATCH", "directory", {"tenants": {"contoso": what}})


# -- Who calls ------------------------------------------------------------------------------------------------


async def test_a_user_is_known_by_tenant_id_and_roles(sign_in: SignIn, control: Control) -> None:
    token = await token_for(control, "ada")
    caller = await sign_in.verify(f"Bearer {token}")
    assert caller == Caller("user", CONTOSO, ADA, frozenset({"Administrator"}), token)


async def test_a_user_of_another_tenant_that_may_sign_in_is_known_by_it(sign_in: SignIn, control: Control) -> None:
    caller = await sign_in.verify(f"Bearer {await token_for(control, 'felix', tenant='fabrikam')}")
    assert (caller.tenant, caller.id) == (FABRIKAM, FELIX)


async def test_an_app_is_told_from_a_user(sign_in: SignIn, control: Control) -> None:
    token = await token_for(control, app="c11e0000-0000-4000-8000-00000000000f", roles=["Agent"])
    caller = await sign_in.verify(f"Bearer {token}")
    assert (caller.kind, caller.tenant, list(caller.roles)) == ("app", CONTOSO, ["Agent"])


async def test_an_app_whose_token_does_not_say_so_is_told_what_to_set(sign_in: SignIn, control: Control) -> None:
    """The claim is optional: the API's registration must ask for it."""
    await contoso(control, apps={CLIENT: {"optionalClaims": []}})
    token = await token_for(control, app="c11e0000-0000-4000-8000-00000000000f", roles=["Agent"])
    with pytest.raises(Forbidden, match="optional claim idtyp"):
        await sign_in.verify(f"Bearer {token}")


@pytest.mark.parametrize(
    "asked",
    [
        {"expires_in": -61},
        {"not_before_in": 120},
        {"audience": "https://graph.microsoft.com"},
        {"audience": f"api://{CLIENT}"},
        {"tenant": "stranger", "user": "sam"},
        {"issuer": f"https://login.microsoftonline.com/{CONTOSO}/v2.0"},
        {"algorithm": "none"},
        {"algorithm": "HS256"},
        {"kid": "unknown"},
        {"scopes": "Files.Read"},
        {"scopes": "access_as_user_of_another"},
        {"scopes": ""},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_us_is_refused(sign_in: SignIn, control: Control, asked: dict[str, Any]) -> None:
    with pytest.raises(Forbidden):
        await sign_in.verify(f"Bearer {await token_for(control, **asked)}")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Basic YTpi", "Bearer a.b.c", "Bearer " + "a" * 20_000])
async def test_what_is_no_token_is_refused(sign_in: SignIn, authorization: str) -> None:
    with pytest.raises(Forbidden):
        await sign_in.verify(authorization)


async def test_a_tenant_cannot_speak_for_another(emulator: Emulator, sign_in: SignIn) -> None:
    """Both may sign in and Entra has signed it, but its tenant is not the issuer's."""
    issuer = f"{emulator.tls_url}/{FABRIKAM}/v2.0"
    with pytest.raises(Forbidden, match="tenant"):
        await sign_in.verify(f"Bearer {emulator.entra.sign_in({'user': 'ada', 'issuer': issuer})}")


@pytest.mark.parametrize(
    ("signs_for", "fine"),
    [
        ("{authority}/{{tenantid}}/v2.0", True),
        ("{authority}/{tenant}/v2.0", True),
        ("{authority}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", False),  # personal accounts
        ("https://login.example/{{tenantid}}/v2.0", False),
    ],
)
async def test_a_key_of_entras_signs_for_the_issuer_that_it_is_published_with(
    emulator: Emulator, sign_in: SignIn, servers: Servers, signs_for: str, fine: bool
) -> None:
    issuer = signs_for.format(authority=emulator.tls_url, tenant=CONTOSO)

    async def publish(_: web.Request) -> web.Response:
        keys = [key | {"issuer": issuer} for key in emulator.entra.keys.published()["keys"]]
        return web.json_response({"keys": keys})

    sign_in.__dict__["_keys"] = keys = SigningKeys(await servers.start(publish))
    authorization = f"Bearer {emulator.entra.sign_in({'user': 'ada'})}"
    if fine:
        assert (await sign_in.verify(authorization)).id == ADA
    else:
        with pytest.raises(Forbidden, match="another issuer"):
            await sign_in.verify(authorization)
    await keys.close()


async def test_the_published_key_is_no_secret_to_sign_with(emulator: Emulator, sign_in: SignIn) -> None:
    token = emulator.entra.sign_in({"user": "ada"})
    kid = jwt.get_unverified_header(token)["kid"]
    public = jwt.PyJWK(next(key for key in emulator.entra.keys.published()["keys"] if key["kid"] == kid)).key
    header = json.dumps({"alg": "HS256", "kid": kid, "typ": "JWT"}).encode()
    body = f"{base64.urlsafe_b64encode(header).decode().rstrip('=')}.{token.split('.')[1]}"
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = base64.urlsafe_b64encode(algorithm.sign(body.encode(), _pem(public))).decode().rstrip("=")
    with pytest.raises(Forbidden):
        await sign_in.verify(f"Bearer {body}.{signature}")


def _pem(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    return bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


async def test_a_token_of_version_1_is_refused_with_what_to_set(sign_in: SignIn, control: Control) -> None:
    old = await token_for(control, issuer=f"https://sts.windows.net/{CONTOSO}/")
    with pytest.raises(Forbidden, match="requestedAccessTokenVersion to 2"):
        await sign_in.verify(f"Bearer {old}")


async def test_without_entras_keys_nothing_can_be_said(environment: dict[str, str], control: Control) -> None:
    unreachable = closed_port().replace("http:", "https:")
    app = parts_of(environment | {"AZURE_AUTHORITY_HOST": unreachable})
    token = await token_for(control, issuer=f"{unreachable}/{CONTOSO}/v2.0")
    with pytest.raises(KeysUnavailable):
        await app.directory.sign_in.verify(f"Bearer {token}")
    await app.close()


async def test_a_caller_does_not_show_the_token(signed_in: SignedIn) -> None:
    caller = await signed_in("ada")
    assert caller.assertion
    assert caller.assertion not in f"{caller!r} {caller!s} {caller}"


# -- On behalf of a user --------------------------------------------------------------------------------------


async def test_a_users_token_is_exchanged_for_one_of_graph(
    emulator: Emulator, sign_in: SignIn, signed_in: SignedIn, scope: str
) -> None:
    token = await sign_in.on_behalf_of(await signed_in("grace")).get_token(scope)
    claims = emulator.entra.verify(token.token)
    assert (claims["aud"], claims["appid"]) == ("https://graph.microsoft.com", CLIENT)
    assert claims["oid"] == (await signed_in("grace")).id
    assert token.expires_on > time.time() + 600


REFUSALS: list[tuple[dict[str, Any], str, int]] = [
    ({"apps": {CLIENT: {"delegated": []}}}, "AADSTS65001", 403),
    ({"apps": {CLIENT: {"secret": "another"}}}, "AADSTS7000215", 502),
    ({"apps": {CLIENT: None}}, "AADSTS700016", 403),
    ({"apps": {CLIENT: {"assignmentRequired": True, "roles": {"grace": None}}}}, "AADSTS50105", 403),
    ({"users": {"grace": {"mfa": True}}}, "AADSTS50076", 401),
    ({"users": {"grace": {"enabled": False}}}, "AADSTS50057", 403),
    ({"users": {"grace": {"blocked": True}}}, "AADSTS53003", 403),
]


@pytest.mark.parametrize(("change", "code", "status"), REFUSALS, ids=[code for _, code, _ in REFUSALS])
async def test_what_entra_refuses_is_told_by_its_number_and_nothing_else(  # noqa: PLR0917  # fixtures and cases
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
    told = await refusal(answer)
    assert (told.refusal.source, told.code, told.refusal.status) == ("Entra", code, status)
    assert bool(told.claims) == (code == "AADSTS50076")
    everything = f"{told} {told!r} {caplog.text}"
    assert assertion.rpartition(".")[2] not in everything
    assert "Timestamp:" not in everything, "Entra's own text, which can name people"
    assert told.__cause__ is None
    assert told.__suppress_context__


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"expires_in": -5}, "AADSTS500133"), ({"audience": "another"}, "AADSTS500131"), ({"kid": "x"}, "AADSTS50013")],
)
async def test_a_token_that_entra_does_not_take_is_the_callers_to_renew(
    sign_in: SignIn, control: Control, scope: str, asked: dict[str, Any], code: str
) -> None:
    """It can expire between being verified and being exchanged, and we give it a minute longer than Entra."""
    caller = Caller("user", CONTOSO, ADA, frozenset(), await token_for(control, "ada", **asked))
    told = await refusal(sign_in.on_behalf_of(caller).get_token(scope))
    assert (told.code, told.refusal.status) == (code, 401)


@pytest.mark.parametrize("caller", [Caller("key", None, "x", frozenset()), Caller("app", CONTOSO, "x", frozenset())])
def test_on_behalf_of_nobody_nothing_is_exchanged(sign_in: SignIn, caller: Caller) -> None:
    with pytest.raises(Refused) as raised:
        sign_in.on_behalf_of(caller)
    assert raised.value.code == "NeedsUser"


@pytest.mark.parametrize("status", [503, 429])
async def test_an_entra_that_is_down_is_no_fault_of_the_caller(
    exchange: Exchange, control: Control, status: int
) -> None:
    rule = {"where": "entra", "match": {"operation": "OnBehalfOf"}, "do": "status", "status": status, "retry_after": 30}
    await control("POST", "faults", rule)
    started = time.monotonic()
    told = await refusal((await exchange("grace"))[1])
    assert time.monotonic() - started < 5, "azure-core waits for as long as Retry-After says"
    assert (told.refusal.status, told.retry_after) == (503, 30)


async def test_an_entra_that_nobody_reaches_is_told_as_that(
    environment: dict[str, str], signed_in: SignedIn, scope: str
) -> None:
    app = parts_of(environment | {"AZURE_AUTHORITY_HOST": closed_port().replace("http:", "https:")})
    told = await refusal(app.directory.sign_in.on_behalf_of(await signed_in("grace")).get_token(scope))
    assert (told.code, told.refusal.status) == ("Unreachable", 503)
    await app.close()


# -- The exchanged tokens -------------------------------------------------------------------------------------


async def test_two_calls_of_a_user_are_one_exchange_and_two_users_are_two(
    emulator: Emulator, sign_in: SignIn, signed_in: SignedIn, scope: str
) -> None:
    grace, alan = await signed_in("grace"), await signed_in("alan")
    first, second = await asyncio.gather(*(sign_in.on_behalf_of(grace).get_token(scope) for _ in range(2)))
    assert first.token == second.token
    assert exchanges(emulator) == 1
    other = await sign_in.on_behalf_of(alan).get_token(scope)
    assert other.token != first.token
    assert exchanges(emulator) == 2


async def test_a_user_who_signs_in_again_gets_nothing_of_before(
    emulator: Emulator, sign_in: SignIn, signed_in: SignedIn, scope: str, control: Control
) -> None:
    await sign_in.on_behalf_of(await signed_in("grace")).get_token(scope)
    await contoso(control, users={"grace": {"enabled": False}})
    again = await signed_in("grace", expires_in=1800)
    assert (await refusal(sign_in.on_behalf_of(again).get_token(scope))).code == "AADSTS50057"


async def test_those_who_were_not_here_for_long_are_forgotten(
    emulator: Emulator, sign_in: SignIn, signed_in: SignedIn, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_SIGN_INS", 1)
    grace, alan = await signed_in("grace"), await signed_in("alan")
    await sign_in.on_behalf_of(grace).get_token(scope)
    kept = [weakref.ref(each) for each in sign_in._users.values()]
    kept += [weakref.ref(each._credential) for each in sign_in._users.values()]  # type: ignore[arg-type]
    await sign_in.on_behalf_of(alan).get_token(scope)
    gc.collect()
    assert [each() for each in kept] == [None, None]
    await sign_in.on_behalf_of(grace).get_token(scope)
    assert exchanges(emulator) == 3


async def test_no_token_is_kept_in_storage(sign_in: SignIn, signed_in: SignedIn, scope: str, storage: str) -> None:
    caller = await signed_in("grace")
    token = (await sign_in.on_behalf_of(caller).get_token(scope)).token
    async with TableServiceClient.from_connection_string(storage) as service:
        tables = [service.get_table_client(each.name) async for each in service.list_tables()]
        rows = repr([row for table in tables async for row in table.list_entities()])
    assert token not in rows
    assert caller.assertion not in rows


async def test_closing_leaves_nothing_open(environment: dict[str, str], control: Control, scope: str) -> None:
    """A session that is left open warns when it is collected, and warnings are errors here."""
    app = parts_of(environment)
    caller = await app.directory.sign_in.verify(f"Bearer {await token_for(control, 'ada')}")
    await app.directory.sign_in.on_behalf_of(caller).get_token(scope)
    await app.close()
    await app.close()
    gc.collect()


# -- The app's own rights -------------------------------------------------------------------------------------


async def test_the_app_has_rights_of_its_own_in_each_tenant(emulator: Emulator, sign_in: SignIn, scope: str) -> None:
    claims = [emulator.entra.verify((await sign_in.as_app(t).get_token(scope)).token) for t in (CONTOSO, FABRIKAM)]
    assert [(c["tid"], c["idtyp"]) for c in claims] == [(CONTOSO, "app"), (FABRIKAM, "app")]


def test_the_app_goes_into_no_other_tenant(sign_in: SignIn) -> None:
    with pytest.raises(Refused) as raised:
        sign_in.as_app("50000000-0000-4000-8000-000000000003")
    assert raised.value.code == "OtherTenant"


# -- In Azure: a managed identity proves the app --------------------------------------------------------------


class ToTheEmulator(AioHttpTransport):  # type: ignore[misc]  # azure-core loads it lazily, hence Any
    """Takes what is meant for Microsoft's Entra to the emulator, below the SDK."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._to = urlsplit(url)

    async def send(self, request: HttpRequest, **kwargs: Any) -> Any:
        url = urlsplit(request.url)
        if url.hostname == "login.microsoftonline.com":
            request.url = urlunsplit(url._replace(netloc=self._to.netloc))
        return await super().send(request, **kwargs)


Deployed = Callable[[str], SignIn]


@pytest.fixture
async def deployed(
    emulator: Emulator, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Deployed]:
    """A sign-in as in Azure: Microsoft's authority, no secret, and a managed identity whose token is the one given."""
    asked: list[str] = []
    servers, transport = Servers(), ToTheEmulator(emulator.tls_url)
    clients: list[Clients] = []
    token = ""

    async def identity(request: web.Request) -> web.Response:
        asked.append(request.query["resource"])
        if not token:
            return web.json_response({"error": "no identity is assigned"}, status=400)
        told = {"resource": asked[-1], "token_type": "Bearer", "expires_on": int(time.time()) + 3600}
        return web.json_response(told | {"access_token": token})

    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    monkeypatch.setenv("IDENTITY_ENDPOINT", await servers.start(identity))
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    settings = Settings(environment | {"AZURE_AUTHORITY_HOST": "", "API_CLIENT_SECRET": ""})

    def deploy(given: str) -> SignIn:
        nonlocal token
        token = given
        clients.append(Clients(settings))
        return SignIn(settings, clients[-1], transport)

    yield deploy
    assert set(asked) <= {ASSERTION_SCOPE.removesuffix("/.default")}
    for each in clients:
        await each.close()
    await transport.close()
    await servers.__aexit__()


async def test_the_managed_identity_proves_the_app(emulator: Emulator, deployed: Deployed, signed_in: SignedIn) -> None:
    caller = await signed_in("grace")
    sign_in = deployed(emulator.entra.keys.sign({"aud": "api://AzureADTokenExchange", "sub": "identity"}))
    for credential in (sign_in.on_behalf_of(caller), sign_in.as_app(CONTOSO)):
        assert emulator.entra.verify((await credential.get_token(GRAPH_SCOPE)).token)["appid"] == CLIENT


async def test_an_identity_that_no_federated_credential_fits_is_told_as_that(
    deployed: Deployed, signed_in: SignedIn
) -> None:
    sign_in = deployed(jwt.encode({"aud": "api://AzureADTokenExchange"}, "a" * 32))
    told = await refusal(sign_in.on_behalf_of(await signed_in("grace")).get_token(GRAPH_SCOPE))
    assert (told.code, told.refusal.status) == ("AADSTS70021", 502)


async def test_an_app_without_an_identity_is_told_as_that(deployed: Deployed, signed_in: SignedIn) -> None:
    sign_in = deployed("")
    told = await refusal(sign_in.on_behalf_of(await signed_in("grace")).get_token(GRAPH_SCOPE))
    assert (told.code, told.refusal.status) == ("NoIdentity", 503)

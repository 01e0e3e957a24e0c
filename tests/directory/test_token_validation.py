"""Validation of the access tokens that callers send."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from aiohttp import web

from emulator.server import Emulator
from shared.directory.caller import Caller
from shared.directory.directory import Directory
from shared.directory.token_validation import TokenValidator
from shared.platform.tokens import Forbidden, KeysUnavailable, SigningKeys
from tests.directory.fixtures import ADA, CONTOSO, FABRIKAM, FELIX, SignedIn, token_for
from tests.emulator.client import Control
from tests.parts import opened
from tests.support import Servers, closed_port

CLIENT = "a9100000-0000-4000-8000-0000000000a1"


@pytest.fixture
def validator(directory: Directory) -> TokenValidator:
    return directory.token_validator


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with Servers() as servers:
        yield servers


async def contoso(control: Control, **changes: Any) -> None:
    """Change something in contoso's directory."""
    await control("PATCH", "directory", {"tenants": {"contoso": changes}})


async def test_a_user_has_tenant_id_and_roles(validator: TokenValidator, control: Control) -> None:
    token = await token_for(control, "ada")
    caller = await validator.validate(f"Bearer {token}")
    assert caller == Caller("user", CONTOSO, ADA, frozenset({"Administrator"}), token)


async def test_users_of_every_configured_tenant_are_accepted(validator: TokenValidator, control: Control) -> None:
    caller = await validator.validate(f"Bearer {await token_for(control, 'felix', tenant='fabrikam')}")
    assert (caller.tenant, caller.id) == (FABRIKAM, FELIX)


async def test_an_application_is_distinguished_from_a_user(validator: TokenValidator, control: Control) -> None:
    token = await token_for(control, app="c11e0000-0000-4000-8000-00000000000f", roles=["Agent"])
    caller = await validator.validate(f"Bearer {token}")
    assert (caller.kind, caller.tenant, list(caller.roles)) == ("app", CONTOSO, ["Agent"])


async def test_an_application_without_idtyp_is_refused_with_the_setting_to_change(
    validator: TokenValidator, control: Control
) -> None:
    """The claim is optional: the API's registration must request it."""
    await contoso(control, apps={CLIENT: {"optionalClaims": []}})
    token = await token_for(control, app="c11e0000-0000-4000-8000-00000000000f", roles=["Agent"])
    with pytest.raises(Forbidden, match="optional claim idtyp"):
        await validator.validate(f"Bearer {token}")


@pytest.mark.parametrize(
    "claims",
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
async def test_a_token_for_another_audience_issuer_or_time_is_refused(
    validator: TokenValidator, control: Control, claims: dict[str, Any]
) -> None:
    with pytest.raises(Forbidden):
        await validator.validate(f"Bearer {await token_for(control, **claims)}")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Basic YTpi", "Bearer a.b.c", "Bearer " + "a" * 20_000])
async def test_a_malformed_token_is_refused(validator: TokenValidator, authorization: str) -> None:
    with pytest.raises(Forbidden):
        await validator.validate(authorization)


async def test_a_token_with_the_issuer_of_another_tenant_is_refused(
    emulator: Emulator, validator: TokenValidator
) -> None:
    """Both tenants may sign in and Entra signed the token, but its tenant is not its issuer's."""
    issuer = f"{emulator.tls_url}/{FABRIKAM}/v2.0"
    with pytest.raises(Forbidden, match="tenant"):
        await validator.validate(f"Bearer {emulator.entra.sign_in({'user': 'ada', 'issuer': issuer})}")


@pytest.mark.parametrize(
    ("signs_for", "valid"),
    [
        ("{authority}/{{tenantid}}/v2.0", True),
        ("{authority}/{tenant}/v2.0", True),
        ("{authority}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", False),  # personal accounts
        ("https://login.example/{{tenantid}}/v2.0", False),
    ],
)
async def test_a_key_is_valid_only_for_the_issuer_it_is_published_with(
    emulator: Emulator, validator: TokenValidator, servers: Servers, signs_for: str, valid: bool
) -> None:
    issuer = signs_for.format(authority=emulator.tls_url, tenant=CONTOSO)

    async def publish(_: web.Request) -> web.Response:
        keys = [key | {"issuer": issuer} for key in emulator.entra.keys.published()["keys"]]
        return web.json_response({"keys": keys})

    validator.__dict__["_keys"] = keys = SigningKeys(await servers.start(publish))
    authorization = f"Bearer {emulator.entra.sign_in({'user': 'ada'})}"
    if valid:
        assert (await validator.validate(authorization)).id == ADA
    else:
        with pytest.raises(Forbidden, match="another issuer"):
            await validator.validate(authorization)
    await keys.close()


async def test_the_public_key_does_not_work_as_a_shared_secret(emulator: Emulator, validator: TokenValidator) -> None:
    token = emulator.entra.sign_in({"user": "ada"})
    kid = jwt.get_unverified_header(token)["kid"]
    public = jwt.PyJWK(next(key for key in emulator.entra.keys.published()["keys"] if key["kid"] == kid)).key
    header = json.dumps({"alg": "HS256", "kid": kid, "typ": "JWT"}).encode()
    body = f"{base64.urlsafe_b64encode(header).decode().rstrip('=')}.{token.split('.')[1]}"
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = base64.urlsafe_b64encode(algorithm.sign(body.encode(), _pem(public))).decode().rstrip("=")
    with pytest.raises(Forbidden):
        await validator.validate(f"Bearer {body}.{signature}")


def _pem(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    return bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


async def test_a_token_of_version_1_is_refused_with_the_setting_to_change(
    validator: TokenValidator, control: Control
) -> None:
    old = await token_for(control, issuer=f"https://sts.windows.net/{CONTOSO}/")
    with pytest.raises(Forbidden, match="requestedAccessTokenVersion to 2"):
        await validator.validate(f"Bearer {old}")


async def test_unreachable_signing_keys_are_an_error_of_their_own(
    environment: dict[str, str], control: Control
) -> None:
    unreachable = closed_port().replace("http:", "https:")
    token = await token_for(control, issuer=f"{unreachable}/{CONTOSO}/v2.0")
    async with opened(environment | {"AZURE_AUTHORITY_HOST": unreachable}) as parts:
        with pytest.raises(KeysUnavailable):
            await parts.directory.token_validator.validate(f"Bearer {token}")


async def test_the_text_of_a_caller_does_not_contain_the_token(signed_in: SignedIn) -> None:
    caller = await signed_in("ada")
    assert caller.assertion
    assert caller.assertion not in f"{caller!r} {caller!s} {caller}"

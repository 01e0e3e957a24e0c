"""The number of ACS identities in each tenant: none unless a setting allows it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.api.http import Request
from shared.api.router import Api
from shared.service.container import Container
from tests.directory.fixtures import SignedIn, token_for
from tests.emulator.client import Control
from tests.parts import opened

QUOTA = "ACS_IDENTITIES_PER_TENANT"
pytestmark = pytest.mark.usefixtures("table")


async def post(parts: Container, path: str, token: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    api = Api(parts)
    response = await api.respond(Request("POST", path, headers=headers, body=json.dumps(body).encode()))
    return response.status, json.loads(response.body)


async def test_without_the_setting_there_are_no_identities(environment: dict[str, str], control: Control) -> None:
    token, wanted = await token_for(control, "ada"), {"scopes": ["voip"]}
    async with opened(environment) as parts:
        status, identity = await post(parts, "identities", token, wanted)
        assert status == 201
    async with opened(environment | {QUOTA: ""}) as parts:
        for path in ("identities", f"identities/{identity['id']}/tokens"):
            status, problem = await post(parts, path, token, wanted)
            assert (status, problem["code"]) == (403, "IdentitiesDisabled")


async def test_each_tenant_has_a_quota(environment: dict[str, str], control: Control, signed_in: SignedIn) -> None:
    """It is the tenant's, not the caller's, and a deleted identity does not count."""
    ada, grace = await token_for(control, "ada"), await token_for(control, "grace")
    felix = await token_for(control, "felix", tenant="fabrikam")
    async with opened(environment | {QUOTA: "2"}) as parts:
        _, first = await post(parts, "identities", ada, {})
        assert (await post(parts, "identities", grace, {}))[0] == 201
        status, problem = await post(parts, "identities", ada, {"scopes": ["voip"]})
        assert (status, problem["code"]) == (409, "IdentityQuotaExceeded")
        assert (await post(parts, "identities", felix, {}))[0] == 201
        await parts.directory.identity_owners.remove(await signed_in("ada"), first["id"])
        assert (await post(parts, "identities", ada, {}))[0] == 201

"""Every route of the table, for every kind of caller. New routes are covered automatically."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.api.authorizer import KEY
from shared.api.http import Request
from shared.api.problems import MEDIA_TYPE
from shared.api.route import ADMINISTRATORS, Route
from shared.api.v1 import ROUTES
from shared.platform.settings import ROLES
from tests.api.conftest import Client, Reply, api_on, least

ID = "99999999-9999-4999-8999-999999999999"  # of no object
GUARDED = [route for route in ROUTES if not route.public]
EVERYBODY = pytest.mark.parametrize("route", GUARDED, ids=[route.operation for route in GUARDED])

REFUSED: dict[str, dict[str, Any]] = {
    "expired": {"expires_in": -300},
    "not yet valid": {"not_before_in": 300},
    "for another API": {"audience": "b0700000-0000-4000-8000-0000000000b1"},
    "from another issuer": {"issuer": "https://login.microsoftonline.com/c0000000-0000-4000-8000-000000000001/v2.0"},
    "of version 1": {"issuer": "https://sts.windows.net/c0000000-0000-4000-8000-000000000001/"},
    "not signed": {"algorithm": "none"},
    "signed with a shared secret": {"algorithm": "HS256"},
    "of a tenant that may not sign in": {"tenant": "stranger", "user": "sam"},
    "with another scope": {"scopes": "something_else"},
    "of an app without saying so": {"scopes": ""},
}


def path_of(route: Route) -> str:
    samples = {name: f"8:acs:{ID}_{ID}" if name == "identityId" else ID for name in route.parameters}
    return re.sub(r"\{(\w+)\}", lambda found: samples[found[1]], route.path)


def is_refused(reply: Reply, status: int, code: str) -> bool:
    assert reply.headers["Content-Type"] == MEDIA_TYPE
    return (reply.status, reply.data["code"]) == (status, code) and bool(reply.data["remedy"])


@EVERYBODY
async def test_a_request_without_a_valid_token_is_refused(client: Client, route: Route) -> None:
    path = path_of(route)
    reply = await client.ask(route.method, path)
    assert is_refused(reply, 401, "NotSignedIn")
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    tokens = {name: await client.token(roles=["Administrator"], **how) for name, how in REFUSED.items()}
    tokens |= {"none at all": "Bearer x", "of another scheme": "Basic YTpi", "changed": f"{await client.token()}A"}
    for name, token in tokens.items():
        reply = await client.ask(route.method, path, token)
        assert is_refused(reply, 401, "TokenRefused"), name
        assert reply.headers["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"', name
        assert token.partition(" ")[2] not in reply.body.decode() or len(token) < 20, name


@EVERYBODY
async def test_a_route_accepts_its_roles_only(client: Client, route: Route) -> None:
    name, path = await client.newcomer(), path_of(route)
    enough = least(route)
    too_little = [[], ["Something"], [enough.lower()], [role for role in ROLES if role not in route.roles]]
    for roles in too_little:
        reply = await client.ask(route.method, path, await client.token(user=name, roles=roles))
        assert is_refused(reply, 403, "RoleMissing"), roles
    for token in (
        await client.token(user=name, roles=[enough]),
        await client.token(user=name, roles=["Something", enough]),
        await client.token(app="5e4f1ce0-0000-4000-8000-000000000001", roles=[enough]),
    ):
        reply = await client.ask(route.method, path, token)
        assert reply.status < 500
        assert reply.status == 204 or reply.data.get("code") not in {"NotSignedIn", "TokenRefused", "RoleMissing"}


@EVERYBODY
@pytest.mark.parametrize("roles", ["", "Agent", "Supervisor", "Administrator"])
async def test_a_key_has_the_roles_of_the_setting(route: Route, roles: str) -> None:
    """An authorized request fails here because settings are missing."""
    api = api_on({"API_KEY_ROLES": roles})
    answer = await api.respond(Request(route.method, path_of(route)), keyed=True)
    if not roles:
        assert (answer.status, b"KeysDisabled" in answer.body) == (403, True)
    else:
        assert (b"RoleMissing" in answer.body) is (roles not in route.roles)
    unkeyed = await api.respond(Request(route.method, path_of(route), headers={"x-functions-key": KEY}))
    assert unkeyed.status == 401


async def test_only_the_openapi_document_is_public(client: Client) -> None:
    assert [route.operation for route in ROUTES if route.public] == ["getOpenApi"]
    reply = await client.ask("GET", "openapi.json")
    assert (reply.status, reply.data["openapi"]) == (200, "3.1.0")
    again = await client.ask("GET", "openapi.json", If_None_Match=reply.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


async def test_the_routes_for_administrators_are_the_intended_ones() -> None:
    """The table decides; this test repeats the decisions, to notice a mistake."""
    assert {route.operation for route in GUARDED if route.roles == ADMINISTRATORS} == {
        "refreshResourceAccounts",
        "deleteIdentity",
        "getAccessAssignment",
        "putAccessAssignment",
        "deleteAccessAssignment",
        "getDiagnosis",
        "putPlan",
        "deletePlan",
        "putOutboundRules",
        "deleteOutboundRules",
    }

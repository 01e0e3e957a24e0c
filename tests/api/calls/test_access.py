"""Every route of a call, for those who do not see the call. Routes that are added are covered automatically."""

from __future__ import annotations

import pytest

from shared.api.route import Route
from shared.api.v1 import ROUTES
from tests.api.calls.conftest import Line
from tests.api.calls.examples import body_of, path_of

UNKNOWN = "20261121-0816400112233445566778899aabbcc3"
OF_CALLS = [route for route in ROUTES if route.path.startswith("calls/{callId}")]


@pytest.fixture(scope="session")
def known_call() -> dict[str, str]:
    """The id of a call that all tests of this module share; empty until the first one has made it."""
    return {}


@pytest.mark.parametrize("route", OF_CALLS, ids=[route.operation for route in OF_CALLS])
async def test_a_call_that_the_caller_does_not_see_does_not_exist(
    line: Line, route: Route, known_call: dict[str, str]
) -> None:
    call_id = known_call.setdefault("id", "") or await line.connected()
    known_call["id"] = call_id
    client = line.client
    tenant = "f0000000-0000-4000-8000-000000000002"
    strangers = {
        "a supervisor of another tenant": await client.token(tenant=tenant, user="fred", roles=["Administrator"]),
        "an agent who was never in it": await client.token(user=await client.newcomer(), roles=["Agent"]),
    }
    for who, token in strangers.items():
        reply = await client.ask(route.method, path_of(route, callId=call_id), token, body_of(route))
        assert (reply.status, reply.data["code"]) == (404, "NotFound"), (who, reply.body)
    reply = await client.ask(route.method, path_of(route, callId=UNKNOWN), line.supervisor, body_of(route))
    assert (reply.status, reply.data["code"]) == (404, "NotFound"), reply.body

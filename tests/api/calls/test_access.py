"""Every route of a call, for those who do not see the call. Routes that are added are covered automatically."""

from __future__ import annotations

import asyncio

import pytest

from shared.api.route import Route
from shared.api.v1 import ROUTES
from tests.api.calls.conftest import Line
from tests.api.calls.examples import body_of, path_of
from tests.api.conftest import Reply

UNKNOWN = "20261121-0816400112233445566778899aabbcc3"
FABRIKAM = "f0000000-0000-4000-8000-000000000002"
OF_CALLS = [route for route in ROUTES if route.path.startswith("calls/{callId}")]
BURST = 20  # routes: a caller may send 40 requests at once


def _without_role(who: str, operation: str) -> list[tuple[int, str]]:
    """Agents get 403 for the routes of supervisors, before the call is read."""
    for_supervisors = any(route.operation == operation and "Agent" not in route.roles for route in OF_CALLS)
    return [(403, "RoleMissing")] if for_supervisors and who.startswith("an agent") else []


@pytest.mark.parametrize("first", range(0, len(OF_CALLS), BURST))
async def test_a_call_that_the_caller_does_not_see_does_not_exist(line: Line, first: int) -> None:
    client, call_id = line.client, await line.connected()
    callers = {
        "a supervisor of another tenant": await client.token(tenant=FABRIKAM, user="fred", roles=["Supervisor"]),
        "an agent who was never in it": await client.token(user=await client.newcomer(), roles=["Agent"]),
    }

    async def ask(who: str, token: str, route: Route, id: str) -> tuple[str, str, Reply]:
        reply = await client.ask(route.method, path_of(route, callId=id), token, body_of(route))
        return who, route.operation, reply

    routes = OF_CALLS[first : first + BURST]
    asking = [ask(who, token, route, call_id) for who, token in callers.items() for route in routes]
    asking += [ask("a supervisor, for an unknown call", line.supervisor, route, UNKNOWN) for route in routes]
    wrong = [
        (who, operation, reply.status, reply.body)
        for who, operation, reply in await asyncio.gather(*asking)
        if (reply.status, reply.data["code"]) not in ((404, "NotFound"), *_without_role(who, operation))
    ]
    assert wrong == []

"""The parties of the calls in these tests: their raw ids, and what they do at the emulator."""

from __future__ import annotations

from typing import Any

from shared.api.parameters import ACCOUNT, TENANT, USER
from shared.calls.identities import agent
from tests.api.calls.conftest import Line
from tests.support import AUDIENCE

CALLER, NUMBER = "+12065551212", "+12065550199"
GRACE, ALAN = USER, "0000a1a0-0000-4000-8000-0000000000a3"  # object ids
OWN_ACCOUNT = ACCOUNT


def raw_id(user: str) -> str:
    return agent(AUDIENCE, TENANT, user)


async def answers(line: Line, who: str, behaviour: str = "accept", after: float = 0.1, **more: Any) -> None:
    """What a callee, by raw id, does when it is rung."""
    await line.system.control("PUT", f"callees/{who}", {"behaviour": behaviour, "after": after} | more)


async def id_at_acs(line: Line, call_id: str) -> str:
    """The id of the call at the emulator."""
    connection = (await line.call(call_id)).call_connection_id
    calls = (await line.system.control("GET", "calls"))["calls"]
    (id,) = (each["id"] for each in calls if each["callConnectionId"] == connection)
    return str(id)


async def caller_hangs_up(line: Line, call_id: str) -> None:
    await line.system.control("POST", f"calls/{await id_at_acs(line, call_id)}/hangup", {})


async def with_agents(line: Line, *users: str) -> str:
    """The id of a connected call that these agents are in, whose participants are known."""
    call_id = await line.connected()
    for user in users:
        await answers(line, raw_id(user), after=0)
        await line.join(call_id, user)
    await line.system.until(call_id, lambda call: call.participants.sequence_number >= 0)
    return call_id


async def requests(line: Line, operation: str) -> list[dict[str, Any]]:
    return [each["body"] for each in await line.system.requests(operation)]

"""A contact centre with two agents, for the tests of the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.control_scenarios import ALAN, GRACE
from local.plan_scenarios import RING
from shared.api.parameters import ACCOUNT, TENANT
from shared.calls.identities import agent
from tests.api.conftest import Client
from tests.support import AUDIENCE
from tests.system.conftest import System

STEPS = RING["steps"]
PLAN = RING | {"steps": STEPS | {"agents": STEPS["agents"] | {"seconds": 30}}}


@dataclass
class Centre:
    """The system, and a client of its API with an administrator's token. Grace is available, and the line rings her."""

    system: System
    client: Client
    token: str

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        reply = await self.client.ask(method, path, self.token, body)
        assert reply.status < 300, reply.body
        return reply.data if reply.body else None

    async def dial(self, **how: Any) -> str:
        """The id of a new call of the line."""
        return await self.system.dial(**({"to": ACCOUNT} | how))

    async def caller_hangs_up(self) -> None:
        for call in (await self.system.control("GET", "calls"))["calls"]:
            if call["state"] != "disconnected":
                await self.system.control("POST", f"calls/{call['id']}/hangup", {})

    async def agent_does(self, user: str, **behaviour: Any) -> None:
        """What an agent does when rung."""
        await self.system.control("PUT", f"callees/{agent(AUDIENCE, TENANT, user)}", behaviour)


async def opened(system: System, client: Client) -> Centre:
    """The centre, with a plan and with Grace available."""
    centre = Centre(system, client, await client.token(user="ada", roles=["Administrator"]))
    await centre.ask("PUT", f"plans/{ACCOUNT}", PLAN)
    for user in (GRACE, ALAN):
        await centre.ask("PUT", f"agents/{user}", {})
    await centre.ask("PUT", "groups/support", {"name": "Support", "members": [GRACE, ALAN]})
    await centre.ask("PUT", f"agents/{GRACE}/presence", {"state": "available", "expiresInSeconds": 3600})
    return centre

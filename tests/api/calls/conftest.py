"""A connected call, and callers of the API who act on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from local.stack import Stack
from shared.acs.identifiers import identifier
from shared.api.parameters import ACCOUNT, TENANT
from shared.calls.capabilities import Call, recording_status
from shared.calls.identities import agent
from shared.calls.state import CallState
from tests.api.conftest import Client, Reply
from tests.support import AUDIENCE
from tests.system.conftest import System, of


@dataclass
class Line:
    """The system, and a client of its API with a supervisor's token."""

    system: System
    client: Client
    supervisor: str

    async def connected(self, **how: Any) -> str:
        """The id of a new call that is connected and whose row has its account's tenant; ACS's calls have none."""
        call_id = await self.system.dial(**({"to": ACCOUNT} | how))
        await self.system.until(call_id, lambda call: call.state is CallState.CONNECTED)
        if how.get("kind") != "acs":
            await self.system.until(call_id, lambda call: call.lifecycle.tenant is not None)
        return call_id

    async def recorded(self) -> str:
        """The id of a new call that is connected and recorded, for which nothing is to be done."""
        call_id = await self.connected()
        await self.system.until(call_id, lambda call: recording_status(call)[0] == "active" and not call.effects)
        return call_id

    async def join(self, call_id: str, user: str) -> None:
        """Add an agent, by object id, to the call at ACS, and wait until the row shows it."""
        connection = (await self.call(call_id)).call_connection_id
        raw_id = agent(AUDIENCE, TENANT, user)
        acs = self.system.container.clients.call_automation.get_call_connection(connection or "")
        await acs.add_participant(identifier(raw_id))
        await self.system.until(call_id, lambda call: raw_id in call.participants.present)

    async def command(self, path: str, body: Any = None, *, wait: int = 5, token: str | None = None) -> Reply:
        return await self.client.ask("POST", path, token or self.supervisor, body, Prefer=f"wait={wait}")

    async def get(self, path: str, token: str | None = None, *, etag: str | None = None) -> Reply:
        known = {"If_None_Match": etag} if etag else {}
        return await self.client.ask("GET", path, token or self.supervisor, keyed=False, **known)

    async def call(self, call_id: str) -> Call:
        call = await self.system.call(call_id)
        assert call is not None
        return call


@pytest.fixture
async def line(running: Stack) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as http, aiohttp.ClientSession() as other:
        client = Client(running, other)
        async with of(running, http) as system:
            user = await client.newcomer()  # each caller has a limit of requests
            administrator = await client.token(user=user, roles=["Administrator"])
            refreshed = await client.ask("POST", "resource-accounts/refresh", administrator)
            assert refreshed.status == 200, refreshed.body
            yield Line(system, client, await client.token(user=user, roles=["Supervisor"]))

"""A client of the API, with tokens."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDictProxy
from yarl import URL

from local.stack import Stack, control
from shared.api.route import Route
from shared.api.router import Api
from shared.api.v1 import ROUTES
from shared.platform.settings import ROLES
from shared.service.container import Container


def api_on(environment: dict[str, str], routes: tuple[Route, ...] = ROUTES, **how: Any) -> Api:
    return Api(Container(environment), routes=routes, **how)


def least(route: Route) -> str:
    """The least privileged role that may use the route."""
    return next((role for role in ROLES if role in route.roles), "none")


@dataclass
class Reply:
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    stack: Stack
    http: aiohttp.ClientSession

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        return await control(self.http, self.stack, method, path, body)

    async def token(self, **how: Any) -> str:
        """The token of a user who signs in to a client app; by default Ada, an administrator."""
        return "Bearer " + str((await self.control("POST", "entra/tokens", how))["token"])

    async def newcomer(self) -> str:
        """A user of contoso without previous requests, by name: a Teams administrator, but without an app role.

        She and Grace answer each other's calls.
        """
        name = uuid.uuid4().hex
        user: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "displayName": "New",
            "userPrincipalName": f"{name}@contoso.com",
        }
        user |= {"directoryRoles": ["Teams Administrator"]}
        allowed = {"isActive": True, "createdDateTime": "2026-01-15T09:30:00Z", "allowedActions": {"makeCalls": True}}
        change = {"users": {name: user}, "delegates": {name: {"grace": allowed}, "grace": {name: allowed}}}
        await self.control("PATCH", "directory", {"tenants": {"contoso": change}})
        return name

    async def ask(
        self, method: str, path: str, token: str | None = None, body: Any = None, *, keyed: bool = False, **headers: str
    ) -> Reply:
        """``path`` is below the version, or a link."""
        root = f"{self.stack.host_url}/api/{'keyed/' if keyed else ''}v1/"
        url = path if path.startswith("http") else root + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"Authorization": token} if token else {}
        async with self.http.request(method, URL(url, encoded=True), json=body, headers=named) as answer:
            return Reply(answer.status, answer.headers, await answer.read())


@pytest.fixture
async def client(running: Stack) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as http:
        yield Client(running, http)

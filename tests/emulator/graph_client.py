"""Graph as a client sees it: tokens that Entra gave in exchange for a user's, and answers with their status."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import aiohttp

from emulator.server import Emulator

API = "a9100000-0000-4000-8000-0000000000a1"
ADA, GRACE, ALAN, JOAN = (
    "0000ada0-0000-4000-8000-0000000000a1",
    "0000c0de-0000-4000-8000-0000000000a2",
    "0000a1a0-0000-4000-8000-0000000000a3",
    "00001a90-0000-4000-8000-0000000000a4",
)
FELIX = "0000fe11-0000-4000-8000-0000000000b1"
SUPPORT, SALES, OLD = (f"11111111-1111-4111-8111-11111111111{last}" for last in "123")
EVENTUAL = {"ConsistencyLevel": "eventual"}


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any = field(repr=False)

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.body["value"]]

    @property
    def refusal(self) -> tuple[int, str]:
        return self.status, self.body["error"]["code"]

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


@dataclass
class Graph:
    """``who`` is a user's short name, with ``@`` and the tenant's unless it is contoso's; ``app`` is the app itself."""

    emulator: Emulator
    session: aiohttp.ClientSession

    async def token(self, who: str) -> str:
        name, _, tenant = who.partition("@")
        tenant = tenant or "contoso"
        url = self.emulator.tls_url
        form = {"client_id": API, "client_secret": "emulator-client-secret", "scope": f"{url}/.default"}
        if name == "app":
            form["grant_type"] = "client_credentials"
        else:
            form["grant_type"] = "urn:ietf:params:oauth:grant-type:jwt-bearer"
            form["requested_token_use"] = "on_behalf_of"
            form["assertion"] = self.emulator.entra.sign_in({"tenant": tenant, "user": name})
        id = self.emulator.directory.data["tenants"][tenant]["id"]
        async with self.session.post(f"{url}/{id}/oauth2/v2.0/token", data=form) as answer:
            return str((await answer.json())["access_token"])

    async def __call__(
        self, who: str, path: str, method: str = "GET", *, headers: dict[str, str] | None = None, body: Any = None
    ) -> Answer:
        return await self._send(await self.token(who), path, method, headers, body)

    async def _send(self, token: str, path: str, method: str, headers: dict[str, str] | None, body: Any) -> Answer:
        bearer = {"Authorization": f"Bearer {token}"}
        url = path if path.startswith("https:") else f"{self.emulator.tls_url}/{path}"
        async with self.session.request(method, url, headers={**bearer, **(headers or {})}, json=body) as answer:
            return Answer(answer.status, await answer.json(), answer.headers)

    async def pages(self, who: str, path: str, headers: dict[str, str] | None = None) -> list[list[Any]]:
        """Every page, by its links."""
        found, link, token = [], path, await self.token(who)
        while link:
            answer = await self._send(token, link, "GET", headers, None)
            assert answer.status == 200, answer.body
            found.append(answer.body["value"])
            link = answer.body.get("@odata.nextLink")
        return found

    def grant(self, tenant: str = "contoso", **permissions: list[str]) -> None:
        """Consent for the API's app: ``delegated`` or ``application``."""
        self.emulator.directory.patch({"tenants": {tenant: {"apps": {API: permissions}}}})

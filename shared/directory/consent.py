"""Access assignments of the ACS resource: which Teams resource accounts and users it may act for.

Api-version: 2025-06-30.

Without an assignment, a resource account's calls do not reach ACS, and an agent cannot sign in to it.
The documents disagree on the principal type of a resource account: ``teamsResourceAccount`` in the quickstart,
``resourceAccount`` in the REST specification. The first is sent first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.rest import AsyncHttpResponse, HttpRequest

from shared.directory.acs_errors import map_sdk_errors
from shared.directory.checks import guid, not_valid
from shared.directory.errors import OTHER_TENANT, UNEXPECTED_RESPONSE, UpstreamError
from shared.directory.models import AccessAssignment, PrincipalKind
from shared.platform.clients import Clients
from shared.platform.settings import Settings

API_VERSION = "2025-06-30"
SPELLINGS: dict[PrincipalKind, tuple[str, ...]] = {
    "resourceAccount": ("teamsResourceAccount", "resourceAccount"),
    "user": ("user",),
}
KINDS: dict[str, PrincipalKind] = {spelling.lower(): kind for kind, all_of in SPELLINGS.items() for spelling in all_of}
CREATED, BAD_REQUEST = 201, 400


class Consent:
    """``tenant`` is one of API_TENANTS; ``object_id`` is that of a resource account or a user in it."""

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings, self._clients = settings, clients

    async def get(self, tenant: str, object_id: str) -> AccessAssignment:
        url = self._url(tenant, object_id)
        async with map_sdk_errors():
            return _assignment(await self._send("GET", url), tenant, object_id)

    async def grant(
        self, tenant: str, object_id: str, kind: PrincipalKind, client_ids: Sequence[str] = ()
    ) -> tuple[AccessAssignment, bool]:
        """Create or replace an assignment. Returns it, and whether it is new. A user's names the client apps."""
        url, body = self._url(tenant, object_id), _body(kind, client_ids)
        async with map_sdk_errors():
            response = await self._put(url, SPELLINGS[kind], body)
            return _assignment(response, tenant, object_id), response.status_code == CREATED

    async def revoke(self, tenant: str, object_id: str) -> None:
        url = self._url(tenant, object_id)
        async with map_sdk_errors():
            await self._send("DELETE", url)

    def _url(self, tenant: str, object_id: str) -> str:
        if tenant.lower() not in self._settings.api_tenants:
            raise UpstreamError(OTHER_TENANT)
        path = f"tenants/{tenant.lower()}/assignments/{guid(object_id, 'the object id')}"
        return f"{self._settings.acs_endpoint}/access/teamsExtension/{path}?api-version={API_VERSION}"

    async def _put(self, url: str, spellings: Sequence[str], body: dict[str, Any]) -> AsyncHttpResponse:
        *first, last = spellings
        for spelling in first:
            try:
                return await self._send("PUT", url, {"principalType": spelling} | body)
            except HttpResponseError as error:
                if error.status_code != BAD_REQUEST:
                    raise
        return await self._send("PUT", url, {"principalType": last} | body)

    async def _send(self, method: str, url: str, body: dict[str, Any] | None = None) -> AsyncHttpResponse:
        response = await self._clients.acs.send_request(HttpRequest(method, url, json=body))
        response.raise_for_status()
        return response


def _body(kind: PrincipalKind, client_ids: Sequence[str]) -> dict[str, Any]:
    if kind == "resourceAccount":
        if client_ids:
            raise not_valid("clientIds are for users, not for resource accounts")
        return {}
    if kind != "user":
        raise not_valid("kind must be resourceAccount or user")
    if not client_ids:
        raise not_valid("clientIds must name the client apps that the user may use")
    return {"clientIds": sorted({guid(each, "each of clientIds") for each in client_ids})}


def _assignment(response: AsyncHttpResponse, tenant: str, object_id: str) -> AccessAssignment:
    try:
        body = response.json()
        kind = KINDS[body["principalType"].lower()]
        clients = tuple(str(each) for each in body.get("clientIds") or ())
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UpstreamError(UNEXPECTED_RESPONSE, status=response.status_code) from None
    return AccessAssignment(tenant.lower(), object_id.lower(), kind, clients)

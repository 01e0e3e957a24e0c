"""Consent of the ACS resource: which Teams resource accounts and users it may act for (api-version 2025-06-30).

A resource account can't send its calls to ACS, nor an agent sign in to it, before an assignment says so.
Documents differ on how a resource account is to be named: the quickstart says ``teamsResourceAccount``, the REST
specification ``resourceAccount``. The first is tried first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.rest import AsyncHttpResponse, HttpRequest

from shared.calls.result_codes import OTHER_TENANT, UNREADABLE
from shared.directory.acs import plainly
from shared.directory.checks import guid, not_valid
from shared.directory.graph import Refused
from shared.directory.models import AccessAssignment, PrincipalKind
from shared.platform.clients import Clients
from shared.platform.settings import Settings

API_VERSION = "2025-06-30"
SPELLINGS: dict[PrincipalKind, tuple[str, ...]] = {
    "resourceAccount": ("teamsResourceAccount", "resourceAccount"),
    "user": ("user",),
}
KINDS: dict[str, PrincipalKind] = {spelling.lower(): kind for kind, all_of in SPELLINGS.items() for spelling in all_of}
CREATED, NOT_UNDERSTOOD = 201, 400


class Access:
    """``tenant`` is one of API_TENANTS; ``object_id`` that of the resource account or the user in it."""

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings, self._clients = settings, clients

    async def get(self, tenant: str, object_id: str) -> AccessAssignment:
        url = self._url(tenant, object_id)
        async with plainly():
            return _assignment(await self._send("GET", url), tenant, object_id)

    async def grant(
        self, tenant: str, object_id: str, kind: PrincipalKind, client_ids: Sequence[str] = ()
    ) -> tuple[AccessAssignment, bool]:
        """The assignment as it stands now, and whether it is new. A user's names the client apps; it replaces what
        was assigned before.
        """
        url, body = self._url(tenant, object_id), _body(kind, client_ids)
        async with plainly():
            response = await self._put(url, SPELLINGS[kind], body)
            return _assignment(response, tenant, object_id), response.status_code == CREATED

    async def revoke(self, tenant: str, object_id: str) -> None:
        url = self._url(tenant, object_id)
        async with plainly():
            await self._send("DELETE", url)

    def _url(self, tenant: str, object_id: str) -> str:
        if tenant.lower() not in self._settings.api_tenants:
            raise Refused(OTHER_TENANT)
        path = f"tenants/{tenant.lower()}/assignments/{guid(object_id, 'the object id')}"
        return f"{self._settings.acs_endpoint}/access/teamsExtension/{path}?api-version={API_VERSION}"

    async def _put(self, url: str, spellings: Sequence[str], body: dict[str, Any]) -> AsyncHttpResponse:
        *first, last = spellings
        for spelling in first:
            try:
                return await self._send("PUT", url, {"principalType": spelling} | body)
            except HttpResponseError as error:
                if error.status_code != NOT_UNDERSTOOD:
                    raise
        return await self._send("PUT", url, {"principalType": last} | body)

    async def _send(self, method: str, url: str, body: dict[str, Any] | None = None) -> AsyncHttpResponse:
        response = await self._clients.acs.send_request(HttpRequest(method, url, json=body))
        response.raise_for_status()
        return response


def _body(kind: PrincipalKind, client_ids: Sequence[str]) -> dict[str, Any]:
    if kind == "resourceAccount":
        if client_ids:
            raise not_valid("clientIds are for users: a resource account has none")
        return {}
    if kind != "user":
        raise not_valid("kind must be resourceAccount or user")
    if not client_ids:
        raise not_valid("clientIds must name the client apps that the user may use")
    return {"clientIds": sorted({guid(each, "each of clientIds") for each in client_ids})}


def _assignment(response: AsyncHttpResponse, tenant: str, object_id: str) -> AccessAssignment:
    try:
        told = response.json()
        kind = KINDS[told["principalType"].lower()]
        clients = tuple(str(each) for each in told.get("clientIds") or ())
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Refused(UNREADABLE, status=response.status_code) from None
    return AccessAssignment(tenant.lower(), object_id.lower(), kind, clients)

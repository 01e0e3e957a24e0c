"""Graph over HTTP: authentication, faults and the journal."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from emulator.clock import Clock
from emulator.directory import Directory
from emulator.faults import Fault, Faults
from emulator.graph import accounts, calendar, chats, delegation, errors, licenses, users
from emulator.graph.errors import GraphError
from emulator.graph.request import GraphRequest
from emulator.journal import Journal

AUDIENCE = "https://graph.microsoft.com"
CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    'client_id="00000003-0000-0000-c000-000000000000"'
)

Verify = Callable[[str, str], dict[str, Any]]
Handler = Callable[[GraphRequest], dict[str, Any]]

_ACCOUNTS = "/beta/admin/teams/resourceAccounts"
_SETTINGS = "/communications/callSettings"
_ID = "/{id:[^/]+}"


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    handler: Handler
    status: int = 200


def _delegation(name: str, kind: str, rest: str, handler: Handler) -> list[Operation]:
    path = f"{_SETTINGS}/{{kind:{kind}}}{rest}"
    return [Operation(name, "GET", f"/beta/{user}{path}", handler) for user in ("me", f"users{_ID}")]


OPERATIONS = (
    Operation("ListResourceAccounts", "GET", _ACCOUNTS, accounts.list_all),
    Operation("GetResourceAccount", "GET", _ACCOUNTS + _ID, accounts.get),
    *_delegation("ListDelegates", "delegates", "", delegation.list_all),
    *_delegation("GetDelegate", "delegates", "/{other}", delegation.get),
    *_delegation("ListDelegators", "delegators", "", delegation.list_all),
    *_delegation("GetDelegator", "delegators", "/{other}", delegation.get),
    Operation("GetMe", "GET", "/v1.0/me", users.me),
    Operation("ListUsers", "GET", "/v1.0/users", users.list_all),
    Operation("GetUser", "GET", f"/v1.0/users{_ID}", users.get),
    Operation("ListLicenseDetails", "GET", "/v1.0/me/licenseDetails", licenses.list_all),
    Operation("ListLicenseDetails", "GET", f"/v1.0/users{_ID}/licenseDetails", licenses.list_all),
    Operation("CreateChat", "POST", "/v1.0/chats", chats.create, 201),
    Operation("GetChat", "GET", f"/v1.0/chats{_ID}", chats.get),
    Operation("ListCalendarView", "GET", "/v1.0/me/calendar/calendarView", calendar.list_view),
    Operation("ListCalendarView", "GET", "/v1.0/me/calendarView", calendar.list_view),
)


@dataclass
class _Exchange:
    """One request on its way through."""

    http: web.Request
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    headers: dict[str, str] = field(default_factory=dict)
    caller: str | None = None
    fault: Fault | None = None


class Graph:
    """``verify`` gives the claims of a token that Entra issued for an audience, or raises ValueError."""

    def __init__(self, directory: Directory, verify: Verify, faults: Faults, journal: Journal, clock: Clock) -> None:
        self._directory, self._verify = directory, verify
        self._faults, self._journal, self._clock = faults, journal, clock

    def routes(self) -> list[web.RouteDef]:
        return [
            *(web.route(each.method, each.path, self._handler(each)) for each in OPERATIONS),
            web.route("*", "/{version:v1.0|beta}/{rest:.*}", self._handler(Operation("Unknown", "*", "", _unrouted))),
        ]

    def _handler(self, operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(http: web.Request) -> web.StreamResponse:
            exchange = _Exchange(http)
            try:
                body, status = await self._perform(exchange, operation), operation.status
            except GraphError as refused:
                body, status = refused.body(self._inner(exchange)), refused.status
                if status == 401:  # noqa: PLR2004
                    exchange.headers["WWW-Authenticate"] = CHALLENGE
            return await self._close(exchange, operation, body, status)

        return handle

    async def _perform(self, exchange: _Exchange, operation: Operation) -> dict[str, Any]:
        claims = self._authenticate(exchange.http)
        exchange.caller = claims.get("oid")
        self._misbehave(exchange, operation)
        request = await self._request(exchange, claims)
        answer = operation.handler(request)
        if "Prefer" in exchange.http.headers and operation.name == "ListCalendarView":
            exchange.headers["Preference-Applied"] = exchange.http.headers["Prefer"]
        return answer

    def _authenticate(self, http: web.Request) -> dict[str, Any]:
        scheme, _, token = http.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise errors.unauthenticated("Access token is empty.")
        try:
            return self._verify(token, AUDIENCE)
        except ValueError as error:
            raise errors.unauthenticated(_wording(token, str(error))) from None

    async def _request(self, exchange: _Exchange, claims: dict[str, Any]) -> GraphRequest:
        tenant = self._directory.tenant(str(claims.get("tid")))
        app_only = claims.get("idtyp") == "app"
        name = None if tenant is None or app_only else self._directory.name_of(tenant, str(claims.get("oid")))
        if tenant is None or (name is None and not app_only):
            raise errors.unauthenticated("Access token validation failure.")
        granted = claims.get("roles", ()) if app_only else str(claims.get("scp", "")).split()
        fault = exchange.fault
        elsewhere = str(fault.with_.get("host", "")) if fault and fault.do == "next_link" else ""
        return GraphRequest(
            http=exchange.http,
            tenant=tenant,
            user=tenant["users"][name] if name else None,
            permissions=frozenset(granted),
            now=self._clock.now(),
            link_base=elsewhere or str(exchange.http.url.origin()),
            body=await _json(exchange.http),
        )

    def _misbehave(self, exchange: _Exchange, operation: Operation) -> None:
        fault = self._faults.take("graph", operation=operation.name)
        if fault is None:
            return
        self._journal.add("fault", fault=fault.describe(), operation=operation.name)
        exchange.fault = fault
        if fault.do == "status":
            if "retry_after" in fault.with_:
                exchange.headers["Retry-After"] = str(fault.with_["retry_after"])
            raise errors.fault(fault.with_)
        if fault.do == "drop":
            raise GraphError(0, "", "")

    def _inner(self, exchange: _Exchange) -> dict[str, Any]:
        return {
            "date": f"{self._clock.now():%Y-%m-%dT%H:%M:%S}",
            "request-id": exchange.request_id,
            "client-request-id": exchange.http.headers.get("client-request-id", exchange.request_id),
        }

    async def _close(
        self, exchange: _Exchange, operation: Operation, body: dict[str, Any], status: int
    ) -> web.StreamResponse:
        """Write the request down, then let the answer go, as far as a fault lets it."""
        http, fault = exchange.http, exchange.fault
        self._journal.add(
            "graph.request",
            operation=operation.name,
            method=http.method,
            path=http.path,
            query={name: "…" if name == "$skiptoken" else value for name, value in http.query.items()},
            status=status or None,
            error=body["error"]["code"] if status and "error" in body else None,
            caller=exchange.caller,
        )
        if fault and fault.do == "delay":
            await self._clock.sleep(float(fault.with_.get("seconds", 1)))
        if not status or (fault and fault.do == "lose_ack"):
            if http.transport:
                http.transport.abort()
            return web.Response()
        own = {"request-id": exchange.request_id}
        if "client-request-id" in http.headers:
            own["client-request-id"] = http.headers["client-request-id"]
        return web.json_response(body, status=status, headers={**own, **exchange.headers})


async def _json(http: web.Request) -> Any:
    try:
        return json.loads(await http.read() or b"null")
    except (ValueError, RecursionError):
        raise errors.bad_request("Unable to read JSON request payload.") from None


def _unrouted(request: GraphRequest) -> dict[str, Any]:
    rest = request.http.match_info["rest"].partition("/")[0]
    raise errors.bad_request(f"Resource not found for the segment '{rest}'.")


def _wording(token: str, why: str) -> str:
    if token.count(".") != 2:  # noqa: PLR2004
        return "IDX14100: JWT is not well formed, there are no dots (.)."
    if "expired" in why or "not yet valid" in why:
        return "Lifetime validation failed, the token is expired."
    if "audience" in why.lower():
        return "Access token validation failure. Invalid audience."
    return "Access token validation failure. Invalid signature."

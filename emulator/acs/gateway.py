"""ACS over HTTP: authentication, api-versions, repeatability, faults and the journal."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from emulator.acs import errors, identity, signature, wire
from emulator.acs.calls import Call
from emulator.acs.errors import AcsError
from emulator.acs.messages import Answer, Request
from emulator.acs.operations import ACCESS_OPERATIONS, EVERY_OPERATION, IDENTITY_OPERATIONS, Operation
from emulator.acs.service import Service
from emulator.clock import stamp
from emulator.faults import Fault

_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-\w+)*")
_REPEATABILITY_HEADERS = ("Repeatability-Request-ID", "Repeatability-First-Sent")
_CODES = {429: errors.TOO_MANY_REQUESTS, 404: errors.NOT_FOUND, 400: errors.INVALID_ARGUMENT}


@dataclass
class _Exchange:
    """One request on its way through."""

    http: web.Request
    operation: Operation | None  # None for a path that has none
    received: datetime
    raw: bytes
    body: Any = None
    repeated: bool = False
    fault: Fault | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.operation.name if self.operation else "Unknown"

    @property
    def path(self) -> str:
        return self.http.raw_path

    @property
    def request_id(self) -> str | None:
        return self.http.headers.get("Repeatability-Request-ID")

    def lost(self, *kinds: str) -> bool:
        return self.fault is not None and self.fault.do in kinds


class _File(web.FileResponse):
    """A file whose status is known once it is sent: 200, 206 for a range, 416 for an impossible one."""

    entry: dict[str, Any] | None = None

    async def prepare(self, request: web.BaseRequest) -> Any:
        try:
            return await super().prepare(request)
        finally:
            if self.entry is not None:
                self.entry["status"] = self.status


class Gateway:
    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[web.RouteDef]:
        return [
            *(web.route(each.method, each.path, self._handler(each)) for each in EVERY_OPERATION),
            web.route("*", "/calling/{rest:.*}", self._handler(None)),
        ]

    def _handler(self, operation: Operation | None) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(http: web.Request) -> web.StreamResponse:
            exchange = await self._open(http, operation)
            try:
                response = self._response(exchange, await self._perform(exchange))
            except AcsError as error:
                response = self._refusal(exchange, error)
            return await self._close(exchange, response)

        return handle

    async def _open(self, http: web.Request, operation: Operation | None) -> _Exchange:
        received = self._service.clock.now()
        exchange = _Exchange(http, operation, received, raw=await http.read())
        try:
            exchange.body = json.loads(exchange.raw) if exchange.raw else None
        except (ValueError, RecursionError):
            exchange.body = None
        return exchange

    # From the request to the answer

    async def _perform(self, exchange: _Exchange) -> Answer:
        operation = exchange.operation
        if operation is None:
            raise errors.not_found("There is no such operation.")
        bearer = self._authenticate(exchange, operation)
        self._inject_fault(exchange)
        if operation.versioned and not _API_VERSION.fullmatch(exchange.http.query.get("api-version", "")):
            raise errors.invalid("The query parameter 'api-version' is required, as yyyy-mm-dd.")
        repeatable = operation.repeatable and self._service.options.repeatability
        if not repeatable or exchange.request_id is None:
            return await self._carry_out(exchange, operation, bearer)
        return await self._once(exchange, operation, exchange.request_id)

    async def _once(self, exchange: _Exchange, operation: Operation, request_id: str) -> Answer:
        """Perform a repeatable request, or give its first answer again."""
        memory = self._service.repeatability
        first = await memory.replay(operation.name, request_id, (exchange.path, exchange.raw))
        if first is not None:
            exchange.repeated = True
            return first
        try:
            answer = await self._carry_out(exchange, operation)
        except AcsError as error:
            answer = Answer(error.body(), error.status)
        except BaseException:
            memory.forget(operation.name, request_id)
            raise
        memory.keep(operation.name, request_id, answer)
        return answer

    async def _carry_out(self, exchange: _Exchange, operation: Operation, bearer: str = "") -> Answer:
        body = _checked_body(exchange, operation)
        request = Request(dict(exchange.http.match_info), body, self._call(exchange, operation), bearer)
        answer = operation.handler(self._service, request)
        return await answer if inspect.isawaitable(answer) else answer

    def _call(self, exchange: _Exchange, operation: Operation) -> Call | None:
        """The call that the operation is about, if its state allows it. Raises AcsError."""
        if operation.allowed == "no call":
            return None
        call = self._service.calls.by_connection(exchange.http.match_info["callConnectionId"])
        if call is None or (call.connection_state == "disconnected" and operation.name == "GetCall"):
            raise errors.not_found("Call not found.")
        if call.connection_state == "disconnected":
            raise AcsError(400, errors.TERMINATED, "The call has ended.")
        if operation.allowed == "established" and not call.connected:
            raise AcsError(400, errors.NOT_ESTABLISHED, "The call is not established.")
        if call.kind == "tpe" and not operation.teams_phone:
            raise AcsError(405, errors.UNSUPPORTED, f"{operation.name} is not supported in a Teams Phone call.")
        return call

    # Authentication

    def _authenticate(self, exchange: _Exchange, operation: Operation) -> str:
        """Check the signature; or return the bearer token of an operation that takes one."""
        if operation.credential == "token":
            return _bearer(exchange.http)
        if operation.credential == "key":
            signature.verify(
                self._service.config.access_key,
                method=exchange.http.method,
                path=exchange.path,
                headers=exchange.http.headers,
                body=exchange.raw,
                hosts=self._hosts(exchange.http),
                now=self._service.clock.now(),
            )
        return ""

    def _hosts(self, http: web.Request) -> Iterator[str]:
        own = self._service.base_url.removeprefix("http://")
        yield http.headers.get("Host", "")
        if signed := http.headers.get("x-ms-host"):  # of files: the host that was signed, without its port
            yield from (signed, f"{signed}:{own.rpartition(':')[2]}")
            yield own

    # Faults

    def _inject_fault(self, exchange: _Exchange) -> None:
        """Apply a rule of ``acs``, if there is one, as far as it comes before the effect."""
        fault = self._service.faults.take("acs", operation=exchange.name)
        if fault is None:
            return
        self._service.journal.add("fault", fault=fault.describe(), operation=exchange.name)
        exchange.fault = fault
        if fault.do == "drop":
            raise AcsError(0, "", "")
        if fault.do == "status":
            status = int(fault.with_.get("status", 500))
            if "retry_after" in fault.with_:
                exchange.headers["Retry-After"] = str(fault.with_["retry_after"])
            code = str(fault.with_.get("code", _CODES.get(status, "8500")))
            raise AcsError(status, code, str(fault.with_.get("message", "A fault was asked for.")))

    # The response

    def _response(self, exchange: _Exchange, answer: Answer) -> web.StreamResponse:
        operation = exchange.operation
        assert operation is not None  # noqa: S101 - a path without an operation has no answer
        if answer.file is not None:
            return _File(answer.file, headers={"Content-Type": answer.content_type})
        headers = exchange.headers
        if operation.credential != "none" and operation.versioned:
            headers["X-Microsoft-Skype-Chain-ID"] = answer.chain_id or self._service.new_id()
        if operation.repeatable and self._service.options.repeatability and exchange.request_id:
            headers["Repeatability-Result"] = "accepted"
        status = answer.status or operation.status
        if answer.body is None or status == HTTPStatus.NO_CONTENT:
            return web.Response(status=status, headers=headers)
        return web.json_response(answer.body, status=status, headers=headers)

    def _refusal(self, exchange: _Exchange, error: AcsError) -> web.StreamResponse:
        beside = (*IDENTITY_OPERATIONS, *ACCESS_OPERATIONS)
        error = error.without_number() if exchange.operation in beside else error
        return web.json_response(error.body(), status=error.status or 500, headers=exchange.headers)

    async def _close(self, exchange: _Exchange, response: web.StreamResponse) -> web.StreamResponse:
        """Write the journal entry, then send the response, as far as a fault lets it."""
        http = exchange.http
        entry = self._journal(exchange, response)
        if exchange.fault and exchange.fault.do == "delay":
            await self._service.clock.sleep(float(exchange.fault.with_.get("seconds", 1)))
        if exchange.lost("drop", "lose_ack"):
            entry["lost"] = True
            if http.transport:
                http.transport.abort()
            return web.Response()
        if isinstance(response, _File):
            response.entry = entry
        return response

    def _journal(self, exchange: _Exchange, response: web.StreamResponse) -> dict[str, Any]:
        http = exchange.http
        ranged = isinstance(response, _File) and "Range" in http.headers
        status = HTTPStatus.PARTIAL_CONTENT if ranged else response.status
        return self._service.journal.add(
            "acs.request",
            operation=exchange.name,
            method=http.method,
            path=http.path,
            status=None if exchange.lost("drop") else int(status),
            received=stamp(exchange.received),
            body=_discreet(exchange.body),
            headers={name: http.headers[name] for name in _REPEATABILITY_HEADERS if name in http.headers},
            repeated=exchange.repeated,
        )


def _checked_body(exchange: _Exchange, operation: Operation) -> dict[str, Any]:
    if operation.model is None or (operation.optional_body and not exchange.raw):
        return {}
    if exchange.body is None:
        raise errors.invalid("The request body must be a JSON object.")
    wire.check(operation.model, exchange.body)
    return dict(exchange.body)


def _bearer(http: web.Request) -> str:
    scheme, _, token = http.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        raise identity.invalid_token()
    return token


def _discreet(body: Any) -> Any:
    """A body for the journal: without the Entra token that is exchanged."""
    return {**body, "token": "…"} if isinstance(body, dict) and "token" in body else body

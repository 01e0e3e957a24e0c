"""ACS over HTTP: authentication, api-versions, repeatability, faults and the journal."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from aiohttp import web

from emulator.acs import errors, failing, identity, signature, wire
from emulator.acs.calls import Call
from emulator.acs.errors import AcsError
from emulator.acs.exchange import Exchange, FileResponse, parsed
from emulator.acs.messages import Answer, Request
from emulator.acs.operations import ACCESS_OPERATIONS, EVERY_OPERATION, IDENTITY_OPERATIONS, Operation
from emulator.acs.service import Service
from emulator.faults import Fault

_NOT_FOUND_ONCE_ENDED = ("GetCall", "TerminateCall")  # as recorded; others answer that the call has ended
_CODES = {429: errors.TOO_MANY_REQUESTS, 404: errors.NOT_FOUND, 400: errors.INVALID_ARGUMENT}


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
            received, raw = self._service.clock.now(), await http.read()
            exchange = Exchange(http, operation, received, raw, parsed(raw))
            try:
                response = exchange.respond(await self._perform(exchange), self._service.new_id())
            except AcsError as error:
                response = exchange.refuse(_worded(operation, error))
            return await self._close(exchange, response)

        return handle

    async def _perform(self, exchange: Exchange) -> Answer:
        operation = exchange.operation
        if operation is None:
            raise errors.not_found("There is no such operation.")
        bearer = self._authenticate(exchange, operation)
        self._inject_fault(exchange)
        _check_version(exchange, operation)
        if exchange.request_id is None or not self._service.options.repeatability:
            return await self._carry_out(exchange, operation, bearer)
        return await self._once(exchange, operation, exchange.request_id)

    async def _once(self, exchange: Exchange, operation: Operation, request_id: str) -> Answer:
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

    async def _carry_out(self, exchange: Exchange, operation: Operation, bearer: str = "") -> Answer:
        body = _checked_body(exchange, operation)
        exchange.call = self._call(exchange, operation)
        request = Request(
            params=dict(exchange.http.match_info),
            body=body,
            about=exchange.call,
            api_version=exchange.api_version,
            bearer=bearer,
            ignored=exchange.ignored,
        )
        if failed := failing.fail(self._service, operation.name, request):
            return failed
        answer = operation.handler(self._service, request)
        return await answer if inspect.isawaitable(answer) else answer

    def _call(self, exchange: Exchange, operation: Operation) -> Call | None:
        """The call that the operation is about, if its state allows it. Raises AcsError."""
        if operation.allowed == "no call":
            return None
        call = self._service.calls.by_connection(exchange.http.match_info["callConnectionId"])
        ended = call is not None and call.connection_state == "disconnected"
        if call is None or (ended and operation.name in _NOT_FOUND_ONCE_ENDED):
            raise errors.not_found("Call not found.")
        if ended:
            raise AcsError(400, errors.TERMINATED, "The call has ended.")
        if operation.allowed == "established" and not call.connected:
            raise AcsError(400, errors.NOT_ESTABLISHED, "The call is not established.")
        if call.kind == "tpe" and not operation.teams_phone:
            raise AcsError(405, errors.UNSUPPORTED, f"{operation.name} is not supported in a Teams Phone call.")
        return call

    def _authenticate(self, exchange: Exchange, operation: Operation) -> str:
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

    def _inject_fault(self, exchange: Exchange) -> None:
        """Apply a rule of ``acs``, if there is one, as far as it comes before the effect."""
        fault = self._service.faults.take("acs", operation=exchange.name)
        if fault is None:
            return
        self._service.journal.add("fault", fault=fault.describe(), operation=exchange.name)
        exchange.fault = fault
        if fault.do == "drop":
            raise AcsError(0, "", "")
        if fault.do == "status":
            exchange.retry_after = str(fault.with_["retry_after"]) if "retry_after" in fault.with_ else None
            raise _asked_for(fault)

    async def _close(self, exchange: Exchange, response: web.StreamResponse) -> web.StreamResponse:
        """Write the journal entry, then send the response, as far as a fault lets it."""
        entry = self._service.journal.add("acs.request", **exchange.entry(response))
        if exchange.fault and exchange.fault.do == "delay":
            await self._service.clock.sleep(float(exchange.fault.with_.get("seconds", 1)))
        if exchange.lost("drop", "lose_ack"):
            entry["lost"] = True
            if exchange.http.transport:
                exchange.http.transport.abort()
            return web.Response()
        if isinstance(response, FileResponse):
            response.entry = entry
        return response


def _worded(operation: Operation | None, error: AcsError) -> AcsError:
    """The error with the code of its service."""
    numbered = operation not in (*IDENTITY_OPERATIONS, *ACCESS_OPERATIONS)
    return error if numbered else error.without_number()


def _asked_for(fault: Fault) -> AcsError:
    """The error that a fault rule asks for."""
    status = int(fault.with_.get("status", 500))
    code = str(fault.with_.get("code", _CODES.get(status, "8500")))
    return AcsError(status, code, str(fault.with_.get("message", "A fault was asked for.")))


def _check_version(exchange: Exchange, operation: Operation) -> None:
    version, known = exchange.api_version, operation.versions
    if known and version not in known:
        raise errors.invalid(f"The api-version {version!r} does not exist; there are {', '.join(known)}.")


def _checked_body(exchange: Exchange, operation: Operation) -> dict[str, Any]:
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

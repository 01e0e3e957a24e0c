"""One request on its way through the gateway: what was received, and what goes back."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from emulator.acs.calls import Call
from emulator.acs.errors import AcsError
from emulator.acs.messages import Answer
from emulator.acs.operations import Operation
from emulator.clock import stamp
from emulator.faults import Fault

_REPEATABILITY_HEADERS = ("Repeatability-Request-ID", "Repeatability-First-Sent")
_WITHOUT_REPEATABILITY_RESULT = ("CreateCall", "AnswerCall", "Connect")  # as recorded


@dataclass
class Exchange:
    http: web.Request
    operation: Operation | None  # None for a path that has none
    received: datetime
    raw: bytes
    body: Any = None
    repeated: bool = False
    fault: Fault | None = None
    call: Call | None = None
    retry_after: str | None = None
    answer: Any = None  # the body that goes back
    ignored: list[str] = field(default_factory=list)  # the names of what was given in vain

    @property
    def name(self) -> str:
        return self.operation.name if self.operation else "Unknown"

    @property
    def path(self) -> str:
        return self.http.raw_path

    @property
    def api_version(self) -> str:
        return self.http.query.get("api-version", "")

    @property
    def request_id(self) -> str | None:
        """What identifies a repeatable request."""
        repeatable = self.operation is not None and self.operation.repeatable
        return self.http.headers.get("Repeatability-Request-ID") if repeatable else None

    def lost(self, *kinds: str) -> bool:
        return self.fault is not None and self.fault.do in kinds

    def respond(self, answer: Answer, chain_id: str) -> web.StreamResponse:
        """The response to a request that was carried out. ``chain_id`` is for those that are about no call."""
        operation = self.operation
        assert operation is not None  # noqa: S101 - a path without an operation is refused before
        if answer.file is not None:
            return FileResponse(answer.file, headers={"Content-Type": answer.content_type})
        status, headers = answer.status or operation.status, self._headers()
        if operation.versions:
            own = self.call.correlation_id if self.call else chain_id
            headers["X-Microsoft-Skype-Chain-ID"] = answer.chain_id or own
        announced = operation.name not in _WITHOUT_REPEATABILITY_RESULT and status < HTTPStatus.BAD_REQUEST
        if self.request_id and announced:
            headers["Repeatability-Result"] = "accepted"
        self.answer = answer.body
        if answer.body is None or status == HTTPStatus.NO_CONTENT:
            return web.Response(status=status, headers=headers)
        return web.json_response(answer.body, status=status, headers=headers)

    def refuse(self, error: AcsError) -> web.StreamResponse:
        retry_after = {"Retry-After": self.retry_after} if self.retry_after else {}
        self.answer = error.body()
        return web.json_response(self.answer, status=error.status or 500, headers=self._headers() | retry_after)

    def _headers(self) -> dict[str, str]:
        """The headers of every response, refusals included, as recorded."""
        headers = {"MS-CV": uuid.uuid4().hex}
        if client := self.http.headers.get("x-ms-client-request-id"):
            headers["x-ms-client-request-id"] = client
        if self.operation and self.operation.versions:
            headers["api-supported-versions"] = ", ".join(self.operation.versions)
        return headers

    def entry(self, response: web.StreamResponse) -> dict[str, Any]:
        """What the journal keeps of it."""
        http = self.http
        ranged = isinstance(response, FileResponse) and "Range" in http.headers
        status = int(HTTPStatus.PARTIAL_CONTENT if ranged else response.status)
        error = self.answer.get("error") if isinstance(self.answer, dict) else None
        return {
            "operation": self.name,
            "method": http.method,
            "path": http.path,
            "status": None if self.lost("drop") else status,
            "received": stamp(self.received),
            "body": _discreet(self.body),
            "headers": {name: http.headers[name] for name in _REPEATABILITY_HEADERS if name in http.headers},
            "repeated": self.repeated,
            "answer": None if self.lost("drop") else _discreet(self.answer),
            "error": error["code"] if error and not self.lost("drop") else None,
            **({"ignored": self.ignored} if self.ignored else {}),
        }


class FileResponse(web.FileResponse):
    """A file whose status is known once it is sent: 200, 206 for a range, 416 for an impossible one."""

    entry: dict[str, Any] | None = None

    async def prepare(self, request: web.BaseRequest) -> Any:
        try:
            return await super().prepare(request)
        finally:
            if self.entry is not None:
                self.entry["status"] = self.status


def parsed(raw: bytes) -> Any:
    """The body of a request; None if it is none or no JSON."""
    try:
        return json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return None


def _discreet(body: Any) -> Any:
    """A body for the journal: without tokens, of Entra or of ACS."""
    if not isinstance(body, dict):
        return body
    hidden = {"token": "…"} if isinstance(body.get("token"), str) else {}
    return {name: _discreet(value) for name, value in body.items()} | hidden

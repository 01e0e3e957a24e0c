"""ACS over HTTP: who is let in, what is repeated, what goes wrong on purpose, what is written down."""

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

from emulator.acs import access, answering, errors, identity, media, participants, recordings, signature, tokens, wire
from emulator.acs.errors import AcsError
from emulator.acs.operations import (
    ACCESS_OPERATIONS,
    DELETE_RECORDING,
    DOWNLOAD_RECORDING,
    IDENTITY_OPERATIONS,
    OPERATIONS,
    Operation,
)
from emulator.acs.repeatability import Answer
from emulator.acs.requests import Request
from emulator.acs.service import Service
from emulator.clock import stamp
from emulator.faults import Fault

Handler = Callable[[Service, Request], Answer | Awaitable[Answer]]

HANDLERS: dict[str, Handler] = {
    "CreateCall": answering.create_call,
    "AnswerCall": answering.answer_call,
    "RedirectCall": answering.redirect_call,
    "RejectCall": answering.reject_call,
    "Connect": answering.connect,
    "GetCall": answering.get_call,
    "HangupCall": answering.hang_up,
    "TerminateCall": answering.terminate,
    "TransferToParticipant": participants.transfer_to_participant,
    "GetParticipants": participants.get_participants,
    "GetParticipant": participants.get_participant,
    "AddParticipant": participants.add_participant,
    "RemoveParticipant": participants.remove_participant,
    "Mute": participants.mute,
    "CancelAddParticipant": participants.cancel_add_participant,
    "MoveParticipants": participants.move_participants,
    "Play": media.play,
    "Recognize": media.recognize,
    "CancelAllMediaOperations": media.cancel_all_media_operations,
    "StartContinuousDtmfRecognition": media.start_continuous_dtmf_recognition,
    "StopContinuousDtmfRecognition": media.stop_continuous_dtmf_recognition,
    "SendDtmfTones": media.send_dtmf_tones,
    "Hold": participants.hold,
    "Unhold": participants.unhold,
    "StartTranscription": media.start_transcription,
    "StopTranscription": media.stop_transcription,
    "UpdateTranscription": media.update_transcription,
    "StartMediaStreaming": media.start_media_streaming,
    "StopMediaStreaming": media.stop_media_streaming,
    "StartRecording": recordings.start_recording,
    "GetRecordingProperties": recordings.get_recording_properties,
    "StopRecording": recordings.stop_recording,
    "PauseRecording": recordings.pause_recording,
    "ResumeRecording": recordings.resume_recording,
}
OTHERS: dict[str, Handler] = {**identity.HANDLERS, **access.HANDLERS}  # services beside Call Automation

_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-\w+)*")
_REPEATABILITY_HEADERS = ("Repeatability-Request-ID", "Repeatability-First-Sent")
_CODES = {429: errors.TOO_MANY_REQUESTS, 404: errors.NOT_FOUND, 400: errors.INVALID_ARGUMENT}


@dataclass
class _Exchange:
    """One request on its way through."""

    http: web.Request
    operation: str
    received: datetime
    raw: bytes = b""
    body: Any = None
    repeated: bool = False
    fault: Fault | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.http.raw_path

    @property
    def request_id(self) -> str | None:
        return self.http.headers.get("Repeatability-Request-ID")


class _File(web.FileResponse):
    """A file whose status is known once it is sent: 200, 206 for a range, 416 for one that isn't there."""

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
            web.get(tokens.CONFIGURATION_PATH, self._configuration),
            web.get(tokens.KEYS_PATH, self._keys),
            *(
                web.route(op.method, op.path, self._handler(op))
                for op in (*OPERATIONS, *IDENTITY_OPERATIONS, *ACCESS_OPERATIONS)
            ),
            web.get(DOWNLOAD_RECORDING.path, self._download),
            web.delete(DELETE_RECORDING.path, self._delete),
            web.route("*", "/calling/{rest:.*}", self._unrouted),
        ]

    # Operations on calls

    def _handler(self, operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(http: web.Request) -> web.StreamResponse:
            exchange = await self._open(http, operation.name)
            try:
                answer = await self._perform(exchange, operation)
            except AcsError as error:
                told = error.plainly() if operation.name in OTHERS else error
                answer = Answer(told.body(), told.status)
            return await self._close(exchange, self._response(exchange, operation, answer))

        return handle

    async def _perform(self, exchange: _Exchange, operation: Operation) -> Answer:
        bearer = self._bearer(exchange) if operation.by == "token" else ""
        if not bearer:
            self._authenticate(exchange)
        self._misbehave(exchange)
        version = exchange.http.query.get("api-version", "")
        if not _API_VERSION.fullmatch(version):
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
        body = self._parse(exchange, operation)
        request = Request(dict(exchange.http.match_info), body, self._call(exchange, operation), bearer)
        handler = HANDLERS.get(operation.name) or OTHERS[operation.name]
        answer = handler(self._service, request)
        return await answer if inspect.isawaitable(answer) else answer

    def _parse(self, exchange: _Exchange, operation: Operation) -> dict[str, Any]:
        if operation.model is None or (operation.optional_body and not exchange.raw):
            return {}
        if exchange.body is None:
            raise errors.invalid("The request body must be a JSON object.")
        wire.check(operation.model, exchange.body)
        return dict(exchange.body)

    def _call(self, exchange: _Exchange, operation: Operation) -> Any:
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

    def _response(self, exchange: _Exchange, operation: Operation, answer: Answer) -> web.Response:
        headers = {"X-Microsoft-Skype-Chain-ID": answer.chain_id or self._service.new_id()}
        if operation.repeatable and self._service.options.repeatability and exchange.request_id:
            headers["Repeatability-Result"] = "accepted"
        return _json(answer.status or operation.status, answer.body, {**headers, **exchange.headers})

    # Recordings' files

    async def _download(self, http: web.Request) -> web.StreamResponse:
        exchange = await self._open(http, DOWNLOAD_RECORDING.name)
        try:
            self._authenticate(exchange)
            self._misbehave(exchange)
            return await self._close(exchange, self._file(http))
        except AcsError as error:
            return await self._close(exchange, _json(error.status, error.body(), exchange.headers))

    def _file(self, http: web.Request) -> web.StreamResponse:
        file = self._service.files.find(http.match_info["documentId"])
        part = http.match_info["part"]
        if file is None or part not in ("audio", "video", "acsmetadata"):
            raise errors.not_found("There is no such recording file; files are deleted after 24 hours.")
        if part == "acsmetadata":
            return _File(file.metadata, headers={"Content-Type": "application/json"})
        if file.zero_byte_downloads > 0:
            file.zero_byte_downloads -= 1
            return web.Response(body=b"", content_type="audio/wav")
        return _File(file.audio, headers={"Content-Type": "audio/wav"})

    async def _delete(self, http: web.Request) -> web.StreamResponse:
        exchange = await self._open(http, DELETE_RECORDING.name)
        try:
            self._authenticate(exchange)
            self._misbehave(exchange)
            document_id = http.match_info["documentId"]
            if not (self._service.files.find(document_id) and self._service.files.delete(document_id)):
                raise errors.not_found("There is no such recording file; files are deleted after 24 hours.")
            return await self._close(exchange, web.Response())
        except AcsError as error:
            return await self._close(exchange, _json(error.status, error.body(), exchange.headers))

    # Keys

    async def _configuration(self, http: web.Request) -> web.StreamResponse:
        return await self._public(http, "GetOpenIdConfiguration", tokens.configuration(self._service.base_url))

    async def _keys(self, http: web.Request) -> web.StreamResponse:
        return await self._public(http, "GetKeys", self._service.keys.published())

    async def _public(self, http: web.Request, name: str, document: dict[str, Any]) -> web.StreamResponse:
        exchange = await self._open(http, name)
        try:
            self._misbehave(exchange)
        except AcsError as error:
            return await self._close(exchange, _json(error.status, error.body(), exchange.headers))
        return await self._close(exchange, _json(200, document, {}))

    async def _unrouted(self, http: web.Request) -> web.StreamResponse:
        exchange = await self._open(http, "Unknown")
        error = errors.not_found("There is no such operation.")
        return await self._close(exchange, _json(error.status, error.body(), {}))

    # Every request

    async def _open(self, http: web.Request, operation: str) -> _Exchange:
        received = self._service.clock.now()
        exchange = _Exchange(http, operation, received, raw=await http.read())
        try:
            exchange.body = json.loads(exchange.raw) if exchange.raw else None
        except (ValueError, RecursionError):
            exchange.body = None
        return exchange

    def _authenticate(self, exchange: _Exchange) -> None:
        signature.verify(
            self._service.config.access_key,
            method=exchange.http.method,
            path=exchange.path,
            headers=exchange.http.headers,
            body=exchange.raw,
            hosts=self._hosts(exchange.http),
            now=self._service.clock.now(),
        )

    def _bearer(self, exchange: _Exchange) -> str:
        scheme, _, token = exchange.http.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise identity.invalid_token()
        return token

    def _hosts(self, http: web.Request) -> Iterator[str]:
        own = self._service.base_url.removeprefix("http://")
        yield http.headers.get("Host", "")
        if signed := http.headers.get("x-ms-host"):  # of files: the host that was signed, without its port
            yield from (signed, f"{signed}:{own.rpartition(':')[2]}")
            yield own

    def _misbehave(self, exchange: _Exchange) -> None:
        """Apply a rule of ``acs``, if there is one, as far as it comes before the effect."""
        fault = self._service.faults.take("acs", operation=exchange.operation)
        if fault is None:
            return
        self._service.journal.add("fault", fault=fault.describe(), operation=exchange.operation)
        exchange.fault = fault
        if fault.do == "drop":
            raise AcsError(0, "", "")
        if fault.do == "status":
            status = int(fault.with_.get("status", 500))
            if "retry_after" in fault.with_:
                exchange.headers["Retry-After"] = str(fault.with_["retry_after"])
            code = str(fault.with_.get("code", _CODES.get(status, "8500")))
            raise AcsError(status, code, str(fault.with_.get("message", "A fault was asked for.")))

    async def _close(self, exchange: _Exchange, response: web.StreamResponse) -> web.StreamResponse:
        """Write the request down, then let the answer go, as far as a fault lets it."""
        fault, http = exchange.fault, exchange.http
        unanswered = fault is not None and fault.do in ("drop", "lose_ack")
        ranged = isinstance(response, _File) and "Range" in http.headers
        status = HTTPStatus.PARTIAL_CONTENT if ranged else response.status
        entry = self._journal(exchange, None if fault and fault.do == "drop" else int(status))
        if fault and fault.do == "delay":
            await self._service.clock.sleep(float(fault.with_.get("seconds", 1)))
        if unanswered:
            entry["lost"] = True
            if http.transport:
                http.transport.abort()
            return web.Response()
        if isinstance(response, _File):
            response.entry = entry
        return response

    def _journal(self, exchange: _Exchange, status: int | None) -> dict[str, Any]:
        http = exchange.http
        return self._service.journal.add(
            "acs.request",
            operation=exchange.operation,
            method=http.method,
            path=http.path,
            status=status,
            received=stamp(exchange.received),
            body=_discreet(exchange.body),
            headers={name: http.headers[name] for name in _REPEATABILITY_HEADERS if name in http.headers},
            repeated=exchange.repeated,
        )


def _discreet(body: Any) -> Any:
    """A body as it is written down: without the Entra token that is exchanged."""
    return {**body, "token": "…"} if isinstance(body, dict) and "token" in body else body


def _json(status: int, body: dict[str, Any] | None, headers: dict[str, str]) -> web.Response:
    if body is None or status == HTTPStatus.NO_CONTENT:
        return web.Response(status=status or 500, headers=headers)
    return web.json_response(body, status=status or 500, headers=headers)

"""The way of a request: route, gate, parameters, handler, answer."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from shared.api.gate import Gate
from shared.api.handlers import Ask, Made
from shared.api.http import Answer, Request, Unreadable, as_json, tag_of
from shared.api.limits import Limits
from shared.api.openapi import Document
from shared.api.problems import Problem, answer_to
from shared.api.routes import ROUTES, Entry, Route, table
from shared.directory.models import Page

if TYPE_CHECKING:
    from shared.directory.directory import Directory
    from shared.platform.clients import Clients
    from shared.platform.settings import Settings

log = logging.getLogger(__name__)

SECONDS = 25.0  # a request's whole time; clients and gateways tend to give up after 30
LARGEST_BODY = 64 * 1024  # bytes
OF_THE_HOST = frozenset({"code", "clientId"})  # the host's own parameters of a request with a key
OK, NO_CONTENT, NOT_MODIFIED, UNAUTHORIZED = 200, 204, 304, 401

_REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,128}")


class Api:
    """One for each process. ``answer`` never raises: whatever happens is told as a problem."""

    def __init__(
        self,
        settings: Settings,
        directory: Directory,
        clients: Clients,
        *,
        routes: tuple[Route, ...] = ROUTES,
        limits: Limits | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._settings, self._directory, self._clients = settings, directory, clients
        self._document, self._table, self._seconds = Document(routes), table(routes), seconds
        self._gate = Gate(settings, directory, limits or Limits())

    async def answer(self, request: Request, *, keyed: bool = False) -> Answer:
        """``keyed`` says that the host has checked a Functions key; without it a bearer token is asked for."""
        begun = time.perf_counter()
        given = request.headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        operation = "-"
        try:
            entry, path = self._find(request)
            if request.method == "OPTIONS":
                answer = Answer(NO_CONTENT, headers={"Allow": _allowed(entry)})
            else:
                route = _route(entry, request.method)
                operation = route.operation
                async with asyncio.timeout(self._seconds):
                    answer = await self._perform(route, path, request, keyed=keyed)
        except Exception as error:  # noqa: BLE001  # the caller hears of it, and so does the log
            answer = answer_to(error, request, f"api {operation}, request {request_id}")
        took = time.perf_counter() - begun
        log.info("api %s %d in %.3f s, request %s", operation, answer.status, took, request_id)
        return _finished(answer, request, request_id)

    def _find(self, request: Request) -> tuple[Entry, dict[str, str]]:
        try:
            segments = request.segments()
        except Unreadable as error:
            raise Problem("NoSuchPath", f"{error}.") from None
        for entry in self._table:
            path = entry.match(segments)
            if path is not None:
                return entry, path
        raise Problem("NoSuchPath")

    async def _perform(self, route: Route, path: dict[str, str], request: Request, *, keyed: bool) -> Answer:
        caller = await self._gate.admit(request, route, keyed=keyed)
        ask = Ask(
            settings=self._settings,
            directory=self._directory,
            clients=self._clients,
            caller=caller,
            request=request,
            path=path,
            query=_query(route, request, keyed=keyed),
            body=_body(route, request),
            document=self._document,
        )
        answer = _answer(route, request, await route.handler(ask))
        answer.headers["Cache-Control"] = "no-store" if route.secret else "private, no-cache"
        return answer if route.secret or route.method != "GET" else _unless_known(answer, request)


def _route(entry: Entry, method: str) -> Route:
    route = entry.methods.get("GET" if method == "HEAD" else method)
    if route is None:
        raise Problem("NoSuchMethod", headers={"Allow": _allowed(entry)})
    return route


def _allowed(entry: Entry) -> str:
    return ", ".join(sorted({*entry.methods, "OPTIONS"} | ({"HEAD"} if "GET" in entry.methods else set())))


def _query(route: Route, request: Request, *, keyed: bool) -> Struct:
    try:
        given = request.parameters()
        if keyed:
            given = {name: value for name, value in given.items() if name not in OF_THE_HOST}
        return msgspec.convert(given, route.query, strict=False)
    except (Unreadable, msgspec.ValidationError) as error:
        raise Problem("BadParameter", f"{error}.") from None


def _body(route: Route, request: Request) -> Struct | None:
    if route.body is None:
        return None
    if len(request.body) > LARGEST_BODY:
        raise Problem("TooLarge")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem("NotJson")
    try:
        return msgspec.json.decode(request.body, type=route.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:  # ValidationError is a DecodeError
        raise Problem("BadBody", f"{error}.") from None


def _answer(route: Route, request: Request, result: Any) -> Answer:
    match result:
        case None:
            return Answer(NO_CONTENT)
        case Answer():
            return result
        case Made():
            return as_json(result.status, result.data)
        case Page():
            return as_json(OK, _page(request, result))
    return as_json(next(iter(route.answers)), result)


def _page(request: Request, page: Page[Any]) -> dict[str, Any]:
    if page.continuation is None:
        return {"value": page.value}
    asked = {name: value for name, value in request.parameters().items() if name not in OF_THE_HOST}
    return {"value": page.value, "nextLink": f"{request.url}?{urlencode(asked | {'continuation': page.continuation})}"}


def _unless_known(answer: Answer, request: Request) -> Answer:
    """With a strong ETag; without a body if the caller has it already (RFC 9110, 13.1.2)."""
    if "ETag" not in answer.headers:
        answer.headers["ETag"] = tag_of(answer.body)
    tag = answer.headers["ETag"]
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Answer(NOT_MODIFIED, headers=answer.headers)
    return answer


def _finished(answer: Answer, request: Request, request_id: str) -> Answer:
    """What every answer has."""
    answer.headers |= {"X-Request-Id": request_id, "X-Content-Type-Options": "nosniff"}
    answer.headers.setdefault("Cache-Control", "no-store")
    if answer.status == UNAUTHORIZED:
        given = "authorization" in request.headers
        challenge = 'Bearer realm="api"' + (', error="invalid_token"' if given else "")
        answer.headers.setdefault("WWW-Authenticate", challenge)
    if request.method == "HEAD":
        answer.body = b""
    return answer

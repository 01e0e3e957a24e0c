"""The path of a request: route, authorisation, validation, handler, response."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from typing import TYPE_CHECKING

from shared.api.authorizer import Authorizer
from shared.api.http import InvalidUrl, Request, Response
from shared.api.input import body_of, path_of, query_of
from shared.api.openapi import Document
from shared.api.output import NO_CONTENT, finished, response_to
from shared.api.problems import Problem, problem_of
from shared.api.rate_limiter import RateLimiter
from shared.api.route import RequestContext, Route
from shared.api.routing_table import Entry, RoutingTable
from shared.api.v1 import ROUTES

if TYPE_CHECKING:
    from shared.service.container import Container

log = logging.getLogger(__name__)

SECONDS = 25.0  # for a whole request; many clients and gateways give up after 30

_REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,128}")


class Api:
    """One for each process. ``respond`` never raises: errors become problems."""

    def __init__(
        self,
        container: Container,
        *,
        routes: tuple[Route, ...] = ROUTES,
        rate_limiter: RateLimiter | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._container = container
        self._document, self._table, self._seconds = Document(routes), RoutingTable(routes), seconds
        settings = container.settings
        limiter = rate_limiter or RateLimiter(settings.api_requests_per_minute)
        self._authorizer = Authorizer(settings, container.directory, limiter)

    async def respond(self, request: Request, *, keyed: bool = False) -> Response:
        """``keyed``: the host has checked a Functions key; otherwise a bearer token is required."""
        started = time.perf_counter()
        given = request.headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        operation = "-"
        try:
            entry, path = self._find(request)
            if request.method != "OPTIONS":
                operation = entry.route(request.method).operation
            async with asyncio.timeout(self._seconds):
                response = await self._handle(entry, path, request, keyed=keyed)
        except Exception as error:  # noqa: BLE001  # every error becomes a response, and is logged there
            response = problem_of(error, request, f"api {operation}, request {request_id}")
        took = time.perf_counter() - started
        log.info("api %s %d in %.3f s, request %s", operation, response.status, took, request_id)
        return finished(response, request, request_id)

    def _find(self, request: Request) -> tuple[Entry, dict[str, str]]:
        try:
            return self._table.find(request.segments())
        except InvalidUrl as error:
            raise Problem("NoSuchPath", f"{error}.") from None

    async def _handle(self, entry: Entry, path: dict[str, str], request: Request, *, keyed: bool) -> Response:
        if request.method == "OPTIONS":
            return Response(NO_CONTENT, headers={"Allow": entry.allow})
        route = entry.route(request.method)
        caller = await self._authorizer.authorize(request, route, keyed=keyed)
        context = RequestContext(
            container=self._container,
            caller=caller,
            request=request,
            path=path_of(path, route),
            query=query_of(request, route),
            body=body_of(request, route),
            openapi=self._document.response,
        )
        return response_to(request, route, await route.handler(context))

"""Responses from the results of handlers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from shared.api.http import Request, Response, as_json, etag_of
from shared.api.route import Result, Route
from shared.directory.models import Page

# What a page of another origin may read. The origins are those of the Functions app's CORS settings.
FOR_SCRIPTS = "ETag, Location, Retry-After, WWW-Authenticate, X-Request-Id"

OK, NO_CONTENT, NOT_MODIFIED, UNAUTHORIZED = 200, 204, 304, 401


def response_to(request: Request, route: Route, result: Any) -> Response:
    response = _body(request, route, result)
    response.headers["Cache-Control"] = "no-store" if route.secret else "private, no-cache"
    return response if route.secret or route.method != "GET" else _conditional(response, request)


def _body(request: Request, route: Route, result: Any) -> Response:
    match result:
        case None:
            return Response(NO_CONTENT)
        case Response():
            return result
        case Result():
            response = as_json(result.status, result.data)
            response.headers |= result.headers
            return response
        case Page():
            return as_json(OK, _page(request, result))
    return as_json(next(iter(route.responses)), result)


def _page(request: Request, page: Page[Any]) -> dict[str, Any]:
    if page.continuation is None:
        return {"value": page.value}
    following = {"continuation": page.continuation}
    if request.method == "POST":
        return {"value": page.value} | following
    return {"value": page.value, "nextLink": f"{request.url}?{urlencode(request.parameters() | following)}"}


def _conditional(response: Response, request: Request) -> Response:
    """With a strong ETag; 304 if the client has it already (RFC 9110, 13.1.2)."""
    if "ETag" not in response.headers:
        response.headers["ETag"] = etag_of(response.body)
    etag = response.headers["ETag"]
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if known & {etag, "*"}:
        return Response(NOT_MODIFIED, headers=response.headers)
    return response


def finished(response: Response, request: Request, request_id: str) -> Response:
    """With the headers that every response has."""
    response.headers |= {"X-Request-Id": request_id, "X-Content-Type-Options": "nosniff"}
    response.headers["Access-Control-Expose-Headers"] = FOR_SCRIPTS
    response.headers.setdefault("Cache-Control", "no-store")
    if response.status == UNAUTHORIZED:
        given = "authorization" in request.headers
        challenge = 'Bearer realm="api"' + (', error="invalid_token"' if given else "")
        response.headers.setdefault("WWW-Authenticate", challenge)
    if request.method == "HEAD":
        response.body = b""
    return response

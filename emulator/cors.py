"""Cross-origin requests of browsers, as App Service answers them: for origins that are listed, without credentials.

App Service sets ``Access-Control-Allow-Origin`` and answers preflight requests itself; which headers a page can read
(``Access-Control-Expose-Headers``) is for the application to say. Source: learn.microsoft.com, "App Service: host a
RESTful API with CORS".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def allow(origins: Collection[str]) -> Middleware:
    """A middleware for the origins, such as ``http://localhost:4280``; requests without an origin are left alone."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin", "")
        if origin not in origins:
            return await handler(request)
        if "Access-Control-Request-Method" in request.headers:
            return web.Response(status=204, headers=_preflight(request, origin))
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers["Access-Control-Allow-Origin"] = origin
            raise
        if not response.prepared:
            response.headers["Access-Control-Allow-Origin"] = origin
        return response

    return middleware


def _preflight(request: web.Request, origin: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": request.headers["Access-Control-Request-Method"],
        "Access-Control-Allow-Headers": request.headers.get("Access-Control-Request-Headers", ""),
    }

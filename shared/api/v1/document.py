"""The OpenAPI document, the only public route."""

from __future__ import annotations

from shared.api.http import Response
from shared.api.route import RequestContext, Route


async def get_openapi(context: RequestContext) -> Response:
    return context.openapi()


ROUTES = (
    Route("GET", "openapi.json", "getOpenApi", frozenset(), "This document", {200: dict}, get_openapi, public=True),
)

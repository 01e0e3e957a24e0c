"""The sample site that embeds the guest's page, with the part of its server that gets tokens for its guests.

It holds a key of the API, which no browser sees. A guest keeps the identity as long as the session lasts.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

FILES = Path(__file__).parent.parent / "samples/embedding-site"
AT = "/embedding-site"
SESSION = "guest"  # the cookie


def routes(api: str, key: str = "local") -> list[web.RouteDef]:
    """``api`` is the base URL of the routes for holders of keys."""
    identities: dict[str, str] = {}  # by session

    async def token(request: web.Request) -> web.Response:
        session = request.cookies.get(SESSION) or secrets.token_urlsafe()
        known = identities.get(session)
        path = f"identities/{known}/tokens" if known else "identities"
        given = await _post(f"{api}/{path}", {"scopes": ["voip"], "minutes": 60}, key)
        identities.setdefault(session, given.get("id", ""))
        response = web.json_response({"token": given["token"] if known else given["token"]["token"]})
        response.set_cookie(SESSION, session, httponly=True, samesite="Strict")
        return response

    async def file(request: web.Request) -> web.FileResponse:
        name = request.match_info.get("name") or "index.html"
        if name not in {"index.html", "site.js"}:
            raise web.HTTPNotFound
        return web.FileResponse(FILES / name)

    return [web.post(f"{AT}/token", token), web.get(f"{AT}/{{name}}", file), web.get(AT, file)]


async def _post(url: str, body: dict[str, Any], key: str) -> Any:
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, json=body, headers={"x-functions-key": key}) as response,
    ):
        if not response.ok:
            raise web.HTTPBadGateway(text=await response.text())
        return await response.json()

"""Signing in and out in a browser: the endpoints that it is sent to, and the cookie that remembers the accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import urlencode

from aiohttp import web

from emulator.clock import Clock
from emulator.directory import Directory
from emulator.entra import clients, pages
from emulator.entra.authorize import Authorization, Granted, Question
from emulator.entra.errors import EntraError
from emulator.entra.grants import Grants
from emulator.journal import Journal

COOKIE = "entra_sessions"
BETWEEN = "~"
NO_FRAMES = {"X-Frame-Options": "DENY", "Cache-Control": "no-store"}  # pages; redirections work in frames


class Interactive:
    def __init__(
        self,
        directory: Directory,
        journal: Journal,
        clock: Clock,
        url: Callable[[], str],
        grants: Callable[[], Grants],
    ) -> None:
        self._directory, self._journal, self._clock, self._url, self._grants = directory, journal, clock, url, grants

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/{tenant}/oauth2/v2.0/authorize", self._authorize),
            web.post("/{tenant}/oauth2/v2.0/authorize", self._authorize),
            web.get("/{tenant}/oauth2/v2.0/logout", self._sign_out),
        ]

    async def _authorize(self, request: web.Request) -> web.Response:
        chosen = {name: str(value) for name, value in (await request.post()).items()}
        query = dict(request.query)
        try:
            asked = Authorization(self._directory, self._grants(), self._url, request.match_info["tenant"], query)
        except EntraError as refused:
            return self._refused(request, refused)
        try:
            answer = asked.answer(chosen, _remembered(request))
        except EntraError as refused:
            self._note(request, 302, refused)
            return _redirected(query, refused.redirected(self._clock.now()))
        if isinstance(answer, Question):
            self._note(request, 200)
            return _page(pages.asking(answer, chosen))
        return self._signed_in(request, query, answer)

    def _signed_in(self, request: web.Request, query: Mapping[str, str], granted: Granted) -> web.Response:
        self._note(request, 302)
        response = _redirected(query, {"code": granted.code})
        accounts = dict.fromkeys([*_remembered(request), granted.account.key])
        response.set_cookie(COOKIE, BETWEEN.join(accounts), httponly=True, samesite="Lax", path="/")
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        hint, uri = request.query.get("logout_hint", ""), request.query.get("post_logout_redirect_uri", "")
        stay = [key for key in _remembered(request) if hint and not self._is(key, hint)]
        known = any(
            clients.redirects_to(app, uri) for each in self._directory.tenants() for app in each["apps"].values()
        )
        text = "<p>It is a good idea to close all browser windows.</p>"
        left = (
            web.Response(status=302, headers={"Location": uri}) if known else _page(pages.page("You signed out", text))
        )
        left.set_cookie(COOKIE, BETWEEN.join(stay), httponly=True, samesite="Lax", path="/")
        return left

    def _is(self, key: str, hint: str) -> bool:
        tenant, _, name = key.partition(".")
        user = self._directory.data["tenants"].get(tenant, {}).get("users", {}).get(name, {})
        return hint.lower() in (str(user.get("userPrincipalName")).lower(), user.get("id"))

    def _refused(self, request: web.Request, refused: EntraError) -> web.Response:
        """A page: the client is not to be trusted with an answer."""
        self._note(request, 400, refused)
        text = escape(str(refused.body(self._clock.now())["error_description"]))
        return _page(pages.page("Sorry, but we can't sign you in", f"<p>{text}</p>"), status=400)

    def _note(self, request: web.Request, status: int, refused: EntraError | None = None) -> None:
        error = str(refused) if refused else None
        self._journal.add("entra.request", operation="Authorize", path=request.path, status=status, error=error)


def _remembered(request: web.Request) -> list[str]:
    return [key for key in request.cookies.get(COOKIE, "").split(BETWEEN) if key]


def _redirected(query: Mapping[str, str], answer: Mapping[str, str]) -> web.Response:
    state = {"state": query["state"]} if "state" in query else {}
    joint = "?" if query.get("response_mode") == "query" else "#"
    return web.Response(
        status=302, headers={"Location": f"{query['redirect_uri']}{joint}{urlencode({**answer, **state})}"}
    )


def _page(html: str, status: int = 200) -> web.Response:
    return web.Response(text=html, content_type="text/html", status=status, headers=NO_FRAMES)

"""Authentication and authorisation of requests. A route is closed to every role that it does not list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.api.http import Request
from shared.api.problems import Problem
from shared.api.rate_limiter import RateLimiter
from shared.api.route import Route
from shared.directory.caller import Caller

if TYPE_CHECKING:
    from shared.directory.directory import Directory
    from shared.platform.settings import Settings

KEY: Final = "key"
ANONYMOUS = Caller(kind=KEY, tenant=None, id="anonymous", roles=frozenset())


class Authorizer:
    def __init__(self, settings: Settings, directory: Directory, rate_limiter: RateLimiter) -> None:
        self._settings, self._directory, self._rate_limiter = settings, directory, rate_limiter

    async def authorize(self, request: Request, route: Route, *, keyed: bool) -> Caller:
        """The caller, who may use this route now. Raises Problem, Forbidden or KeysUnavailable."""
        if route.public:
            return ANONYMOUS
        caller = self._key_holder() if keyed else await self._signed_in(request)
        if wait := self._rate_limiter.take((caller.kind, caller.tenant, caller.id)):
            raise Problem("TooManyRequests", headers={"Retry-After": str(int(wait) + 1)})
        if not caller.roles & route.roles:
            raise Problem(
                "RoleMissing", f"The operation requires one of the app roles {', '.join(sorted(route.roles))}."
            )
        return caller

    async def _signed_in(self, request: Request) -> Caller:
        authorization = request.headers.get("authorization", "")
        if not authorization:
            raise Problem("NotSignedIn")
        return await self._directory.token_validator.validate(authorization)

    def _key_holder(self) -> Caller:
        """The host has checked the key, and does not say which one: all holders share one rate limit."""
        roles = self._settings.api_key_roles
        if not roles:
            raise Problem("KeysDisabled")
        return Caller(kind=KEY, tenant=None, id=KEY, roles=roles)

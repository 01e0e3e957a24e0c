"""Who is asking, and whether they may. Nothing is allowed that a route does not allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.api.http import Request
from shared.api.limits import Limits
from shared.api.problems import Problem
from shared.directory.caller import Caller

if TYPE_CHECKING:
    from shared.api.routes import Route
    from shared.directory.directory import Directory
    from shared.platform.settings import Settings

KEY: Final = "key"
NOBODY = Caller(kind=KEY, tenant=None, id="nobody", roles=frozenset())


class Gate:
    def __init__(self, settings: Settings, directory: Directory, limits: Limits) -> None:
        self._settings, self._directory, self._limits = settings, directory, limits

    async def admit(self, request: Request, route: Route, *, keyed: bool) -> Caller:
        """The caller, who may use this route now. Raises Problem, Forbidden or KeysUnavailable."""
        if route.public:
            return NOBODY
        caller = self._holder_of_a_key() if keyed else await self._signed_in(request)
        if wait := self._limits.take((caller.kind, caller.tenant, caller.id)):
            raise Problem("TooManyRequests", headers={"Retry-After": str(int(wait) + 1)})
        if not caller.roles & route.roles:
            raise Problem("RoleMissing", f"This takes one of the app roles {', '.join(sorted(route.roles))}.")
        return caller

    async def _signed_in(self, request: Request) -> Caller:
        authorization = request.headers.get("authorization", "")
        if not authorization:
            raise Problem("NotSignedIn")
        return await self._directory.token_validator.validate(authorization)

    def _holder_of_a_key(self) -> Caller:
        """The host has checked the key. Whose it is can't be told: all holders share one limit."""
        roles = self._settings.api_key_roles
        if not roles:
            raise Problem("KeysOpenNothing")
        return Caller(kind=KEY, tenant=None, id=KEY, roles=roles)

"""An authenticated request: the caller, the permissions and the query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from emulator.graph import errors
from emulator.graph.errors import GraphError

# The error of each workload for a token that lacks the permission.
WORDINGS = {"directory": errors.denied_by_directory, "exchange": errors.denied_by_exchange}


@dataclass
class GraphRequest:
    """``user`` is the signed-in user, None for an app by itself. ``link_base`` is the base of next links."""

    http: web.Request
    tenant: dict[str, Any]
    user: dict[str, Any] | None
    permissions: frozenset[str]
    now: datetime
    link_base: str
    body: Any = None

    @property
    def query(self) -> dict[str, str]:
        return dict(self.http.query)

    @property
    def id(self) -> str:
        return self.http.match_info["id"]

    def signed_in(self) -> dict[str, Any]:
        """The user behind ``/me``. Raises GraphError for an app by itself."""
        if self.user is None:
            raise errors.without_user()
        return self.user

    def has(self, *permissions: str) -> bool:
        return not self.permissions.isdisjoint(permissions)

    def require(self, *permissions: str, workload: str = "teams") -> None:
        """One of these must have been consented to, the least first. Raises GraphError in the words of the workload."""
        if self.has(*permissions):
            return
        if workload in WORDINGS:
            refused = WORDINGS[workload]()
            raise refused
        kind = "role" if self.user is None else "scope"
        raise errors.without_permission(permissions, sorted(self.permissions), kind=kind)

    def require_role(self, *roles: str, otherwise: Callable[[], GraphError]) -> None:
        """The signed-in user must have one of these directory roles."""
        if self.user is not None and not set(self.user.get("directoryRoles", ())) & set(roles):
            raise otherwise()

    def person(self, which: str) -> dict[str, Any] | None:
        """A user or a resource account of this tenant, by object id or user principal name."""
        return next((each for each in self.people() if is_named(each, which)), None)

    def people(self) -> list[dict[str, Any]]:
        """All users of the tenant: its resource accounts are users too."""
        return [*self.tenant["users"].values(), *self.tenant["resourceAccounts"].values()]

    def name(self, user: dict[str, Any]) -> str:
        """A user's short name, by which the directory keeps delegates and meetings."""
        return next((name for name, each in self.tenant["users"].items() if each["id"] == user["id"]), "")


def is_named(user: dict[str, Any], which: str) -> bool:
    return which.lower() in (user["id"].lower(), user["userPrincipalName"].lower())

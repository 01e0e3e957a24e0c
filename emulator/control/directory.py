"""The directory of Entra and Graph: shown, changed, and the tokens of its users."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from emulator.control.fields import ControlError, fields_of, json_of, unknown
from emulator.directory import SEED
from emulator.platform import Platform

MOST = 100_000  # resource accounts made at once
SECTIONS = tuple(dict.fromkeys(name for tenant in SEED["tenants"].values() for name in tenant))
_USER = ("id", "userPrincipalName", "displayName", "mail", "jobTitle", "callingPolicy", "directoryRoles", "licenses")
FIELDS: dict[str, tuple[str, ...]] = {
    "apps": (
        *("displayName", "secret", "delegated", "application", "roles", "assignmentRequired"),
        *("optionalClaims", "spaRedirectUris", "accessTokenLifetime"),
    ),
    "users": (*_USER, "mfa", "blocked", "enabled"),
    "resourceAccounts": (*_USER, "appId", "phoneNumber", "acsResourceId"),
    "callingPolicies": ("AllowDelegation",),
}


class DirectoryEditor:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def routes(self) -> list[web.RouteDef]:
        at = "/_emulator"
        return [
            web.get(f"{at}/directory", self.show),
            web.patch(f"{at}/directory", self.patch),
            web.post(f"{at}/directory/resource-accounts", self.add_resource_accounts),
            web.post(f"{at}/entra/tokens", self.token),
            web.post(f"{at}/entra/keys/rotate", self.rotate),
        ]

    async def show(self, _: web.Request) -> web.Response:
        """The tenants, with their apps, users, resource accounts…"""
        return web.json_response(self._platform.directory.data)

    async def patch(self, request: web.Request) -> web.Response:
        """Change the directory by a JSON merge patch (RFC 7386)"""
        change = await json_of(request)
        _check(change)
        self._platform.directory.patch(change)
        return web.json_response(self._platform.directory.data)

    async def add_resource_accounts(self, request: web.Request) -> web.Response:
        """Add many resource accounts at once"""
        fields = await fields_of(request, "the request")
        tenant, count = fields.text("tenant", "contoso"), fields.count("count", 1, least=1, most=MOST)
        resource_id = fields.text("acsResourceId", self._platform.config.resource_id)
        fields.done()
        self._platform.directory.add_resource_accounts(tenant, count, resource_id)
        return web.json_response({"count": count}, status=201)

    async def token(self, request: web.Request) -> web.Response:
        """A token for the API under development, as a signed-in user's client gets it"""
        body = await json_of(request)
        if not isinstance(body, dict):
            raise ControlError("a token is a JSON object")
        return web.json_response({"token": self._platform.entra.sign_in(body)})

    async def rotate(self, request: web.Request) -> web.Response:
        """Sign Entra's tokens with a new key"""
        fields = await fields_of(request, "a rotation")
        forget = fields.flag("forget")
        fields.done()
        return web.json_response({"kid": self._platform.entra.keys.rotate(forget=forget)})


def _check(change: Any) -> None:
    """Raises ControlError for a section or a field that a directory does not have."""
    for name, tenants in _object(change, "the directory").items():
        if name != "tenants":
            raise unknown(name, ("tenants",), "the directory")
        for tenant in _object(tenants, "'tenants'").values():
            _check_tenant(_object(tenant, "a tenant"))


def _check_tenant(tenant: dict[str, Any]) -> None:
    for name, section in tenant.items():
        if name not in SECTIONS:
            raise unknown(name, SECTIONS, "a tenant")
        for entry in _object(section, repr(name)).values() if name in FIELDS else ():
            _check_entry(name, _object(entry, f"an entry of {name!r}"))


def _check_entry(section: str, entry: dict[str, Any]) -> None:
    for name in entry:
        if name not in FIELDS[section]:
            raise unknown(name, FIELDS[section], f"an entry of {section!r}")


def _object(value: Any, what: str) -> dict[str, Any]:
    """An object, or nothing: null removes."""
    if value is not None and not isinstance(value, dict):
        raise ControlError(f"{what} is a JSON object, not {type(value).__name__}")
    return value or {}

"""The token endpoint: client credentials, on behalf of a user, and refreshing.

Microsoft Learn, "OAuth 2.0 client credentials flow", "OAuth 2.0 On-Behalf-Of flow", "Access token claims reference".
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import jwt

from emulator.acs.signing_keys import SigningKeys
from emulator.clock import Clock
from emulator.directory import Directory
from emulator.entra.errors import EntraError

LIFETIME = 3600  # seconds; Entra's are 60 to 90 minutes
GRAPH = "https://graph.microsoft.com"
FEDERATION = "api://AzureADTokenExchange"
COMMUNICATION = "https://auth.msft.communication.azure.com"
RESOURCES = (
    GRAPH,
    FEDERATION,
    COMMUNICATION,
    "https://communication.azure.com",
    "https://management.azure.com",
    "https://storage.azure.com",
    "https://eventgrid.azure.net",
)
ON_BEHALF_OF = "urn:ietf:params:oauth:grant-type:jwt-bearer"
MFA = '{"access_token":{"capolids":{"essential":true,"values":["00000000-0000-4000-8000-00000000ca01"]}}}'


class Grants:
    """``url`` returns Entra's address, which is also that of the resource Microsoft Graph."""

    def __init__(self, directory: Directory, keys: SigningKeys, clock: Clock, url: Callable[[], str]) -> None:
        self._directory, self._keys, self._clock, self._url = directory, keys, clock, url
        self._refresh: dict[str, tuple[str, str]] = {}  # token → tenant's id, user's short name

    def grant(self, which: str, form: Mapping[str, str]) -> dict[str, Any]:
        """The answer of a tenant's token endpoint. Raises EntraError."""
        tenant = self._directory.tenant(which)
        if tenant is None:
            raise EntraError(90002)
        app = self._app(tenant, form)
        match form.get("grant_type"):
            case "client_credentials":
                return self._answer(self._for_app(tenant, form, app))
            case name if name == ON_BEHALF_OF and form.get("requested_token_use") == "on_behalf_of":
                user = self._asserted(tenant, form)
            case "refresh_token":
                user = self._refreshed(tenant, form)
            case _:
                raise EntraError(70003)
        refresh = secrets.token_urlsafe(24)
        answer = self._answer(self._for_user(tenant, form, app, user))
        self._refresh[refresh] = (tenant["id"], user)
        return answer | {"refresh_token": refresh}

    def _app(self, tenant: dict[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
        app: dict[str, Any] | None = tenant["apps"].get(form.get("client_id", ""))
        if app is None:
            raise EntraError(700016)
        if "client_assertion" in form:
            self._check_federation(form["client_assertion"])
        elif "client_secret" not in form:
            raise EntraError(7000218)
        elif form["client_secret"] != app["secret"]:
            raise EntraError(7000215)
        return app

    def _check_federation(self, assertion: str) -> None:
        try:
            self._keys.verify(assertion, audience=FEDERATION)
        except (jwt.PyJWTError, ValueError):
            raise EntraError(70021) from None

    def _asserted(self, tenant: dict[str, Any], form: Mapping[str, str]) -> str:
        """The user whose token our client shows."""
        try:
            claims = self._keys.verify(form.get("assertion", ""), audience=form["client_id"])
        except jwt.ExpiredSignatureError:
            raise EntraError(500133) from None
        except jwt.InvalidAudienceError:
            raise EntraError(500131) from None
        except (jwt.PyJWTError, ValueError):
            raise EntraError(50013) from None
        if claims.get("idtyp") == "app":
            raise EntraError(7000114)
        user = self._directory.name_of(tenant, str(claims.get("oid")))
        if user is None or claims.get("tid") != tenant["id"]:
            raise EntraError(50013)
        return user

    def _refreshed(self, tenant: dict[str, Any], form: Mapping[str, str]) -> str:
        of, user = self._refresh.get(form.get("refresh_token", ""), ("", ""))
        if of != tenant["id"] or user not in tenant["users"]:
            raise EntraError(70043)
        return user

    def _for_app(self, tenant: dict[str, Any], form: Mapping[str, str], app: dict[str, Any]) -> dict[str, Any]:
        resource = self._resource(form)
        # Graph's own registration has the optional claim idtyp.
        own = {"idtyp": "app", "oid": str(uuid.uuid5(uuid.UUID(tenant["id"]), form["client_id"]))}
        return self._claims(tenant, form, resource) | own | {"roles": app["application"]}

    def _for_user(
        self, tenant: dict[str, Any], form: Mapping[str, str], app: dict[str, Any], name: str
    ) -> dict[str, Any]:
        user = tenant["users"][name]
        if not user.get("enabled", True):
            raise EntraError(50057)
        if app.get("assignmentRequired") and name not in app["roles"]:
            raise EntraError(50105)
        if user.get("blocked"):
            raise EntraError(53003)
        if user.get("mfa") and "claims" not in form:
            raise EntraError(50076, claims=MFA)
        if not app["delegated"]:
            raise EntraError(65001)
        resource = self._resource(form)
        return self._claims(tenant, form, resource) | {"oid": user["id"], "scp": " ".join(app["delegated"])}

    def _resource(self, form: Mapping[str, str]) -> str:
        asked = [scope for scope in form.get("scope", "").split() if "/" in scope]
        if not asked:
            raise EntraError(70011)
        resource = asked[0].rpartition("/")[0]
        if resource == self._url():
            return GRAPH
        if resource.rstrip("/") not in RESOURCES:
            raise EntraError(500011)
        return resource

    def _claims(self, tenant: dict[str, Any], form: Mapping[str, str], resource: str) -> dict[str, Any]:
        now = self._clock.now()
        return {
            "iss": f"{self._url()}/{tenant['id']}/v2.0",
            "aud": resource,
            "iat": now,
            "nbf": now,
            "exp": now + timedelta(seconds=LIFETIME),
            "tid": tenant["id"],
            "appid": form["client_id"],
            "ver": "2.0",
        }

    def _answer(self, claims: dict[str, Any]) -> dict[str, Any]:
        token = self._keys.sign(claims)
        return {"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token} | (
            {"scope": claims["scp"]} if "scp" in claims else {}
        )

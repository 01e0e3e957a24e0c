"""The token endpoint: authorization codes, client credentials, on behalf of a user, and refreshing.

Microsoft Learn, "OAuth 2.0 authorization code flow", "OAuth 2.0 client credentials flow", "OAuth 2.0
On-Behalf-Of flow", "Access token claims reference", "ID token claims reference".
"""

from __future__ import annotations

import json
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt

from emulator.acs.signing_keys import SigningKeys
from emulator.clock import Clock
from emulator.directory import Directory
from emulator.entra import clients
from emulator.entra.clients import DEFAULT, FEDERATION, GRAPH, ScopeRequest
from emulator.entra.codes import Codes, RefreshTokens, SignIn
from emulator.entra.errors import CONSENT, EntraError

LIFETIME = 3600  # seconds; Entra's are 60 to 90 minutes
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

ANY_TENANT = ("common", "organizations")

Form = Mapping[str, str]


class Grants:
    """``url`` returns Entra's address, which is also that of the resource Microsoft Graph."""

    def __init__(self, directory: Directory, keys: SigningKeys, clock: Clock, url: Callable[[], str]) -> None:
        self._directory, self._keys, self._clock, self._url = directory, keys, clock, url
        self.codes, self._refresh = Codes(clock), RefreshTokens(clock)
        self._strong: set[str] = set()  # the claim uti of tokens of users who gave a second factor
        self._consents: set[tuple[SignIn, str, str]] = set()

    def grant(self, which: str, form: Form, origin: str = "") -> dict[str, Any]:
        """The answer of a tenant's token endpoint to a client; a page has an origin. Raises EntraError."""
        tenant = self._directory.tenant(self._home(form) if which in ANY_TENANT else which)
        if tenant is None:
            raise EntraError(90002)
        app = self._app(tenant, form, origin)
        match form.get("grant_type"):
            case "authorization_code":
                code = self.codes.redeem(form)
                return self._for_user(form, code.sign_in, page=True, nonce=code.nonce)
            case "client_credentials":
                return self._answer(self._for_app(tenant, form, app))
            case name if name == ON_BEHALF_OF and form.get("requested_token_use") == "on_behalf_of":
                return self._for_user(form, self._asserted(tenant, form), page=False)
            case "refresh_token":
                token = form.get("refresh_token", "")
                sign_in, end = self._refresh.redeem(token, form["client_id"], tenant["id"])
                return self._for_user(form, sign_in, page=bool(origin), end=end)
            case _:
                raise EntraError(70003)

    def check(self, sign_in: SignIn, asked: ScopeRequest) -> None:
        """Raises EntraError unless the user may have a token for the client's scopes."""
        tenant, user, app = self._of(sign_in)
        if not user.get("enabled", True):
            raise EntraError(50057)
        if app.get("assignmentRequired") and sign_in.user not in app["roles"]:
            raise EntraError(50105)
        if user.get("blocked"):
            raise EntraError(53003)
        if user.get("mfa") and not sign_in.strong:
            raise EntraError(50076, claims=MFA)
        self._audience(tenant, asked.resource)
        self._scopes(sign_in, asked)

    def consent(self, sign_in: SignIn, asked: ScopeRequest) -> None:
        """The user lets the client have the scopes."""
        self._consents |= {(_weak(sign_in), asked.resource, scope) for scope in asked.scopes}

    # -- Who asks --

    def _home(self, form: Form) -> str:
        """The tenant of a request to ``common`` or ``organizations``: that of its code or token. Raises EntraError."""
        match form.get("grant_type"):
            case "authorization_code":
                return self.codes.tenant(form.get("code", ""))
            case "refresh_token":
                return self._refresh.tenant(form.get("refresh_token", ""))
        return ""

    def _app(self, tenant: dict[str, Any], form: Form, origin: str) -> dict[str, Any]:
        app: dict[str, Any] | None = tenant["apps"].get(form.get("client_id", ""))
        if app is None:
            raise EntraError(700016)
        clients.authenticate(app, form, origin, self._keys)
        return app

    def _asserted(self, tenant: dict[str, Any], form: Form) -> SignIn:
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
        strong = "claims" in form or claims.get("uti") in self._strong
        return SignIn(tenant["id"], user, form["client_id"], strong)

    def _of(self, sign_in: SignIn) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """The tenant, the user and the app. Raises EntraError where they are gone."""
        tenant = self._directory.tenant(sign_in.tenant)
        if tenant is None or sign_in.user not in tenant["users"]:
            raise EntraError(70043)
        if sign_in.client not in tenant["apps"]:
            raise EntraError(700016)
        return tenant, tenant["users"][sign_in.user], tenant["apps"][sign_in.client]

    # -- The tokens --

    def _for_app(self, tenant: dict[str, Any], form: Form, app: dict[str, Any]) -> dict[str, Any]:
        resource = self._audience(tenant, ScopeRequest.of(form.get("scope", ""), self._url()).resource)
        # Graph's own registration has the optional claim idtyp.
        own = {"idtyp": "app", "oid": str(uuid.uuid5(uuid.UUID(tenant["id"]), form["client_id"]))}
        return self._claims(tenant, form["client_id"], resource) | own | {"roles": app["application"]}

    def _for_user(
        self, form: Form, sign_in: SignIn, *, page: bool, end: datetime | None = None, nonce: str | None = None
    ) -> dict[str, Any]:
        asked = ScopeRequest.of(form.get("scope", ""), self._url())
        self.check(sign_in, asked)
        claims = self._user_claims(sign_in, asked)
        if sign_in.strong:
            self._strong.add(claims["uti"])
        refresh, _ = self._refresh.issue(sign_in, page=page, expires=end)
        answer = self._answer(claims) | {"refresh_token": refresh}
        return answer | self._identity(sign_in, nonce) if page else answer

    def _user_claims(self, sign_in: SignIn, asked: ScopeRequest) -> dict[str, Any]:
        tenant, user, _ = self._of(sign_in)
        audience = self._audience(tenant, asked.resource)
        claims = self._claims(tenant, sign_in.client, audience) | {
            "oid": user["id"],
            "scp": " ".join(self._scopes(sign_in, asked)),
        }
        resource = tenant["apps"].get(audience)
        if resource is None:
            return claims
        claims |= {"name": user["displayName"], "preferred_username": user["userPrincipalName"]}
        roles = resource.get("roles", {}).get(sign_in.user)
        return claims | {"azp": sign_in.client} | ({"roles": roles} if roles else {})

    def _scopes(self, sign_in: SignIn, asked: ScopeRequest) -> list[str]:
        """All that the app may do with the resource. Raises EntraError without consent to the scopes."""
        _, _, app = self._of(sign_in)
        own = {name for who, resource, name in self._consents if (who, resource) == (_weak(sign_in), asked.resource)}
        granted = [*clients.allowed(app, asked), *sorted(own)]
        wanted = [scope for scope in asked.scopes if scope != DEFAULT]
        if not set(wanted) <= set(granted) or (DEFAULT in asked.scopes and not granted):
            raise EntraError(CONSENT)
        return list(dict.fromkeys(granted))

    def _audience(self, tenant: dict[str, Any], resource: str) -> str:
        """The claim ``aud``. Raises EntraError for a resource that the tenant does not know."""
        if resource.rstrip("/") in RESOURCES:
            return resource
        app = resource.removeprefix("api://")
        if app not in tenant["apps"]:
            raise EntraError(500011)
        return app

    def _claims(self, tenant: dict[str, Any], client: str, audience: str) -> dict[str, Any]:
        now = self._clock.now()
        seconds = tenant["apps"].get(audience, {}).get("accessTokenLifetime", LIFETIME)
        return {
            "iss": f"{self._url()}/{tenant['id']}/v2.0",
            "aud": audience,
            "iat": now,
            "nbf": now,
            "exp": now + timedelta(seconds=seconds),
            "tid": tenant["id"],
            "appid": client,
            "uti": uuid.uuid4().hex,
            "ver": "2.0",
        }

    def _identity(self, sign_in: SignIn, nonce: str | None) -> dict[str, str]:
        """Who signed in, for the page."""
        tenant, user, _ = self._of(sign_in)
        claims = self._claims(tenant, sign_in.client, sign_in.client) | {
            "oid": user["id"],
            "sub": f"{user['id']}.{sign_in.client}",
            "name": user["displayName"],
            "preferred_username": user["userPrincipalName"],
        }
        info = json.dumps({"uid": user["id"], "utid": tenant["id"]}).encode()
        id_token = self._keys.sign(claims | ({"nonce": nonce} if nonce else {}))
        return {"id_token": id_token, "client_info": urlsafe_b64encode(info).rstrip(b"=").decode()}

    def _answer(self, claims: dict[str, Any]) -> dict[str, Any]:
        seconds = int((claims["exp"] - claims["iat"]).total_seconds())
        answer = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}
        prefix = "" if claims["aud"] == GRAPH else f"{claims['aud']}/"
        scopes = {"scope": " ".join(prefix + each for each in claims["scp"].split())} if "scp" in claims else {}
        return answer | {"access_token": self._keys.sign(claims)} | scopes


def _weak(sign_in: SignIn) -> SignIn:
    """The same without the second factor: consents do not depend on it."""
    return SignIn(sign_in.tenant, sign_in.user, sign_in.client)

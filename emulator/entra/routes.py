"""Entra over HTTP, and the tokens that a client application gets by signing a user in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import Any

import jwt
from aiohttp import web

from emulator.acs.signing_keys import SigningKeys
from emulator.clock import Clock
from emulator.directory import Directory
from emulator.entra.errors import EntraError
from emulator.entra.grants import ANY_TENANT, Grants
from emulator.entra.interactive import Interactive
from emulator.faults import Faults
from emulator.journal import Journal

API = "a9100000-0000-4000-8000-0000000000a1"  # the registration of the API under development, in directory.json
OPERATIONS = {
    "authorization_code": "AuthorizationCode",
    "client_credentials": "ClientCredentials",
    "refresh_token": "RefreshToken",
}
ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}  # pages of any origin may ask, and read the answer
ALGORITHMS = ("RS256", "HS256", "none")
# Claims beyond those of every token ("Optional claims reference"). Registrations of the directory have this one unless
# their ``optionalClaims`` differ.
OPTIONAL_CLAIMS = ("idtyp",)


class NotSignedIn(ValueError):
    """The requested token can't be made; the text says why."""


class Entra:
    def __init__(
        self, directory: Directory, *, clock: Clock, journal: Journal, faults: Faults, url: Callable[[], str]
    ) -> None:
        self._directory, self._clock, self._journal, self._faults, self._url = directory, clock, journal, faults, url

    @cached_property
    def keys(self) -> SigningKeys:
        """Made on first use: most runs of the emulator need no token."""
        return SigningKeys(self._clock)

    @cached_property
    def _grants(self) -> Grants:
        return Grants(self._directory, self.keys, self._clock, self._url)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/{tenant}/v2.0/.well-known/openid-configuration", self._configuration),
            web.get("/{tenant}/discovery/v2.0/keys", self._published),
            web.post("/{tenant}/oauth2/v2.0/token", self._token),
            *Interactive(self._directory, self._journal, self._clock, self._url, lambda: self._grants).routes(),
        ]

    def reset(self) -> None:
        """Forget who may refresh; the keys stay."""
        self.__dict__.pop("_grants", None)

    def verify(self, token: str, audience: str | None = None) -> dict[str, Any]:
        """The claims of a token issued here, for an audience or for any. Raises ValueError."""
        try:
            return self.keys.verify(token, audience=audience, options={"verify_aud": audience is not None})
        except jwt.PyJWTError as error:
            raise ValueError(str(error)) from None

    def sign_in(self, asked: dict[str, Any]) -> str:
        """A token for our API, as its client application gets it. Raises ValueError."""
        _check(asked)
        tenant = self._directory.tenant(asked.get("tenant", "contoso"))
        if tenant is None:
            raise NotSignedIn(f"there is no tenant {asked['tenant']!r}")
        now = self._clock.now()
        claims = {
            "iss": f"{self._url()}/{tenant['id']}/v2.0",
            "aud": API,
            "iat": now,
            "nbf": now + timedelta(seconds=asked.get("not_before_in", 0)),
            "exp": now + timedelta(seconds=asked.get("expires_in", 3600)),
            "tid": tenant["id"],
            "ver": "2.0",
        }
        claims |= self._app(tenant, asked) if "app" in asked else self._user(tenant, asked)
        claims |= {name: asked[key] for key, name in (("audience", "aud"), ("issuer", "iss")) if key in asked}
        return self._signed(claims, asked)

    def _user(self, tenant: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        name = self._directory.name_of(tenant, asked.get("user", "ada"))
        if name is None:
            raise NotSignedIn(f"tenant {tenant['domain']} has no user {asked.get('user')!r}")
        user = tenant["users"][name]
        client = asked.get("client", "c11e0000-0000-4000-8000-0000000000c1")
        roles = asked.get("roles", tenant["apps"].get(API, {}).get("roles", {}).get(name, []))
        claims = {"oid": user["id"], "azp": client, "scp": asked.get("scopes", "access_as_user"), "name": name}
        return claims | ({"roles": roles} if roles else {})

    @staticmethod
    def _app(tenant: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        own = {"oid": f"5e4f1ce0-{tenant['id'][9:]}", "azp": asked["app"]}
        if "idtyp" in tenant["apps"].get(API, {}).get("optionalClaims", OPTIONAL_CLAIMS):
            own["idtyp"] = "app"
        return own | ({"roles": asked["roles"]} if asked.get("roles") else {})

    def _signed(self, claims: dict[str, Any], asked: dict[str, Any]) -> str:
        algorithm = asked.get("algorithm", "RS256")
        if algorithm == "RS256":
            return self.keys.sign(claims, asked.get("kid"))
        # Forged, for a test: not signed at all, or with a public key.
        key = "" if algorithm == "none" else "a key that is public, and long enough"
        headers = {"kid": asked.get("kid", self.keys.current)}
        return jwt.encode(claims, key, algorithm=algorithm, headers=headers)

    # -- Over HTTP --

    async def _configuration(self, request: web.Request) -> web.Response:
        at = f"{request.scheme}://{request.host}/{request.match_info['tenant']}"
        issuer = "{tenantid}" if request.match_info["tenant"] in ANY_TENANT else request.match_info["tenant"]
        return web.json_response(
            {
                "issuer": f"{self._url()}/{issuer}/v2.0",
                "jwks_uri": f"{at}/discovery/v2.0/keys",
                "token_endpoint": f"{at}/oauth2/v2.0/token",
                "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",
                "end_session_endpoint": f"{at}/oauth2/v2.0/logout",
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_modes_supported": ["query", "fragment"],
                "response_types_supported": ["code"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "subject_types_supported": ["pairwise"],
            },
            headers=ANY_ORIGIN,
        )

    async def _published(self, request: web.Request) -> web.StreamResponse:
        keys = [{**key, "issuer": f"{self._url()}/{{tenantid}}/v2.0"} for key in self.keys.published()["keys"]]
        return await self._fault("GetKeys", request) or self._note("GetKeys", request, 200, {"keys": keys})

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        operation = OPERATIONS.get(form.get("grant_type", ""), "OnBehalfOf")
        if failed := await self._fault(operation, request):
            return failed
        origin = request.headers.get("Origin", "")
        try:
            answer, status = self._grants.grant(request.match_info["tenant"], form, origin), 200
        except EntraError as refused:
            answer, status = refused.body(self._clock.now()), refused.status
        return self._note(operation, request, status, answer)

    async def _fault(self, operation: str, request: web.Request) -> web.StreamResponse | None:
        fault = self._faults.take("entra", operation=operation)
        if fault is None:
            return None
        if fault.do == "delay":
            await self._clock.sleep(float(fault.with_.get("seconds", 1)))
            return None
        if fault.do == "drop" and request.transport is not None:
            request.transport.abort()
            return web.Response()  # never sent
        after = {"Retry-After": str(fault.with_["retry_after"])} if "retry_after" in fault.with_ else {}
        status = int(fault.with_.get("status", 503))
        body = {"error": "temporarily_unavailable", "error_description": "AADSTS90033: A transient error has occurred."}
        return self._note(operation, request, status, body, after)

    def _note(
        self, operation: str, request: web.Request, status: int, body: Any, headers: dict[str, str] | None = None
    ) -> web.Response:
        error = body.get("error_description", "").partition(":")[0] or None  # AADSTS and its number
        self._journal.add("entra.request", operation=operation, path=request.path, status=status, error=error)
        return web.json_response(body, status=status, headers=ANY_ORIGIN | (headers or {}))


def _check(asked: dict[str, Any]) -> None:
    """Raises NotSignedIn for a request that no token can be made of."""
    kinds: dict[str, type | tuple[type, ...]] = {
        **dict.fromkeys(("tenant", "user", "app", "client", "audience", "issuer", "kid", "scopes", "algorithm"), str),
        **dict.fromkeys(("expires_in", "not_before_in"), (int, float)),
        "roles": list,
    }
    for name, value in asked.items():
        if name not in kinds:
            raise NotSignedIn(f"unknown field {name!r}; known are {', '.join(sorted(kinds))}")
        if not isinstance(value, kinds[name]):
            raise NotSignedIn(f"{name!r} can't be {value!r}")
    if asked.get("algorithm", "RS256") not in ALGORITHMS:
        raise NotSignedIn(f"'algorithm' is one of {', '.join(ALGORITHMS)}")

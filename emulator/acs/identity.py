"""Identities and their tokens (azure-communication-identity, api-version 2023-10-01).

The claims of the tokens are those of published ones. Assumed: the answers to an unknown id and to a Teams token without
the scopes.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.acs.errors import FORBIDDEN, IDENTITY_NOT_OWNED, INVALID_TOKEN, AcsError, not_found
from emulator.acs.messages import Answer, Request
from emulator.acs.service import Service

COMMUNICATION = "https://auth.msft.communication.azure.com"  # the audience of Entra tokens for Communication Services
TEAMS_SCOPES = frozenset({"Teams.ManageCalls", "Teams.ManageChats"})
LONGEST = 1440  # minutes; also the default

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def create(service: Service, request: Request) -> Answer:
    id = f"8:acs:{service.config.resource_id}_{service.new_id()}"
    service.identities.add(id)
    body: dict[str, Any] = {"identity": {"id": id}}
    if scopes := request.body.get("createTokenWithScopes"):
        body["accessToken"] = _for_minutes(service, id, scopes, request)
    return Answer(body)


def delete(service: Service, request: Request) -> Answer:
    service.identities.remove(_known(service, request))
    return Answer()


def revoke(service: Service, request: Request) -> Answer:
    _known(service, request)
    return Answer()


def issue(service: Service, request: Request) -> Answer:
    id, scopes = _known(service, request), request.body["scopes"]
    if not scopes:
        raise AcsError(400, "BadRequest", "The field 'scopes' must name at least one scope.")
    return Answer(_for_minutes(service, id, scopes, request))


def exchange_for_teams_user(service: Service, request: Request) -> Answer:
    """A token to call as a Teams user, good for as long as the Entra token is."""
    claims = verified(service, request.body["token"])
    named = (request.body["appId"].lower(), request.body["userId"].lower())
    if named != (client(claims), str(claims.get("oid")).lower()):
        raise invalid_token()
    if not scopes_of(claims) >= TEAMS_SCOPES:
        raise AcsError(403, FORBIDDEN, "The token lacks a scope: Teams.ManageCalls and Teams.ManageChats are needed.")
    return Answer(token(service, f"8:orgid:{claims['oid']}", ["chat", "voip"], claims["exp"], claims["tid"]))


def verified(service: Service, entra_token: str) -> dict[str, Any]:
    """The claims of a user's token for Communication Services. Raises AcsError."""
    try:
        claims = service.verify(entra_token, COMMUNICATION)
    except ValueError:
        raise invalid_token() from None
    if claims.get("idtyp") == "app" or not _GUID.fullmatch(str(claims.get("oid")).lower()):
        raise invalid_token()
    return claims


def invalid_token() -> AcsError:
    return AcsError(401, INVALID_TOKEN, "Provided access token is not valid.")


def client(claims: dict[str, Any]) -> str:
    """The app that the user signed in with: ``appid`` in tokens of version 1, ``azp`` in those of version 2."""
    return str(claims.get("appid") or claims.get("azp")).lower()


def scopes_of(claims: dict[str, Any]) -> frozenset[str]:
    return frozenset(str(claims.get("scp", "")).split())


def token(service: Service, id: str, scopes: list[str], expires: int, tenant: str | None = None) -> dict[str, Any]:
    """An access token of ACS. By the claim ``tid``, the tenant, the calling SDK knows a Teams identity."""
    claims = {
        "skypeid": id.removeprefix("8:"),
        "acsScope": ",".join(scopes),
        "resourceId": service.config.resource_id,
        "iat": service.clock.now(),
        "exp": expires,
        "jti": service.new_id(),
        **({"tid": tenant} if tenant else {}),
    }
    # Seven digits of a second, as the service has them.
    expires_on = f"{datetime.fromtimestamp(expires, UTC):%Y-%m-%dT%H:%M:%S}.0000000+00:00"
    return {"token": service.keys.sign(claims), "expiresOn": expires_on}


def _for_minutes(service: Service, id: str, scopes: list[str], request: Request) -> dict[str, Any]:
    minutes = request.body.get("expiresInMinutes") or LONGEST
    return token(service, id, scopes, int((service.clock.now() + timedelta(minutes=minutes)).timestamp()))


def _known(service: Service, request: Request) -> str:
    id = request.params["id"]
    if not id.startswith(f"8:acs:{service.config.resource_id}_"):
        raise AcsError(401, IDENTITY_NOT_OWNED, "Provided identity doesn't belong to the resource.")
    if id not in service.identities:
        raise not_found("There is no such identity.")
    return id

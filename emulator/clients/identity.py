"""Who a client is, by its ACS token.

By the claim ``tid`` the calling SDK knows a Teams identity: a guest's agent with such a token is refused 403/40229, a
Teams agent without it 403/40231. Observed with azure communication-calling 2.0.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jwt

from emulator.acs.identifiers import Identifier, parse
from emulator.acs.service import Service
from emulator.directory import Directory

Kind = Literal["teams", "guest"]


class ClientError(Exception):
    """A refused command, with the code and the subcode of the SDK's error."""

    def __init__(self, code: int, sub_code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.sub_code = code, sub_code


@dataclass(frozen=True)
class Identity:
    identifier: Identifier
    name: str
    expires: float  # seconds since 1970

    @property
    def raw_id(self) -> str:
        return str(self.identifier["rawId"])


def identify(service: Service, directory: Directory, token: str, kind: Kind) -> Identity:
    """The identity of a token, which may have expired. Raises ClientError."""
    claims = _claims(service, token)
    if kind == "teams" and "tid" not in claims:
        raise ClientError(403, 40231, "TeamsCallAgent must be created with a Teams identity's token.")
    if kind == "guest" and "tid" in claims:
        raise ClientError(403, 40229, "CallAgent must be created with an ACS identity's token.")
    identifier = parse(f"8:{claims['skypeid']}")
    return Identity(identifier, name_of(directory, identifier), float(claims["exp"]))


def name_of(directory: Directory, identifier: Identifier) -> str:
    """As the directory has it; empty for numbers and for identities of ACS."""
    named = identifier.get("teamsExtensionUser") or identifier.get("microsoftTeamsUser") or {}
    app = identifier.get("microsoftTeamsApp") or {}
    for tenant in directory.tenants():
        people = (*tenant.get("users", {}).values(), *tenant.get("resourceAccounts", {}).values())
        for each in people:
            if each["id"] in (named.get("userId"), app.get("appId")):
                return str(each["displayName"])
    return ""


def _claims(service: Service, token: str) -> dict[str, str]:
    try:
        claims = service.keys.verify(token, options={"verify_exp": False, "verify_aud": False})
    except (jwt.PyJWTError, ValueError):
        raise ClientError(401, 10009, "The token is not one of this resource's.") from None
    if "skypeid" not in claims or "voip" not in str(claims.get("acsScope")).split(","):
        raise ClientError(401, 10009, "The token has no scope to call.")
    return claims

"""Client applications: how they authenticate, where they may be redirected to, what they were allowed.

Microsoft Learn, "Redirect URI (reply URL) best practices and limitations", "OAuth 2.0 authorization code flow".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt

from emulator.acs.signing_keys import SigningKeys
from emulator.entra.errors import EntraError

FEDERATION = "api://AzureADTokenExchange"
GRAPH = "https://graph.microsoft.com"
OPENID = frozenset({"openid", "profile", "email", "offline_access"})
DEFAULT = ".default"


@dataclass(frozen=True)
class ScopeRequest:
    """The resource of a request, and its scopes by name."""

    resource: str
    scopes: tuple[str, ...]

    @classmethod
    def of(cls, scope: str, url: str) -> ScopeRequest:
        """Raises EntraError unless the scopes are of one resource. Those without a resource are Graph's."""
        given = scope.split()
        scopes = [each.rpartition("/") for each in given if each not in OPENID]
        resources = list(dict.fromkeys(resource or GRAPH for resource, _, _ in scopes))
        if not given:
            raise EntraError(70011)
        if len(resources) > 1:
            raise EntraError(28000)
        resource = resources[0] if resources else GRAPH
        return cls(GRAPH if resource == url else resource, tuple(name for _, _, name in scopes))


def authenticate(app: dict[str, Any], form: Mapping[str, str], origin: str, keys: SigningKeys) -> None:
    """Raises EntraError unless the client proves to be the app, or is a page of its origin."""
    if "client_assertion" in form:
        _check_federation(form["client_assertion"], keys)
    elif "client_secret" in form:
        if form["client_secret"] != app.get("secret"):
            raise EntraError(7000215)
    elif form.get("grant_type") in ("authorization_code", "refresh_token") and app.get("spaRedirectUris"):
        if not origin:
            raise EntraError(9002327)
    else:
        raise EntraError(9002326 if origin else 7000218)


def _check_federation(assertion: str, keys: SigningKeys) -> None:
    try:
        keys.verify(assertion, audience=FEDERATION)
    except (jwt.PyJWTError, ValueError):
        raise EntraError(70021) from None


def redirects_to(app: dict[str, Any], uri: str) -> bool:
    """Whether the URI is a registered one. The port of ``http://localhost`` is ignored, as RFC 8252 (7.3) has it."""
    return any(_same(uri, registered) for registered in app.get("spaRedirectUris", ()))


def _same(uri: str, registered: str) -> bool:
    given, known = urlsplit(uri), urlsplit(registered)
    if (given.scheme, given.hostname) == ("http", "localhost") == (known.scheme, known.hostname):
        return (given.path, given.query, given.fragment) == (known.path, known.query, known.fragment)
    return uri == registered


def allowed(app: dict[str, Any], asked: ScopeRequest) -> tuple[str, ...]:
    """The app's scopes of the resource: of the directory's ``delegated``, where bare names are Graph's."""
    prefix = "" if asked.resource == GRAPH else asked.resource
    split = [scope.rpartition("/") for scope in app["delegated"]]
    return tuple(name for resource, _, name in split if resource == prefix)

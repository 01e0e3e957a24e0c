"""Authorization codes with their proof keys (RFC 7636), and refresh tokens."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from emulator.clock import Clock
from emulator.entra.errors import EntraError

CODE_LIFE = timedelta(minutes=10)
PAGE_LIFE = timedelta(hours=24)  # of the refresh tokens of single-page applications; not extended by refreshing
APP_LIFE = timedelta(days=90)


@dataclass(frozen=True)
class SignIn:
    """A user of a tenant, signed in with a client; ``strong``: with a second factor."""

    tenant: str
    user: str
    client: str
    strong: bool = False


@dataclass(frozen=True)
class Code:
    sign_in: SignIn
    redirect_uri: str
    challenge: str
    nonce: str
    expires: datetime


class Codes:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: dict[str, Code] = {}
        self._redeemed: set[str] = set()

    def issue(self, sign_in: SignIn, *, redirect_uri: str, challenge: str, nonce: str) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = Code(sign_in, redirect_uri, challenge, nonce, self._clock.now() + CODE_LIFE)
        return code

    def tenant(self, text: str) -> str:
        """The id of the tenant that the user of a code is of. Raises EntraError."""
        if text not in self._codes:
            raise EntraError(54005 if text in self._redeemed else 9002313)
        return self._codes[text].sign_in.tenant

    def redeem(self, form: Mapping[str, str]) -> Code:
        """The sign-in of a code, once. Raises EntraError."""
        text = form.get("code", "")
        self.tenant(text)
        code = self._codes.pop(text)
        self._redeemed.add(text)
        if code.expires < self._clock.now() or code.sign_in.client != form["client_id"]:
            raise EntraError(70008 if code.sign_in.client == form["client_id"] else 700005)
        if code.redirect_uri != form.get("redirect_uri"):
            raise EntraError(500112)
        _check_proof(code.challenge, form.get("code_verifier", ""))
        return code


def _check_proof(challenge: str, verifier: str) -> None:
    if not challenge or not verifier:
        raise EntraError(9002325)
    digest = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if digest != challenge:
        raise EntraError(501481)


class RefreshTokens:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[str, tuple[SignIn, datetime, bool]] = {}

    def issue(self, sign_in: SignIn, *, page: bool, expires: datetime | None = None) -> tuple[str, datetime]:
        """A new token and its end, which is the old one's where a page refreshes."""
        token = secrets.token_urlsafe(24)
        end = expires if page and expires else self._clock.now() + (PAGE_LIFE if page else APP_LIFE)
        self._tokens[token] = (sign_in, end, page)
        return token, end

    def tenant(self, token: str) -> str:
        """The id of the tenant that the token's user is of. Raises EntraError."""
        if token not in self._tokens:
            raise EntraError(70043)
        return self._tokens[token][0].tenant

    def redeem(self, token: str, client: str, tenant: str) -> tuple[SignIn, datetime]:
        """The sign-in, and the token's end. An old token stays good, as in Entra. Raises EntraError."""
        sign_in, end, page = self._tokens.get(token, (None, self._clock.now(), False))
        if sign_in is None or (sign_in.client, sign_in.tenant) != (client, tenant):
            raise EntraError(70043)
        if end < self._clock.now():
            raise EntraError(700084 if page else 70043)
        return sign_in, end

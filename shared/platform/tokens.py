"""Verification of tokens: those of ACS on callbacks, and those of Entra on requests to the app's API.

They are RS256 JSON Web Tokens. Those of callbacks are valid for five minutes, a new one for each event; issuer and keys
are Microsoft's, the audience is the ACS resource's immutable id (azure-docs, "Secure the webhook endpoint" for Call
Automation).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import jwt
from azure.core import AsyncPipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import AsyncRetryPolicy
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import HttpRequest

if TYPE_CHECKING:
    from jwt.types import Options

KEYS_LIFE = 3600.0  # seconds until the keys are fetched anew
REFETCH_PAUSE = 30.0  # between two fetches for key ids that are not known
PROMPT_SECONDS = 1.0  # from a token's arrival to the keys: too short for one to be withdrawn
FAILED_PAUSE = 1.0  # between two fetches while the keys cannot be fetched
FETCH_SECONDS = 5.0  # a fetch, however slow the endpoint; an invocation ends after 9 (service.time_limits)
CLOCK_SKEW = 60.0  # seconds by which this clock and the issuer's may differ
LONGEST_TOKEN = 8192  # characters
# Each is named, since PyJWT skips them all when it does not verify the signature.
CHECKS: dict[str, Any] = {
    "require": ["exp", "iss", "aud"],
    **dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_iss", "verify_aud"), True),
}


class Forbidden(Exception):
    """The token does not authenticate the request. The text gives the reason, without the token."""


class KeysUnavailable(Exception):
    """The token cannot be verified now: the signing keys cannot be fetched, or not again so soon.

    ``retry_after`` is in seconds.
    """

    def __init__(self, text: str, retry_after: float) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class SigningKeys:
    """The issuer's public keys, kept in memory.

    For an unknown key id they are fetched again, since keys are rotated, but at most once in 30 seconds, so that forged
    ids cause no requests. The first fetch does not count: a key that is published just after it is found. Within the 30
    seconds an unknown id may be that of a new key; after a slow fetch, that of a key that was withdrawn meanwhile. The
    token is not rejected for good then.
    PyJWT's own client blocks the event loop while it fetches, and with it the tokens of known keys.
    """

    def __init__(self, url: str, transport: AsyncHttpTransport[Any, Any] | None = None) -> None:
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._issuers: dict[str, set[str]] = {}
        self._fetched_at = float("-inf")
        self._asked_at = float("-inf")  # when that fetch was begun
        self._missed_at = float("-inf")  # when they were last fetched for an unknown key id
        self._failed_at = float("-inf")
        self._lock = asyncio.Lock()
        retries = AsyncRetryPolicy(retry_total=1, retry_backoff_factor=0.1)
        self._http: AsyncPipelineClient[HttpRequest, Any] = AsyncPipelineClient(
            url, policies=[retries], transport=transport
        )

    async def get(self, kid: str) -> jwt.PyJWK:
        """The key with this id. Raises Forbidden if there is none, KeysUnavailable if that cannot be determined now."""
        called_at = _time()
        renewing = kid in self._keys and self._lock.locked()  # by another request, for which this one need not wait
        if not renewing and (kid not in self._keys or self._age() > KEYS_LIFE):
            async with self._lock:
                await self._refresh(kid)
        if kid in self._keys:
            return self._keys[kid]
        if self._asked_at >= called_at and self._fetched_at - called_at < PROMPT_SECONDS:
            raise Forbidden("the token is signed with a key that the issuer does not publish")
        wait = max(0.0, self._missed_at + REFETCH_PAUSE - _time())
        raise KeysUnavailable("the token's key is not known, and the signing keys were not fetched just now", wait)

    def issuers(self, kid: str) -> set[str]:
        """The issuers that the key is published for, such as Entra's ``https://…/{tenantid}/v2.0``; can be empty."""
        return self._issuers.get(kid, set())

    def _age(self) -> float:
        return _time() - self._fetched_at

    async def _refresh(self, kid: str) -> None:
        stale = self._age() > KEYS_LIFE
        if not stale and (kid in self._keys or _time() - self._missed_at < REFETCH_PAUSE):
            return
        if _time() - self._failed_at > FAILED_PAUSE:
            asked_at = _time()
            try:
                self._keys, self._issuers = await self._fetch()
                self._asked_at, self._fetched_at = asked_at, _time()
                if not stale:
                    self._missed_at = self._fetched_at
                return
            except (AzureError, TimeoutError, ValueError, RecursionError, jwt.PyJWTError):
                self._failed_at = _time()
        if kid not in self._keys:  # a key that was valid an hour ago is trusted until the keys can be fetched
            raise KeysUnavailable(f"the signing keys cannot be fetched from {self._url}", FAILED_PAUSE)

    async def _fetch(self) -> tuple[dict[str, jwt.PyJWK], dict[str, set[str]]]:
        """The keys by their ids, and the issuers of those that name one."""
        request = HttpRequest("GET", self._url)
        async with asyncio.timeout(FETCH_SECONDS):  # read_timeout alone is for each read: a slow drip outlasts it
            response = await self._http.send_request(request, connection_timeout=2, read_timeout=3)
        async with response:
            response.raise_for_status()
            published = response.json()
        if not isinstance(published, dict):
            raise ValueError("the keys are not a JSON object")  # noqa: TRY004  # an error of the data, not of the code
        keys = jwt.PyJWKSet.from_dict(published).keys
        issuers: dict[str, set[str]] = {}
        for each in published["keys"]:
            if isinstance(each, dict) and isinstance(each.get("issuer"), str):
                issuers.setdefault(str(each.get("kid")), set()).add(each["issuer"])
        return {key.key_id: key for key in keys if key.key_id and key.key_type == "RSA"}, issuers

    async def close(self) -> None:
        await self._http.close()


def _time() -> float:
    return asyncio.get_running_loop().time()


async def verify(
    authorization: str, keys: SigningKeys, *, issuer: str | Sequence[str], audience: str, longest: int = LONGEST_TOKEN
) -> dict[str, Any]:
    """Check an ``Authorization`` header, and return its token's claims. Raises Forbidden or KeysUnavailable.

    ``issuer`` can be several, any of which is accepted. The claims are checked first, so that no keys are fetched for
    an invalid token.
    """
    token = bearer(authorization, longest)
    how: Any = {"issuer": issuer, "audience": audience, "leeway": CLOCK_SKEW}
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != "RS256" or not isinstance(header.get("kid"), str):
            raise Forbidden("the token is not signed with RS256 and a named key")
        jwt.decode(token, options=cast("Options", {**CHECKS, "verify_signature": False}), **how)
        key = await keys.get(header["kid"])
        return jwt.decode(token, key, algorithms=["RS256"], options=cast("Options", CHECKS), **how)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:  # PyJWT does not convert all errors
        raise Forbidden(f"the token is not valid: {type(error).__name__}") from None


def bearer(authorization: str, longest: int = LONGEST_TOKEN) -> str:
    """The token in an ``Authorization`` header. Raises Forbidden if there is none."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Forbidden("there is no bearer token")
    if len(token) > longest:
        raise Forbidden("the token is too long")
    return token

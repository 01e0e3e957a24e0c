"""The tokens of callbacks, and the keys that verify them.

azure-docs, ``articles/communication-services/how-tos/call-automation/secure-webhook-endpoint.md``: RS256,
five minutes, a new one for every event, the resource's immutable id as the audience.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from emulator.acs.provenance import TOKEN_LIFE
from emulator.clock import Clock


class SigningKeys:
    """The key that signs, and those that still verify."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self.rotate()

    def rotate(self, *, forget: bool = False) -> str:
        """Sign with a new key from now on; the old ones stay published unless they are to be forgotten."""
        if forget:
            self._keys.clear()
        self.current = uuid.uuid4().hex
        self._keys[self.current] = self.generate()
        return self.current

    @staticmethod
    def generate() -> rsa.RSAPrivateKey:
        """A new key. It takes a while: a test of many emulators can replace it by a store of keys."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def published(self) -> dict[str, Any]:
        """The public keys as a JWK set (RFC 7517)."""
        return {"keys": [self._jwk(kid, key) for kid, key in self._keys.items()]}

    def token(
        self,
        *,
        issuer: str,
        audience: str,
        expires_in: float = TOKEN_LIFE.seconds,
        not_before_in: float = 0.0,
        kid: str | None = None,
    ) -> str:
        """A token signed by the current key. A ``kid`` given only says so in its header."""
        now = self._clock.now()
        claims = {
            "iss": issuer,
            "aud": audience,
            "iat": now,
            "nbf": now + timedelta(seconds=not_before_in),
            "exp": now + timedelta(seconds=expires_in),
            "jti": str(uuid.uuid4()),
        }
        return self.sign(claims, kid)

    def sign(self, claims: dict[str, Any], kid: str | None = None) -> str:
        """A token that holds the claims."""
        return jwt.encode(claims, self._keys[self.current], algorithm="RS256", headers={"kid": kid or self.current})

    def verify(self, token: str, **how: Any) -> dict[str, Any]:
        """The claims of a token that was signed here. Raises jwt.PyJWTError."""
        key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise jwt.InvalidKeyError("no signing key has this id")
        claims: dict[str, Any] = jwt.decode(token, key.public_key(), algorithms=["RS256"], **how)
        return claims

    @staticmethod
    def _jwk(kid: str, key: rsa.RSAPrivateKey) -> dict[str, Any]:
        jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": jwk["n"], "e": jwk["e"]}

"""Operations on the keys that verify callback tokens."""

from __future__ import annotations

from emulator.acs.messages import Answer, Request
from emulator.acs.service import Service

CONFIGURATION_PATH = "/calling/.well-known/acsopenidconfiguration"
KEYS_PATH = "/calling/keys"


def get_keys(service: Service, _: Request) -> Answer:
    return Answer(service.keys.published())


def get_configuration(service: Service, _: Request) -> Answer:
    return Answer(
        {
            "issuer": service.base_url,
            "jwks_uri": f"{service.base_url}{KEYS_PATH}",
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["aud", "exp", "iat", "iss", "jti", "nbf"],
        }
    )

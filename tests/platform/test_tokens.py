from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from aiohttp import web

from shared.platform import tokens
from shared.platform.tokens import Forbidden, KeysUnavailable, SigningKeys, verify
from tests.support import AUDIENCE, Handler, Issuer, Servers, closed_port, drip, hang, new_key


@pytest.fixture
async def fresh(issuer: Issuer) -> AsyncIterator[SigningKeys]:
    keys = SigningKeys(issuer.url)
    yield keys
    await keys.close()


@pytest.fixture
async def known(fresh: SigningKeys, issuer: Issuer) -> SigningKeys:
    """Keys that have been fetched once."""
    await check(issuer.token(), fresh, issuer)
    assert issuer.fetched == 1
    return fresh


async def check(authorization: str, keys: SigningKeys, issuer: Issuer) -> None:
    await verify(authorization, keys, issuer=issuer.url, audience=AUDIENCE)


def forged(header: object, claims: object = None) -> str:
    """A token with this header and an invalid signature."""
    parts = (json.dumps(part).encode() if not isinstance(part, bytes) else part for part in (header, claims or {}))
    return "Bearer " + ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, b"signature"))


def answering(body: object, status: int = 200) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(body=text, status=status, content_type="application/json")

    return answer


@pytest.mark.parametrize("changed", [{}, {"aud": ["another", AUDIENCE]}, {"nbf": None, "iat": None}])
async def test_a_valid_token_is_accepted(known: SigningKeys, issuer: Issuer, changed: dict[str, Any]) -> None:
    await check(issuer.token(**changed), known, issuer)


async def test_the_scheme_is_read_in_any_case(known: SigningKeys, issuer: Issuer) -> None:
    await check(issuer.token().replace("Bearer", "bearer"), known, issuer)


async def test_clocks_may_differ_by_a_minute(known: SigningKeys, issuer: Issuer) -> None:
    now = int(time.time())
    await check(issuer.token(exp=now - 50, nbf=now + 50, iat=now + 50), known, issuer)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://acscallautomation.communication.azure.com"},
        {"iss": None},
        {"iss": "http://127.0.0.1"},
        {"aud": "ac5e0000-0000-4000-8000-000000000002"},
        {"aud": AUDIENCE.upper()},
        {"aud": None},
        {"aud": []},
        {"exp": None},
        {"exp": -61},
        {"exp": "never"},
        {"nbf": 120},
    ],
    ids=str,
)
async def test_wrong_claims_are_forbidden(known: SigningKeys, issuer: Issuer, claims: dict[str, Any]) -> None:
    """Times are in seconds from now."""
    now = int(time.time())
    claims = {name: now + value if isinstance(value, int) else value for name, value in claims.items()}
    with pytest.raises(Forbidden):
        await check(issuer.token(**claims), known, issuer)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer \udcff.\udcff.\udcff",
        "Bearer " + "a" * 8193,
        forged({"alg": "RS256", "kid": "one"}),
        forged({"alg": "none", "kid": "one"}),
        forged({"alg": "RS256"}),
        forged({"alg": "RS256", "kid": 1}),
        forged({"alg": "RS256", "kid": ["one"]}),
        forged({"alg": "RS256", "kid": {}}),
        forged({"alg": "RS256", "kid": ""}),
        forged({"alg": ["RS256"], "kid": "one"}),
        forged(["RS256"]),
        forged("RS256"),
        forged(b"\xff\xfe"),
        forged(b'{"alg": "RS256", "kid": ' + b"[" * 5000),
        forged(b'{"alg": ' + b"9" * 5000),
    ],
    ids=lambda text: repr(text[:40]),
)
async def test_a_malformed_token_is_forbidden(known: SigningKeys, issuer: Issuer, authorization: str) -> None:
    with pytest.raises(Forbidden):
        await check(authorization, known, issuer)


async def test_a_token_without_a_signature_is_forbidden(known: SigningKeys, issuer: Issuer) -> None:
    unsigned = issuer.token().rpartition(".")[0] + "."
    with pytest.raises(Forbidden):
        await check(unsigned, known, issuer)


async def test_a_changed_token_is_forbidden(known: SigningKeys, issuer: Issuer) -> None:
    header, _, signature = issuer.token().split(".")
    _, claims, _ = issuer.token(exp=int(time.time()) + 9999).split(".")
    with pytest.raises(Forbidden):
        await check(f"{header}.{claims}.{signature}", known, issuer)


async def test_a_token_signed_with_another_key_is_forbidden(known: SigningKeys, issuer: Issuer) -> None:
    with pytest.raises(Forbidden):
        await check(issuer.token("never published", headers={"kid": "one"}), known, issuer)


async def test_a_token_signed_with_the_public_key_as_secret_is_forbidden(known: SigningKeys, issuer: Issuer) -> None:
    """HS256 with the published key as its secret: PyJWT itself refuses to make such a token."""
    header, claims, _ = forged({"alg": "HS256", "kid": "one"}, issuer.claims()).removeprefix("Bearer ").split(".")
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = algorithm.sign(f"{header}.{claims}".encode(), issuer.public_pem())
    forgery = f"{header}.{claims}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    with pytest.raises(Forbidden):
        await check(f"Bearer {forgery}", known, issuer)


@pytest.mark.parametrize("name", ["jku", "x5u"])
async def test_key_urls_in_a_token_are_ignored(known: SigningKeys, issuer: Issuer, servers: Servers, name: str) -> None:
    elsewhere = Issuer({"theirs": new_key()})
    elsewhere.published = ["theirs"]
    elsewhere.url = await servers.start(elsewhere.publish)
    with pytest.raises(Forbidden):
        await check(elsewhere.token("theirs", iss=issuer.url, headers={name: elsewhere.url}), known, issuer)
    assert elsewhere.fetched == 0


async def test_a_key_in_the_token_is_ignored(known: SigningKeys, issuer: Issuer) -> None:
    own = {"jwk": issuer.jwk("never published"), "kid": "one"}
    with pytest.raises(Forbidden):
        await check(issuer.token("never published", headers=own), known, issuer)


async def test_errors_do_not_repeat_the_token(known: SigningKeys, issuer: Issuer) -> None:
    token = issuer.token(aud="another")
    with pytest.raises(Forbidden) as raised:
        await check(token, known, issuer)
    assert token[-20:] not in str(raised.value)
    assert AUDIENCE not in str(raised.value)


# -- Keys ----------------------------------------------------------------------------------------------------


async def test_keys_are_fetched_once_for_many_tokens(known: SigningKeys, issuer: Issuer) -> None:
    await asyncio.gather(*(check(issuer.token(), known, issuer) for _ in range(20)))
    assert issuer.fetched == 1


async def test_the_first_tokens_share_one_fetch(fresh: SigningKeys, issuer: Issuer) -> None:
    await asyncio.gather(*(check(issuer.token(), fresh, issuer) for _ in range(20)))
    assert issuer.fetched == 1


async def test_a_rotated_key_is_fetched(known: SigningKeys, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer.published = ["one", "two"]
    monkeypatch.setattr(tokens, "REFETCH_PAUSE", 0.0)
    await check(issuer.token("two"), known, issuer)
    await check(issuer.token("one"), known, issuer)
    assert issuer.fetched == 2


async def test_a_key_that_is_rotated_just_after_the_first_fetch_is_fetched(known: SigningKeys, issuer: Issuer) -> None:
    issuer.published = ["two"]
    await check(issuer.token("two"), known, issuer)
    assert issuer.fetched == 2


async def test_a_key_that_is_no_longer_published_is_forgotten(
    known: SigningKeys, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.published = ["two"]
    monkeypatch.setattr(tokens, "KEYS_LIFE", 0.0)
    with pytest.raises(Forbidden):
        await check(issuer.token("one"), known, issuer)


@pytest.mark.parametrize(("age", "fetches"), [(0, 1), (31, 2)])
async def test_forged_key_ids_cost_one_fetch_at_most(
    known: SigningKeys, issuer: Issuer, age: float, fetches: int
) -> None:
    """The first is forbidden after a fetch; the others are to be sent again until the next fetch."""
    known._missed_at = tokens._time() - age
    forgeries = [issuer.token("never published", headers={"kid": f"forged {n}"}) for n in range(50)]
    results = await asyncio.gather(*(check(f, known, issuer) for f in forgeries[:25]), return_exceptions=True)
    assert sum(isinstance(result, Forbidden) for result in results) == fetches - 1
    assert sum(isinstance(result, KeysUnavailable) for result in results) == 26 - fetches
    for forgery in forgeries[25:]:
        with pytest.raises(KeysUnavailable):
            await check(forgery, known, issuer)
    assert issuer.fetched == fetches


async def test_a_token_of_a_key_that_was_rotated_while_no_fetch_is_due_is_to_be_sent_again(
    known: SigningKeys, issuer: Issuer
) -> None:
    """A forged key id has just caused a fetch: tokens of the new key are to be sent again, and are not lost."""
    with pytest.raises(Forbidden):
        await check(issuer.token("never published"), known, issuer)
    issuer.published = ["one", "two"]
    with pytest.raises(KeysUnavailable) as raised:
        await check(issuer.token("two"), known, issuer)
    assert 0 < raised.value.retry_after <= 30
    known._missed_at -= 31
    await check(issuer.token("two"), known, issuer)


async def test_a_token_of_a_key_withdrawn_during_a_slow_fetch_is_to_be_sent_again(
    fresh: SigningKeys, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "PROMPT_SECONDS", 0.1)

    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(0.15)
        return web.json_response({"keys": [issuer.jwk("two")]})

    issuer.answer = slow
    with pytest.raises(KeysUnavailable):
        await check(issuer.token("one"), fresh, issuer)
    await check(issuer.token("two"), fresh, issuer)


@pytest.mark.parametrize("changed", [{"aud": "another"}, {"iss": "another"}, {"exp": 1}, {"exp": None}], ids=str)
async def test_a_token_with_wrong_claims_causes_no_fetch_and_is_always_forbidden(
    known: SigningKeys, issuer: Issuer, changed: dict[str, Any]
) -> None:
    for known._missed_at in (tokens._time(), float("-inf")):
        with pytest.raises(Forbidden):
            await check(issuer.token("never published", **changed), known, issuer)
    assert issuer.fetched == 1


async def test_without_keys_a_token_is_to_be_sent_again(fresh: SigningKeys, issuer: Issuer) -> None:
    fresh._url = closed_port()
    with pytest.raises(KeysUnavailable):
        await check(issuer.token(), fresh, issuer)


async def test_an_unreachable_endpoint_is_not_requested_for_every_token(fresh: SigningKeys, issuer: Issuer) -> None:
    issuer.answer = answering({}, status=404)
    results = await asyncio.gather(*(check(issuer.token(), fresh, issuer) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(result, KeysUnavailable) for result in results)
    assert issuer.fetched == 1


async def test_an_endpoint_that_recovers_is_requested_again(fresh: SigningKeys, issuer: Issuer) -> None:
    issuer.answer = answering({}, status=404)
    with pytest.raises(KeysUnavailable):
        await check(issuer.token(), fresh, issuer)
    issuer.answer = None
    fresh._failed_at -= 2
    await check(issuer.token(), fresh, issuer)


async def test_known_keys_remain_valid_while_the_endpoint_is_unreachable(
    known: SigningKeys, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.answer = answering({}, status=404)
    monkeypatch.setattr(tokens, "KEYS_LIFE", 0.0)
    await check(issuer.token(), known, issuer)
    assert issuer.fetched == 2


@pytest.mark.parametrize(
    "answer",
    [
        answering(b"<html>"),
        answering(b"\xff\xfe"),
        answering(b""),
        answering([]),
        answering(None),
        answering("keys"),
        answering({}),
        answering({"keys": None}),
        answering({"keys": []}),
        answering({"keys": "one"}),
        answering({"keys": [1, None, "x"]}),
        answering({"keys": [{"kty": "RSA", "kid": ["one"], "issuer": "x"}]}),
        answering({"keys": [{"kty": "RSA", "kid": "one"}]}),
        answering({"keys": [{"kty": "RSA", "kid": "one", "n": 1, "e": 2}]}),
        answering({"keys": [{"kty": "oct", "kid": "one", "k": 7}]}),
        answering(b"[" * 100_000),
        answering({}, status=302),
        answering({}, status=500),
    ],
)
async def test_with_an_invalid_response_of_the_keys_endpoint_a_token_is_to_be_sent_again(
    fresh: SigningKeys, issuer: Issuer, answer: Handler
) -> None:
    issuer.answer = answer
    with pytest.raises(KeysUnavailable):
        await check(issuer.token(), fresh, issuer)


async def test_a_published_secret_is_not_accepted_as_a_key(fresh: SigningKeys, issuer: Issuer) -> None:
    secret = {"kty": "oct", "kid": "one", "k": "c2VjcmV0", "alg": "RS256"}
    issuer.answer = answering({"keys": [secret, issuer.jwk("two")]})
    await check(issuer.token("two"), fresh, issuer)
    with pytest.raises(Forbidden):
        await check(issuer.token("one"), fresh, issuer)


@pytest.mark.parametrize("never_ends", [hang, drip])
async def test_a_hanging_endpoint_delays_no_token_for_long(
    known: SigningKeys, issuer: Issuer, never_ends: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check of an unknown key ends within an invocation; of a known one at once, even when a fetch is due."""
    issuer.answer = never_ends
    monkeypatch.setattr(tokens, "FETCH_SECONDS", 0.5)
    monkeypatch.setattr(tokens, "REFETCH_PAUSE", 0.0)
    monkeypatch.setattr(tokens, "KEYS_LIFE", 0.0)
    started = time.monotonic()
    unknown = asyncio.create_task(check(issuer.token("two"), known, issuer))
    await asyncio.sleep(0.05)
    await check(issuer.token("one"), known, issuer)
    assert time.monotonic() - started < 0.3
    with pytest.raises(KeysUnavailable):
        await unknown
    assert time.monotonic() - started < 1


def test_fetching_the_keys_fits_into_an_invocation() -> None:
    assert tokens.FETCH_SECONDS <= 5

from __future__ import annotations

from typing import Any

import aiohttp
import jwt
import pytest

from emulator.config import RESOURCE_ID
from tests.emulator.client import Application, Control, until


async def _verify(session: aiohttp.ClientSession, url: str, token: str) -> dict[str, Any]:
    """As an application does it: configuration, keys, signature, claims."""
    async with session.get(f"{url}/calling/.well-known/acsopenidconfiguration") as answer:
        configuration = await answer.json()
    async with session.get(configuration["jwks_uri"]) as answer:
        keys = jwt.PyJWKSet.from_dict(await answer.json())
    kid = jwt.get_unverified_header(token)["kid"]
    claims: dict[str, Any] = jwt.decode(
        token, keys[kid], algorithms=["RS256"], audience=RESOURCE_ID, issuer=configuration["issuer"]
    )
    return claims


async def test_every_event_has_a_token_of_its_own_that_verifies(
    answered: Any, app: Application, control: Control, session: aiohttp.ClientSession
) -> None:
    await answered()
    await control.idle()
    assert len(set(app.tokens)) == len(app.events) == 2
    for token in app.tokens:
        claims = await _verify(session, control.url, token)
        assert claims["iss"] == control.url
        assert claims["exp"] - claims["iat"] == 300


async def test_tokens_can_be_made_for_tests_of_verification(control: Control, session: aiohttp.ClientSession) -> None:
    async def token(**body: Any) -> str:
        return str((await control("POST", "tokens", body))["token"])

    await _verify(session, control.url, await token())
    with pytest.raises(jwt.ExpiredSignatureError):
        await _verify(session, control.url, await token(expires_in=-1))
    with pytest.raises(jwt.ImmatureSignatureError):
        await _verify(session, control.url, await token(not_before_in=100))
    with pytest.raises(jwt.InvalidAudienceError):
        await _verify(session, control.url, await token(audience="another"))
    with pytest.raises(jwt.InvalidIssuerError):
        await _verify(session, control.url, await token(issuer="https://another"))
    with pytest.raises(KeyError):
        await _verify(session, control.url, await token(kid="unknown"))


async def test_a_new_key_signs_after_a_rotation_and_the_old_one_verifies_until_forgotten(
    control: Control, session: aiohttp.ClientSession
) -> None:
    old = (await control("POST", "tokens"))["token"]
    kid = (await control("POST", "keys/rotate"))["kid"]
    new = (await control("POST", "tokens"))["token"]
    assert jwt.get_unverified_header(new)["kid"] == kid != jwt.get_unverified_header(old)["kid"]
    for token in (old, new):
        await _verify(session, control.url, token)
    await control("POST", "keys/rotate", {"forget": True})
    with pytest.raises(KeyError):
        await _verify(session, control.url, old)


async def test_the_keys_can_be_unreachable(control: Control, session: aiohttp.ClientSession) -> None:
    await control.fault(where="acs", match={"operation": "GetKeys"}, do="status", status=503, times=1)
    for status in (503, 200):
        async with session.get(f"{control.url}/calling/keys") as answer:
            assert answer.status == status


async def test_an_event_is_a_list_of_one_cloud_event(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    entry = (await control.journal("callback"))[0]
    (event,) = entry["events"]
    assert event["source"] == event["subject"] == f"calling/callConnections/{call.connection_id}"
    assert (event["specversion"], event["datacontenttype"]) == ("1.0", "application/json")
    assert event["data"]["publicEventType"] == event["type"]
    assert entry["url"] == app.url
    assert (entry["status"], entry["attempt"]) == (200, 1)


async def test_an_event_refused_is_tried_again(answered: Any, app: Application, control: Control) -> None:
    app.answers = [503, 503]
    await answered()
    await control.idle()
    assert sorted(entry["attempt"] for entry in await control.journal("callback")) == [1, 1, 2, 2]


async def test_an_event_that_is_never_accepted_is_given_up(app: Application, answered: Any, control: Control) -> None:
    app.answers = [500] * 8
    await answered()
    await control.idle()
    entries = await control.journal("callback")
    assert [entry["attempt"] for entry in entries if entry.get("given_up")] == [4, 4]
    assert len(entries) == 8


async def test_an_event_duplicated(answered: Any, app: Application, control: Control) -> None:
    await control.fault(
        where="callbacks", match={"type": "Microsoft.Communication.CallConnected"}, do="duplicate", count=3
    )
    await answered()
    await until(lambda: len(app.of("CallConnected")) == 3)
    assert len({event["id"] for event in app.events}) == 2


async def test_events_in_reverse(answered: Any, app: Application, control: Control) -> None:
    await control.fault(where="callbacks", do="reorder", count=2, times=2)
    await answered()
    await control.idle()
    assert [event["type"].rpartition(".")[2] for event in app.events] == ["ParticipantsUpdated", "CallConnected"]


async def test_held_events_are_released_after_a_while(answered: Any, app: Application, control: Control) -> None:
    await control.fault(where="callbacks", do="reorder", count=9, seconds=1)
    await answered()
    await control.idle()
    assert len(app.events) == 2


async def test_an_event_dropped(answered: Any, app: Application, control: Control) -> None:
    await control.fault(
        where="callbacks", match={"type": "Microsoft.Communication.ParticipantsUpdated"}, do="drop", times=1
    )
    await answered()
    await control.idle()
    assert app.of("ParticipantsUpdated") == []
    assert [entry["dropped"] for entry in await control.journal("callback") if "dropped" in entry] == [True]


async def test_an_event_whose_acknowledgement_is_lost_comes_again(
    answered: Any, app: Application, control: Control
) -> None:
    await control.fault(
        where="callbacks", match={"type": "Microsoft.Communication.CallConnected"}, do="lose_ack", times=1
    )
    await answered()
    await control.idle()
    assert len(app.of("CallConnected")) == 2


async def test_an_event_late(answered: Any, app: Application, control: Control) -> None:
    await control.fault(
        where="callbacks", match={"type": "Microsoft.Communication.CallConnected"}, do="delay", seconds=2, times=1
    )
    await answered()
    assert [event["type"].rpartition(".")[2] for event in app.events] == ["ParticipantsUpdated", "CallConnected"]

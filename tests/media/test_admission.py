"""Who may open a socket: everything but ACS, for a call in progress, is refused before the upgrade and counted."""

from __future__ import annotations

import asyncio

import pytest

from emulator.acs.signing_keys import SigningKeys
from emulator.server import Emulator
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import Lifecycle
from shared.calls.state import CallState
from tests.media.conftest import MakeCall, MakePeer
from tests.media.peer import CONNECTION, Peer, headers, token

KINDS = ("audio", "transcription")


@pytest.mark.parametrize("kind", KINDS)
async def test_acs_opens_a_socket_for_a_call_in_progress(peer: Peer, call: Call, emulator: Emulator, kind: str) -> None:
    assert await peer.status(f"/{kind}/{call.id}", headers(token(emulator))) == 101


@pytest.mark.parametrize("kind", KINDS)
async def test_a_token_that_is_not_acs_for_this_resource_is_refused(
    peer: Peer, call: Call, emulator: Emulator, kind: str
) -> None:
    forged = SigningKeys(emulator.service.clock)
    refused = {
        "none": "",
        "not a token": "Bearer x.y.z",
        "another scheme": "Basic abc",
        "forged, with the name of a real key": token(emulator, forged, kid=emulator.service.keys.current),
        "expired": token(emulator, expires_in=-120),
        "not valid yet": token(emulator, not_before_in=600),
        "for another resource": token(emulator, audience="ac5e0000-0000-4000-8000-00000000ffff"),
        "of another issuer": token(emulator, issuer="https://login.microsoftonline.com"),
    }
    statuses = {name: await peer.status(f"/{kind}/{call.id}", headers(each)) for name, each in refused.items()}
    assert statuses == dict.fromkeys(refused, 401)
    assert peer.service.counts.refused == {"token": len(refused)}
    assert peer.service.counts.accepted == 0


async def test_a_key_that_is_not_published_is_refused_or_to_be_tried_again(
    peer: Peer, call: Call, emulator: Emulator
) -> None:
    forged = token(emulator, SigningKeys(emulator.service.clock))
    assert await peer.status(f"/audio/{call.id}", headers(forged)) in {401, 503}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"call_connection_id": "another"}, 403),
        ({"state": CallState.ENDED}, 410),
        ({"state": CallState.FAILED}, 410),
        ({"state": CallState.NOT_OURS}, 410),
        ({"lifecycle": Lifecycle(is_emergency=True)}, 403),
    ],
)
async def test_a_call_that_is_not_to_be_heard_is_refused(
    peer: Peer, make_call: MakeCall, emulator: Emulator, changed: dict[str, object], status: int
) -> None:
    call = await make_call(**changed)
    assert await peer.status(f"/audio/{call.id}", headers(token(emulator))) == status
    assert peer.service.counts.refused.total() == 1


async def test_a_request_without_a_connection_is_refused(peer: Peer, call: Call, emulator: Emulator) -> None:
    assert await peer.status(f"/audio/{call.id}", headers(token(emulator), "")) == 400


@pytest.mark.parametrize("path", ["/audio/x", "/audio/20261121-0123456789abcdef0123456789abcdef", "/audio/..%2fcalls"])
async def test_a_call_that_does_not_exist_is_refused(
    peer: Peer, emulator: Emulator, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.admission.ROW_SECONDS", 0.0)
    assert await peer.status(path, headers(token(emulator))) == 404


async def test_a_socket_that_is_opened_before_the_row_is_written_waits_for_it(
    peer: Peer, make_call: MakeCall, emulator: Emulator
) -> None:
    call = await make_call(state=CallState.RINGING, call_connection_id=None)
    opening = asyncio.create_task(peer.status(f"/transcription/{call.id}", headers(token(emulator))))
    await asyncio.sleep(0.3)
    assert not opening.done()
    row = await peer.service.store.read(call.id)
    await peer.service.store.write(row, Call(id=call.id, state=CallState.ANSWERED, call_connection_id=CONNECTION))
    assert await opening == 101


async def test_the_rest_of_http_is_refused(peer: Peer, call: Call, emulator: Emulator) -> None:
    allowed = headers(token(emulator))
    assert await peer.status(f"/audio/{call.id}", allowed, upgrade=False) == 426
    assert await peer.status("/", allowed) == 404
    assert await peer.status(f"/video/{call.id}", allowed) == 404
    assert await peer.status("/health", {}, upgrade=False) == 200


async def test_storage_that_cannot_be_reached_is_no_reason_to_refuse_for_good(
    make_peer: MakePeer, emulator: Emulator, call: Call
) -> None:
    peer = await make_peer(CALLS_TABLE="missing")
    assert await peer.status(f"/audio/{call.id}", headers(token(emulator))) == 503


async def test_signing_keys_that_cannot_be_fetched_are_no_reason_to_refuse_for_good(
    make_peer: MakePeer, emulator: Emulator, call: Call
) -> None:
    peer = await make_peer(CALLBACK_TOKEN_KEYS_URL="http://127.0.0.1:9/keys")
    assert await peer.status(f"/audio/{call.id}", headers(token(emulator))) == 503


async def test_sockets_beyond_the_limit_are_refused(make_peer: MakePeer, call: Call, emulator: Emulator) -> None:
    peer = await make_peer(MEDIA_CONNECTIONS="1")
    async with peer.open("audio", call):
        assert await peer.status(f"/transcription/{call.id}", headers(token(emulator))) == 503
    assert peer.service.counts.refused == {"full": 1}

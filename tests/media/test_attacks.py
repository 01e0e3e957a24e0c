"""Hostile and broken peers: refused or closed, and their neighbours do not notice."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import WSCloseCode, WSMsgType

from emulator.acs.signing_keys import SigningKeys
from emulator.server import Emulator
from media.audio.session import AudioSession
from media.audio.sink import AudioStream
from media.audio.talk import Talk
from media.reports import Reports
from shared.calls.capabilities import Call
from shared.platform import clock
from tests.media.conftest import MakeCall, MakePeer
from tests.media.peer import (
    CALLER,
    Peer,
    audio_metadata,
    eventually,
    frame,
    headers,
    said,
    token,
    transcription_metadata,
)
from tests.media.test_audio import RECEIVED

MEMORY = "tests.media.test_audio:Memory"

MALFORMED = [
    "",
    "null",
    "[]",
    "{",
    "\x00",
    "7",
    '{"kind":"AudioData"}',
    '{"kind":"AudioData","audioData":{"data":"####","timestamp":"2026-11-21T09:00:00Z"}}',
    '{"kind":"AudioData","audioData":{"data":"AAAA","timestamp":"yesterday"}}',
    '{"kind":"AudioData","audioData":{"data":"AAAA","timestamp":"2026-11-21T09:00:00Z"}}',  # three bytes
    '{"kind":"AudioMetadata","audioMetadata":{"subscriptionId":"x","sampleRate":8000}}',
    "[" * 5000,
]


async def closed(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """The code that the socket is closed with."""
    while (await socket.receive(timeout=20)).type in (WSMsgType.TEXT, WSMsgType.BINARY):
        pass
    return socket.close_code


@asynccontextmanager
async def neighbour(peer: Peer, make_call: MakeCall) -> AsyncIterator[None]:
    """A call whose frames all arrive, whatever happens meanwhile."""
    call = await make_call()
    sent = 0
    over = asyncio.Event()

    async def talk(socket: aiohttp.ClientWebSocketResponse) -> None:
        nonlocal sent
        while not over.is_set():
            await socket.send_str(frame(sent / 50))
            sent += 1
            await asyncio.sleep(0.02)

    async with peer.open("audio", call) as socket:
        await socket.send_str(audio_metadata())
        talking = asyncio.create_task(talk(socket))
        try:
            yield
        finally:
            over.set()
            await talking
        await eventually(lambda: len(RECEIVED[call.id]) == sent)
    assert sent > 0


@pytest.fixture
async def memory(make_peer: MakePeer) -> Peer:
    return await make_peer(MEDIA_SINKS=MEMORY)


@pytest.mark.parametrize(
    ("kind", "metadata"), [("audio", audio_metadata()), ("transcription", transcription_metadata())]
)
async def test_messages_that_cannot_be_read_close_the_socket(
    memory: Peer, make_call: MakeCall, kind: str, metadata: str
) -> None:
    async with neighbour(memory, make_call), memory.open(kind, await make_call()) as socket:
        await socket.send_str(metadata)
        for message in MALFORMED[:5] * 2:
            await socket.send_str(message)
        assert await closed(socket) == WSCloseCode.INVALID_TEXT
    await eventually(lambda: memory.service.counts.malformed >= 10)


async def test_a_few_of_them_and_unknown_kinds_do_not(memory: Peer, call: Call) -> None:
    async with memory.open("audio", call) as socket:
        await socket.send_str(audio_metadata())
        for message in MALFORMED[:9]:
            await socket.send_str(message)
        for _ in range(50):
            await socket.send_str('{"kind":"NewData","newData":{}}')
        await asyncio.sleep(1.2)  # longer than the service's watch takes to look
        await socket.send_str(frame(1))
        await eventually(lambda: RECEIVED.get(call.id))


async def test_text_that_is_not_utf_8_closes_the_socket(memory: Peer, call: Call) -> None:
    async with memory.open("audio", call) as socket:
        await socket.send_frame(b"\xff\xfe", WSMsgType.TEXT)
        await socket.send_frame(b"\xff" * 100, WSMsgType.BINARY)
        for _ in range(10):
            await socket.send_bytes(b"\x80")
        assert await closed(socket) in {WSCloseCode.INVALID_TEXT, WSCloseCode.POLICY_VIOLATION}


@pytest.mark.parametrize(("kind", "size"), [("audio", 64), ("transcription", 256)])
async def test_a_giant_message_closes_the_socket(memory: Peer, make_call: MakeCall, kind: str, size: int) -> None:
    async with neighbour(memory, make_call), memory.open(kind, await make_call()) as socket:
        await socket.send_str("x" * (size * 1024 + 1))
        assert await closed(socket) == WSCloseCode.MESSAGE_TOO_BIG


async def test_an_endless_message_closes_the_socket(memory: Peer, make_call: MakeCall) -> None:
    async with neighbour(memory, make_call), memory.open("audio", await make_call()) as socket:
        connection: Any = socket.get_extra_info("socket")
        assert connection is not None
        transport: Any = socket._response.connection.transport  # type: ignore[union-attr]
        transport.write(bytes([0x01, 0x80, 0, 0, 0, 0]))  # the first fragment of a text, empty
        for _ in range(200):
            transport.write(bytes([0x00, 0xFE, 0x04, 0x00, 0, 0, 0, 0]) + bytes(1024))
        assert await closed(socket) == WSCloseCode.MESSAGE_TOO_BIG


@pytest.mark.parametrize("kind", ["audio", "transcription"])
async def test_a_socket_that_says_nothing_is_closed(
    memory: Peer, make_call: MakeCall, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.sockets.BEGIN_SECONDS", 0.5)
    async with neighbour(memory, make_call), memory.open(kind, await make_call()) as socket:
        assert await closed(socket) == WSCloseCode.POLICY_VIOLATION
    await eventually(lambda: memory.service.counts.closed["silent"] == 1)


async def test_audio_that_stops_is_closed_and_a_silent_transcription_is_not(
    memory: Peer, make_call: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.audio.session.AudioSession.longest_silence", 0.5)
    async with (
        memory.open("audio", await make_call()) as audio,
        memory.open("transcription", await make_call()) as transcription,
    ):
        await audio.send_str(audio_metadata())
        await transcription.send_str(transcription_metadata())
        assert await closed(audio) == WSCloseCode.POLICY_VIOLATION
        await transcription.send_str(said("Still here.", 1))
        assert not transcription.closed


def connections() -> int:
    """10,000, or as many as this process may have: both ends of each are files of it. The service raises the limit."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(10_000, (files - 1000) // 2)


async def test_connections_that_send_no_request_are_closed(
    make_peer: MakePeer, make_call: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.service.REQUEST_SECONDS", 1.0)
    peer = await make_peer(MEDIA_SINKS=MEMORY)
    async with neighbour(peer, make_call), AsyncExitStack() as stack:
        readers = []
        for n in range(connections()):
            reader, writer = await asyncio.open_connection("127.0.0.1", peer.service.port)
            stack.callback(writer.close)
            writer.write(b"GET /audio/x HTTP/1.1\r\nHost: x\r\nX-Slow: "[: n % 40])  # nothing, or the beginning of one
            readers.append(reader)
        async with asyncio.timeout(60):
            await asyncio.gather(*(reader.read() for reader in readers))


async def test_a_flood_of_forged_tokens_fetches_few_keys(
    memory: Peer, make_call: MakeCall, call: Call, emulator: Emulator
) -> None:
    forged = [token(emulator, SigningKeys(emulator.service.clock)) for _ in range(3)]
    async with neighbour(memory, make_call):
        statuses = await asyncio.gather(
            *(memory.status(f"/audio/{call.id}", headers(forged[n % 3])) for n in range(150))
        )
    assert set(statuses) <= {401, 503}
    fetched = [each for each in emulator.journal.entries("acs.request") if "Keys" in each["operation"]]
    assert len(fetched) <= 3


async def test_an_hour_of_a_call_takes_no_more_memory_than_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """In frames of 0.2 seconds."""
    session = AudioSession("call", "connection", [_talk], Reports(pytest.fail, clock.now))
    monkeypatch.setattr(Talk, "pause", 0.0)
    session.receive(audio_metadata().encode())
    blocks = []
    for minute in range(60):
        for n in range(300):
            session.receive(frame(minute * 60 + n / 5, bytes(6400), CALLER).encode())
        for _ in range(5):
            await asyncio.sleep(0.001)
        blocks.append(sys.getallocatedblocks())
    assert session.dropped == 0
    assert min(blocks[-5:]) < min(blocks[:5]) + 2_000
    await session.abandon()


def _talk(_: AudioStream) -> Talk:
    return Talk()

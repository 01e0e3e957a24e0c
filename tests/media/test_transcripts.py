"""Transcripts: real sockets, and the blobs in Azurite."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import pytest
from aiohttp import WSCloseCode, WSMsgType
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.storage.blob.aio import BlobClient, ContainerClient
from msgspec.structs import replace

from emulator.server import Emulator
from media.transcripts import lines
from shared.calls.capabilities import Call
from shared.calls.capabilities.routing import Routing
from shared.calls.plans.base import Visit
from shared.calls.plans.document import Plan
from shared.platform import clock
from tests.media.conftest import MakeCall, MakePeer
from tests.media.peer import AGENT, CALLER, Peer, eventually, reported, said, transcription_metadata
from tests.support import content_of

COLLECT = {"type": "collect", "prompt": {"text": "Your card?"}, "digits": 16, "then": "end", "otherwise": "end"}
PLAN = msgspec.convert(
    {"start": "menu", "steps": {"menu": COLLECT, "card": COLLECT | {"secret": True}, "end": {"type": "hangUp"}}}, Plan
)


async def lines_of(transcripts: ContainerClient, call: Call, kind: str | None = None) -> list[dict[str, Any]]:
    """The lines of a transcript, of one kind if it is given; none if there is no transcript."""
    blob = transcripts.get_blob_client(f"{call.id}.jsonl")
    if not await blob.exists():
        return []
    lines = [json.loads(line) for line in (await content_of(transcripts, f"{call.id}.jsonl")).splitlines()]
    return [line for line in lines if kind in (None, line["kind"])]


async def texts(transcripts: ContainerClient, call: Call) -> list[str]:
    return [line["text"] for line in await lines_of(transcripts, call, "said")]


async def test_speech_is_readable_while_the_call_lasts(peer: Peer, call: Call, transcripts: ContainerClient) -> None:
    async with peer.open("transcription", call) as socket:
        await socket.send_str(transcription_metadata())
        await socket.send_str(said("Hello.", 1.5, 0.8))
        await eventually(lambda: texts(transcripts, call))
        await socket.send_str(said("Good morning.", 3, speaker=AGENT))
        await eventually(lambda: _has(transcripts, call, 2))
    opened, hello, morning = (await lines_of(transcripts, call))[:3]
    assert (opened["kind"], opened["subscriptionId"], opened["locale"]) == ("opened", "s1", "en-US")
    assert hello | {"id": "", "at": ""} == {
        "kind": "said",
        "id": "",
        "at": "",
        "speaker": CALLER,
        "text": "Hello.",
        "offset": 1.5,
        "duration": 0.8,
        "locale": "en-US",
        "confidence": 0.81,
        "words": [{"text": "hello.", "offset": 0.0, "duration": 0.8}],
    }
    assert morning["speaker"] == AGENT
    begun = datetime.fromisoformat(opened["at"])
    assert (datetime.fromisoformat(hello["at"]) - begun).total_seconds() == 1.5


async def _has(transcripts: ContainerClient, call: Call, count: int) -> bool:
    return len(await texts(transcripts, call)) >= count


async def test_the_row_hears_of_its_beginning_and_its_end(
    peer: Peer, call: Call, transcripts: ContainerClient, emulator: Emulator
) -> None:
    async with peer.open("transcription", call) as socket:
        await socket.send_str(transcription_metadata())
        (begun,) = await eventually(lambda: reported(emulator, call, "TranscriptWritten"))
        assert (begun["blob"], begun.get("captions")) == (f"{call.id}.jsonl", "")
        await socket.send_str(said("Hello.", 1.5))
        await eventually(lambda: texts(transcripts, call))
    _, closed = await eventually(
        lambda: (
            reported(emulator, call, "TranscriptWritten")
            if len(reported(emulator, call, "TranscriptWritten")) > 1
            else None
        )
    )
    assert (closed["lines"], closed["gaps"], closed["captions"]) == (1, 0, f"{call.id}.vtt")
    (last,) = await lines_of(transcripts, call, "closed")
    assert last["reason"] == "ended"


TALK = [
    said("Hello.", 1.5),
    said("Good morning.", 3.0, speaker=AGENT),
    said("I need help.", 5.0),
    said("With what?", 7.0, speaker=AGENT),
]


async def transcribed(peer: Peer, call: Call, transcripts: ContainerClient, messages: list[str]) -> list[str]:
    """What the transcript has after one socket, sorted by time."""
    async with peer.open("transcription", call) as socket:
        await socket.send_str(transcription_metadata())
        for message in messages:
            await socket.send_str(message)
    await eventually(lambda: _closed(transcripts, call, 1))
    decoded = lines.decode(await content_of(transcripts, f"{call.id}.jsonl"))
    return [each.text for each in sorted(decoded, key=lambda line: line.at) if isinstance(each, lines.Said)]


async def _closed(transcripts: ContainerClient, call: Call, count: int) -> bool:
    written = await transcripts.get_blob_client(f"{call.id}.vtt").exists()
    return written and len(await lines_of(transcripts, call, "closed")) == count


async def test_it_is_the_same_whatever_comes_twice_or_late(
    peer: Peer, make_call: MakeCall, transcripts: ContainerClient
) -> None:
    expected = ["Hello.", "Good morning.", "I need help.", "With what?"]
    orders = TALK, [*TALK, *TALK], TALK[::-1], [TALK[2], TALK[0], TALK[2], TALK[3], TALK[1], TALK[0]]
    captions = set()
    for order in orders:
        call = await make_call()
        assert await transcribed(peer, call, transcripts, [*order]) == expected
        assert len(await texts(transcripts, call)) == len(expected)
        captions.add(await content_of(transcripts, f"{call.id}.vtt"))
    (text,) = captions
    assert text.decode() == (
        f"WEBVTT\n\n00:00:01.500 --> 00:00:02.500\n<v {CALLER}>Hello.\n\n"
        f"00:00:03.000 --> 00:00:04.000\n<v {AGENT}>Good morning.\n\n"
        f"00:00:05.000 --> 00:00:06.000\n<v {CALLER}>I need help.\n\n"
        f"00:00:07.000 --> 00:00:08.000\n<v {AGENT}>With what?\n"
    )


async def test_an_intermediate_result_is_there_until_the_final_one(
    peer: Peer, call: Call, transcripts: ContainerClient
) -> None:
    async with peer.open("transcription", call) as socket:
        await socket.send_str(transcription_metadata())
        await socket.send_str(said("I", 1, resultStatus="Intermediate"))
        await socket.send_str(said("I need", 1, resultStatus="Intermediate"))
        (line,) = await eventually(lambda: lines_of(transcripts, call, "said"))
        assert (line["text"], line["final"]) == ("I need", False)
        await socket.send_str(said("I need help.", 1))
        await eventually(lambda: _has(transcripts, call, 2))
    await eventually(lambda: _closed(transcripts, call, 1))
    assert b"I need\n" not in await content_of(transcripts, f"{call.id}.vtt")


async def test_a_new_socket_continues_the_transcript_with_the_gap_marked(
    make_peer: MakePeer, call: Call, transcripts: ContainerClient, emulator: Emulator
) -> None:
    for number, message in enumerate(("Good", "Morning")):
        peer = await make_peer()  # another process each time
        async with peer.open("transcription", call) as socket:
            await socket.send_str(transcription_metadata(f"s{number}"))
            await socket.send_str(said("Hello.", 0.0))  # under another subscription it is another line
            await socket.send_str(said(message, 0.01))
        await eventually(partial(_closed, transcripts, call, number + 1))
    assert await texts(transcripts, call) == ["Hello.", "Good", "Hello.", "Morning"]
    (gap,) = await lines_of(transcripts, call, "gap")
    closed, opened = (await lines_of(transcripts, call, "closed"))[0], (await lines_of(transcripts, call, "opened"))[1]
    assert (gap["at"], gap["until"]) == (closed["at"], opened["at"])
    reports = reported(emulator, call, "TranscriptWritten")
    assert max((each["lines"], each["gaps"]) for each in reports) == (4, 1)


async def test_a_socket_that_is_opened_again_replaces_the_first(
    peer: Peer, call: Call, transcripts: ContainerClient
) -> None:
    async with peer.open("transcription", call) as first:
        await first.send_str(transcription_metadata())
        await first.send_str(TALK[0])
        async with peer.open("transcription", call) as second:
            await second.send_str(transcription_metadata())
            await second.send_str(TALK[0])
            await second.send_str(TALK[1])
            closing = await first.receive(timeout=10)
            assert (closing.type, closing.data) == (WSMsgType.CLOSE, WSCloseCode.GOING_AWAY)
            await eventually(lambda: _has(transcripts, call, 2))
    assert await texts(transcripts, call) == ["Hello.", "Good morning."]
    (replaced, *_) = await lines_of(transcripts, call, "closed")
    assert replaced["reason"] == "replaced"


async def test_two_processes_that_write_at_once_lose_and_repeat_nothing(
    make_peer: MakePeer, call: Call, transcripts: ContainerClient
) -> None:
    peers = [await make_peer(), await make_peer()]
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(each.open("transcription", call)) for each in peers]
        for socket in sockets:
            await socket.send_str(transcription_metadata())
        for n in range(40):
            await sockets[n % 2].send_str(said(f"{n}", n))
            await asyncio.sleep(0.02)
        await eventually(lambda: _has(transcripts, call, 40))
    assert sorted(map(int, await texts(transcripts, call))) == [*range(40)]


async def test_what_is_collected_in_secret_is_left_out(
    peer: Peer, call: Call, transcripts: ContainerClient, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.secrecy.MARGIN", timedelta(0))
    store = peer.service.store
    row = await store.read(call.id)
    assert row.call is not None
    now = clock.now()
    visits = (Visit("menu", 1, now - timedelta(seconds=30), left_at=now), Visit("card", 1, now))
    row = await store.write(row, replace(row.call, routing=Routing(plan=PLAN, visits=visits)))
    async with peer.open("transcription", call) as socket:
        await socket.send_str(transcription_metadata())
        await socket.send_str(said("My card is 4111 1111 1111 1111.", 0))
        await eventually(lambda: lines_of(transcripts, call, "leftOut"))
        over = replace(visits[1], left_at=clock.now())
        assert row.call is not None
        await store.write(row, replace(row.call, routing=Routing(plan=PLAN, visits=(visits[0], over))))
        await socket.send_str(said("Thank you.", 60))
        await socket.send_str(said("My card is 4111 1111 1111 1111.", 0))  # again, and late
        await eventually(lambda: texts(transcripts, call))
    await eventually(lambda: _closed(transcripts, call, 1))
    assert await texts(transcripts, call) == ["Thank you."]
    for name in (f"{call.id}.jsonl", f"{call.id}.vtt"):
        assert b"4111" not in await content_of(transcripts, name)
    report = reported(emulator, call, "TranscriptWritten")[-1]
    assert (report["lines"], report["leftOut"]) == (1, 1)


async def test_results_wait_while_storage_cannot_be_reached(
    peer: Peer, call: Call, transcripts: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with peer.open("transcription", call) as socket:
        await socket.send_str(transcription_metadata())
        await socket.send_str(TALK[0])
        await eventually(lambda: _has(transcripts, call, 1))
        with monkeypatch.context() as broken:
            broken.setattr(BlobClient, "append_block", _unreachable)
            await socket.send_str(TALK[1])
            await asyncio.sleep(0.6)
            await socket.send_str(TALK[2])
        await eventually(lambda: _has(transcripts, call, 3))
    assert await texts(transcripts, call) == ["Hello.", "Good morning.", "I need help."]


async def _unreachable(*_: Any, **__: Any) -> None:
    raise ServiceRequestError("unreachable")


async def test_an_append_whose_response_was_lost_is_not_repeated(
    peer: Peer, call: Call, transcripts: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = BlobClient.append_block
    lost: list[Any] = []

    async def lose(self: BlobClient, *given: Any, **how: Any) -> Any:
        done = await append(self, *given, **how)
        if len(lost) < 3:
            lost.append(done)
            raise ServiceResponseError("the response was lost")
        return done

    monkeypatch.setattr(BlobClient, "append_block", lose)
    assert await transcribed(peer, call, transcripts, TALK) == [
        "Hello.",
        "Good morning.",
        "I need help.",
        "With what?",
    ]
    assert len(lost) == 3
    assert len(await texts(transcripts, call)) == 4


async def test_results_beyond_the_limit_are_lost_and_marked(
    peer: Peer, call: Call, transcripts: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.transcripts.session.MOST_WAITING", 5)
    assert len(await transcribed(peer, call, transcripts, [said(f"{n}", n) for n in range(50)])) < 50
    assert len(await lines_of(transcripts, call, "gap")) >= 1


async def test_offsets_that_are_moments_count_from_the_first(
    peer: Peer, call: Call, transcripts: ContainerClient
) -> None:
    base = 2516933652456984600  # as earlier versions of ACS have sent it
    messages = [said("Hello", 0, offset=base), said("everyone", 0, offset=base + 2800100)]
    assert await transcribed(peer, call, transcripts, messages) == ["Hello", "everyone"]
    assert [each["offset"] for each in await lines_of(transcripts, call, "said")] == [0.0, 0.28]


async def test_fields_that_cannot_be_read_are_left_out(peer: Peer, call: Call, transcripts: ContainerClient) -> None:
    odd = said("Hello.", 1, confidence="high", words=[{"offset": 1}, 7], duration=None, newField={}, format=1)
    assert await transcribed(peer, call, transcripts, [odd]) == ["Hello."]


async def test_the_text_of_a_caption_is_no_markup(peer: Peer, call: Call, transcripts: ContainerClient) -> None:
    await transcribed(peer, call, transcripts, [said("<script> & --> \n\n00:00 NOTE", 1)])
    captions = (await content_of(transcripts, f"{call.id}.vtt")).decode()
    assert captions.endswith(f"<v {CALLER}>&lt;script&gt; &amp; --&gt;   00:00 NOTE\n")

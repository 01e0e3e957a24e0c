"""Transcripts: real sockets, and the blobs in Azurite."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from azure.storage.blob.aio import ContainerClient

from emulator.server import Emulator
from shared.calls.capabilities import Call
from tests.media.peer import AGENT, CALLER, Peer, eventually, reported, said, transcription_metadata
from tests.support import content_of


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

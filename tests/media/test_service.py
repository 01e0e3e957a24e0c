"""The service as a whole: its reports in the row, its end, its settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import WSCloseCode
from azure.storage.blob.aio import ContainerClient

from emulator.server import Emulator
from media.settings import OWN, MediaSettings
from shared.calls.capabilities import Call
from shared.service.container import Container
from tests.media.conftest import MakeCall
from tests.media.peer import (
    CALLER,
    Peer,
    audio_metadata,
    eventually,
    frame,
    headers,
    reported,
    said,
    token,
    transcription_metadata,
)
from tests.support import content_of, decoded

README = Path(__file__).parent.parent.parent / "media/README.md"


async def test_the_row_has_the_transcript_and_the_audio(
    peer: Peer, call: Call, emulator: Emulator, make_container: Callable[..., Container]
) -> None:
    async with peer.open("transcription", call) as texts, peer.open("audio", call) as audio:
        await texts.send_str(transcription_metadata())
        await texts.send_str(said("Hello.", 0.0))
        await audio.send_str(audio_metadata())
        for n in range(50):
            await audio.send_str(frame(n / 50, participant=CALLER))
        await eventually(lambda: reported(emulator, call, "TranscriptWritten"))
    await eventually(lambda: len(reported(emulator, call, "TranscriptWritten")) == 2)
    await eventually(lambda: reported(emulator, call, "AudioReceived"))
    container = make_container()
    events = [entry["event"] for entry in emulator.journal.entries("event")]
    for event in [each for each in events if each.get("callid") == call.id] * 2:
        await container.events.callback(decoded(event))
    row = (await container.store.read(call.id)).call
    assert row is not None
    transcript = row.media.transcript
    assert transcript is not None
    assert (transcript.blob, transcript.captions, transcript.lines) == (f"{call.id}.jsonl", f"{call.id}.vtt", 1)
    assert row.media.audio["a1"].frames == 50
    assert row.state is call.state


async def test_a_service_that_drains_closes_its_sockets_and_refuses_others(
    peer: Peer, call: Call, make_call: MakeCall, emulator: Emulator, transcripts: ContainerClient
) -> None:
    async with peer.open("transcription", call) as socket:
        await socket.send_str(transcription_metadata())
        await socket.send_str(said("The last words.", 0.0))
        await eventually(lambda: reported(emulator, call, "TranscriptWritten"))
        draining = asyncio.create_task(peer.service.drain())
        await socket.receive(timeout=20)
        assert socket.close_code == WSCloseCode.GOING_AWAY
        await draining
    assert b"The last words." in await content_of(transcripts, f"{call.id}.jsonl")
    assert b"The last words." in await content_of(transcripts, f"{call.id}.vtt")
    other = await make_call()
    assert await peer.status(f"/audio/{other.id}", headers(token(emulator))) == 503
    assert await peer.status("/health", {}, upgrade=False) == 503


async def test_health_has_the_counts(peer: Peer, call: Call) -> None:
    async with peer.open("audio", call), aiohttp.ClientSession() as session, session.get(f"{peer.url}/health") as got:
        body: dict[str, Any] = await got.json()
    assert (body["status"], body["open"], body["accepted"]) == ("ok", 1, 1)


def test_missing_and_invalid_settings_are_named() -> None:
    wrong = {"MEDIA_CONNECTIONS": "many", "ACS_RESOURCE_ID": "", "EVENTS_TOPIC_ENDPOINT": "http://contoso.com"}
    named = {problem.name for problem in MediaSettings(wrong).problems()}
    assert {"MEDIA_CONNECTIONS", "ACS_RESOURCE_ID", "EVENTS_TOPIC_ENDPOINT"} <= named


def test_the_readme_has_every_setting_with_its_default() -> None:
    text = README.read_text()
    for setting in OWN:
        assert f"`{setting.name}`" in text, setting.name
        assert f"`{setting.default}`" in text, setting.name

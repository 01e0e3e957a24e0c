"""The transcript of a call: read while it grows, from any offset, as the media service writes it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from shared.api.http import Request
from shared.api.router import Api
from shared.calls.state import CallState
from tests.api.calls.conftest import Line
from tests.golden import cloud_event
from tests.parts import opened

TRANSCRIBED = {"TRANSCRIPTION_URL": "wss://media.example/text"}


def said(number: int, **more: Any) -> dict[str, Any]:
    line = {"kind": "said", "id": f"{number}", "at": f"2026-11-21T09:00:0{number}Z", "speaker": "4:+12065551212"}
    return line | {"text": f"Word {number}.", "offset": number, "duration": 0.5} | more


async def _write(line: Line, call_id: str, *written: dict[str, Any] | str) -> None:
    blob = line.system.container.clients.container("transcripts").get_blob_client(f"{call_id}.jsonl")
    if not await blob.exists():
        await blob.create_append_blob()
    texts = (each if isinstance(each, str) else json.dumps(each) for each in written)
    await blob.append_block("".join(f"{text}\n" for text in texts).encode())


async def _event(line: Line, call_id: str, **data: Any) -> None:
    """The media service reports to the row."""
    connection = (await line.call(call_id)).call_connection_id
    named = {"callConnectionId": connection, "blob": f"{call_id}.jsonl"}
    event = cloud_event("transcript_written", id=f"{call_id} {data}", **named | data)
    event |= {"source": f"/calls/{call_id}", "callid": call_id, "time": datetime.now().astimezone().isoformat()}
    await line.system.deliver_until_accepted("call_progressed", [event])


async def _ask(line: Line, path: str, **changed: str) -> tuple[int, Any]:
    """An app with other settings, asked by a holder of a key."""
    async with opened(line.system.stack.ports.settings() | changed) as container:
        reply = await Api(container).respond(Request("GET", path), keyed=True)
    return reply.status, json.loads(reply.body)


async def test_a_transcript_is_read_while_it_grows(line: Line) -> None:
    call_id = await line.connected()
    path = f"calls/{call_id}/transcript"
    word = {"text": "word", "offset": 0.0, "duration": 0.25}
    await _write(line, call_id, {"kind": "opened", "id": "o", "at": "2026-11-21T09:00:00Z", "subscriptionId": "s"})
    await _write(line, call_id, said(1, words=[word], confidence=0.9, locale="en-US"), said(2, final=False))
    first = (await line.get(path)).data
    assert [each["kind"] for each in first["lines"]] == ["opened", "said", "said"]
    line_of_speech = said(1, words=[word], confidence=0.9, locale="en-US", final=True, until=None, reason=None)
    del line_of_speech["offset"]  # from the beginning of the subscription: ``at`` says it better
    assert first["lines"][1] == line_of_speech
    assert [each["final"] for each in first["lines"]] == [True, True, False]
    assert (first["isComplete"], first["captions"]) == (False, False)
    same = (await line.get(f"{path}?offset={first['nextOffset']}")).data
    assert (same["lines"], same["nextOffset"]) == ([], first["nextOffset"])
    gap = {"kind": "gap", "id": "g", "at": "2026-11-21T09:00:02Z", "until": "2026-11-21T09:00:05Z"}
    await _write(line, call_id, "not JSON", {"kind": "of a later version"}, gap, said(6))
    rest = (await line.get(f"{path}?offset={first['nextOffset']}")).data["lines"]
    assert [(each["kind"], each["until"]) for each in rest] == [("gap", "2026-11-21T09:00:05Z"), ("said", None)]


async def test_a_transcript_is_complete_with_its_captions(line: Line) -> None:
    call_id = await line.connected()
    await _write(line, call_id, said(1))
    await _event(line, call_id)
    await line.system.until(call_id, lambda call: call.media.transcript is not None)
    assert (await line.get(f"calls/{call_id}/transcript/captions")).status == 404
    await line.command(f"calls/{call_id}/hang-up", wait=10)
    ended = (await line.system.until(call_id, lambda call: call.state is CallState.ENDED)).ended_at
    assert not (await line.get(f"calls/{call_id}/transcript")).data["isComplete"], "the last words may follow"
    blobs = line.system.container.clients.container("transcripts")
    await blobs.upload_blob(f"{call_id}.vtt", b"WEBVTT\n")
    await _event(line, call_id, captions=f"{call_id}.vtt", lines=1)
    await line.system.until(call_id, lambda call: bool(call.media.transcript and call.media.transcript.captions))
    found = (await line.get(f"calls/{call_id}/transcript")).data
    assert (found["isComplete"], found["captions"], found["retainedUntil"]) == (True, True, None)
    _, kept = await _ask(line, f"calls/{call_id}/transcript", RECORDING_RETENTION_DAYS="30")
    assert ended is not None
    assert datetime.fromisoformat(kept["retainedUntil"]) == ended + timedelta(days=30)
    link = await line.get(f"calls/{call_id}/transcript/captions")
    assert link.headers["Cache-Control"] == "no-store"
    async with aiohttp.ClientSession() as http, http.get(link.data["url"]) as file:
        assert await file.read() == b"WEBVTT\n"
    await blobs.delete_blob(f"{call_id}.jsonl")
    status, problem = await _ask(line, f"calls/{call_id}/transcript", RECORDING_RETENTION_DAYS="30")
    assert (status, problem["detail"]) == (
        404,
        "The transcript of the call was deleted: transcripts are kept for 30 days.",
    )


async def test_a_call_without_a_transcript_says_why(line: Line) -> None:
    call_id = await line.connected()
    path = f"calls/{call_id}/transcript"
    untranscribed = await line.get(path)
    assert (untranscribed.status, untranscribed.data["code"]) == (404, "NotFound")
    assert "answered without TRANSCRIPTION_URL" in untranscribed.data["detail"]
    status, waiting = await _ask(line, path, **TRANSCRIBED)
    assert (status, waiting["lines"], waiting["nextOffset"]) == (200, [], 0), "nothing was said yet"
    assert waiting["transcription"]["state"] == "inactive"
    await line.command(f"calls/{call_id}/hang-up", wait=10)
    await line.system.until(call_id, lambda call: call.state is CallState.ENDED)
    status, problem = await _ask(line, path, **TRANSCRIBED)
    assert (status, problem["detail"]) == (404, "The call has ended, and nothing of it was transcribed.")
    refused = await line.get(f"{path}?offset=-1")
    assert (refused.status, refused.data["code"]) == (400, "BadParameter")

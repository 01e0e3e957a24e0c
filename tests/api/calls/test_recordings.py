"""Recordings: commands, files, and links that last minutes."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import aiohttp
from yarl import URL

from shared.api.http import Request
from shared.api.router import Api
from shared.calls.capabilities import recording_status
from shared.calls.state import CallState
from tests.api.calls.conftest import Line
from tests.parts import opened


async def status(line: Line, call_id: str) -> str:
    return str((await line.get(f"calls/{call_id}/recordings")).data["value"][0]["status"])


async def retained_until(line: Line, call_id: str, days: int) -> datetime:
    """Until when an app whose storage account deletes files after so many days keeps the recording."""
    stack = line.system.stack
    async with opened(stack.ports.settings() | {"RECORDING_RETENTION_DAYS": str(days)}) as container:
        reply = await Api(container).respond(Request("GET", f"calls/{call_id}/recordings"), keyed=True)
    return datetime.fromisoformat(json.loads(reply.body)["value"][0]["retainedUntil"])


async def test_a_recording_is_paused_resumed_and_stopped_by_command(line: Line) -> None:
    call_id = await line.recorded()
    (recording,) = (await line.get(f"calls/{call_id}/recordings")).data["value"]
    assert (recording["status"], recording["files"]) == ("active", [])
    path = f"calls/{call_id}/recordings/{recording['id']}"
    for command, expected in (("pause", "paused"), ("resume", "active"), ("stop", "stopped")):
        done = await line.command(f"{path}/{command}", wait=10)
        assert (done.status, done.data["status"]) == (200, "succeeded"), done.body
        for _ in range(400):
            if await status(line, call_id) == expected:
                break
            await asyncio.sleep(0.05)
        assert await status(line, call_id) == expected, command
    await line.system.idle()
    assert (await line.call(call_id)).state is CallState.CONNECTED
    assert len(await line.system.requests("StartRecording")) == 1, "the policy started it again"
    again = await line.command(f"calls/{call_id}/recordings", wait=10)
    assert again.data["status"] == "succeeded", again.body
    await line.system.until(call_id, lambda call: len(call.recording.recordings) > 1)


async def test_a_file_is_read_by_a_link_in_ranges_until_it_expires(line: Line) -> None:
    call_id = await line.recorded()
    await line.command(f"calls/{call_id}/hang-up", wait=10)
    await line.system.until(call_id, lambda call: recording_status(call)[0] == "archived")
    (recording,) = (await line.get(f"calls/{call_id}/recordings")).data["value"]
    (file,) = recording["files"]
    assert (recording["status"], file["archived"]) == ("archived", True)
    path = f"calls/{call_id}/recordings/{recording['id']}/files"
    reply = await line.get(f"{path}/{file['index']}")
    assert reply.headers["Cache-Control"] == "no-store"
    left = datetime.fromisoformat(reply.data["expiresAt"]) - datetime.now(UTC)
    assert timedelta() < left <= timedelta(minutes=5)
    async with aiohttp.ClientSession() as http:
        link = URL(reply.data["url"], encoded=True)
        async with http.get(link, headers={"Range": "bytes=0-3"}) as part:
            assert (part.status, await part.read()) == (206, b"RIFF")
            assert part.headers["Content-Range"].endswith(f"/{file['length']}")
        async with http.delete(link) as refused:
            assert refused.status == 403
        async with http.get(link.with_query(None)) as refused:
            assert refused.status >= 400
    assert recording["retainedUntil"] is None  # this app has no rule that deletes files
    assert await retained_until(line, call_id, days=30) == (
        datetime.fromisoformat(recording["stoppedAt"]) + timedelta(days=30)
    )
    assert (await line.get(f"{path}/99")).status == 404
    assert (await line.get(f"calls/{call_id}/recordings/00000000/files/0")).status == 404

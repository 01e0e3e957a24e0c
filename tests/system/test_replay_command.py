"""Events that could not be delivered or read are stored; the command lists, shows and replays them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from shared.calls.capabilities import recording_status
from shared.calls.state import CallState
from tests.system.conftest import System

TYPE = "Microsoft.Communication."


Replay = Callable[..., Awaitable[tuple[int | None, str]]]


@pytest.fixture
def replay(system: System, tmp_path: Path) -> Replay:
    """The command as documented for a development machine, with its settings in a file."""
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"Values": system.stack.ports.settings()}))

    async def run(*arguments: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "shared.service.replay", "--settings", str(settings), *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={},
        )
        output, _ = await process.communicate()
        return process.returncode, output.decode()

    return run


async def test_a_dead_letter_is_replayed_into_its_call(system: System, replay: Replay) -> None:
    call_id = await system.dial(hangs_up_after=1.5)
    await system.until(call_id, lambda call: recording_status(call)[0] == "active")
    await system.stack.stop_host()  # for so long that Event Grid gives up: time runs 100,000 times as fast
    await system.control("POST", "options", {"speed": 100_000})
    for _ in range(600):
        if len((await system.control("GET", "deadletters"))["deadletters"]) >= 1:
            break
        await asyncio.sleep(0.1)
    await system.idle()
    await system.control("POST", "options", {"speed": 1})
    await system.stack.start_host()

    code, output = await replay("deadletters", "list")
    assert code == 0
    assert "in deadletters" in output
    code, output = await replay("deadletters", "replay")
    assert (code, "replayed" in output) == (0, True), output
    assert (await replay("deadletters", "list"))[1].startswith("0 in")
    call = await system.call(call_id)
    assert call is not None
    assert "RecordingFileStatusUpdated" in [entry.type for entry in call.timeline]


async def test_an_unreadable_event_is_listed_and_shown(system: System, replay: Replay) -> None:
    call_id = await system.dial()
    await system.until(call_id, lambda call: call.state is CallState.CONNECTED)
    await system.idle()
    (good,) = [e["event"] for e in await system.journal("event") if e["event"]["type"] == f"{TYPE}CallConnected"]
    assert await system.deliver("call_connected", [good | {"id": "bad", "callid": "no call"}]) == 202
    code, output = await replay("quarantine", "list")
    assert code == 0
    (name,) = [line.split()[0] for line in output.splitlines() if "callid is not a call id" in line]
    assert '"callid": "no call"' in (await replay("quarantine", "show", name))[1]


async def test_a_missing_name_is_a_clear_error(replay: Replay) -> None:
    code, output = await replay("quarantine", "show", "nothing.json")
    assert code == 1
    assert output.startswith("not done:")

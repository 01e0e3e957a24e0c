"""The commands that list calls and watch one: ``make calls``, ``make watch``."""

from __future__ import annotations

import asyncio
import sys

from tests.support import closed_port
from tests.system.conftest import System


async def run(api: str, *arguments: str) -> tuple[int | None, str, str]:
    """The exit status, and the two outputs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.calls", "--api", api, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    return process.returncode, out.decode(), errors.decode()


async def test_calls_are_listed_and_one_is_watched_until_its_recording_is_archived(system: System) -> None:
    call_id = await system.dial(hangs_up_after=2)
    api = f"{system.stack.host_url}/api/keyed/v1"
    await system.until(call_id, lambda call: call.connected_at is not None)
    (status, watched, errors), (listed_status, listed, _) = await asyncio.gather(
        run(api, "watch", call_id), run(api, "list", "--day", f"{call_id[:4]}-{call_id[4:6]}-{call_id[6:8]}")
    )
    assert (status, listed_status, errors) == (0, 0, "")
    assert any(call_id in line and "+12065551212" in line for line in listed.splitlines())
    types = [line.split()[2] for line in watched.splitlines() if " s  " in line]
    assert [types[0], "CallDisconnected" in types, types.count("CallConnected")] == ["IncomingCall", True, 1]
    assert "ended, recording archived, 0 in the call" in watched


async def test_an_error_says_what_to_do(system: System) -> None:
    status, _, errors = await run(closed_port(), "list")
    assert status == 1
    assert "run make serve first" in errors
    status, _, errors = await run(f"{system.stack.host_url}/api/keyed/v1", "list", "--state", "nowhere")
    assert status == 1
    assert "state" in errors

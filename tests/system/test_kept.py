"""Nothing is dropped: what could not be delivered or read is kept, listed, shown and replayed."""

from __future__ import annotations

import asyncio
import os
import sys

from shared.calls.call import State
from shared.calls.machine import recording_status
from tests.system.conftest import System

TYPE = "Microsoft.Communication."


async def kept(system: System, *arguments: str) -> tuple[int | None, str]:
    """The command as an operator runs it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.service.replay", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | system.stack.ports.settings(),
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_a_dead_letter_is_replayed_into_its_call(system: System) -> None:
    call_id = await system.dial(hangs_up_after=1.5)
    await system.until(call_id, lambda call: recording_status(call)[0] == "active")
    await system.stack.stop_host()  # for so long that Event Grid gives up: time runs 100,000 times as fast
    await system.control("POST", "options", {"speed": 100_000})
    for _ in range(200):
        if len((await system.control("GET", "deadletters"))["deadletters"]) >= 1:
            break
        await asyncio.sleep(0.1)
    await system.idle()
    await system.control("POST", "options", {"speed": 1})
    await system.stack.start_host()

    code, output = await kept(system, "deadletters", "list")
    assert code == 0
    assert "in deadletters" in output
    code, output = await kept(system, "deadletters", "replay")
    assert (code, "replayed" in output) == (0, True), output
    assert (await kept(system, "deadletters", "list"))[1].startswith("0 in")
    call = await system.call(call_id)
    assert call is not None
    assert "RecordingFileStatusUpdated" in [entry.type for entry in call.timeline]


async def test_what_cannot_be_read_is_shown_and_stays_until_it_can(system: System) -> None:
    call_id = await system.dial()
    await system.until(call_id, lambda call: call.state is State.CONNECTED)
    await system.idle()
    (good,) = [e["event"] for e in await system.journal("event") if e["event"]["type"] == f"{TYPE}CallConnected"]
    assert await system.deliver("call_connected", [good | {"id": "bad", "callid": "no call"}]) == 202
    code, output = await kept(system, "quarantine", "list")
    assert code == 0
    (name,) = [line.split()[0] for line in output.splitlines() if "callid is no call id" in line]
    assert '"callid": "no call"' in (await kept(system, "quarantine", "show", name))[1]


async def test_a_name_that_is_not_there_is_a_clear_error(system: System) -> None:
    code, output = await kept(system, "quarantine", "show", "nothing.json")
    assert code == 1
    assert output.startswith("not done:")

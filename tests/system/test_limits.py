"""Unauthenticated requests that are too large: refused before they fill the memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from tests.system.conftest import System

SENT = 99 * 1024 * 1024
MIB = 1024 * 1024


async def blocks() -> AsyncIterator[bytes]:
    for _ in range(SENT // MIB):
        yield bytes(MIB)


def memory(system: System) -> int:
    """The peak memory of the host's process so far, in bytes."""
    host = system.stack._processes._running["host"]
    status = Path(f"/proc/{host.pid}/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


async def post(system: System) -> int | None:
    """The status; None if the host closed the connection during the request."""
    with suppress(aiohttp.ClientError):
        async with system.http.post(f"{system.stack.host_url}/api/callbacks/x", data=blocks()) as response:
            return response.status
    return None


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux reports the peak of a process's memory")
async def test_large_bodies_without_a_token_do_not_fill_the_memory(system: System) -> None:
    before = memory(system)
    statuses = await asyncio.gather(*(post(system) for _ in range(4)))
    assert set(statuses) <= {413, None}
    assert memory(system) - before < 20 * MIB

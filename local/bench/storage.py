"""The storage requests of a call, counted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp

from local.bench.measured import Measured
from local.scenarios import ACCOUNT, CALLER
from local.stack import Ports, Stack, control, copy_accounts
from local.storage_log import Cost, conflicts_logged, storage_requests

CALLS = 5
CALL_SECONDS = 60.0  # for a call of a few seconds to be archived, on a busy machine
# Of storage requests for a call, with the settings that they are for. The sample's settings have an announcement.
BUDGETS: dict[str, tuple[int, dict[str, str]]] = {
    "no announcement": (26, {"RECORDING_ANNOUNCEMENT": ""}),
    "announced": (32, {}),
}


async def storage_per_call(what: str, logs: Path, calls: int = CALLS) -> Measured:
    """The median of some calls, with a process for each function."""
    budget, settings = BUDGETS[what]
    async with Stack(ports=Ports.free(), logs=logs, settings=settings, topology="flex") as stack:
        costs = sorted(await costs_of_calls(stack, calls), key=lambda cost: cost.count)
    median = costs[len(costs) // 2]
    counts = ", ".join(str(cost.count) for cost in costs)
    return Measured(f"storage requests of a call, {what}", median.count, budget, "requests", f"of {counts}: {median}")


async def costs_of_calls(stack: Stack, calls: int) -> list[Cost]:
    """Of calls one after another: answer, connect, twice participants, recording start and stop, hang-up, file."""
    async with aiohttp.ClientSession() as http:
        await copy_accounts(http, stack)
        return [await _cost_of_a_call(http, stack) for _ in range(calls)]


async def _cost_of_a_call(http: aiohttp.ClientSession, stack: Stack) -> Cost:
    journal = (await control(http, stack, "GET", "journal"))["entries"]
    before, conflicts = len(storage_requests(stack.logs)), conflicts_logged(stack.logs)
    await control(http, stack, "POST", "calls", {"from": CALLER, "to": ACCOUNT, "hangs_up_after": 6})
    await _archived(http, stack, journal[-1]["seq"] if journal else 0)
    return Cost.of(storage_requests(stack.logs)[before:], conflicts_logged(stack.logs) - conflicts)


async def _archived(http: aiohttp.ClientSession, stack: Stack, since: int) -> None:
    for _ in range(int(CALL_SECONDS / 0.1)):
        path = f"journal?kind=delivery&since={since}"
        journal: list[dict[str, Any]] = (await control(http, stack, "GET", path))["entries"]
        if any(e["function"] == "recording_file_ready" for e in journal):
            return
        await asyncio.sleep(0.1)
    raise RuntimeError(f"the call was not archived; the logs are in {stack.logs}")

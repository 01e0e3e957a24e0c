"""The storage requests of a call, counted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from msgspec import Struct

from local.bench.measured import Measured
from local.control_scenarios import GRACE
from local.own_step import put, token
from local.scenarios import ACCOUNT, CALLER
from local.stack import Ports, Stack, control, copy_accounts
from local.storage_log import Cost, conflicts_logged, storage_requests

CALLS = 5
CALL_SECONDS = 60.0  # for a call of a few seconds to be archived, on a busy machine


class Budget(Struct, frozen=True):
    """``requests``: the most to storage for a call. ``plan``: of the account that is dialled; none if it is empty."""

    requests: int
    settings: dict[str, str] = {}
    plan: dict[str, Any] = {}


MENU_AND_AGENT: dict[str, Any] = {
    "start": "menu",
    "steps": {
        "menu": {
            "type": "menu",
            "prompt": {"text": "For support press 1."},
            "keys": {"1": "agents"},
            "seconds": 10,
            "otherwise": "bye",
        },
        "agents": {"type": "ring", "targets": [{"group": "support"}], "left": "bye", "otherwise": "bye"},
        "bye": {"type": "hangUp"},
    },
}
# The sample's settings have an announcement. In each is one read of the tenant's plans, which a process that answers
# makes at most every ten seconds, and two writes for events for other applications: that the end of the call and its
# archived recording are published. The outcome of the others is saved together with that of another effect.
BUDGETS = {
    "no announcement": Budget(28, settings={"RECORDING_ANNOUNCEMENT": ""}),
    "announced": Budget(33),
    "announced, a menu and an agent": Budget(62, plan=MENU_AND_AGENT),
}


async def storage_per_call(what: str, logs: Path, calls: int = CALLS) -> Measured:
    """The median of some calls, with a process for each function."""
    budget = BUDGETS[what]
    async with Stack(ports=Ports.free(), logs=logs, settings=budget.settings, topology="flex") as stack:
        costs = sorted(await costs_of_calls(stack, budget, calls), key=lambda cost: cost.count)
    median = costs[len(costs) // 2]
    counts = ", ".join(str(cost.count) for cost in costs)
    return Measured(
        f"storage requests of a call, {what}", median.count, budget.requests, "requests", f"of {counts}: {median}"
    )


async def costs_of_calls(stack: Stack, budget: Budget, calls: int) -> list[Cost]:
    """Of calls one after another: answer, connect, twice participants, recording start and stop, hang-up, file. With a
    plan the caller presses 1, and an agent accepts.
    """
    async with aiohttp.ClientSession() as http:
        await copy_accounts(http, stack)
        if budget.plan:
            await _plan(http, stack, budget.plan)
        return [await _cost_of_a_call(http, stack, PRESSES if budget.plan else {}) for _ in range(calls)]


# The key is pressed again, should the menu not have begun yet; a key without a menu leads to nothing.
PRESSES = {"hangs_up_after": 14, "presses": [{"after": seconds, "tone": "one"} for seconds in (4, 6, 8)]}


async def _plan(http: aiohttp.ClientSession, stack: Stack, plan: dict[str, Any]) -> None:
    ada = await token(stack, http, "ada", "Administrator")
    await put(stack, http, ada, f"plans/{ACCOUNT}", plan)
    await put(stack, http, ada, f"agents/{GRACE}", {})
    await put(stack, http, ada, "groups/support", {"name": "Support", "members": [GRACE]})
    presence = {"state": "available", "expiresInSeconds": 3600}
    await put(stack, http, await token(stack, http, "grace", "Agent"), "agents/me/presence", presence)


async def _cost_of_a_call(http: aiohttp.ClientSession, stack: Stack, script: dict[str, Any]) -> Cost:
    journal = (await control(http, stack, "GET", "journal"))["entries"]
    before, conflicts = len(storage_requests(stack.logs)), conflicts_logged(stack.logs)
    await control(http, stack, "POST", "calls", {"from": CALLER, "to": ACCOUNT, "hangs_up_after": 6} | script)
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

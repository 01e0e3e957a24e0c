"""Each scenario of the demo, run by the demo's command."""

from __future__ import annotations

import asyncio
import sys

import pytest

from local.call_list import CRM
from local.control_scenarios import CONTROL
from local.interop import INTEROP
from local.media_scenarios import MEDIA
from local.outbound_scenarios import OUTBOUND
from local.own_step import OWN_STEP
from local.plan_scenarios import PLANS
from local.scenarios import SCENARIOS, Scenario


async def _demo(name: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.demo", "--scenario", name, "--ports", "free"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.mark.parametrize(
    "scenarios",
    [SCENARIOS, CONTROL, PLANS, OWN_STEP | CRM | OUTBOUND | INTEROP, MEDIA],
    ids=["calls", "control", "plans", "others", "media"],
)
async def test_every_scenario_of_the_demo_ends_as_described(scenarios: dict[str, Scenario]) -> None:
    results = dict(zip(scenarios, await asyncio.gather(*map(_demo, scenarios)), strict=True))
    failed = {name: output for name, (code, output) in results.items() if code != 0}
    assert not failed, "\n".join(f"== {name} ==\n{output}" for name, output in failed.items())

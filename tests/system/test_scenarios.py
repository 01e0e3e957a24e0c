"""Each scenario of the demo, run by the demo's command."""

from __future__ import annotations

import asyncio
import sys

from local.scenarios import SCENARIOS


async def _demo(name: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.demo", "--scenario", name, "--ports", "free"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_every_scenario_of_the_demo_ends_as_described() -> None:
    results = dict(zip(SCENARIOS, await asyncio.gather(*map(_demo, SCENARIOS)), strict=True))
    failed = {name: output for name, (code, output) in results.items() if code != 0}
    assert not failed, "\n".join(f"== {name} ==\n{output}" for name, output in failed.items())

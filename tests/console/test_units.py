"""The console's own unit tests, which Node.js runs."""

from __future__ import annotations

import asyncio

from local.stack import ROOT


async def test_the_units_of_the_console_pass() -> None:
    process = await asyncio.create_subprocess_exec(
        *("npm", "test", "--silent", "--prefix", str(ROOT / "console")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()

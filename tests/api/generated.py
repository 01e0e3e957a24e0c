"""Requests that schemathesis generates from the API's own OpenAPI document: valid ones and invalid ones.

No answer may be a server error, have a status, header, content type or body that is not documented, or take what the
document forbids. The requests are the same in each run.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from local.docs import openapi
from local.stack import ROOT
from tests.api.conftest import Client

CALLERS = 40  # so that no one of them comes to the limit
HOOKS = "tests.api.schemathesis_hooks"
# Not checked: that what fits the document is taken. A window of meetings that ends before it begins fits as well.
EXCLUDED = "positive_data_acceptance"


async def callers(client: Client) -> list[str]:
    return [await client.token(user=await client.newcomer(), roles=["Administrator"]) for _ in range(CALLERS)]


async def taken(client: Client, folder: Path, tokens: list[str], *paths: str, calls: Any = None) -> set[str]:
    """The routes that took a generated request. ``paths`` are options that choose the routes; ``calls`` is for the
    hooks.
    """
    document, report = folder / "openapi.json", folder / "report.json"
    document.write_text(openapi())
    environment = os.environ | {"API_TOKENS": " ".join(token.removeprefix("Bearer ") for token in tokens)}
    environment |= {"SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(ROOT), "API_CALLS": json.dumps(calls or {})}
    how = ("--generation-deterministic", "--max-examples", "3", "--phases", "coverage,fuzzing")
    what = ("--checks", "all", "--exclude-checks", EXCLUDED, "--suppress-health-check", "all")
    shown = ("--no-color", "--warnings", "off", "--report", "json", "--report-json-path", str(report))
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "st"),
        *("run", str(document), "--url", f"{client.stack.host_url}/api/v1", *paths, *how, *what, *shown),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, "\n".join(line[:300] for line in output.decode().splitlines())
    rates = json.loads(report.read_text())["valid_rates"].items()
    return {operation for operation, phases in rates if any(phase["accepted"] for phase in phases.values())}

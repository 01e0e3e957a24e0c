"""The API against its own OpenAPI document: schemathesis generates valid and invalid requests from it.

No answer may be a server error, have a status, header, content type or body that is not documented, or take what the
document forbids. The requests are the same in each run.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from local.docs import openapi
from local.stack import ROOT
from shared.api.v1 import ROUTES
from shared.api.v1.customers.models import CUSTOMER
from tests.api.conftest import Client

CALLERS = 40  # so that no one of them comes to the limit
HOOKS = "tests.api.schemathesis_hooks"
# Not checked: that what fits the document is taken. A window of meetings that ends before it begins fits as well.
EXCLUDED = "positive_data_acceptance"
# What nothing in the emulator can be found for by the document alone: a token that Entra signed.
NEVER_TAKEN = {"POST /teams-tokens"}


async def test_generated_requests_are_answered_as_documented(client: Client, tmp_path: Path) -> None:
    tokens = [await client.token(user=await client.newcomer(), roles=["Administrator"]) for _ in range(CALLERS)]
    await client.ask("PUT", f"customers/{CUSTOMER}", tokens[0], {"name": "Megan Bowen"})
    document, report = tmp_path / "openapi.json", tmp_path / "report.json"
    document.write_text(openapi())
    url = f"{client.stack.host_url}/api/v1"
    environment = os.environ | {"API_TOKENS": " ".join(token.removeprefix("Bearer ") for token in tokens)}
    environment |= {"SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(ROOT)}
    how = ("--generation-deterministic", "--max-examples", "3", "--phases", "coverage,fuzzing")
    what = ("--checks", "all", "--exclude-checks", EXCLUDED, "--suppress-health-check", "all")
    shown = ("--no-color", "--warnings", "off", "--report", "json", "--report-json-path", str(report))
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "st"),
        *("run", str(document), "--url", url, *how, *what, *shown),
        cwd=tmp_path,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, "\n".join(line[:300] for line in output.decode().splitlines())
    taken = {
        operation
        for operation, phases in json.loads(report.read_text())["valid_rates"].items()
        if any(phase["accepted"] for phase in phases.values())
    }
    assert taken | NEVER_TAKEN >= {f"{route.method} /{route.path}" for route in ROUTES}, "what was never taken"

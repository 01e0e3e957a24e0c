"""The budgets, measured: ``python -m local.bench``. Exits 1 if one is exceeded.

Machines differ and are noisy, so two variants are measured in one run, in turns, and reported as a ratio.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from local.bench.answering import answer_path
from local.bench.imports import import_time
from local.bench.measured import Measured
from local.bench.reaction import reactions
from local.bench.storage import BUDGETS, storage_per_call
from local.processes import as_command
from local.show import BOLD, PLAIN
from local.stack import Ports, Stack


async def measure() -> AsyncIterator[Measured]:
    yield import_time()
    async with Stack(ports=Ports.free(), logs=_folder(), host="none") as stack:
        for measured in await answer_path(stack):
            yield measured
    async with Stack(ports=Ports.free(), logs=_folder(), topology="flex") as stack:
        for measured in await reactions(stack):
            yield measured
    for what in BUDGETS:
        yield await storage_per_call(what, _folder())


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="teams-phone-bench-"))


async def main() -> int:
    logging.getLogger("shared").setLevel(logging.ERROR)  # the calls have no accounts, and so no plans
    print(f"{BOLD}Measuring{PLAIN} (five minutes) …", flush=True)
    exceeded = 0
    async for measured in measure():
        print(measured, flush=True)
        exceeded += not measured.ok
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(as_command(main()))

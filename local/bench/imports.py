"""The time that importing the app takes, compared with importing the packages that it needs at least."""

from __future__ import annotations

import statistics
import subprocess
import sys

from local.bench.measured import Measured
from local.stack import ROOT

IMPORTS = 11
IMPORT_BASE = "import azure.functions, azure.communication.callautomation.aio, aiohttp"
IMPORT_APP = "import function_app"


def import_time() -> Measured:
    taken: dict[str, list[float]] = {IMPORT_BASE: [], IMPORT_APP: []}
    for _ in range(IMPORTS):
        for statement, times in taken.items():
            code = f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
            run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, env={})
            times.append(float(run.stdout))
    app, base = (statistics.median(taken[statement]) for statement in (IMPORT_APP, IMPORT_BASE))
    detail = f"medians of {IMPORTS}: {app * 1000:.0f} ms and {base * 1000:.0f} ms"
    return Measured("importing function_app", app / base, 1.1, "x SDKs", detail)

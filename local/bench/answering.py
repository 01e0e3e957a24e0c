"""The budgets, measured: ``python -m local.bench``. Exits 1 if one is exceeded.

Machines differ and are noisy, so two variants are measured in one run, in turns, and reported as a ratio.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import azure.functions as func
from aiohttp import web
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential

from local.processes import as_command
from local.scenarios import ACCOUNT, CALLER
from local.show import BOLD, DIM, GREEN, PLAIN, RED
from local.stack import ROOT, Ports, Stack, control
from local.storage_log import Cost, storage_requests
from shared.service.container import Container

ANSWERS = 300
WARM_UP = 30
IMPORTS = 11
CALLS = 5
CALL_SECONDS = 60.0  # for a call of a few seconds to be archived, on a busy machine
# Of storage requests for a call, with the settings that they are for. The sample's settings have an announcement.
BUDGETS: dict[str, tuple[int, dict[str, str]]] = {
    "no announcement": (26, {"RECORDING_ANNOUNCEMENT": ""}),
    "announced": (32, {}),
}

IMPORT_BASE = "import azure.functions, azure.communication.callautomation.aio, aiohttp"
IMPORT_APP = "import function_app"


@dataclass(frozen=True)
class Measured:
    what: str
    value: float
    budget: float
    unit: str
    detail: str

    @property
    def ok(self) -> bool:
        return self.value <= self.budget

    def __str__(self) -> str:
        verdict = f"{GREEN}within{PLAIN}" if self.ok else f"{RED}EXCEEDED{PLAIN}"
        value = f"{self.value:8.2f} {self.unit:<9} budget {self.budget:g}"
        return f"{self.what:<42}{value}  {verdict}  {DIM}{self.detail}{PLAIN}"


class Arrivals:
    """An ACS that notes when a request arrives, and how many other requests the client had sent by then."""

    def __init__(self) -> None:
        self.at = 0.0
        self.sent = RequestCount()
        self.sent_before = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.at = time.perf_counter()
        self.sent_before = self.sent.count
        await request.read()
        return web.json_response({"callConnectionId": "c", "serverCallId": "s", "correlationId": "r"})

    async def start(self) -> web.AppRunner:
        server = web.Application()
        server.router.add_post("/calling/callConnections:answer", self.answer)
        runner = web.AppRunner(server, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner


class RequestCount(logging.Handler):
    """Counts the requests that the SDKs send, by the log of azure-core."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += str(record.msg).startswith("Request URL")


async def answer_path(stack: Stack) -> list[Measured]:
    """From the trigger's event to the arrival of AnswerCall at ACS, compared with the bare SDK call."""
    arrivals = Arrivals()
    runner = await arrivals.start()
    endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
    environment = stack.ports.settings() | {"ACS_ENDPOINT": endpoint}
    app, bare = (
        Container(environment),
        CallAutomationClient(endpoint, AzureKeyCredential(environment["ACS_ACCESS_KEY"])),
    )
    app_seconds, sdk_seconds = [], []
    gc.disable()
    try:
        for n in range(WARM_UP + ANSWERS):
            event = _incoming_call(n)
            began = time.perf_counter()
            context = event.get_json()["incomingCallContext"]
            await bare.answer_call(context, "http://127.0.0.1:7071/api/callbacks/x", operation_context="x")
            sdk_seconds.append(arrivals.at - began)
            began = time.perf_counter()
            await app.answering.incoming_call(event)
            app_seconds.append(arrivals.at - began)
        before = await _requests_before_answers(arrivals, app)
    finally:
        gc.enable()
        await app.close()
        await bare.close()
        await runner.cleanup()
    of_app, of_sdk = statistics.median(app_seconds[WARM_UP:]), statistics.median(sdk_seconds[WARM_UP:])
    times = f"medians of {ANSWERS}: {of_app * 1000:.2f} ms and {of_sdk * 1000:.2f} ms"
    return [
        Measured("IncomingCall received → AnswerCall sent", of_app / of_sdk, 1.0, "x SDK", times),
        Measured("other requests before the answer", before, 0, "requests", "storage or anything else"),
    ]


async def _requests_before_answers(arrivals: Arrivals, app: Container) -> int:
    """How many requests to anything but ACS went out, at most, before an answer."""
    log = logging.getLogger("azure.core.pipeline.policies.http_logging_policy")
    log.addHandler(arrivals.sent)
    log.setLevel(logging.INFO)
    log.propagate = False
    most = 0
    try:
        for n in range(20):
            before = arrivals.sent.count
            await app.answering.incoming_call(_incoming_call(1_000_000 + n))
            most = max(most, arrivals.sent_before - before - 1)  # the answer itself is one
            if arrivals.sent.count <= arrivals.sent_before:
                raise RuntimeError("the row's request was not counted: the measurement is broken")
    finally:
        log.removeHandler(arrivals.sent)
        log.setLevel(logging.NOTSET)
    return most


def _incoming_call(n: int) -> func.CloudEvent:
    data = {
        "to": {"kind": "unknown", "rawId": f"28:orgid:{ACCOUNT}"},
        "from": {"kind": "phoneNumber", "rawId": f"4:{CALLER}", "phoneNumber": {"value": CALLER}},
        "incomingCallContext": f"{n:06}" + "x" * 1000,
        "serverCallId": "s",
        "correlationId": "r",
    }
    return func.CloudEvent(
        id=str(n),
        source="/acs",
        type="Microsoft.Communication.IncomingCall",
        specversion="1.0",
        time=datetime.now(UTC),
        data=data,
    )


async def storage_per_call(what: str, calls: int = CALLS) -> Measured:
    """The median of some calls, each on a stack of its own with a process for each function."""
    budget, settings = BUDGETS[what]
    costs = sorted([await cost_of_a_call(settings) for _ in range(calls)], key=lambda cost: cost.count)
    median = costs[len(costs) // 2]
    counts = ", ".join(str(cost.count) for cost in costs)
    return Measured(f"storage requests of a call, {what}", median.count, budget, "requests", f"of {counts}: {median}")


async def cost_of_a_call(settings: dict[str, str]) -> Cost:
    """A call's whole life: answer, connect, twice participants, recording start and stop, hang-up, file."""
    stack = Stack(ports=Ports.free(), logs=_folder(), settings=settings, topology="flex")
    async with stack, aiohttp.ClientSession() as http:
        before = len(storage_requests(stack.logs))
        await control(http, stack, "POST", "calls", {"from": CALLER, "to": ACCOUNT, "hangs_up_after": 6})
        await _archived(http, stack)
        return Cost.of(storage_requests(stack.logs)[before:])


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="teams-phone-bench-"))


async def _archived(http: aiohttp.ClientSession, stack: Stack) -> None:
    for _ in range(int(CALL_SECONDS / 0.1)):
        journal: list[dict[str, Any]] = (await control(http, stack, "GET", "journal?kind=delivery"))["entries"]
        if any(e["function"] == "recording_file_ready" for e in journal):
            return
        await asyncio.sleep(0.1)
    raise RuntimeError(f"the call was not archived; the logs are in {stack.logs}")


def import_time() -> Measured:
    """Importing the app, compared with importing the packages that it needs at least."""
    taken: dict[str, list[float]] = {IMPORT_BASE: [], IMPORT_APP: []}
    for _ in range(IMPORTS):
        for statement, times in taken.items():
            code = f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
            run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, env={})
            times.append(float(run.stdout))
    app, base = (statistics.median(taken[statement]) for statement in (IMPORT_APP, IMPORT_BASE))
    detail = f"medians of {IMPORTS}: {app * 1000:.0f} ms and {base * 1000:.0f} ms"
    return Measured("importing function_app", app / base, 1.1, "x SDKs", detail)


async def main() -> int:
    print(f"{BOLD}Measuring{PLAIN} (two minutes) …", flush=True)
    results = [import_time()]
    print(results[-1], flush=True)
    async with Stack(ports=Ports.free(), logs=_folder(), host="none") as stack:
        for measured in await answer_path(stack):
            results.append(measured)
            print(measured, flush=True)
    for what in BUDGETS:
        results.append(await storage_per_call(what))
        print(results[-1], flush=True)
    return 0 if all(measured.ok for measured in results) else 1


if __name__ == "__main__":
    sys.exit(as_command(main()))

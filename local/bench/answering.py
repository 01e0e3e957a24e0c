"""From the trigger's event to the arrival of AnswerCall at ACS, compared with the bare SDK call."""

from __future__ import annotations

import gc
import logging
import statistics
import time
from datetime import UTC, datetime

import azure.functions as func
from aiohttp import web
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential

from local.bench.measured import Measured
from local.scenarios import ACCOUNT, CALLER
from local.stack import Stack
from shared.service.container import Container

ANSWERS = 300
WARM_UP = 30


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

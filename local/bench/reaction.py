"""From a callback that ACS sends to the next operation that it is asked for, with a process for each function.

Calls of the app and of a bare endpoint take turns. The endpoint asks for the same operations, by SDK calls in the
handlers of the callbacks: without a topic, without rows. Both are measured by the emulator's journal. There is no
budget of time: the platform and all processes share the machine's processors.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web
from azure.communication.callautomation import RecordingChannel, RecordingContent, RecordingFormat, TextSource
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential

from local.bench.measured import Measured
from local.scenarios import ACCOUNT, CALLER
from local.stack import Stack, control

CALLS = 100
WARM_UP = 5
CALL_SECONDS = 20.0
NEVER = 3600.0  # seconds until the event of a call that the app shall not answer
COMMAND = "a command"
REACTIONS = {  # the operation that follows: what it follows
    "StartRecording": "CallConnected",
    "Play": "RecordingStateChanged",
    "TerminateCall": COMMAND,
}

# The bare endpoint's recordings are unknown to the app, and the files of both are of no interest here.
NO_FILES = {
    "where": "eventgrid", "match": {"type": "Microsoft.Communication.RecordingFileStatusUpdated"}, "do": "drop",
}  # fmt: skip

Journal = list[dict[str, Any]]
HangUp = Callable[[Journal], Awaitable[None]]


@dataclass
class Bench:
    stack: Stack
    http: aiohttp.ClientSession
    seconds: dict[str, list[float]] = field(default_factory=lambda: {operation: [] for operation in REACTIONS})
    seen: int = 0  # the last entry of the journal

    async def call(self, dial: dict[str, Any], answer: Callable[[str], Awaitable[None]], hang_up: HangUp) -> None:
        """One call. It is answered, recorded, and ended by a command once its announcement is played."""
        await self._see()
        dialled = await control(self.http, self.stack, "POST", "calls", {"from": CALLER, "to": ACCOUNT} | dial)
        await answer(dialled["incomingCallContext"])
        journal = await self._until("Play")
        commanded = datetime.now(UTC)
        await hang_up(journal)
        self._note(await self._until("TerminateCall"), commanded)

    async def _journal(self) -> Journal:
        journal: Journal = (await control(self.http, self.stack, "GET", f"journal?since={self.seen}"))["entries"]
        return journal

    async def _see(self) -> None:
        journal = await self._journal()
        self.seen = journal[-1]["seq"] if journal else self.seen

    async def _until(self, operation: str) -> Journal:
        deadline = time.monotonic() + CALL_SECONDS
        while time.monotonic() < deadline:
            journal = await self._journal()
            if requests(journal, operation):
                return journal
            await asyncio.sleep(0.1)
        raise RuntimeError(f"no {operation} within {CALL_SECONDS:g} s; the logs are in {self.stack.logs}")

    def _note(self, journal: Journal, commanded: datetime) -> None:
        began = {COMMAND: commanded} | {
            event["type"].rpartition(".")[2]: datetime.fromisoformat(event["time"])
            for entry in journal
            if entry["kind"] == "callback"
            for event in entry["events"]
            if event["data"].get("state") != "inactive"
        }
        for operation, cause in REACTIONS.items():
            reacted = datetime.fromisoformat(requests(journal, operation)[0]["received"])
            self.seconds[operation].append((reacted - began[cause]).total_seconds())


def requests(journal: Journal, operation: str) -> Journal:
    return [e for e in journal if e["kind"] == "acs.request" and e["operation"] == operation]


class App:
    """The app: it answers by itself, and is asked over its API to hang up."""

    def __init__(self, stack: Stack, http: aiohttp.ClientSession) -> None:
        self._stack, self._http = stack, http

    async def answer(self, context: str) -> None:
        """Nothing: it answers the event."""

    async def hang_up(self, journal: Journal) -> None:
        call_id = requests(journal, "AnswerCall")[0]["body"]["callbackUri"].rpartition("/")[2]
        url = f"{self._stack.host_url}/api/keyed/v1/calls/{call_id}/hang-up"
        async with self._http.post(url, headers={"x-functions-key": "any"}) as response:
            response.raise_for_status()


class Bare:
    """A callback endpoint that calls the SDK, and nothing else."""

    def __init__(self, endpoint: str, key: str, http: aiohttp.ClientSession) -> None:
        self._acs = CallAutomationClient(endpoint, AzureKeyCredential(key))
        self._http = http
        self._url = ""

    async def start(self) -> web.AppRunner:
        server = web.Application()
        server.add_routes([web.post("/callbacks", self._callback), web.post("/hang-up/{id}", self._hang_up)])
        runner = web.AppRunner(server, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def close(self) -> None:
        await self._acs.close()

    async def answer(self, context: str) -> None:
        await self._acs.answer_call(
            context, f"{self._url}/callbacks", cognitive_services_endpoint="https://speech.example"
        )

    async def hang_up(self, journal: Journal) -> None:
        id = requests(journal, "Play")[0]["path"].partition("/callConnections/")[2].partition(":")[0]
        async with self._http.post(f"{self._url}/hang-up/{id}") as response:
            response.raise_for_status()

    async def _callback(self, request: web.Request) -> web.Response:
        for event in await request.json():
            await self._react(event["type"].rpartition(".")[2], event["data"])
        return web.Response()

    async def _react(self, type: str, data: dict[str, Any]) -> None:
        connection = self._acs.get_call_connection(data["callConnectionId"])
        if type == "CallConnected":
            await self._acs.start_recording(
                call_connection_id=data["callConnectionId"],
                recording_state_callback_url=f"{self._url}/callbacks",
                recording_content_type=RecordingContent.AUDIO,
                recording_channel_type=RecordingChannel.UNMIXED,
                recording_format_type=RecordingFormat.WAV,
            )
        elif type == "RecordingStateChanged" and data["state"] == "active":
            source = TextSource(text="This call is recorded.", voice_name="en-US-NancyNeural")
            await connection.play_media_to_all(source)

    async def _hang_up(self, request: web.Request) -> web.Response:
        await self._acs.get_call_connection(request.match_info["id"]).hang_up(is_for_everyone=True)
        return web.Response()


async def reactions(stack: Stack, calls: int = CALLS) -> list[Measured]:
    """The reactions of the app, beside those of the bare endpoint."""
    async with aiohttp.ClientSession() as http:
        app = App(stack, http)
        bare = Bare(stack.emulator_url, stack.ports.settings()["ACS_ACCESS_KEY"], http)
        await control(http, stack, "POST", "faults", NO_FILES)
        runner = await bare.start()
        of_app, of_sdk = Bench(stack, http), Bench(stack, http)
        try:
            for _ in range(WARM_UP + calls):
                await of_app.call({}, app.answer, app.hang_up)
                await of_sdk.call({"event_delay": NEVER}, bare.answer, bare.hang_up)
        finally:
            await bare.close()
            await runner.cleanup()
    return [_measured(operation, of_app.seconds, of_sdk.seconds) for operation in REACTIONS]


def _measured(operation: str, of_app: dict[str, list[float]], of_sdk: dict[str, list[float]]) -> Measured:
    app, sdk = of_app[operation][WARM_UP:], of_sdk[operation][WARM_UP:]
    detail = f"p50 and p95 of {len(app)}: {_percentiles(app)}; SDK {_percentiles(sdk)}"
    ratio = statistics.median(app) / statistics.median(sdk)
    return Measured(f"{REACTIONS[operation]} received → {operation}", ratio, None, "x SDK", detail)


def _percentiles(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"{cuts[49] * 1000:.0f} and {cuts[94] * 1000:.0f} ms"

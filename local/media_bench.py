"""What the media service costs: ``python -m local.media_bench`` (``make bench-media``). Exits 1 beyond the budget.

1. Frames through the receiver, up to its sinks, beside the best JSON and Base64 libraries alone: the same frames, in
   the same run, in turns; the processor's time, the shortest of many.
2. Live calls over real sockets: the processor's time of the service for each call, and so how many calls one core
   carries; and the time from the socket to a sink.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import json
import logging
import os
import sys
import tempfile
import time
import uuid
from base64 import b64encode
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pybase64

from emulator.config import Config
from emulator.server import Emulator, running
from local.processes import as_command, free_ports
from local.stack import LOCAL, ROOT, SAMPLE, Ports, Stack
from media.audio.session import AudioSession
from media.audio.sink import AudioStream, Item, Sink
from media.reports import Reports
from media.wire import Frame, audio_decoder
from shared.calls.capabilities import Call
from shared.calls.state import CallState
from shared.platform import clock
from shared.platform.clients import Clients
from shared.platform.settings import Settings
from shared.storage.calls import CallStore, Row
from shared.storage.keys import call_id_of

MOST_RATIO = 1.5
FRAMES, ROUNDS, BATCH = 1_000, 300, 50
RATE, FRAME = 50, 640  # frames a second, bytes of each
RESULTS = "MEDIA_BENCH_RESULTS"  # the environment variable with the file that the sink writes
WRITES = 8  # rows at a time
CONNECTION = "connection"
BEGIN = b'{"kind":"AudioMetadata","audioMetadata":{"subscriptionId":"s","sampleRate":16000,"channels":1,"length":640}}'
START = datetime(2026, 11, 21, 9, tzinfo=UTC)


def message(at: datetime, pcm: bytes) -> bytes:
    stamp = f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    speaker = "8:acs:3d20e1de-0f28-41c5-84a0-24e68ca6c1e1"
    content = {"timestamp": stamp, "participantRawID": speaker, "data": b64encode(pcm).decode(), "silent": False}
    return msgspec.json.encode({"kind": "AudioData", "audioData": content})


# -- The receiver beside its floor -------------------------------------------------------------------------------


class Nothing(Sink):
    def __init__(self, _: AudioStream) -> None:
        pass

    async def take(self, items: list[Item]) -> None:
        pass


def floors(messages: list[bytes]) -> dict[str, Callable[[], None]]:
    def with_pybase64() -> None:
        for each in messages:
            pybase64.b64decode(msgspec.json.decode(each)["audioData"]["data"], validate=True)

    def with_msgspec() -> None:
        decode = audio_decoder.decode
        for each in messages:
            decode(each)

    return {"msgspec and pybase64": with_pybase64, "msgspec": with_msgspec}


async def ratio() -> bool:
    messages = [message(START + timedelta(seconds=n / RATE), os.urandom(FRAME)) for n in range(FRAMES)]
    batches = [messages[start : start + BATCH] for start in range(0, FRAMES, BATCH)]

    async def received() -> int:
        session = AudioSession("call", CONNECTION, [Nothing], Reports(lambda: sys.exit("not used"), clock.now))
        session.receive(BEGIN)
        begun = time.thread_time_ns()
        for batch in batches:
            for each in batch:
                session.receive(each)
            session.hand_over()
        spent = time.thread_time_ns() - begun
        await session.abandon()
        return spent

    best: dict[str, int] = {}
    for _ in range(ROUNDS):
        best["receiver"] = min(best.get("receiver", sys.maxsize), await received())
        for name, run in floors(messages).items():
            begun = time.thread_time_ns()
            run()
            best[name] = min(best.get(name, sys.maxsize), time.thread_time_ns() - begun)
    each_frame = {name: spent / FRAMES / 1000 for name, spent in best.items()}
    floor = min(value for name, value in each_frame.items() if name != "receiver")
    print("a frame:", ", ".join(f"{name} {value:.2f} µs" for name, value in each_frame.items()))
    found = each_frame["receiver"] / floor
    print(f"the receiver takes {found:.2f} times the floor (at most {MOST_RATIO})")
    return found <= MOST_RATIO


# -- Live calls --------------------------------------------------------------------------------------------------

_delays: list[int] = [0] * 10_000  # frames by milliseconds from their time stamp to the sink, in the service's process


class Arrivals(Sink):
    """Notes when frames arrive."""

    pause = 0.0

    def __init__(self, _: AudioStream) -> None:
        pass

    async def take(self, items: list[Item]) -> None:
        now = time.time()
        for item in items:
            if isinstance(item, Frame):
                _delays[min(max(0, int((now - item.at) * 1000)), len(_delays) - 1)] += 1


def _write_results() -> None:
    Path(os.environ[RESULTS]).write_text(json.dumps(_delays))


if RESULTS in os.environ:
    atexit.register(_write_results)


def masked(payload: bytes) -> bytes:
    """A text frame of a client, with a key of zeros (RFC 6455, section 5.2)."""
    return bytes([0x81, 0xFE]) + len(payload).to_bytes(2, "big") + bytes(4) + payload


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def live(calls: int, seconds: float, sinks: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="teams-phone-media-"))
    stack = Stack(ports=Ports.free(), logs=folder)
    (port,) = free_ports(1)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(stack.stop)
        await stack.start_storage()
        storage = stack.ports.storage()
        config = Config(port=0, platform=LOCAL | {"subscriptions": []}, storage=storage)
        emulator = await closing.enter_async_context(running(config))
        moved = {n: v.replace("http://127.0.0.1:7080", emulator.url) for n, v in SAMPLE.items()}
        environment = moved | {"CALL_STORAGE": storage}
        environment |= {"MEDIA_PORT": str(port), "MEDIA_HOST": "127.0.0.1", "MEDIA_SINKS": sinks}
        environment |= {"MEDIA_CONNECTIONS": str(calls), "MEDIA_DRAIN_SECONDS": "0", RESULTS: str(folder / "results")}
        command = (sys.executable, "-m", "media")
        log = closing.enter_context((folder / "media.log").open("wb"))
        service = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=os.environ | environment, stderr=log)
        closing.callback(_kill, service)
        await listening(port)
        ids = await rows(environment, calls)
        sockets = await opened(closing, emulator, port, ids)
        await asyncio.sleep(1)
        before, begun = processor_seconds(service.pid), time.monotonic()
        sent = await talk(sockets, seconds)
        spent, lasted = processor_seconds(service.pid) - before, time.monotonic() - begun
        service.terminate()
        await service.wait()
        results = folder / "results"  # of the sink that notes arrivals
        report(calls, sent, spent, lasted, json.loads(results.read_text()) if results.exists() else [])


async def listening(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                return
            except OSError:
                await asyncio.sleep(0.1)


def _kill(service: asyncio.subprocess.Process) -> None:
    """If it is still there: something has failed."""
    if service.returncode is None:
        service.kill()


async def rows(environment: dict[str, str], calls: int) -> list[str]:
    """Rows of calls in progress; their ids."""
    ids = [call_id_of(uuid.uuid4().hex, clock.now()) for _ in range(calls)]
    clients = Clients(Settings(environment))
    store = CallStore(clients.calls, clients.calls_index)
    for start in range(0, calls, WRITES):
        made = [
            Call(id=id, state=CallState.CONNECTED, call_connection_id=CONNECTION) for id in ids[start : start + WRITES]
        ]
        await asyncio.gather(*(store.write(Row(), call) for call in made))
    await clients.close()
    return ids


async def opened(closing: AsyncExitStack, emulator: Emulator, port: int, ids: list[str]) -> list[Any]:
    """The calls' sockets, which are open and described."""
    session = await closing.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    service = emulator.service
    claims: dict[str, Any] = {"issuer": service.base_url, "audience": service.config.resource_id}
    sent = {"Authorization": f"Bearer {service.keys.token(**claims)}", "x-ms-call-connection-id": CONNECTION}
    sockets = []
    for id in ids:
        socket = await session.ws_connect(f"http://127.0.0.1:{port}/audio/{id}", headers=sent, autoping=True)
        await socket.send_bytes(BEGIN)
        sockets.append(socket)
    return sockets


async def talk(sockets: list[Any], seconds: float) -> int:
    """Send a frame to each socket, 50 times a second, spread over the 20 ms; the number of frames."""
    sent, begun, pcm = 0, time.monotonic(), os.urandom(FRAME)
    transports = [each._response.connection.transport for each in sockets]  # noqa: SLF001
    groups = [transports[n::10] for n in range(10)]
    for tick in range(round(seconds * RATE * len(groups))):
        due = begun + tick / RATE / len(groups)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        data = masked(message(datetime.now(UTC), pcm))
        for transport in groups[tick % len(groups)]:
            transport.write(data)
            sent += 1
    return sent


def report(calls: int, sent: int, spent: float, lasted: float, delays: list[int]) -> None:
    arrived, seen, p99 = sum(delays), 0, 0
    for p99, count in enumerate(delays):  # noqa: B007
        seen += count
        if seen >= 0.99 * arrived:
            break
    print(f"{calls} calls for {lasted:.1f} s: {sent} frames sent, {sent / lasted / calls:.1f} a second for each call")
    print(f"the service took {spent:.2f} s of a core, {spent / sent * 1e6:.1f} µs for each frame:")
    print(f"one core carries {sent / spent / RATE:.0f} calls")
    if arrived:
        print(f"{arrived} frames at the sink; from the socket to it, p99: {p99} ms")


async def main(given: argparse.Namespace) -> int:
    logging.getLogger("media").setLevel(logging.WARNING)
    ok = await ratio()
    await live(given.calls, given.seconds, "talk")
    await live(given.calls, given.seconds, "local.media_bench:Arrivals")
    return 0 if ok else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=10.0)
    sys.exit(as_command(main(parser.parse_args())))

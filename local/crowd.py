"""Many calls at once, on the real local platform: ``python -m local.crowd --calls 1000``.

The calls arrive within one second. Prints the distribution of the time from the ringing to the answer, and exits 1
if a call was not answered inside the ring window, answered twice, or lost.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from local.processes import as_command
from local.scenarios import ACCOUNT, CALLER, answers
from local.show import BOLD, GREEN, PLAIN, RED
from local.stack import Ports, Stack, control

RING_SECONDS = 30.0
BATCHES = 20  # of calls, over the one second
PERCENTILES = (50, 90, 99)
FEWEST = 2  # calls of which there can be percentiles


async def crowd(stack: Stack, calls: int) -> list[str]:
    """Let the calls come; return what went wrong."""
    async with aiohttp.ClientSession() as http:
        began = time.monotonic()
        for batch in range(BATCHES):
            dial = {"from": CALLER, "to": ACCOUNT}
            share = calls // BATCHES + (batch < calls % BATCHES)
            await control(http, stack, "POST", "calls", [dial] * share)
            await asyncio.sleep(max(0, began + (batch + 1) / BATCHES - time.monotonic()))
        print(f"{calls} calls rang within {time.monotonic() - began:.1f} s.", flush=True)
        journal = await _answered(http, stack, calls)
    rang = {e["event"]["data"]["incomingCallContext"]: _time(e["event"]["time"]) for e in journal if _rings(e)}
    taken = sorted(_time(e["received"]) - rang[e["body"]["incomingCallContext"]] for e in answers(journal))
    if len(taken) >= FEWEST:
        _print(taken)
    return _wrong(taken, answers(journal), calls)


def _print(taken: list[float]) -> None:
    print(f"{BOLD}From ringing to AnswerCall{PLAIN}, {len(taken)} calls:")
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    for percentile in PERCENTILES:
        print(f"  p{percentile:<4}{cuts[percentile - 1]:8.2f} s")
    print(f"  max  {taken[-1]:8.2f} s   (a call rings for {RING_SECONDS:.0f} s)")


def _wrong(taken: list[float], answered: list[dict[str, Any]], calls: int) -> list[str]:
    wrong = []
    if len({e["body"]["incomingCallContext"] for e in answered}) != calls:
        wrong.append(f"{calls - len(answered)} of {calls} calls were not answered")
    if len(answered) > calls:
        wrong.append(f"{len(answered) - calls} calls were answered twice")
    if taken and taken[-1] > RING_SECONDS:
        wrong.append(f"the last answer came after {taken[-1]:.1f} s")
    return wrong


async def _answered(http: aiohttp.ClientSession, stack: Stack, calls: int) -> list[dict[str, Any]]:
    """The journal, once every call is answered or has rung out."""
    journal: list[dict[str, Any]] = []
    deadline = time.monotonic() + RING_SECONDS + 5
    while len(answers(journal)) < calls and time.monotonic() < deadline:
        await asyncio.sleep(1)
        since = journal[-1]["seq"] if journal else 0
        journal += (await control(http, stack, "GET", f"journal?since={since}"))["entries"]
    return journal


def _rings(entry: dict[str, Any]) -> bool:
    return entry["kind"] == "event" and str(entry["event"]["type"]).endswith(".IncomingCall")


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def main(calls: int) -> int:
    logs = Path(tempfile.mkdtemp(prefix="teams-phone-crowd-"))
    async with Stack(ports=Ports.free(), logs=logs) as stack:
        await asyncio.sleep(1)  # the subscriptions' handshakes
        wrong = await crowd(stack, calls)
    for reason in wrong:
        print(f"{RED}Not as it should be:{PLAIN} {reason} (logs: {logs})", file=sys.stderr)
    if not wrong:
        print(f"{GREEN}All were answered, once, while they rang.{PLAIN}")
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    given = parser.parse_args()
    if given.calls < FEWEST:
        parser.error(f"{given.calls} is no crowd: {FEWEST} calls or more")
    sys.exit(as_command(main(given.calls)))

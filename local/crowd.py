"""Many calls at once, on the real local platform: ``python -m local.crowd --calls 1000``.

The dials are queued, and their events published within one second; a process for each function takes them, as on Flex
Consumption. Exits 1 unless they were published that quickly, and each call was answered once inside the ring window,
connected and recorded. The times depend on the machine, whose cores the platform and the app share here.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from local.processes import as_command
from local.scenarios import ACCOUNT, CALLER, answers, requests
from local.show import BOLD, GREEN, PLAIN, RED
from local.stack import Ports, Stack, control

RING_SECONDS = 30.0
PUBLISHING_SECONDS = 1.2  # limit for the events of all calls; the target is one second
LEAD_SECONDS = 3.0  # from the first dial to the first event: to queue a thousand takes a part of it
BATCHES = 50  # of events, over the one second
SETTLE_SECONDS = 180.0  # after the ring window: a call whose callbacks were lost is found after a minute or two
PERCENTILES = (50, 90, 99)
FEWEST = 2  # calls for percentiles

Journal = list[dict[str, Any]]


@dataclass(frozen=True)
class Published:
    id: str
    at: float


@dataclass(frozen=True)
class Timings:
    """Of one call, in seconds: from its event's publication to its delivery, and from there to AnswerCall."""

    queued: float
    answering: float

    @property
    def total(self) -> float:
        return self.queued + self.answering


async def crowd(stack: Stack, calls: int) -> list[str]:
    """Dial the calls; return what went wrong."""
    async with aiohttp.ClientSession() as http:
        await _dial(http, stack, calls)
        journal = await _observed(http, stack, calls)
    published = _published(journal)
    moments = [event.at for event in published.values()]
    publishing = max(moments) - min(moments)
    print(
        f"{calls} calls arrived within {publishing:.2f} s, on {os.cpu_count()} cores that the platform shares.",
        flush=True,
    )
    timings = sorted(_timings(journal, published), key=lambda each: each.total)
    if len(timings) >= FEWEST:
        _print(timings)
    return [*_wrong(publishing, timings, journal, calls)]


async def _dial(http: aiohttp.ClientSession, stack: Stack, calls: int) -> None:
    """Queue the calls: their events are published one batch after another, beginning a little later."""
    began = time.monotonic()
    for batch in range(BATCHES):
        share = calls // BATCHES + (batch < calls % BATCHES)
        delay = LEAD_SECONDS + batch / BATCHES - (time.monotonic() - began)
        dial = {"from": CALLER, "to": ACCOUNT, "event_delay": max(delay, 0.0)}
        await control(http, stack, "POST", "calls", [dial] * share)
    await asyncio.sleep(began + LEAD_SECONDS + 1 - time.monotonic())


async def _observed(http: aiohttp.ClientSession, stack: Stack, calls: int) -> Journal:
    """The journal, once every call is answered and recorded, or too late for it."""
    journal: Journal = []
    deadline = time.monotonic() + RING_SECONDS + SETTLE_SECONDS
    while len(_recorded(journal)) < calls and time.monotonic() < deadline:
        await asyncio.sleep(1)
        since = journal[-1]["seq"] if journal else 0
        journal += (await control(http, stack, "GET", f"journal?since={since}"))["entries"]
    return journal


def _published(journal: Journal) -> dict[str, Published]:
    """The event of each call, by its incoming-call context."""
    entries = [e for e in journal if e["kind"] == "event" and str(e["event"]["type"]).endswith(".IncomingCall")]
    return {e["event"]["data"]["incomingCallContext"]: Published(e["event"]["id"], _time(e["at"])) for e in entries}


def _timings(journal: Journal, published: dict[str, Published]) -> Iterator[Timings]:
    sent: dict[str, float] = {}
    for delivery in (e for e in journal if e["kind"] == "delivery"):
        for event in delivery["events"]:
            sent.setdefault(event["id"], _time(delivery["sent"]))
    for answer in answers(journal):
        event = published[answer["body"]["incomingCallContext"]]
        delivered = sent[event.id]
        yield Timings(delivered - event.at, _time(answer["received"]) - delivered)


def _recorded(journal: Journal) -> set[str]:
    """The connections whose recording ACS has started."""
    started = requests(journal, "StartRecording")
    return {e["body"]["callConnectionId"] for e in started if e["status"] in range(200, 300)}


def _connected(journal: Journal) -> set[str]:
    """The connections whose CallConnected the app has accepted, or that it found connected when it asked ACS."""
    callbacks = [e for e in journal if e["kind"] == "callback" and e["status"] == 200]  # noqa: PLR2004
    events = [event for e in callbacks for event in e["events"] if event["type"].endswith(".CallConnected")]
    return {event["data"]["callConnectionId"] for event in events} | _recorded(journal)


def _print(timings: list[Timings]) -> None:
    parts = {
        "IncomingCall published → delivered": [each.queued for each in timings],
        "delivered → AnswerCall": [each.answering for each in timings],
        "together": [each.total for each in timings],
    }
    for part, seconds in parts.items():
        cuts = statistics.quantiles(seconds, n=100, method="inclusive")
        text = "  ".join(f"p{percentile} {cuts[percentile - 1]:.2f}" for percentile in PERCENTILES)
        print(f"  {BOLD}{part:<36}{PLAIN}{text}  max {max(seconds):.2f} s")
    print(f"  The last answer came after {timings[-1].total:.2f} s; a call rings for {RING_SECONDS:.0f} s.")


def _wrong(publishing: float, timings: list[Timings], journal: Journal, calls: int) -> Iterator[str]:
    if publishing > PUBLISHING_SECONDS:
        yield f"the calls arrived within {publishing:.2f} s, not one: this machine is too busy to show anything"
    answered = Counter(e["body"]["incomingCallContext"] for e in answers(journal))
    if len(answered) != calls:
        yield f"{calls - len(answered)} of {calls} calls were not answered"
    if twice := sum(count > 1 for count in answered.values()):
        yield f"{twice} calls were answered twice"
    if timings and timings[-1].total > RING_SECONDS:
        yield f"the last answer came after {timings[-1].total:.1f} s"
    for what, connections in (("connected", _connected(journal)), ("recorded", _recorded(journal))):
        if len(connections) != calls:
            yield f"{calls - len(connections)} of {calls} calls were not {what}"


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def main(calls: int) -> int:
    logs = Path(tempfile.mkdtemp(prefix="teams-phone-crowd-"))
    print("Starting storage, the emulator and a process for each function …", flush=True)
    async with Stack(ports=Ports.free(), logs=logs, topology="flex") as stack:
        await asyncio.sleep(1)  # the subscriptions' handshakes
        wrong = await crowd(stack, calls)
    for reason in wrong:
        print(f"{RED}Not as it should be:{PLAIN} {reason} (logs: {logs})", file=sys.stderr)
    if not wrong:
        print(f"{GREEN}All were answered once within the ring window, connected and recorded.{PLAIN}")
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    given = parser.parse_args()
    if given.calls < FEWEST:
        parser.error(f"--calls is at least {FEWEST}, not {given.calls}")
    sys.exit(as_command(main(given.calls)))

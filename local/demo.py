"""One call, end to end, on this machine: ``python -m local.demo --scenario happy``.

Starts storage, the emulator and the Functions host, dials, shows what goes over the wire while it happens, reads
the row and the archived file, and stops everything. Exits 1, with the reason, if anything did not happen.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import sys
import tempfile
import time
import wave
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from local import settings
from local.call_list import CRM
from local.control_scenarios import CONTROL
from local.interop import INTEROP
from local.media_scenarios import MEDIA
from local.outbound_scenarios import OUTBOUND
from local.own_step import OWN_STEP
from local.plan_scenarios import PLANS
from local.processes import as_command
from local.scenarios import ACCOUNT, CALLER, SCENARIOS, Scenario
from local.show import BOLD, DIM, GREEN, PLAIN, RED, lines, row
from local.stack import PORTS, Ports, Stack, control, copy_accounts
from local.supervisor import Supervisor, Unexpected, id_of
from local.workers import HOSTS, TOPOLOGIES
from shared.calls.capabilities import Call, recording_status
from shared.service.container import Container

QUIET_SECONDS = 1.0  # the demo ends once the call is over and the emulator has been idle for so long
NO_ROW = "the app wrote no row for the call"
ALL = SCENARIOS | CONTROL | PLANS | OWN_STEP | CRM | OUTBOUND | INTEROP | MEDIA
WAITING = {"starting", "active", "stopped"}


async def run(scenario: Scenario, stack: Stack) -> list[str]:
    """Run the scenario; return what went wrong."""
    async with aiohttp.ClientSession() as http:
        print(f"\n{BOLD}{scenario.name}{PLAIN}: {scenario.story}\n")
        count = await copy_accounts(http, stack)
        print(f"The app has copied {count} resource accounts from the emulated Graph, as an administrator requested.\n")
        try:
            await scenario.prepare(stack, http)
        except Unexpected as unprepared:
            return [str(unprepared)]
        for fault in scenario.faults:
            await control(http, stack, "POST", "faults", fault)
        entries = (await control(http, stack, "GET", "journal"))["entries"]
        try:
            dialled, call_id = await _dialled(http, stack, scenario)
        except Unexpected as fault:
            return [str(fault)]
        app = Container(stack.ports.settings() | stack.settings)
        acting = asyncio.create_task(_act(http, stack, scenario, dialled, call_id))
        seen = entries[-1]["seq"] if entries else 0
        try:
            call = await _watch(http, stack, app, call_id, seen, seconds=scenario.seconds, acting=acting)
            wrong = await acting
            journal = (await control(http, stack, "GET", "journal"))["entries"]
            if call is None:
                return [NO_ROW]
            print(f"\n{row(call)}\n")
            unknown = (
                [] if call.lifecycle.callee_name else ["the row does not have the name of the dialled resource account"]
            )
            return wrong + unknown + scenario.check(call, journal) + await _check_files(app, call)
        finally:
            acting.cancel()
            await app.close()


async def _dialled(http: aiohttp.ClientSession, stack: Stack, scenario: Scenario) -> tuple[dict[str, Any], str]:
    """The call at the emulator, and the app's id of it."""
    if scenario.place is not None:
        return await scenario.place(stack, http)
    dialled = await control(http, stack, "POST", "calls", {"from": CALLER, "to": ACCOUNT} | scenario.dial)
    return dialled, await id_of(stack, http, dialled)


async def _act(
    http: aiohttp.ClientSession, stack: Stack, scenario: Scenario, dialled: dict[str, Any], call_id: str
) -> list[str]:
    """What the scenario's supervisor does; returns the faults that are found."""
    if scenario.act is None:
        return []
    supervisor = await Supervisor.signed_in(stack, http, dialled, call_id)
    try:
        return await scenario.act(supervisor)
    except Unexpected as fault:
        return [str(fault)]


async def _watch(
    http: aiohttp.ClientSession,
    stack: Stack,
    app: Container,
    call_id: str,
    seen: int,
    *,
    seconds: float,
    acting: asyncio.Task[list[str]],
) -> Call | None:
    """Print the journal from ``seen`` on as it grows, until the call is over and ``acting`` is done; return its row."""
    start, call, quiet_since = None, None, time.monotonic()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        entries = (await control(http, stack, "GET", f"journal?since={seen}"))["entries"]
        if entries:
            seen, quiet_since = entries[-1]["seq"], time.monotonic()
            start = start or datetime.fromisoformat(entries[0]["at"])
            for line in lines(entries, start):
                print(line, flush=True)
        if acting.done() and acting.result():
            return (await app.store.read(call_id)).call  # what was expected did not happen
        if time.monotonic() - quiet_since > QUIET_SECONDS:
            call = (await app.store.read(call_id)).call
            if call is not None and _is_over(call) and acting.done():
                return call
        await asyncio.sleep(0.1)
    return call


def _is_over(call: Call) -> bool:
    return call.state.is_settled and recording_status(call)[0].value not in WAITING


async def _check_files(app: Container, call: Call) -> list[str]:
    """Open the archived files with the standard library, and compare their length with the recording's."""
    wrong = []
    container = app.clients.container(app.settings.recordings_container)
    for recording in call.recording.recordings.values():
        for chunk in recording.chunks.values():
            if chunk.path is None:
                continue
            data = await (await container.download_blob(chunk.path)).readall()
            with wave.open(io.BytesIO(data)) as audio:
                seconds = audio.getnframes() / audio.getframerate()
                channels = audio.getnchannels()
            print(f"{BOLD}The archived file{PLAIN}\n  {app.settings.recordings_container}/{chunk.path}")
            print(f"  {len(data):,} bytes, {seconds:.2f} s, {channels} channel{'s'[: channels != 1]}, opens as WAV\n")
            if recording.started_at and recording.stopped_at:
                paused = _seconds_between(recording.paused_at, recording.resumed_at)  # the last time
                expected = _seconds_between(recording.started_at, recording.stopped_at) - paused
                if abs(seconds - expected) > 0.25:  # noqa: PLR2004  # the events' times are not the recorder's
                    wrong.append(f"the file holds {seconds:.2f} s, but the recording took {expected:.2f} s")
    return wrong


def _seconds_between(start: datetime | None, end: datetime | None) -> float:
    """Zero if one of the times is not known."""
    return (end - start).total_seconds() if start and end else 0.0


async def main(scenario: Scenario, given: argparse.Namespace) -> int:
    changed = settings.changes(given.set, os.environ)
    print(settings.describe(changed), end="")
    began = time.monotonic()
    logs = Path(tempfile.mkdtemp(prefix="teams-phone-demo-"))
    values = scenario.settings | settings.values_of(changed)
    stack = Stack(
        ports=given.ports,
        host=given.host,
        topology=given.topology,
        settings=values,
        logs=logs,
        media=scenario.media,
    )
    async with stack:
        print(f"Storage, emulator and Functions host are up after {time.monotonic() - began:.1f} s.")
        wrong = await run(scenario, stack)
    if changed and NO_ROW not in wrong:
        return _conclude_with_changes(wrong)
    return _conclude(wrong, logs)


def _conclude(wrong: list[str], logs: Path) -> int:
    for reason in wrong:
        print(f"{RED}Not as it should be:{PLAIN} {reason}", file=sys.stderr)
    if wrong:
        print(f"{DIM}The logs are in {logs}{PLAIN}", file=sys.stderr)
        return 1
    print(f"{GREEN}All of it happened as it should.{PLAIN} {DIM}Everything is stopped again; logs: {logs}{PLAIN}")
    return 0


def _conclude_with_changes(differences: list[str]) -> int:
    """Scenarios expect the sample's settings: with others, a difference is not a failure."""
    for difference in differences:
        print(f"With these settings {difference}.")
    print(f"{GREEN}The call is over.{PLAIN} {DIM}Everything is stopped again.{PLAIN}")
    return 0


def options(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--host", choices=HOSTS, default="emulator", help="the Functions host")
    parser.add_argument("--topology", choices=TOPOLOGIES, default="single", help="its processes; flex is one per group")
    parser.add_argument("--ports", type=_ports, default=Ports(), help=PORTS)
    parser.add_argument("--set", default="", help="settings of the app: 'NAME=value NAME=value' (docs/settings.md)")
    return parser


def _ports(text: str) -> Ports:
    try:
        return Ports.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    parser = options(__doc__ or "")
    parser.add_argument("--scenario", choices=list(ALL), default="happy")
    given = parser.parse_args()
    if given.host == "none":
        parser.error("without a Functions host nothing takes the call; make serve HOST=none starts the rest")
    sys.exit(as_command(main(ALL[given.scenario], given)))

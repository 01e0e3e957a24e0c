"""The whole system, left running: ``python -m local.serve``. Stop it with Ctrl-C.

With ``--host none`` only the platform runs (storage and the emulator), for ``func start`` or a debugger beside it.
Azurite's data is kept between runs: in ``.local/azurite``, or in a folder of their own for other ports.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import webbrowser
from pathlib import Path

import aiohttp

from local import first_run, settings
from local.console import CLIENT_ID
from local.demo import options
from local.processes import as_command
from local.scenarios import ACCOUNT, CALLER
from local.show import BOLD, DIM, PLAIN, RED
from local.stack import ROOT, Ports, Stack, allow_agents, copy_accounts


def what_next(stack: Stack) -> str:
    emulator, host, storage = stack.emulator_url, stack.host_url, stack.ports.storage()
    data = f"{stack.keep.relative_to(ROOT)}/" if stack.keep else "memory"
    doctor = "Check everything that a call depends on:\n  make doctor\n" if stack.ports == Ports() else ""
    dial = f'{{"from": "{CALLER}", "to": "{ACCOUNT}", "hangs_up_after": 10}}'
    return f"""
{BOLD}Running.{PLAIN} Emulator {emulator} and, with TLS, {stack.tls_url}
Functions host {host}{" (start it yourself)" if stack.host == "none" else ""}
Media service ws://127.0.0.1:{stack.ports.media}: gets the audio of calls, and writes their transcripts

Dial a resource account; the caller hangs up after ten seconds:
  curl -X POST {emulator}/_emulator/calls -d '{dial}'
See what went over the wire:
  curl '{emulator}/_emulator/journal?kind=acs.request'
Have the caller say something, with the call's id of the answer above, then read the transcript (docs/control.md):
  curl {emulator}/_emulator/calls/ID/say -d '{{"phrase": "I have lost my card."}}'
Make the next recording fail for the time being, then dial again:
  curl -X POST {emulator}/_emulator/faults \\
    -d '{{"where": "recording", "do": "fail", "code": 429, "subCode": 8530, "times": 2}}'
Check the app's health:
  curl {host}/api/health
{_console(stack)}{doctor}Call the HTTP API (docs/api.md has more):
  curl -H 'x-functions-key: any' {host}/api/keyed/v1/diagnosis
Look at the rows and files, with Azure Storage Explorer or the SDKs:
  {DIM}{storage}{PLAIN}

Logs are in {stack.logs.relative_to(ROOT)}/, data in {data}. Ctrl-C stops everything.
"""


def _console(stack: Stack) -> str:
    if not stack.console:
        return ""
    return f"Open the web console: joan supervises, grace and alan take calls:\n  {stack.console_url}\n"


def open_browser(url: str) -> None:
    """Open the page where a person can see it: not in continuous integration, nor without a display."""
    headless = sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if not headless and not os.environ.get("CI"):
        webbrowser.open(url)


def folder(name: str, ports: Ports) -> Path:
    """A run's own folder: beside another run, which has other ports, it keeps its data and logs to itself."""
    return ROOT / ".local" / (name if ports == Ports() else f"{name}-{ports.emulator}")


async def main(given: argparse.Namespace) -> int:
    changed, ports = settings.changes(given.set, os.environ), given.ports
    print(settings.describe(changed), end="", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    keep, logs = folder("azurite", ports), folder("logs", ports)
    values = settings.values_of(changed)
    stack = Stack(
        ports=ports,
        host=given.host,
        topology=given.topology,
        settings=values,
        keep=keep,
        logs=logs,
        console=given.console,
        media={},
    )
    async with stack:
        if given.host != "none":
            async with aiohttp.ClientSession() as http:
                await copy_accounts(http, stack)  # calls show names, and run plans
                if given.console:
                    await first_run.prepare(http, stack)
                    await allow_agents(http, stack, CLIENT_ID)
        print(what_next(stack), flush=True)
        if given.console:
            open_browser(stack.console_url)
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait({stopping, asyncio.ensure_future(stack.ended())}, return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        print(f"{RED}A part of the system stopped by itself: see the logs in {stack.logs}{PLAIN}", file=sys.stderr)
        return 1
    print("Stopped.")
    return 0


if __name__ == "__main__":
    parser = options(__doc__ or "")
    parser.add_argument("--console", action="store_true", help="serve the web console, which `make console` builds")
    sys.exit(as_command(main(parser.parse_args())))

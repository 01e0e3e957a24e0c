"""The processes that run the app's functions: one for all, or one for each scaling group as on Flex Consumption."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from emulator.host.functions import HTTP_GROUP
from local.processes import NotStarted, free_ports

TOPOLOGIES = ("single", "flex")
HOSTS = ("emulator", "func", "none")
ANSWERS = "incoming_call"
EMULATED_HOST = (sys.executable, "-m", "emulator.host")
EMULATED = (*EMULATED_HOST, "--app", "function_app.py")


@dataclass(frozen=True)
class Worker:
    """A Functions host. ``functions`` are those that it serves; none means all."""

    name: str
    port: int
    functions: tuple[str, ...] = ()

    def webhook(self, function: str) -> str:
        """Where Event Grid delivers events for the function."""
        return f"http://127.0.0.1:{self.port}/runtime/webhooks/EventGrid?functionName={quote(function)}"

    def command(self, host: str, origin: str) -> list[str]:
        """How the worker is started; pages of the origin may call it.

        Raises NotStarted if Azure Functions Core Tools are needed and missing.
        """
        if host == "func":
            return [_core_tools(), "start", "--port", str(self.port), "--cors", origin]
        if not self.functions:
            return [*EMULATED, "--port", str(self.port), "--cors", origin]
        # On Flex Consumption no other function uses the processors of the instances that answer calls.
        priority = [] if ANSWERS in self.functions else ["nice", "-n", "5"]
        return [*priority, *EMULATED, "--port", str(self.port), "--functions", *self.functions]


async def workers(topology: str, host: str, port: int, root: Path, environment: Mapping[str, str]) -> list[Worker]:
    """The workers of a topology; HTTP functions are served on ``port``. Raises NotStarted.

    ``single`` is one worker for all functions. ``flex`` is a worker for the HTTP functions and one for every other
    function, on free ports.
    """
    if host == "none":
        return []
    if topology == "single":
        return [Worker("host", port)]
    if host == "func":
        raise NotStarted("Azure Functions Core Tools run all functions in one process: leave TOPOLOGY=flex out.")
    groups = await _groups(root, environment)
    others = [name for name in groups if name != HTTP_GROUP]
    ports = dict(zip(others, free_ports(len(others)), strict=True)) | {HTTP_GROUP: port}
    return [Worker(f"host-{name.removeprefix('function:')}", ports[name], groups[name]) for name in groups]


async def _groups(root: Path, environment: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The app's functions by scaling group, as the host lists them. Raises NotStarted."""
    pipe = asyncio.subprocess.PIPE
    listing = await asyncio.create_subprocess_exec(
        *EMULATED, "--list", stdout=pipe, stderr=pipe, cwd=root, env=os.environ | dict(environment)
    )
    output, errors = await listing.communicate()
    if listing.returncode:
        raise NotStarted(f"the app's functions cannot be listed:\n{errors.decode(errors='replace')[-2000:]}")
    groups: dict[str, tuple[str, ...]] = {}
    for line in output.decode().splitlines():
        group, function = line.split()
        groups[group] = (*groups.get(group, ()), function)
    return groups


def _core_tools() -> str:
    found = shutil.which("func")
    if found is None:
        raise NotStarted("Azure Functions Core Tools are not installed (no `func` on the PATH): leave HOST=func out.")
    return found

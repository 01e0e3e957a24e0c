"""Processes that run beside each other, each with a log of its own, and that end together."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from local.show import PLAIN, RED

START_SECONDS = 60.0
STOP_SECONDS = 5.0


class NotStarted(Exception):
    """A part of the system did not start. The text says which, why, and what to do."""


class Processes:
    """Started in the folder ``cwd``, with their output in ``logs``: a file for each, by its name."""

    def __init__(self, logs: Path, cwd: Path) -> None:
        self._logs, self._cwd = logs, cwd
        self._running: dict[str, Process] = {}
        self._files: list[IO[bytes]] = []

    async def start(self, name: str, *command: str, environment: Mapping[str, str] | None = None) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        log = (self._logs / f"{name}.log").open("wb")
        self._files.append(log)
        self._running[name] = await asyncio.create_subprocess_exec(
            *command, stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL, env=environment, cwd=self._cwd
        )

    async def listening(self, name: str, port: int) -> None:
        """Return when the process accepts connections. Raises NotStarted, with the end of its log."""
        process = self._running[name]
        for _ in range(int(START_SECONDS / 0.05)):
            if process.returncode is not None:
                break
            if await _accepts(port):
                return
            await asyncio.sleep(0.05)
        log = self._logs / f"{name}.log"
        tail = log.read_text(errors="replace").strip()[-2000:]
        raise NotStarted(f"{name} did not start on port {port}. Its log, {log}, ends with:\n{tail}")

    async def ended(self) -> None:
        """Return when one of the processes has ended."""
        waits = [asyncio.ensure_future(process.wait()) for process in self._running.values()]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def stop(self, *names: str) -> None:
        """Stop the named processes, as a deployment or a crash would."""
        chosen = [self._running.pop(name) for name in names if name in self._running]
        for process in chosen:  # all of them before anything is awaited: an interruption leaves none behind
            _signal(process, signal.SIGTERM)
        await asyncio.gather(*(_ended(process) for process in chosen))

    async def stop_all(self) -> None:
        await self.stop(*reversed(self._running))
        while self._files:
            self._files.pop().close()


def check_free(port: int, user: str) -> None:
    """Raises NotStarted if another process listens on the port that ``user`` needs."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise NotStarted(
                f"port {port}, which {user} needs, cannot be used ({error.strerror}): stop what uses it, or choose "
                "other ports (PORTS=free takes any that are free, or the eight after "
                "PORTS=7180,7171,11000,11001,11002,7543,4380,7190)."
            ) from None


def free_ports(count: int) -> list[int]:
    """Ports that no process uses just now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def as_command(main: Coroutine[Any, Any, int]) -> int:
    """A command's exit code: 1 if something did not start, 130 for Ctrl-C, which is no error worth a traceback."""
    try:
        return asyncio.run(main)
    except NotStarted as error:
        print(f"{RED}Not started:{PLAIN} {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def _ended(process: Process) -> None:
    """Return when it has ended: soon, since it is killed otherwise."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        _signal(process, signal.SIGKILL)
        await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    """Not ``process.terminate()``, which looks whether the process has ended, and so takes its end from asyncio."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)

"""Storage, the emulator and a Functions host: started together, stopped together.

The demo, ``make serve``, the benchmark and the tests all run the system through this one class.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Coroutine
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, Any, Self

import aiohttp
from azure.core.exceptions import ResourceExistsError
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from emulator import tls
from local.show import PLAIN, RED

ROOT = Path(__file__).parent.parent
AZURITE = ROOT / "emulator/azurite/node_modules/azurite/dist/src/azurite.js"
LOCAL = json.loads((ROOT / "infra/local.json").read_text())
SAMPLE = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]

# Azurite's published account: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

CERTIFICATE = ROOT / SAMPLE["SSL_CERT_FILE"]

START_SECONDS = 60.0


class NotStarted(Exception):
    """A part of the system did not come up. The text says which, why, and what to do."""


@dataclass(frozen=True)
class Ports:
    emulator: int = 7080
    host: int = 7071
    blob: int = 10000
    queue: int = 10001
    table: int = 10002
    tls: int = 7443

    @classmethod
    def parse(cls, text: str) -> Ports:
        """``default``, ``free``, or the six numbers separated by commas. Raises ValueError."""
        if text in {"default", "free"}:
            return cls() if text == "default" else cls.free()
        numbers = [int(number) for number in text.split(",")]
        if len(numbers) != len(fields(cls)):
            raise ValueError(text)
        return cls(*numbers)

    @classmethod
    def free(cls) -> Ports:
        """Ports that nobody uses just now, for tests that run beside each other."""
        sockets = [socket.socket() for _ in fields(cls)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        ports = cls(*(each.getsockname()[1] for each in sockets))
        for each in sockets:
            each.close()
        return ports

    def storage(self) -> str:
        """The connection string of Azurite at these ports."""
        services = {"Blob": self.blob, "Queue": self.queue, "Table": self.table}
        endpoints = "".join(f"{name}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};" for name, port in services.items())
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{endpoints}"

    def settings(self) -> dict[str, str]:
        """``local.settings.sample.json``, moved to these ports."""
        standard, moved = Ports(), dict(SAMPLE)
        for here, there in ((standard.emulator, self.emulator), (standard.host, self.host), (standard.tls, self.tls)):
            moved = {k: v.replace(f"127.0.0.1:{here}", f"127.0.0.1:{there}") for k, v in moved.items()}
        absolute = {"SSL_CERT_FILE": str(CERTIFICATE)}  # the host may run in another folder
        return moved | {"AzureWebJobsStorage": self.storage(), "CALL_STORAGE": self.storage()} | absolute


@dataclass
class Stack:
    """``async with Stack() as stack:`` runs everything.

    ``settings`` go over the sample's; ``logs`` is where the processes write, a file each; ``keep`` is a folder
    for Azurite's data, in memory if None; ``host`` is ``emulator``, ``func`` (Azure Functions Core Tools) or
    ``none``.
    """

    ports: Ports = field(default_factory=Ports)
    settings: dict[str, str] = field(default_factory=dict)
    logs: Path = ROOT / ".local/logs"
    keep: Path | None = None
    host: str = "emulator"
    emulator_options: tuple[str, ...] = ()
    _processes: list[tuple[str, Process]] = field(default_factory=list)
    _files: list[IO[bytes]] = field(default_factory=list)

    @property
    def emulator_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.emulator}"

    @property
    def tls_url(self) -> str:
        """Where the emulator takes tokens: Entra, Graph, Resource Manager."""
        return f"https://127.0.0.1:{self.ports.tls}"

    @property
    def host_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.host}"

    async def __aenter__(self) -> Self:
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            tls.ensure(CERTIFICATE)  # before the host starts, which trusts what it finds then
            await self.start_storage()
            await asyncio.gather(self.start_emulator(), self.start_host())
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start_storage(self) -> None:
        """Azurite, with the tables, queues and containers that ``infra/local.json`` names."""
        if not AZURITE.exists():
            raise NotStarted("Azurite is not installed: run `make setup`.")
        if shutil.which("node") is None:
            raise NotStarted("Node.js is not on the PATH: Azurite needs version 20 or newer.")
        where = ["--location", str(self.keep)] if self.keep else ["--inMemoryPersistence"]
        ports = [("blob", self.ports.blob), ("queue", self.ports.queue), ("table", self.ports.table)]
        options = [option for name, port in ports for option in (f"--{name}Port", str(port))]
        for name, port in ports:
            _check_free(port, f"Azurite's {name} service")
        flags = ("--skipApiVersionCheck", "--disableTelemetry")  # not --silent: its log counts the requests
        await self._start("azurite", "node", str(AZURITE), *flags, *where, *options)
        for _, port in ports:
            await self._listening("azurite", port)
        await provision(self.ports.storage())

    async def start_emulator(self) -> None:
        port = self.ports.emulator
        _check_free(port, "the emulator")
        _check_free(self.ports.tls, "the emulator's TLS port")
        functions = f"{self.host_url}/runtime/webhooks/EventGrid"
        options = ("--port", str(port), "--config", str(ROOT / "infra/local.json"), "--functions-url", functions)
        storage = ("--storage", self.ports.storage())
        secure = ("--tls-port", str(self.ports.tls), "--tls-certificate", str(CERTIFICATE))
        await self._start(
            "emulator", sys.executable, "-m", "emulator", *options, *storage, *secure, *self.emulator_options
        )
        await self._listening("emulator", port)

    async def start_host(self) -> None:
        if self.host == "none":
            return
        port = self.ports.host
        _check_free(port, "the Functions host")
        environment = os.environ | self.ports.settings() | self.settings
        if self.host == "func":
            command = [_core_tools(), "start", "--port", str(port)]
        else:
            command = [sys.executable, "-m", "emulator.host", "--app", "function_app.py", "--port", str(port)]
        await self._start("host", *command, environment=environment)
        await self._listening("host", port)

    async def stop_host(self) -> None:
        """Stop the host alone, as a deployment or a crash would."""
        for name, process in list(self._processes):
            if name == "host":
                self._processes.remove((name, process))
                await _stop(process)

    async def died(self) -> None:
        """Return when one of the processes has ended."""
        waits = [asyncio.ensure_future(process.wait()) for _, process in self._processes]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def stop(self) -> None:
        processes = [process for _, process in reversed(self._processes)]
        self._processes.clear()
        await asyncio.gather(*(_stop(process) for process in processes))
        while self._files:
            self._files.pop().close()

    async def _start(self, name: str, *command: str, environment: dict[str, str] | None = None) -> None:
        log = (self.logs / f"{name}.log").open("wb")
        self._files.append(log)
        process = await asyncio.create_subprocess_exec(
            *command, stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL, env=environment, cwd=ROOT
        )
        self._processes.append((name, process))

    async def _listening(self, name: str, port: int) -> None:
        process = next(p for n, p in self._processes if n == name)
        for _ in range(int(START_SECONDS / 0.05)):
            if process.returncode is not None:
                break
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return
        log = self.logs / f"{name}.log"
        tail = log.read_text(errors="replace").strip()[-2000:]
        raise NotStarted(f"{name} did not start on port {port}. Its log, {log}, ends with:\n{tail}")


def as_command(main: Coroutine[Any, Any, int]) -> int:
    """A command's exit code: 1 if something did not start, 130 for Ctrl-C, which is no error worth a traceback."""
    try:
        return asyncio.run(main)
    except NotStarted as error:
        print(f"{RED}Not started:{PLAIN} {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def storage_requests(logs: Path) -> list[str]:
    """The requests that Azurite has logged, as ``GET table``; the host's polling of its queues left out."""
    log = (logs / "azurite.log").read_text()
    found = re.findall(rf'"(\w+) /(?:{ACCOUNT}/)?(\S*) HTTP', log)
    return [f"{method} {path}" for method, path in found if not (method != "POST" and "/messages" in path)]


async def provision(storage: str) -> None:
    """Create what the app expects to find in its storage account; in Azure the infrastructure does."""
    names = LOCAL["storage"]
    async with (
        TableServiceClient.from_connection_string(storage) as tables,
        QueueServiceClient.from_connection_string(storage) as queues,
        BlobServiceClient.from_connection_string(storage) as blobs,
    ):
        makers: list[Any] = [tables.create_table_if_not_exists(name) for name in names["tables"]]
        makers += [_ensure(queues.create_queue(name)) for name in names["queues"]]
        makers += [_ensure(blobs.create_container(name)) for name in names["containers"]]
        await asyncio.gather(*makers)


async def _ensure(making: Any) -> None:
    try:
        await making
    except ResourceExistsError:
        return


async def control(session: aiohttp.ClientSession, stack: Stack, method: str, path: str, body: Any = None) -> Any:
    """A call of the emulator's control API."""
    async with session.request(method, f"{stack.emulator_url}/_emulator/{path}", json=body) as response:
        answer = await response.json()
        if not response.ok:
            raise RuntimeError(f"the emulator refused {method} {path}: {response.status} {answer}")
        return answer


def _check_free(port: int, who: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise NotStarted(
                f"port {port} is in use, which {who} needs: stop what uses it, or choose other ports "
                "(PORTS=free takes any that are free, PORTS=7180,7171,11000,11001,11002,7543 these)."
            ) from None


def _core_tools() -> str:
    found = shutil.which("func")
    if found is None:
        raise NotStarted("Azure Functions Core Tools are not installed (no `func` on the PATH): leave HOST=func out.")
    return found


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()

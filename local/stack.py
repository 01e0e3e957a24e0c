"""Storage, the emulator and a Functions host: started together, stopped together.

The demo, ``make serve``, the benchmark and the tests all run the system through this one class.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import aiohttp
from azure.core.exceptions import ResourceExistsError
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob import CorsRule
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from emulator import tls
from local import settings
from local.processes import NotStarted, Processes, check_free, free_ports
from local.workers import Worker, workers

ROOT = Path(__file__).parent.parent
AZURITE = ROOT / "emulator/azurite/node_modules/azurite/dist/src/azurite.js"
LOCAL = json.loads((ROOT / "infra/local.json").read_text())
SAMPLE = settings.sample()

CERTIFICATE = ROOT / SAMPLE["SSL_CERT_FILE"]

PORTS = "default, free (any that are free) or eight numbers: emulator,host,blob,queue,table,tls,console,media"
PORT_USERS = {
    "emulator": "the emulator",
    "host": "the Functions host",
    "blob": "Azurite's blob service",
    "queue": "Azurite's queue service",
    "table": "Azurite's table service",
    "tls": "the emulator's TLS listener",
    "console": "the web console",
    "media": "the media service",
}
LAST_PORT = 65535


@dataclass(frozen=True)
class Ports:
    emulator: int = 7080
    host: int = 7071
    blob: int = 10000
    queue: int = 10001
    table: int = 10002
    tls: int = 7443
    console: int = 4280
    media: int = 7090

    @classmethod
    def parse(cls, text: str) -> Ports:
        """``default``, ``free``, or the eight numbers separated by commas. Raises ValueError, with the reason."""
        if text in {"default", "free"}:
            return cls() if text == "default" else cls.free()
        numbers = text.split(",")
        if len(numbers) != len(fields(cls)) or not all(number.strip().isdigit() for number in numbers):
            raise ValueError(f"{text!r} is not {PORTS}")
        ports = [int(number) for number in numbers]
        for port in ports:
            if not 0 < port <= LAST_PORT:
                raise ValueError(f"{port} is not a port: ports are 1 to {LAST_PORT}")
            if ports.count(port) > 1:
                raise ValueError(f"{port} is there twice: each needs a port of its own")
        return cls(*ports)

    @classmethod
    def free(cls) -> Ports:
        """Ports that no process uses just now, for tests that run beside each other."""
        return cls(*free_ports(len(fields(cls))))

    def storage(self) -> str:
        """The connection string of Azurite at these ports."""
        return settings.storage(self.blob, self.queue, self.table)

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
    ``none``; ``topology`` is ``single``, one process for all functions, or ``flex``, one for each scaling group;
    ``console`` serves the web console, which must have been built; ``media``, unless it is None, starts the media
    service with these settings, and has all calls streamed to it.
    """

    ports: Ports = field(default_factory=Ports)
    settings: dict[str, str] = field(default_factory=dict)
    logs: Path = ROOT / ".local/logs"
    keep: Path | None = None
    host: str = "emulator"
    topology: str = "single"
    emulator_options: tuple[str, ...] = ()
    console: bool = False
    media: dict[str, str] | None = None
    workers: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._processes = Processes(self.logs, ROOT)

    @property
    def emulator_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.emulator}"

    @property
    def tls_url(self) -> str:
        """Where the emulator takes tokens: Entra, Graph, Resource Manager."""
        return f"https://127.0.0.1:{self.ports.tls}"

    @property
    def console_url(self) -> str:
        """The web console. The calling SDK takes ``localhost``, and refuses 127.0.0.1."""
        return f"http://localhost:{self.ports.console}"

    @property
    def host_url(self) -> str:
        """The base URL of the HTTP functions."""
        return f"http://127.0.0.1:{self.ports.host}"

    def webhook(self, function: str) -> str:
        """Where Event Grid delivers events for the function."""
        found = next((w for w in self.workers if function in w.functions), Worker("host", self.ports.host))
        return found.webhook(function)

    def host_log(self) -> str:
        """The logs of the Functions hosts."""
        return "".join((self.logs / f"{worker.name}.log").read_text(errors="replace") for worker in self.workers)

    async def __aenter__(self) -> Self:
        try:
            self._check_ports()
            tls.ensure(CERTIFICATE)  # before the host starts, which reads it then
            self.workers = await workers(self.topology, self.host, self.ports.host, ROOT, self._environment())
            await self.start_storage()
            await self._start_emulator()
            await self.start_host()
            await self._processes.listening("emulator", self.ports.emulator)
            await self.start_media()
            await self._start_console()
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
        if self.keep:
            self.keep.mkdir(parents=True, exist_ok=True)
        where = ["--location", str(self.keep)] if self.keep else ["--inMemoryPersistence"]
        ports = [("blob", self.ports.blob), ("queue", self.ports.queue), ("table", self.ports.table)]
        options = [option for name, port in ports for option in (f"--{name}Port", str(port))]
        flags = ("--skipApiVersionCheck", "--disableTelemetry")  # not --silent: its log counts the requests
        await self._processes.start("azurite", "node", str(AZURITE), *flags, *where, *options)
        for _, port in ports:
            await self._processes.listening("azurite", port)
        await provision(self.ports.storage(), self.console_url)

    async def _start_emulator(self) -> None:
        command = (sys.executable, "-m", "emulator", "--port", str(self.ports.emulator))
        platform = ("--config", str(self._platform()), "--storage", self.ports.storage())
        secure = ("--tls-port", str(self.ports.tls), "--tls-certificate", str(CERTIFICATE), "--cors", self.console_url)
        await self._processes.start("emulator", *command, *platform, *secure, *self.emulator_options)

    async def _start_console(self) -> None:
        if not self.console:
            return
        urls = ("--host-url", self.host_url, "--emulator-url", self.emulator_url)
        tls_url = ("--tls-url", f"https://localhost:{self.ports.tls}")
        port = ("--port", str(self.ports.console))
        await self.start_beside(
            "console", sys.executable, "-m", "local.console", *port, *urls, *tls_url, port=self.ports.console
        )

    async def start_media(self) -> None:
        """The media service, if this stack has one."""
        if self.media is None:
            return
        own = {"MEDIA_HOST": "127.0.0.1", "MEDIA_PORT": str(self.ports.media), "MEDIA_SINKS": "talk,audio"}
        own |= {"MEDIA_DRAIN_SECONDS": "0"} | self.media
        await self.start_beside("media", sys.executable, "-m", "media", port=self.ports.media, **own)

    async def start_host(self) -> None:
        """The workers that are not running."""
        for worker in self.workers:
            await self._processes.start(
                worker.name, *worker.command(self.host, self.console_url), environment=self._environment()
            )
        await asyncio.gather(*(self._processes.listening(worker.name, worker.port) for worker in self.workers))

    async def start_beside(self, name: str, *command: str, port: int, **environment: str) -> None:
        """Another application, in a process of its own that ends with the others."""
        await self._processes.start(name, *command, environment=self._environment() | environment)
        await self._processes.listening(name, port)

    async def stop_beside(self, name: str) -> None:
        await self._processes.stop(name)

    async def stop_host(self) -> None:
        """Stop the Functions hosts alone, as a deployment or a crash would."""
        await self._processes.stop(*(worker.name for worker in self.workers))

    async def ended(self) -> None:
        """Return when one of the processes has ended."""
        await self._processes.ended()

    async def stop(self) -> None:
        await self._processes.stop_all()

    def _environment(self) -> dict[str, str]:
        return os.environ | self.ports.settings() | self._streams() | self.settings

    def _streams(self) -> dict[str, str]:
        """The settings by which calls are streamed to the media service."""
        if self.media is None:
            return {}
        urls = {"MEDIA_STREAMING_URL": "audio", "TRANSCRIPTION_URL": "transcription"}
        at = f"ws://127.0.0.1:{self.ports.media}"
        return {name: f"{at}/{path}" for name, path in urls.items()} | {"MEDIA_STREAMING_CHANNELS": "unmixed"}

    def _platform(self) -> Path:
        """``infra/local.json``, with each subscription delivered to the worker that serves its function."""
        subscriptions = [each | {"endpoint": self.webhook(each["function"])} for each in LOCAL["subscriptions"]]
        path = self.logs / "platform.json"
        path.write_text(json.dumps(LOCAL | {"subscriptions": subscriptions}, indent=2))
        return path

    def _check_ports(self) -> None:
        """All of them before anything starts. Raises NotStarted."""
        for name, user in PORT_USERS.items():
            check_free(getattr(self.ports, name), user)


async def provision(storage: str, origin: str | None = None) -> None:
    """Create the tables, queues and containers that the app needs; in Azure the infrastructure does. Pages of the
    origin may read blobs by signed links.
    """
    names = LOCAL["storage"]
    async with (
        TableServiceClient.from_connection_string(storage) as tables,
        QueueServiceClient.from_connection_string(storage) as queues,
        BlobServiceClient.from_connection_string(storage) as blobs,
    ):
        makers: list[Any] = [tables.create_table_if_not_exists(name) for name in names["tables"]]
        makers += [_ensure(queues.create_queue(name)) for name in names["queues"]]
        makers += [_ensure(blobs.create_container(name)) for name in names["containers"]]
        makers += [blobs.set_service_properties(cors=[_readable_from(origin)])] if origin else []
        await asyncio.gather(*makers)


def _readable_from(origin: str) -> CorsRule:
    headers = {"allowed_headers": ["*"], "exposed_headers": ["*"]}
    return CorsRule([origin], ["GET", "HEAD"], max_age_in_seconds=3600, **headers)


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


async def copy_accounts(session: aiohttp.ClientSession, stack: Stack) -> int:
    """Copy the resource accounts from Graph, as an administrator does through the API, so that rows have the names and
    the tenants of callees; return their number.
    """
    token = (await control(session, stack, "POST", "entra/tokens", {"user": "ada"}))["token"]
    url, headers = f"{stack.host_url}/api/v1/resource-accounts/refresh", {"Authorization": f"Bearer {token}"}
    async with session.post(url, headers=headers) as answer:
        body = await answer.json()
        if not answer.ok:
            raise RuntimeError(f"the app refused to copy the resource accounts: {body}")
    return int(body["count"])


async def allow_agents(session: aiohttp.ClientSession, stack: Stack, client_id: str) -> None:
    """Let the ACS resource act for contoso's agents in a client application, as an administrator does by the API."""
    tenant = (await control(session, stack, "GET", "directory"))["tenants"]["contoso"]
    roles = tenant["apps"][SAMPLE["API_CLIENT_ID"]]["roles"]
    token = (await control(session, stack, "POST", "entra/tokens", {"user": "ada"}))["token"]
    for name in (name for name, held in roles.items() if "Agent" in held):
        url = f"{stack.host_url}/api/v1/tenants/{tenant['id']}/access-assignments/{tenant['users'][name]['id']}"
        body, headers = {"kind": "user", "clientIds": [client_id]}, {"Authorization": f"Bearer {token}"}
        async with session.put(url, json=body, headers=headers) as answer:
            if not answer.ok:
                raise RuntimeError(f"the app refused to allow {name}: {answer.status} {await answer.text()}")

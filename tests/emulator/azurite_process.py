"""Azurite on ports of its own, for tests that need storage; started once, by the first that does."""

from __future__ import annotations

import atexit
import contextlib
import functools
import socket
import subprocess
import time
from pathlib import Path

from emulator.host.settings import DEV_ACCOUNT, DEV_KEY

PROGRAM = Path(__file__).parents[2] / "emulator/azurite/node_modules/azurite/dist/src/azurite.js"
STARTS_WITHIN = 20.0


@functools.cache
def azurite() -> str:
    """The connection string of a storage emulator that lives as long as the tests."""
    blob, queue, table = _free_ports(3)
    options = ["--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    ports = ["--blobPort", str(blob), "--queuePort", str(queue), "--tablePort", str(table)]
    process = subprocess.Popen(["node", str(PROGRAM), *options, *ports], stdout=subprocess.DEVNULL)  # noqa: S603, S607
    atexit.register(_end, process)
    for port in (blob, queue, table):
        _await(port)
    return (
        f"DefaultEndpointsProtocol=http;AccountName={DEV_ACCOUNT};AccountKey={DEV_KEY};"
        f"BlobEndpoint=http://127.0.0.1:{blob}/{DEV_ACCOUNT};"
        f"QueueEndpoint=http://127.0.0.1:{queue}/{DEV_ACCOUNT};"
        f"TableEndpoint=http://127.0.0.1:{table}/{DEV_ACCOUNT};"
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _await(port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.05)
    raise TimeoutError(f"Azurite does not listen on port {port}")

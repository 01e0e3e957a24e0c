"""One port for HTTP and TLS: the first byte of a connection tells which of them a client speaks.

A connection string of ACS always becomes https, while an access key is often used over plain HTTP.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from functools import cached_property
from pathlib import Path

from emulator import tls

CLIENT_HELLO = b"\x16"  # RFC 8446, 5.1: the content type of a handshake record
BACKLOG = 128

Factory = Callable[[], asyncio.Protocol]


class Listener:
    """Accepts connections until it is closed. The certificate is made when the first client asks for TLS."""

    def __init__(self, factory: Factory, certificate: Path) -> None:
        self._factory, self._certificate = factory, certificate
        self._socket: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, host: str, port: int) -> int:
        """Returns the port. Raises OSError if it is taken."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        self._socket.setblocking(False)
        self._spawn(self._accept(self._socket))
        return int(self._socket.getsockname()[1])

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket:
            self._socket.close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return tls.context(tls.ensure(self._certificate))

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listening)
            self._spawn(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        connection.setblocking(False)
        try:
            first = await _peek(connection)
            context = self._context if first == CLIENT_HELLO else None
            await loop.connect_accepted_socket(self._factory, connection, ssl=context)
        except (OSError, ssl.SSLError):
            connection.close()
        except asyncio.CancelledError:
            connection.close()
            raise

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _peek(connection: socket.socket) -> bytes:
    """The first byte, which stays to be read; nothing if the client went away."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)

"""A host in this process, for apps that a test defines."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping

import aiohttp
import azure.functions as func

from emulator.host import Function, Host, HostSettings
from emulator.host.functions import read
from emulator.host.keys import Keys


def functions(app: func.FunctionApp) -> list[Function]:
    return [read(function, "/app") for function in app.get_functions()]


@contextlib.asynccontextmanager
async def hosting(
    app: func.FunctionApp,
    environment: Mapping[str, str] | None = None,
    settings: HostSettings | None = None,
    *,
    enforce_keys: bool = False,
) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a host that serves the app."""
    host = Host(
        functions(app),
        settings=settings or HostSettings(),
        environment=environment or {},
        address=("127.0.0.1", 0),
        keys=Keys("the-key", enforce_keys),
    )
    await host.start()
    try:
        async with aiohttp.ClientSession(host.url) as session:
            yield session
    finally:
        await host.close()

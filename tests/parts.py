"""The parts of the API and the doctor, built from an environment as ``function_app`` does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.directory.directory import Directory
from shared.platform import clock
from shared.platform.clients import Clients
from shared.platform.settings import Settings


@dataclass(frozen=True)
class Parts:
    settings: Settings
    clients: Clients
    directory: Directory

    async def close(self) -> None:
        await self.directory.close()
        await self.clients.close()


def parts_of(environment: Mapping[str, str]) -> Parts:
    settings = Settings(environment)
    clients = Clients(settings)
    return Parts(settings, clients, Directory(settings, clients, clock.now))


@asynccontextmanager
async def opened(environment: Mapping[str, str]) -> AsyncIterator[Parts]:
    parts = parts_of(environment)
    try:
        yield parts
    finally:
        await parts.close()

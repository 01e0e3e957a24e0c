"""The app's objects, built from an environment as ``function_app`` builds them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from shared.service.container import Container


@asynccontextmanager
async def opened(environment: Mapping[str, str]) -> AsyncIterator[Container]:
    container = Container(environment)
    try:
        yield container
    finally:
        await container.close()

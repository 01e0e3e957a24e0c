"""For all tests: this process trusts the emulator's certificate, as the app's settings say it should; and
fixtures that start once for all of them.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator import tls

if TYPE_CHECKING:
    from local.stack import Stack

pytest_plugins = ["tests.fixtures"]

# Before anything imports aiohttp, which loads the certificates that are trusted when it is imported.
os.environ["SSL_CERT_FILE"] = str(tls.ensure(Path(__file__).parent.parent / ".local/emulator-tls.pem"))


# They take longest: begun first, so that no worker is left with one of them at the end.
LONGEST = ("test_scenarios", "test_topology", "test_faults", "test_package", "test_mutants", "test_generated")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


@pytest.fixture(scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The whole system in separate processes: one for all tests in tests/system."""
    from local.stack import Ports, Stack  # noqa: PLC0415  # many tests need none of it

    settings = {"API_REQUESTS_PER_MINUTE": "100000"}  # the tests send more than any caller may
    async with Stack(ports=Ports.free(), settings=settings, logs=tmp_path_factory.mktemp("logs")) as stack:
        yield stack


@pytest.fixture(scope="session")
async def azurite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """An Azurite with the app's tables, queues and containers."""
    from local.stack import Ports, Stack  # noqa: PLC0415  # as above

    stack = Stack(ports=Ports.free(), logs=tmp_path_factory.mktemp("logs"))
    try:
        await stack.start_storage()
        yield stack
    finally:
        await stack.stop()


@pytest.fixture(scope="session")
def storage(azurite: Stack) -> str:
    """Its connection string."""
    return azurite.ports.storage()

"""``python -m media``: runs the service until SIGTERM or SIGINT. Settings are environment variables."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

import uvloop

from media.service import Service
from media.settings import MediaSettings


async def main() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Service() as service:
        logging.getLogger(__name__).info("listening on port %s", service.port)
        await stop.wait()
        await service.drain()


def check() -> str:
    """The problems of the settings, a line for each; empty if there are none."""
    return "\n".join(str(problem) for problem in MediaSettings().problems())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)  # azure-core logs every request at INFO
    if problems := check():
        sys.exit(problems)
    uvloop.run(main())

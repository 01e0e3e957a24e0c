"""``python -m shared.doctor``: check everything that a call depends on, and name the remedy for what is wrong.

The settings are the process's environment, or that and the ``Values`` of a file in the form of ``local.settings.json``.
The exit status is 1 if something is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

import msgspec

from shared.platform import clock
from shared.platform.settings import Settings, add_to_environment


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m shared.doctor", description=__doc__)
    parse.add_argument("--json", action="store_true", help="the report as JSON")
    parse.add_argument("--settings", type=Path, help="a local.settings.json, whose Values are added to the environment")
    return parse


async def main(arguments: list[str]) -> int:
    given = parser().parse_args(arguments)
    if given.settings:
        try:
            add_to_environment(given.settings)
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            return 2
    logging.disable(logging.CRITICAL)  # the report covers the errors that the SDKs log
    # After the settings: SSL_CERT_FILE is read when aiohttp is imported.
    from shared.directory.directory import Directory  # noqa: PLC0415
    from shared.doctor import diagnose, printing  # noqa: PLC0415
    from shared.platform.clients import Clients  # noqa: PLC0415

    settings, watched = Settings(), sys.stderr.isatty() and not given.json
    clients = Clients(settings)
    directory = Directory(settings, clients, clock.now)
    try:
        report = await diagnose(settings, clients, directory, progress=printing.progress if watched else None)
    finally:
        await directory.close()
        await clients.close()
    if watched:
        sys.stderr.write("\r\x1b[K")
    if given.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n")
    else:
        sys.stdout.write("\n".join(printing.lines(report, colour=sys.stdout.isatty())) + "\n")
    return 0 if report.healthy else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))

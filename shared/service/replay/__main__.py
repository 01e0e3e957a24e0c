"""``python -m shared.service.replay``.

The settings are the process's environment, or that and the ``Values`` of a file in the form of ``local.settings.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from azure.core.exceptions import ResourceNotFoundError

from shared.platform.settings import SettingError, add_to_environment
from shared.service import replay


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m shared.service.replay", description=replay.__doc__)
    parse.add_argument("--settings", type=Path, help="a local.settings.json whose Values join the environment")
    parse.add_argument("kind", choices=replay.KINDS, help="which container")
    commands = parse.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="names and reasons")
    commands.add_parser("show", help="one, whole: it can hold names and numbers").add_argument("name")
    commands.add_parser("replay", help="those named, or all").add_argument("names", nargs="*")
    return parse


async def main(arguments: list[str]) -> int:
    given = parser().parse_args(arguments)
    try:
        if given.settings:
            add_to_environment(given.settings)
        return await _run(given)
    except (ResourceNotFoundError, SettingError, ValueError) as error:
        sys.stderr.write(f"not done: {getattr(error, 'reason', None) or error}\n")
        return 1


async def _run(given: argparse.Namespace) -> int:
    # After the settings: SSL_CERT_FILE is read when aiohttp is imported.
    from shared.service.container import Container
    from shared.service.replay import stored

    container = Container()
    try:
        return await stored.run(container, given)
    finally:
        await container.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))

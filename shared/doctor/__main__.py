"""``python -m shared.doctor``: check everything that a call depends on, and name the remedy for what is wrong.

The settings are those of the environment, and the ``Values`` of a file in the form of ``local.settings.json``. With
``--api`` the report is that of a running app; FUNCTIONS_KEY in the environment is its key.
The exit status is 1 if something is wrong, 2 if the settings or the running app cannot be read.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import msgspec

from shared.doctor.report import Report
from shared.platform import clock
from shared.platform.settings import Settings, add_to_environment

API_SECONDS = 30


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m shared.doctor", description=__doc__)
    parse.add_argument("--json", action="store_true", help="the report as JSON")
    parse.add_argument("--settings", type=Path, help="a local.settings.json, whose Values are added to the environment")
    parse.add_argument("--api", help="the API of a running app, such as https://HOST/api/keyed/v1")
    return parse


def main(arguments: list[str]) -> int:
    given = parser().parse_args(arguments)
    logging.disable(logging.CRITICAL)  # the report covers the errors that the SDKs log
    watched = sys.stderr.isatty() and not given.json
    try:
        if given.settings:
            add_to_environment(given.settings)
        report = _of_running_app(given.api) if given.api else None
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    report = report or asyncio.run(_of_settings(watched=watched))
    if watched:
        sys.stderr.write("\r\x1b[K")
    _print(report, as_json=given.json)
    return 0 if report.healthy else 1


def _of_running_app(api: str) -> Report:
    """Raises ValueError, whose text says why there is no report."""
    if not api.startswith(("http://", "https://")):
        raise ValueError(f"{api} is not a URL")
    headers = {"x-functions-key": os.environ.get("FUNCTIONS_KEY", "none")}
    try:
        request = Request(f"{api.rstrip('/')}/diagnosis", headers=headers)  # noqa: S310  # its scheme is checked
        with urlopen(request, timeout=API_SECONDS) as response:  # noqa: S310
            return msgspec.json.decode(response.read(), type=Report)
    except (URLError, OSError, msgspec.DecodeError) as error:
        raise ValueError(f"no report from {api}: {error}") from None


async def _of_settings(*, watched: bool) -> Report:
    # Imported after the settings are read, since aiohttp reads SSL_CERT_FILE when it is imported.
    from shared.directory.directory import Directory  # noqa: PLC0415
    from shared.doctor import diagnose, printing  # noqa: PLC0415
    from shared.platform.clients import Clients  # noqa: PLC0415

    settings = Settings()
    clients = Clients(settings)
    directory = Directory(settings, clients, clock.now)
    try:
        return await diagnose(settings, clients, directory, progress=printing.progress if watched else None)
    finally:
        await directory.close()
        await clients.close()


def _print(report: Report, *, as_json: bool) -> None:
    from shared.doctor import printing  # noqa: PLC0415

    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n")
    else:
        sys.stdout.write("\n".join(printing.lines(report, colour=sys.stdout.isatty())) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

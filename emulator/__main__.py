"""`python -m emulator`: the platform on one machine, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emulator.config import ACCESS_KEY, HOST, PORT, RESOURCE_ID, START_RECORDING_ANSWERS, Config
from emulator.eventgrid import BadConfig
from emulator.server import running


class Misconfigured(Exception):
    """The emulator can't start; the text says why, in one line."""


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(
        prog="python -m emulator",
        description="Azure Communication Services, Event Grid, Entra and Graph on this machine.",
    )
    add = parse.add_argument
    add("--host", default=HOST, help="address to listen on (%(default)s)")
    add("--port", type=int, default=PORT, help="port to listen on, 0 for any free one (%(default)s)")
    add("--tls-port", type=int, help="also listen here, with TLS alone (off)")
    add("--tls-certificate", default=".local/emulator-tls.pem", help="its certificate; made if absent (%(default)s)")
    add("--config", default="infra/local.json", help="topics and subscriptions (%(default)s)")
    add("--functions-url", help="where functions are, instead of the config's 'functions'")
    add("--speed", type=_speed, default=1.0, help="how many times faster durations run (%(default)s)")
    add("--no-repeatability", action="store_true", help="ignore Repeatability-Request-ID")
    add(
        "--start-recording-answer",
        choices=START_RECORDING_ANSWERS,
        default=START_RECORDING_ANSWERS[0],
        help="how POST /recordings says that it accepted (%(default)s)",
    )
    add("--access-key", default=ACCESS_KEY, help="base64 key requests are signed with (%(default)s)")
    add("--resource-id", default=RESOURCE_ID, help="immutable id, audience of the callbacks' tokens (%(default)s)")
    add("--seed", type=int, help="make ids and sequence numbers the same every time")
    add("--cors", default="", metavar="ORIGINS", help="origins of browsers that may call, separated by commas (none)")
    add("--storage", help="Azure Storage connection string, for recordings to own containers and dead letters")
    return parse


def configuration(arguments: argparse.Namespace) -> Config:
    """The configuration of the command line. Raises Misconfigured."""
    return Config(
        host=arguments.host,
        port=arguments.port,
        tls_port=arguments.tls_port,
        tls_certificate=Path(arguments.tls_certificate),
        platform=_platform(Path(arguments.config)),
        functions_url=arguments.functions_url,
        speed=arguments.speed,
        repeatability=not arguments.no_repeatability,
        start_recording_answer=arguments.start_recording_answer,
        access_key=arguments.access_key,
        resource_id=arguments.resource_id,
        seed=arguments.seed,
        storage=arguments.storage,
        origins=tuple(filter(None, arguments.cors.split(","))),
    )


async def serve(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    try:
        async with running(config) as emulator:
            secure = f" and {emulator.tls_url}" if config.tls_port is not None else ""
            print(f"emulator ready at {emulator.url}{secure} (control under /_emulator/)", flush=True)
            await stop.wait()
    except BadConfig as error:
        raise Misconfigured(str(error)) from error
    except OSError as error:
        raise Misconfigured(_listening_failed(config, error)) from error


def main(argv: Sequence[str] | None = None) -> int:
    try:
        asyncio.run(serve(configuration(parser().parse_args(argv))))
    except Misconfigured as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 1
    return 0


def _platform(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"can't read {path} (choose another with --config): {error.strerror}") from error
    except ValueError as error:
        raise Misconfigured(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise Misconfigured(f"{path} must hold a JSON object")
    return content


def _listening_failed(config: Config, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        secure = config.tls_port is not None and f", {config.tls_port})" in str(error)
        port, option = (config.tls_port, "--tls-port") if secure else (config.port, "--port")
        return f"port {port} is in use; choose another with {option}"
    return f"can't listen on {config.host}:{config.port} (--host, --port): {error.strerror or error}"


def _speed(text: str) -> float:
    speed = float(text)
    if speed <= 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return speed


if __name__ == "__main__":
    sys.exit(main())

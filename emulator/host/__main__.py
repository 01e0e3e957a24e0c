"""``python -m emulator.host``: run a Functions app as ``func start`` would."""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import os
import signal
import sys
import time
import traceback
from pathlib import Path

from emulator.host.functions import EVENT_GRID, HTTP, BadApp, Function, load, scaling_group
from emulator.host.keys import Keys
from emulator.host.server import Host, unsupported
from emulator.host.settings import BadSettings, apply, read_host_json, read_values

SETTINGS = ("local.settings.json", "local.settings.sample.json")


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    app = Path(options.app).resolve()
    try:
        _set_environment(options.settings, app.parent)
        settings = read_host_json(app.parent / "host.json")
        functions = _chosen(_load(app), options.functions)
        if options.list:
            return _list(functions)
        _log()
        host = Host(
            functions,
            settings=settings,
            environment=os.environ,
            address=(options.host, options.port),
            keys=Keys(options.function_key, options.enforce_keys),
            origins=options.cors.split(","),
        )
        return asyncio.run(_serve(host, options))
    except (BadApp, BadSettings) as error:
        return _fail(str(error))
    except _ImportFailed:
        return 1


class _ImportFailed(Exception):
    """The app's import failed, and its traceback has been printed."""


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator.host", description="A Functions host for one machine.")
    add = parser.add_argument
    add("--app", default="function_app.py", help="the app's file (%(default)s); host.json is beside it")
    add("--port", type=int, default=7071, help="port to listen on (%(default)s; 0 is any free one)")
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--settings", help=f"file whose Values become settings (first found of {', '.join(SETTINGS)})")
    add("--function-key", default="emulated", help="the one key of all functions (%(default)s)")
    add(
        "--cors", default="", metavar="ORIGINS", help="origins of browsers that may call, as `func start --cors` (none)"
    )
    add("--enforce-keys", action="store_true", help="require keys, as Azure does and Core Tools do not")
    add("--functions", nargs="+", metavar="NAME", help="serve these alone, as `func start --functions` does (all)")
    add("--list", action="store_true", help="print each function's scaling group on Flex Consumption and its name")
    return parser.parse_args(arguments)


def _set_environment(given: str | None, folder: Path) -> None:
    """Settings from the file that was named, or that lies beside the app."""
    candidates = [Path(given)] if given else [folder / name for name in SETTINGS]
    found = next((path for path in candidates if given or path.exists()), None)
    if found:
        apply(read_values(found), os.environ)


def _load(app: Path) -> list[Function]:
    """The app's functions, imported from its own folder as the worker does. Raises _ImportFailed."""
    if app.is_file():
        os.chdir(app.parent)
    try:
        return load(app, os.environ)
    except BadApp:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        traceback.print_exc()
        print(f"\n{app.name} could not be indexed: {type(error).__name__}. Nothing is served.", file=sys.stderr)
        raise _ImportFailed from error


def _chosen(functions: list[Function], names: list[str] | None) -> list[Function]:
    """The functions of these names; all of them without any. Raises BadApp."""
    known = {function.name: function for function in functions}
    for name in names or ():
        if name not in known:
            raise BadApp(f"--functions: the app has no function {name!r}; it has {', '.join(known)}")
    return functions if names is None else [known[name] for name in names]


def _list(functions: list[Function]) -> int:
    for function in functions:
        print(scaling_group(function), function.name)
    return 0


async def _serve(host: Host, options: argparse.Namespace) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await host.start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return _fail(f"cannot listen on {options.host}:{options.port}: {error.strerror}")
        return _fail(f"port {options.port} is in use: stop what uses it, or choose another with --port")
    _print(host)
    await stop.wait()
    if not await host.close():
        # A synchronous function still runs on its thread, which Python would wait for without end.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)
    return 0


def _print(host: Host) -> None:
    """The functions and their addresses, as Core Tools print them."""
    urls = host.urls()
    print("\nFunctions:\n")
    for function in host.functions:
        print(f"\t{function.name}: {_line(function, urls)}\n")
    for function in unsupported(host.functions):
        print(f"{function.name}: this host has no {function.type}; it is not called", file=sys.stderr)
    print(f"Host started: {host.url} (Ctrl+C stops it)", flush=True)


def _line(function: Function, urls: dict[str, str]) -> str:
    if function.type == HTTP:
        methods = ",".join(function.trigger.get("methods") or ["any method"])
        return f"[{methods}] {urls[function.name]}"
    if function.type == EVENT_GRID:
        return f"{function.type} {urls[function.name]}"
    about = function.trigger.get("queueName") or function.trigger.get("schedule") or ""
    return f"{function.type} {about}".rstrip()


def _log() -> None:
    """Every line with its time in UTC, as Core Tools write it. The SDKs' request logs are left out."""
    formatter = logging.Formatter("[%(asctime)s.%(msecs)03dZ] %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("azure").setLevel(logging.WARNING)


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

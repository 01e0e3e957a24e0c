"""``python -m emulator.host`` as a process of its own, with the app in host_app/."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from emulator.host.__main__ import main

ROOT = Path(__file__).parents[2]
APP = Path(__file__).parent / "host_app" / "every_trigger.py"


@dataclass
class Command:
    process: asyncio.subprocess.Process
    output: str = ""

    async def until(self, text: str) -> None:
        """Read on until the output has the text."""
        assert self.process.stdout
        async with asyncio.timeout(15):
            while text not in self.output:
                line = await self.process.stdout.readline()
                assert line, f"the host ended: {self.output}"
                self.output += line.decode()

    async def ended(self) -> int:
        assert self.process.stdout
        self.output += (await self.process.stdout.read()).decode()
        return await asyncio.wait_for(self.process.wait(), 15)

    @property
    def url(self) -> str:
        found = re.search(r"Host started: (\S+)", self.output)
        assert found, self.output
        return found[1]


@contextlib.asynccontextmanager
async def command(*arguments: str, environment: dict[str, str] | None = None) -> AsyncIterator[Command]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "emulator.host", *arguments),
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"} | (environment or {}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Command(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.fixture
def failed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that must end with 1, in this process, and gives what it printed."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*arguments: str) -> str:
        assert main(list(arguments)) == 1
        return capfd.readouterr().err

    return run


async def test_an_app_is_served_with_its_settings_and_stops_at_once() -> None:
    async with command("--app", str(APP), "--port", "0") as host:
        await host.until("Host started")
        assert f"greet: [GET] {host.url}/v1/greet/{{name}}" in host.output
        assert f"take_event: eventGridTrigger {host.url}/runtime/webhooks/EventGrid?functionName=take_event" in (
            host.output
        )
        assert "take_message: queueTrigger" in host.output
        assert "tick: timerTrigger 0 0 3 * * *" in host.output
        await host.until("ticked, past due: False")
        await host.until("Executed 'Functions.tick' (Succeeded, Id=")

        async with aiohttp.ClientSession(host.url) as http:
            async with http.get("/v1/greet/ann") as answer:
                assert await answer.text() == "hello ann from the sample"
            hook = "/runtime/webhooks/EventGrid?functionName=take_event"
            body = {"id": "e1", "source": "s", "type": "t", "specversion": "1.0"}
            async with http.post(hook, json=body, headers={"aeg-event-type": "Notification"}) as answer:
                assert answer.status == 202
        await host.until("took e1")
        assert re.search(r"^\[20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] took e1$", host.output, re.MULTILINE)

        begun = time.monotonic()
        host.process.send_signal(signal.SIGTERM)
        assert await host.ended() == 0
        assert time.monotonic() - begun < 1
        assert "Traceback" not in host.output


async def test_a_function_stuck_on_a_thread_does_not_hold_up_the_end() -> None:
    options = ("--app", str(APP), "--port", "0", "--settings", str(APP.parent / "local.settings.sample.json"))
    async with command(*options, environment={"WHO": "the environment"}) as host:
        await host.until("Host started")
        async with aiohttp.ClientSession(host.url) as http:
            async with http.get("/v1/greet/ann") as answer:
                assert (await answer.text()).endswith("the environment")
            stuck = asyncio.create_task(http.get("/v1/stuck").__aenter__())
            await host.until("Executing 'Functions.stuck'")
            begun = time.monotonic()
            host.process.send_signal(signal.SIGINT)
            assert await host.ended() == 0
            assert time.monotonic() - begun < 1.5
            with pytest.raises(aiohttp.ClientError):
                await stuck


def test_a_busy_port_is_one_clear_line(failed: Callable[..., str]) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        output = failed("--app", str(APP), "--port", str(port))
    assert output == f"port {port} is in use: stop what uses it, or choose another with --port\n"


def test_an_import_that_fails_shows_the_real_traceback(tmp_path: Path, failed: Callable[..., str]) -> None:
    app = tmp_path / "app_that_fails.py"
    app.write_text("import azure.functions\nimport no_such_module_at_all\n")
    output = failed("--app", str(app))
    assert 'app_that_fails.py", line 2' in output
    assert "ModuleNotFoundError: No module named 'no_such_module_at_all'" in output
    assert "could not be indexed" in output


def test_functions_that_cannot_be_indexed_show_why(tmp_path: Path, failed: Callable[..., str]) -> None:
    app = tmp_path / "app_with_twins.py"
    app.write_text(
        "import azure.functions as func\napp = func.FunctionApp()\n"
        "for _ in '12':\n    @app.event_grid_trigger(arg_name='event')\n    def twice(event): ...\n"
    )
    assert "Function twice does not have a unique function name" in failed("--app", str(app))


def test_a_missing_connection_is_one_clear_line(tmp_path: Path, failed: Callable[..., str]) -> None:
    app = tmp_path / "app_without_storage.py"
    app.write_text(
        "import azure.functions as func\napp = func.FunctionApp()\n"
        "@app.queue_trigger(arg_name='m', queue_name='q', connection='STORE')\ndef f(m): ...\n"
    )
    output = failed("--app", str(app), "--port", "0")
    assert output == ("function 'f': connection 'STORE': there is neither a setting STORE nor STORE__queueServiceUri\n")


def test_a_missing_app_is_one_clear_line(failed: Callable[..., str]) -> None:
    assert failed("--app", "/nowhere/app.py") == "/nowhere/app.py: there is no such file\n"


async def test_an_unsupported_trigger_is_named(tmp_path: Path) -> None:
    app = tmp_path / "function_app.py"
    app.write_text(
        "import azure.functions as func\napp = func.FunctionApp()\n"
        "@app.blob_trigger(arg_name='b', path='c/{name}', connection='S')\ndef f(b: func.InputStream): ...\n"
    )
    async with command("--app", str(app), "--port", "0") as host:
        await host.until("Host started")
        assert "f: this host has no blobTrigger; it is not called" in host.output


def test_functions_are_listed_by_their_scaling_groups() -> None:
    listed = run_once("--app", str(APP), "--list").splitlines()
    assert "http greet" in listed
    assert "function:take_event take_event" in listed
    assert "function:tick tick" in listed


async def test_the_chosen_functions_alone_are_served() -> None:
    async with command("--app", str(APP), "--port", "0", "--functions", "take_event", "greet") as host:
        await host.until("Host started")
        async with aiohttp.ClientSession(host.url) as http, http.get("/admin/functions") as answer:
            assert {function["name"] for function in await answer.json()} == {"take_event", "greet"}
        assert "take_message" not in host.output


def test_a_function_that_the_app_does_not_have_is_one_clear_line(tmp_path: Path, failed: Callable[..., str]) -> None:
    app = tmp_path / "app_with_one.py"
    app.write_text(
        "import azure.functions as func\napp = func.FunctionApp()\n"
        "@app.event_grid_trigger(arg_name='event')\ndef one(event): ...\n"
    )
    assert failed("--app", str(app), "--functions", "two") == "--functions: the app has no function 'two'; it has one\n"


def run_once(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "emulator.host", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_help_explains_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for option in (
        "--app",
        "--port",
        "--host",
        "--settings",
        "--function-key",
        "--enforce-keys",
        "--functions",
        "--list",
    ):
        assert option in text

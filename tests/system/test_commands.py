"""The error messages of the commands: a sentence, no traceback."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local.processes import NotStarted, check_free
from local.sdk_names import missing
from local.serve import folder, what_next
from local.stack import PORT_USERS, ROOT, Ports, Stack


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("demo --host none", "without a Functions host nothing takes the call"),
        ("demo --ports 70000,7071,10000,10001,10002,7443,4280,7090", "70000 is not a port: ports are 1 to 65535"),
        ("serve --ports 7080,7080,10000,10001,10002,7443,4280,7090", "7080 is there twice: each needs a port of its"),
        ("serve --ports 7080,7071", "'7080,7071' is not default, free"),
        ("crowd --calls 1", "--calls is at least 2, not 1"),
        ("faults --seed abc", "there is no run 'abc'"),
        ("faults --seed day", "there is no run 'day'"),
    ],
)
def test_an_invalid_command_is_refused_with_a_message(command: str, says: str) -> None:
    name, *options = command.split()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", f"local.{name}", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert says in done.stderr


def test_a_name_missing_in_an_sdk_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text("from azure.communication.callautomation import CallAutomationClient, identifier_from_raw_id\n")
    assert list(missing(path)) == [f"{path}:1: azure.communication.callautomation has no identifier_from_raw_id"]


def test_missing_tests_are_named() -> None:
    installed = ("-o", "setup", "-o", "tests/infra/kusto/node_modules/.installed")
    made = subprocess.run(  # noqa: S603
        ["make", *installed, "test", "TESTS=tests/calls nope", f"PYTHON={sys.executable}"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 2
    assert "TESTS: there is no nope" in made.stdout


@pytest.mark.parametrize("command", ["demo --ports free", "crowd --calls 20", "faults --seeds 4"])
async def test_an_interruption_is_quiet(command: str) -> None:
    name, *options = command.split()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", f"local.{name}", *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, said = await process.communicate()
    assert (process.returncode, said) == (130, b"")
    await nothing_left(process.pid)


async def nothing_left(group: int) -> None:
    """Every process that a command has started ends within a few seconds."""
    for _ in range(300):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(0.1)
    pytest.fail("a process is left running")


@pytest.mark.parametrize("name", PORT_USERS)
async def test_a_busy_port_is_named_and_nothing_is_left_running(name: str, tmp_path: Path) -> None:
    ports = Ports.free()
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", getattr(ports, name)))
        busy.listen()
        with pytest.raises(NotStarted, match=f"port {getattr(ports, name)}, which {PORT_USERS[name]} needs"):
            await Stack(ports=ports, logs=tmp_path).__aenter__()
    for other in set(PORT_USERS) - {name}:
        check_free(getattr(ports, other), "nothing")


async def test_an_emulator_that_does_not_start_leaves_nothing_running(tmp_path: Path) -> None:
    stack = Stack(ports=Ports.free(), logs=tmp_path, emulator_options=("--no-such-option",))
    with pytest.raises(NotStarted, match="unrecognized arguments: --no-such-option"):
        await stack.__aenter__()
    for name in PORT_USERS:
        check_free(getattr(stack.ports, name), "nothing")


async def test_missing_node_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotStarted, match="Node"):
        await Stack(ports=Ports.free(), logs=tmp_path).start_storage()


def test_two_runs_in_one_clone_keep_their_data_apart() -> None:
    first, second = Ports(), Ports.parse("7180,7171,11000,11001,11002,7543,4380,7190")
    assert folder("azurite", first) == ROOT / ".local/azurite"
    assert folder("azurite", second) != folder("azurite", first)
    assert folder("logs", second) != folder("logs", first)
    assert folder("azurite", second) == folder("azurite", second)


def test_the_doctor_is_recommended_only_where_it_looks() -> None:
    logs = ROOT / ".local/logs"
    assert "make doctor" in what_next(Stack(logs=logs))
    assert "make doctor" not in what_next(Stack(ports=Ports.free(), logs=logs))

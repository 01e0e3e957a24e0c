"""What the commands say when something is amiss: a sentence, no traceback."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.serve import what_next
from local.stack import ROOT, NotStarted, Ports, Stack


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("demo --host none", "without a Functions host nothing takes the call"),
        ("crowd --calls 1", "1 is no crowd"),
        ("faults --seed abc", "there is no run 'abc'"),
        ("faults --seed day", "there is no run 'day'"),
    ],
)
def test_what_cannot_be_done_is_refused(command: str, says: str) -> None:
    name, *options = command.split()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", f"local.{name}", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert says in done.stderr


@pytest.mark.parametrize("command", ["demo --ports free", "crowd --calls 20", "faults --seeds 40"])
async def test_an_interruption_is_quiet(command: str) -> None:
    name, *options = command.split()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", f"local.{name}", *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, said = await process.communicate()
    assert (process.returncode, said) == (130, b"")


async def test_node_that_has_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotStarted, match="Node"):
        await Stack(ports=Ports.free(), logs=tmp_path).start_storage()


def test_the_doctor_is_recommended_only_where_it_looks() -> None:
    logs = ROOT / ".local/logs"
    assert "make doctor" in what_next(Stack(logs=logs))
    assert "make doctor" not in what_next(Stack(ports=Ports.free(), logs=logs))

"""`python -m emulator`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from emulator.__main__ import configuration, main, parser
from emulator.config import ACCESS_KEY, RESOURCE_ID

ROOT = Path(__file__).parents[2]


def test_it_prints_when_it_is_ready_and_stops_on_a_signal() -> None:
    command = [sys.executable, "-m", "emulator", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"ready at (http://127\.0\.0\.1:\d+)", line)
        assert found, line
        with urllib.request.urlopen(f"{found[1]}/_emulator/health") as answer:  # noqa: S310
            assert json.load(answer) == {"status": "ok"}
        url = found[1]
        busy = subprocess.run(  # noqa: S603
            [*command[:-1], url.rpartition(":")[2]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=20
        )
        assert busy.returncode == 1
        assert busy.stderr == f"emulator: port {url.rpartition(':')[2]} is in use; choose another with --port\n"
        os.kill(process.pid, signal.SIGTERM)
        _, errors = process.communicate(timeout=5)
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()
        process.wait()


def test_the_defaults_are_those_that_clients_know() -> None:
    config = configuration(parser().parse_args(["--config", str(ROOT / "infra/local.json")]))
    assert (config.host, config.port) == ("127.0.0.1", 7080)
    assert (config.access_key, config.resource_id) == (ACCESS_KEY, RESOURCE_ID)
    assert config.repeatability
    assert {topic["name"] for topic in config.platform["topics"]} == {"acs", "call-events"}


@pytest.mark.parametrize(("content", "why"), [(None, "--config"), ("{", "not JSON"), ("[]", "JSON object")])
def test_a_bad_configuration_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, why: str
) -> None:
    path = tmp_path / "local.json"
    if content is not None:
        path.write_text(content)
    assert main(["--config", str(path)]) == 1
    errors = capsys.readouterr().err
    assert why in errors
    assert errors.count("\n") == 1

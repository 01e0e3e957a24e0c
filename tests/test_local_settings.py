"""Settings of a local run: precedence, the list of changes, and errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local.processes import NotStarted
from local.settings import EMULATED, HOST_SETTINGS, ROOT, changes, describe, sample, values_of
from shared.platform.settings.table import TABLE

NONE = Path("/nonexistent")


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    """A copy of the sample with some settings changed."""
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"Values": sample() | {"RECORDING": "off", "PROMPT_VOICE": "a", "OTHER": "x"}}))
    return path


def test_the_option_prevails_over_the_environment_and_that_over_the_file(own_file: Path) -> None:
    environment = {"PATH": "/bin", "PROMPT_VOICE": "b", "TRANSCRIPTION_LOCALE": "de-DE"}
    found = changes("TRANSCRIPTION_LOCALE=fr-FR UNRECORDED_NOTICE='Good bye'", environment, own_file)
    assert {name: (change.value, change.source) for name, change in found.items()} == {
        "RECORDING": ("off", "local.settings.json"),
        "PROMPT_VOICE": ("b", "environment"),
        "TRANSCRIPTION_LOCALE": ("fr-FR", "SET"),
        "UNRECORDED_NOTICE": ("Good bye", "SET"),
    }


def test_a_value_equal_to_the_samples_is_no_change(own_file: Path) -> None:
    assert changes("RECORDING=on PROMPT_VOICE=en-US-NancyNeural", {}, own_file) == {}
    assert describe({}) == ""


def test_a_setting_can_be_emptied() -> None:
    assert values_of(changes("RECORDING_ANNOUNCEMENT=", {}, NONE)) == {"RECORDING_ANNOUNCEMENT": ""}


def test_changed_settings_are_shown_without_secrets() -> None:
    shown = describe(changes("RECORDING=off API_CLIENT_SECRET=s3cr3t", {}, NONE))
    assert "  RECORDING=off  (SET)\n" in shown
    assert "API_CLIENT_SECRET=…" in shown
    assert "s3cr3t" not in shown


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("RECORDING=yes", "RECORDING is invalid: set it to `on` or `off`"),
        ("ACS_ENDPOINT=", "ACS_ENDPOINT is missing"),
        ("RECORDINGS=on", "'RECORDINGS=on'"),
        ("RECORDING", "'RECORDING'"),
        ("PROMPT_VOICE='a", "No closing quotation"),
    ],
)
def test_a_wrong_setting_is_the_reason_that_nothing_is_started(given: str, why: str) -> None:
    with pytest.raises(NotStarted, match=why):
        changes(given, {}, NONE)


@pytest.mark.parametrize("text", ["", "[]", '{"Values": []}', '{"values": {}}'])
def test_a_file_without_settings_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "local.settings.json"
    path.write_text(text)
    with pytest.raises(NotStarted, match=r"no settings can be read from .*local\.settings\.json"):
        changes("", {}, path)


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_the_commands_say_so(command: str) -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", f"local.{command}", "--ports", "free", "--set", "UNRECORDED_CALLS=hangup"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Not started:" in done.stderr
    assert "UNRECORDED_CALLS is invalid: set it to `continue` or `end`" in done.stderr


def test_every_setting_of_the_sample_is_in_the_table() -> None:
    assert EMULATED.keys() <= TABLE.keys()
    assert sample().keys() - HOST_SETTINGS.keys() <= TABLE.keys()

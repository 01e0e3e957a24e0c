"""What is deployed, in a clean environment: the package, what it requires, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local.package import build, contents, install, load
from local.stack import LOCAL, ROOT

FUNCTIONS = {each["function"] for each in LOCAL["subscriptions"]} | {
    *("callbacks", "health", "api", "api_by_key"),
    *("wake_call", "sweep", "refresh_directory"),
}
LARGEST = 1_000_000  # bytes; a package that is many times larger than today's has files by mistake


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("package") / "app.zip")


@pytest.fixture(scope="module")
def requirements() -> Path:
    """A folder with the packages of requirements.txt and nothing else, kept for the next run."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes()).hexdigest()[:16]
    folder = ROOT / f".local/requirements/{version}-{digest}"
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        install(unfinished).rename(folder)
    return folder


def test_the_package_has_the_files_that_run() -> None:
    needed = {"function_app.py", "host.json", "requirements.txt", "infra/local.json"}
    shared = {str(path.relative_to(ROOT)) for path in (ROOT / "shared").rglob("*.py")}
    assert set(contents()) == needed | shared


def test_the_package_is_small_and_the_same_each_time(package: Path, tmp_path: Path) -> None:
    assert package.stat().st_size < LARGEST
    assert build(tmp_path / "again.zip").read_bytes() == package.read_bytes()


def test_no_secret_is_in_the_package(package: Path) -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    keys = {sample["ACS_ACCESS_KEY"], sample["EVENTS_TOPIC_KEY"], "AccountKey="}
    with zipfile.ZipFile(package) as zipped:
        texts = {name: zipped.read(name).decode() for name in zipped.namelist()}
        # local.json has the emulated topic's key. The emulator reads the file, and so does the doctor.
        emulated = {topic.get("key") for topic in json.loads(texts["infra/local.json"])["topics"]} - {None}
        assert emulated == {sample["EVENTS_TOPIC_KEY"]}
        texts["infra/local.json"] = texts["infra/local.json"].replace(sample["EVENTS_TOPIC_KEY"], "")
        for name, text in texts.items():
            assert not any(key in text for key in keys), name


def test_every_function_is_listed_with_nothing_else_installed(package: Path, requirements: Path) -> None:
    said = load(package, requirements)
    assert {name for name, _ in said["functions"]} == FUNCTIONS
    assert said["inside"]
    assert said["foreign"] == []


# What workers/pyproject.toml of Azure/azure-functions-python-worker pins (commit 09d5011, 2026).
BUNDLED = "azure-functions==1.24.0"


def test_the_app_needs_a_newer_azure_functions_than_the_worker_bundles(
    package: Path, requirements: Path, tmp_path: Path
) -> None:
    """Why ``PYTHON_ISOLATE_WORKER_DEPENDENCIES`` is set: with the worker's own package no function loads.

    If this test fails since the import succeeds, the setting is no longer needed. What is not shown: the order in which
    the deployed worker puts its packages and the app's on the path.
    """
    with_bundled = tmp_path / "worker"
    shutil.copytree(requirements, with_bundled, copy_function=os.link)
    shutil.rmtree(with_bundled / "azure/functions")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    target = ["--ignore-requires-python", "--upgrade", "--target", str(tmp_path / "bundled"), BUNDLED]
    subprocess.run([*pip, *target], check=True)  # noqa: S603
    shutil.move(tmp_path / "bundled/azure/functions", with_bundled / "azure/functions")
    with pytest.raises(SystemExit, match="has no attribute 'CloudEvent'"):
        load(package, with_bundled)


def test_a_missing_package_is_found(package: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="cannot be imported"):
        load(package, tmp_path)

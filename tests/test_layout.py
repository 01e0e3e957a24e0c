"""The floors of the building: imports run one way, and what is not deployed is not imported by what is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "shared/calls": ("shared.calls",),
    "shared/platform": ("shared.calls", "shared.platform"),
    "shared/storage": ("shared.calls", "shared.platform", "shared.storage"),
    "shared/directory": ("shared.calls", "shared.platform", "shared.storage", "shared.directory"),
    "shared/acs": ("shared.calls", "shared.platform", "shared.storage", "shared.acs"),
    "shared/api": ("shared",),
    "shared": ("shared",),
    "emulator": ("emulator",),
    "local": ("local", "shared", "emulator", "tests.simulation"),
}
OURS = ("shared", "emulator", "local", "tests", "function_app")


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_run_one_way(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        for name in imports_of(path):
            if any(inside(name, package) for package in OURS):
                assert any(inside(name, package) for package in MAY_IMPORT[folder]), f"{path} imports {name}"


def test_only_the_index_knows_azure_functions() -> None:
    for path in (ROOT / "shared").rglob("*.py"):
        assert not any(inside(name, "azure.functions") for name in imports_of(path)), path


def test_nothing_stands_on_the_api() -> None:
    for path in (ROOT / "shared").rglob("*.py"):
        if not path.is_relative_to(ROOT / "shared/api"):
            assert not any(inside(name, "shared.api") for name in imports_of(path)), path

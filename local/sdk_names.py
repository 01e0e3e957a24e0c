"""Every name that is imported from an SDK exists: ``python -m local.sdk_names``, a part of ``make check``.

mypy accepts any name of a module that has a ``__getattr__``, as azure.communication.callautomation has for deprecated
ones.
"""

from __future__ import annotations

import ast
import importlib
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from local.stack import ROOT

SOURCES = ("function_app.py", "shared", "emulator", "local", "tests")


def files() -> Iterator[Path]:
    for source in SOURCES:
        path = ROOT / source
        yield from [path] if path.is_file() else (f for f in path.rglob("*.py") if "node_modules" not in f.parts)


def missing(path: Path) -> Iterator[str]:
    """What a file imports from ``azure`` that is not there, each with its place."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "azure":
            for alias in node.names:
                if not _exists(node.module, alias.name):
                    yield f"{path}:{node.lineno}: {node.module} has no {alias.name}"


def _exists(module: str, name: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if hasattr(importlib.import_module(module), name):
            return True
    try:
        importlib.import_module(f"{module}.{name}")
    except ImportError:
        return False
    return True


def main() -> int:
    found = [line for path in files() for line in missing(path)]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

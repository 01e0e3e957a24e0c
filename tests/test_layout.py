"""The layout: imports go down one ordered list, which covers every folder. Deployed code imports no other code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the top to the bottom. A module imports from its own layer and from those below it. A line can name several
# folders that do not import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("function_app",),
    ("shared/api",),
    ("shared/doctor",),
    ("shared/service",),
    ("shared/acs",),
    ("shared/customers", "shared/agents", "shared/plans"),
    ("shared/directory",),
    ("shared/storage",),
    ("shared/platform",),
    ("shared/calls/capabilities",),
    ("shared/calls",),
)
BESIDE = {  # not deployed with the app, and what each may import besides itself
    "emulator": (),
    "media": ("shared",),  # a service of its own
    "samples": ("media",),
    "local": ("shared", "emulator", "media", "function_app", "tests.simulation"),
    "tests": ("shared", "emulator", "local", "media", "samples", "function_app"),
}
PACKAGES = ("function_app", "shared", "media", "emulator", "local", "samples", "tests")


def imports_of(path: Path) -> set[str]:
    """The modules that a file imports, at run time or for its types."""
    tree = ast.parse(path.read_text())
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if _is_module(name) else str(node.module) for name in names}
    return found


def _is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


def layer_of(module: str) -> int | None:
    """The place of a module in the list; None for a library's."""
    path = module.replace(".", "/")
    places = [
        (len(folder), place)
        for place, folders in enumerate(LAYERS)
        for folder in folders
        if path == folder or path.startswith(f"{folder}/")
    ]
    return max(places)[1] if places else None


def module_of(path: Path) -> str:
    return str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__")


DEPLOYED = [ROOT / "function_app.py", *sorted((ROOT / "shared").rglob("*.py"))]


@pytest.mark.parametrize("path", DEPLOYED, ids=module_of)
def test_imports_go_down(path: Path) -> None:
    layer = layer_of(module_of(path))
    if path == ROOT / "shared/__init__.py":
        return
    assert layer is not None, f"{path} is in no layer: add its folder to LAYERS"
    for name in imports_of(path):
        below = layer_of(name)
        assert below is None or below >= layer, f"{path} imports {name}, which is above it"
        assert name.partition(".")[0] not in BESIDE, f"{path} imports {name}, which is not deployed"


@pytest.mark.parametrize("folder", BESIDE)
def test_folders_that_are_not_deployed_import_only_allowed_ones(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        for name in imports_of(path):
            if name.partition(".")[0] in PACKAGES:
                allowed = (folder, *BESIDE[folder])
                assert any(name == each or name.startswith(f"{each}.") for each in allowed), f"{path} imports {name}"


@pytest.mark.parametrize("package", ["shared", "media", "emulator", "local"])
def test_there_are_no_circular_imports(package: str) -> None:
    """At run time or in types."""
    graph = {module_of(path): imports_of(path) for path in (ROOT / package).rglob("*.py")}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " → ".join((*trail[trail.index(module) :], module))
        if module not in done:
            for name in graph.get(module, ()):
                if name != module and not module.startswith(f"{name}."):  # a package's own __init__
                    visit(name, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_only_function_app_imports_azure_functions() -> None:
    for path in (ROOT / "shared").rglob("*.py"):
        assert not any(name.startswith("azure.functions") for name in imports_of(path)), path


def test_the_engine_names_no_capability_and_capabilities_do_not_import_each_other() -> None:
    for path in (ROOT / "shared/calls").rglob("*.py"):
        if path != ROOT / "shared/calls/capabilities/__init__.py":
            named = [name for name in imports_of(path) if name.startswith("shared.calls.capabilities")]
            assert named == [], path

"""The package that is deployed: ``python -m local.package`` builds ``dist/app.zip`` from what ``.funcignore`` leaves.

azd and Core Tools build theirs from the same file; here it is built without them, to be tested and looked at. The
platform installs what ``requirements.txt`` names when it takes the package ("remote build"), so that is not in it.
The zip is the same for the same sources, byte by byte.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.stack import ROOT

DIST = ROOT / "dist/app.zip"
TIMES = 5
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold

# A process that sees the package, the packages it requires, and nothing else; with no setting at all.
LIST = """
import json, sys, time
sys.path[:0] = sys.argv[1:]
began = time.perf_counter()
import function_app
seconds = time.perf_counter() - began
functions = [(f.get_function_name(), [b.type for b in f.get_bindings()]) for f in function_app.app.get_functions()]
foreign = sorted({m.split(".")[0] for m in sys.modules} & {"emulator", "local", "tests"})
print(json.dumps({"functions": functions, "seconds": seconds, "foreign": foreign, "from": function_app.__file__}))
"""


def left_out(patterns: list[str], path: str) -> bool:
    """Whether ``.funcignore`` leaves out this path, as git would: by the whole path, or by any part of it.

    Of git's language that is what the file needs: names and wildcards, no ``!``, no path with a slash in it.
    """
    return any(fnmatch.fnmatchcase(part, pattern) for part in Path(path).parts for pattern in patterns)


def patterns() -> list[str]:
    lines = (line.strip() for line in (ROOT / ".funcignore").read_text().splitlines())
    found = [line.rstrip("/") for line in lines if line and not line.startswith("#")]
    if strange := [pattern for pattern in found if pattern.startswith("!") or "/" in pattern]:
        raise SystemExit(f".funcignore has what local/package.py cannot read: {strange[0]}")
    return found


def contents() -> Iterator[str]:
    """The paths of all files that are deployed, in order."""
    ignored = patterns()
    for folder, folders, files in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        folders[:] = sorted(each for each in folders if not left_out(ignored, each))
        yield from (str(here / file) for file in sorted(files) if not left_out(ignored, file))


def build(target: Path = DIST) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted(contents()):
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            package.writestr(entry, (ROOT / path).read_bytes())
    return target


def install(folder: Path) -> Path:
    """Install ``requirements.txt``, and nothing else, into a folder."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*pip, "--target", str(folder), "-r", str(ROOT / "requirements.txt")], check=True)
    return folder


def load(package: Path, requirements: Path | None = None) -> dict[str, Any]:
    """Unzip the package, import it in a process of its own, and return the report of ``LIST``.

    Without ``requirements`` the process sees this environment's packages, which are more than are deployed.
    """
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(package) as unzipped:
            unzipped.extractall(folder)
        # -I: no user site, no PYTHON* variables, no current folder; -S: no site-packages either.
        isolated = ["-I", "-S", "-X", "utf8"] if requirements is not None else ["-I", "-X", "utf8"]
        paths = [folder, *([str(requirements)] if requirements is not None else [])]
        command = [sys.executable, *isolated, "-c", LIST, *paths]
        done = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"the package cannot be imported:\n{done.stderr}")
        said: dict[str, Any] = json.loads(done.stdout)
        return said | {"inside": Path(said["from"]).is_relative_to(Path(folder).resolve())}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.package", description=__doc__)
    parser.add_argument("--clean", action="store_true", help="install requirements.txt anew to import it with")
    options = parser.parse_args()
    package = build()
    with zipfile.ZipFile(package) as zipped:
        names = zipped.namelist()
        whole = sum(entry.file_size for entry in zipped.infolist())
    for name in names:
        print(f"  {name}")
    print(f"{package.relative_to(ROOT)}: {len(names)} files, {package.stat().st_size:,} bytes ({whole:,} unpacked)")
    with tempfile.TemporaryDirectory() as folder:
        requirements = install(Path(folder)) if options.clean else None
        said = [load(package, requirements) for _ in range(TIMES)]
    print(f"{len(said[0]['functions'])} functions: {', '.join(sorted(name for name, _ in said[0]['functions']))}")
    seconds = [each["seconds"] for each in said]
    print(f"importing it takes {statistics.median(seconds):.2f} s here: the app's part of a cold start")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The browser that the tests of the web console and its demo drive: the first that is found.

``python -m local.browser`` prints it, or has Playwright download one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (  # of macOS and Windows
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
HOW = (
    "No Chromium or Chrome was found, which the web console's tests drive. Install Google Chrome, or Debian's package "
    "`chromium`, or Playwright's own (`python -m playwright install chromium`), or set the variable BROWSER_PATH."
)


class NoBrowserError(RuntimeError):
    """No browser was found; the text says how to get one."""


def find() -> str:
    """The path of a Chromium. Raises NoBrowserError."""
    named = os.environ.get("BROWSER_PATH")
    found = [named] if named else [path for name in NAMES if (path := shutil.which(name))]
    found += [each for each in (*PLACES, *_of_playwright()) if Path(each).exists()]
    if not found:
        raise NoBrowserError(HOW)
    return found[0]


def _of_playwright() -> list[str]:
    caches = (Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright")
    return [
        str(path) for cache in caches for path in sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)
    ]


def _install() -> bool:
    """Whether Playwright could download its own Chromium."""
    command = (sys.executable, "-m", "playwright", "install", "--only-shell", "chromium")
    return subprocess.run(command, check=False).returncode == 0


def main() -> None:
    """Print the browser that the tests use; download one if there is none."""
    try:
        print(f"Browser of the tests: {find()}")
    except NoBrowserError as error:
        if not _install():
            print(f"{error}\nThe tests of the web console are skipped.")


if __name__ == "__main__":
    main()

"""Screenshots for the documentation, written where the variable SCREENSHOTS is set."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Page

FOLDER = Path(__file__).parent.parent.parent / "docs/images"


async def save_picture(page: Page, name: str) -> None:
    """Save the page as ``docs/images/console-{name}.png``."""
    if os.environ.get("SCREENSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        await page.screenshot(path=FOLDER / f"console-{name}.png", animations="disabled")

"""The pages of supervisors and administrators: the emulator's, and whether everyone can use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from shared.api.parameters import ACCOUNT
from tests.console.centre import Centre
from tests.console.conftest import OpenPage
from tests.console.pictures import save_picture

SOON = 20_000.0  # milliseconds
AXE = Path(__file__).parent.parent.parent / "console/node_modules/axe-core/axe.min.js"
FOUND = """async () => (await axe.run({ exclude: ["[data-tabster-dummy]"] })).violations.map(
  (each) => `${each.id}: ${each.nodes.map((node) => node.target).join(", ")}`)"""
PAGES = {
    "/calls": "Calls",
    f"/plans/{ACCOUNT}": "Plan of Support line",
    "/lines": "Lines",
    "/emulator": "Emulator",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(centre: Centre, open_page: OpenPage, scheme: str) -> None:
    """In one browser, page by page; the dark ones as wide as a phone. Tabster, with which Fluent UI moves the focus,
    has elements of its own at the ends of a list.
    """
    size: dict[str, Any] = {"width": 390, "height": 844} if scheme == "dark" else {"width": 1280, "height": 900}
    page = await open_page("ada", "/calls", color_scheme=scheme, viewport=size, bypass_csp=True)
    for path, heading in PAGES.items():
        await page.goto(path)
        await expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible(timeout=SOON)
        await expect(page.get_by_role("progressbar")).to_have_count(0, timeout=SOON)
        await page.add_script_tag(path=AXE)
        assert await page.evaluate(FOUND) == [], path
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is {wide} pixels too wide"


async def test_a_call_of_the_emulator_is_dialled_and_its_messages_are_drawn(
    centre: Centre, open_page: OpenPage
) -> None:
    page = await open_page("joan", "/emulator")
    await page.get_by_label("From number").fill("+12065550177")
    await page.get_by_role("button", name="Dial").click()
    caller = page.get_by_role("group", name="Caller +12065550177")
    await expect(caller).to_be_visible(timeout=SOON)
    await expect(page.get_by_role("list", name="Messages")).to_contain_text("AnswerCall", timeout=SOON)
    await expect(page.get_by_role("list", name="Messages")).to_contain_text("CallConnected", timeout=SOON)
    await save_picture(page, "emulator")
    await caller.get_by_role("button", name="Hang up").click()
    await expect(caller).to_have_count(0, timeout=SOON)

"""The pages of people who telephone: accessible in light and dark, and on the width of a phone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.console.conftest import Axe, OpenPage
from tests.console.pictures import save_picture


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(open_page: OpenPage, axe: Axe, scheme: str) -> None:
    page = await open_page("grace", color_scheme=scheme)
    await expect(page.get_by_role("heading", name="Call out")).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("button", name="Devices").press("Enter")
    await expect(page.get_by_role("dialog", name="Devices")).to_be_visible()
    assert await axe(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="Teams", exact=True).click()
    await expect(page.get_by_role("heading", name="Meetings")).to_be_visible()
    assert await axe(page) == []
    await save_picture(page, f"teams-{scheme}")


async def test_the_page_fits_a_phone(open_page: OpenPage) -> None:
    page = await open_page("grace", viewport={"width": 375, "height": 720})
    await expect(page.get_by_role("heading", name="Call out")).to_be_visible()
    await save_picture(page, "agent-narrow")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 375  # the viewport's width

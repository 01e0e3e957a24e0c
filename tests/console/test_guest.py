"""A guest of another site, whose server gets the token: the page is embedded, and calls a Teams voice application."""

from __future__ import annotations

from playwright.async_api import expect

from tests.console.conftest import OpenWithVoice
from tests.console.pictures import save_picture
from tests.console.switchboard import SUPPORT

READY = 60_000  # milliseconds until a phone is connected


async def test_a_guest_calls_a_line_from_another_site(open_with_voice: OpenWithVoice) -> None:
    page = await open_with_voice(None, 800, f"/embedding-site?app={SUPPORT}&title=Contoso")
    guest = page.frame_locator("#phone")
    call = guest.get_by_role("button", name="Call now")
    await expect(call).to_be_enabled(timeout=READY)
    await save_picture(page, "guest")
    await call.click()
    panel = guest.get_by_role("region", name="Call with Contoso")
    await expect(panel.get_by_text("Connected")).to_be_visible(timeout=READY)
    await panel.get_by_role("button", name="Hang up").click()
    await expect(guest.get_by_role("region", name="Ended call with Contoso")).to_be_visible()


async def test_a_guest_page_without_a_site_says_what_is_missing(open_with_voice: OpenWithVoice) -> None:
    page = await open_with_voice(None, 800, "/guest")
    await expect(page.get_by_text("This page does not know whom to call.")).to_be_visible(timeout=READY)
    await page.goto(f"/guest?app={SUPPORT}")
    await expect(page.get_by_text("made to be embedded in another site")).to_be_visible(timeout=READY)

"""The five use cases of a Teams user, and calls on behalf of a delegator, in the page."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.console import voices
from tests.console.conftest import OpenWithVoice
from tests.console.pictures import save_picture
from tests.console.switchboard import Switchboard

GRACE_VOICE, ALAN_VOICE = 1000, 1400  # hertz
READY = 60_000  # milliseconds until a phone is connected
MEGAN = "+493012345678"


async def teams_page(open_with_voice: OpenWithVoice, user: str, hertz: int) -> Page:
    page = await open_with_voice(user, hertz, "/teams")
    await expect(page.get_by_text("Ready for calls")).to_be_visible(timeout=READY)
    return page


async def test_a_phone_number_is_called_from_the_customers_and_by_hand(
    switchboard: Switchboard, open_with_voice: OpenWithVoice
) -> None:
    await switchboard.api("PUT", "customers/C-2001", {"name": "Megan Bowen", "numbers": [MEGAN]})
    await switchboard.control("PUT", f"callees/4:{MEGAN}", {"behaviour": "accept", "after": 0.2})
    await switchboard.control("PUT", "callees/4:+4930999", {"behaviour": "decline", "after": 0.2})
    grace = await teams_page(open_with_voice, "grace", GRACE_VOICE)
    await grace.get_by_role("button", name=f"Call Megan Bowen, {MEGAN}").click()
    call = grace.get_by_role("region", name="Call with Megan Bowen")
    await expect(call.get_by_text("Connected")).to_be_visible(timeout=READY)
    await save_picture(grace, "teams-call")
    await grace.keyboard.press("Control+Shift+H")
    await expect(grace.get_by_role("region", name="Ended call with Megan Bowen")).to_be_visible()

    await grace.get_by_role("combobox", name="Customer, colleague or number").press_sequentially("+49 30 999")
    await grace.get_by_role("button", name="Call", exact=True).click()
    await expect(grace.get_by_text("The call was declined.")).to_be_visible(timeout=READY)


async def test_a_colleague_is_called_in_the_chat_and_hears_the_caller(
    open_with_voice: OpenWithVoice,
) -> None:
    grace = await teams_page(open_with_voice, "grace", GRACE_VOICE)
    alan = await teams_page(open_with_voice, "alan", ALAN_VOICE)
    await grace.get_by_role("combobox", name="Customer, colleague or number").press_sequentially("alan")
    await grace.get_by_role("option", name="Alan Turing").click()
    await grace.get_by_role("button", name="Call", exact=True).click()
    ring = alan.get_by_role("region", name="Incoming call")
    await expect(ring).to_contain_text("Grace Hopper", timeout=READY)
    await expect(ring).to_contain_text("Teams does not say for whom a call rings")
    await save_picture(alan, "teams-ring")
    await alan.keyboard.press("Enter")
    await voices.hears(grace, ALAN_VOICE)
    await voices.hears(alan, GRACE_VOICE)
    await alan.get_by_role("button", name="Hang up").click()
    await expect(grace.get_by_role("region", name="Ended call with Alan Turing")).to_be_visible()

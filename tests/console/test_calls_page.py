"""The supervisor's list of calls."""

from __future__ import annotations

from playwright.async_api import expect

from local.control_scenarios import GRACE
from tests.console.centre import Centre
from tests.console.conftest import OpenPage
from tests.console.pictures import save_picture

SOON = 20_000.0  # milliseconds; the page asks every three seconds


async def test_a_call_is_seen_ringing_connected_and_ended_without_a_reload(centre: Centre, open_page: OpenPage) -> None:
    await centre.agent_does(GRACE, behaviour="accept", after=7)
    page = await open_page("joan", "/calls")
    loads: list[str] = []
    page.on("load", lambda loaded: loads.append(loaded.url))
    call_id = await centre.dial(**{"from": "+12065550123"})
    row = page.locator(f'tr[data-call="{call_id}"]')
    await expect(row).to_contain_text("+12065550123", timeout=SOON)
    await expect(row).to_contain_text("ringing Grace Hopper", timeout=SOON)
    await expect(row).to_contain_text("agents")
    await expect(row).not_to_contain_text("ringing", timeout=SOON)
    await expect(row).to_contain_text("Grace Hopper")
    await save_picture(page, "calls")
    await page.get_by_label("Agent").select_option(GRACE)
    await expect(row).to_be_visible()
    await page.get_by_label("State").select_option("missed")
    await expect(row).to_have_count(0)
    await page.get_by_role("button", name="Clear filters").click()
    await expect(row).to_be_visible()
    await centre.caller_hangs_up()
    await expect(row).to_have_count(0, timeout=SOON)
    await page.get_by_role("tab", name="All of a day").click()
    await expect(row).to_contain_text("Ended", timeout=SOON)
    assert loads == []


async def test_an_idle_page_costs_a_response_without_a_body(centre: Centre, open_page: OpenPage) -> None:
    page = await open_page("joan", "/calls")
    statuses: list[int] = []
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    session.on("Network.responseReceivedExtraInfo", lambda event: statuses.append(event["statusCode"]))
    await page.wait_for_timeout(100)
    for _ in range(200):
        if statuses.count(304) >= 2:
            break
        await page.wait_for_timeout(100)
    assert statuses.count(304) >= 2, statuses

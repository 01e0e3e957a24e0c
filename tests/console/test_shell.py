"""The frame of the console: who is signed in, and the pages of that person's roles."""

from __future__ import annotations

from playwright.async_api import expect

from tests.console.conftest import OpenPage


async def test_an_agent_sees_the_phone_and_no_page_of_supervisors(open_page: OpenPage) -> None:
    page = await open_page("grace")
    await expect(page.get_by_role("heading", name="Phone")).to_be_visible()
    await expect(page.get_by_text("grace")).to_be_visible()
    await expect(page.get_by_role("link", name="Calls")).to_have_count(0)


async def test_a_supervisor_opens_the_calls(open_page: OpenPage) -> None:
    page = await open_page("joan", "/calls")
    await expect(page.get_by_role("heading", name="Calls")).to_be_visible()


async def test_the_console_opens_at_the_first_page_of_the_persons_roles(open_page: OpenPage) -> None:
    page = await open_page("joan")
    await expect(page.get_by_role("heading", name="Calls")).to_be_visible()

"""The real calling SDK in the browser, without its service: what it does offline, and that the page says so."""

from __future__ import annotations

import asyncio
import json

from playwright.async_api import Page, Route, expect

from tests.console.conftest import OpenPage

MICROSOFT = ("microsoft.com", "skype.com", "azure.com", "office.com", "microsoftonline.com")


async def _offline_with_the_sdk(page: Page) -> None:
    """The console's settings name the SDK, and its requests are aborted: answered ones it would repeat for ever."""

    async def settings(route: Route) -> None:
        response = await route.fetch()
        await route.fulfill(json=json.loads(await response.text()) | {"calls": "acs"})

    await page.route("**/config.json", settings)
    await page.route(lambda url: any(host in url.split("/")[2] for host in MICROSOFT), lambda route: route.abort())


async def _disconnected(page: Page, persona: str) -> None:
    """An agent of the persona's kind is created; without its service it is disconnected."""
    await _offline_with_the_sdk(page)
    await page.goto(f"/check?persona={persona}")
    registration = page.get_by_label("Registration")
    await expect(registration).to_contain_text("The connection to the calling service is lost.", timeout=60_000)


async def test_agents_of_each_kind_are_created_and_say_that_they_are_disconnected(open_page: OpenPage) -> None:
    agent, user = await open_page("grace", "/check"), await open_page("alan", "/check")
    await asyncio.gather(_disconnected(agent, "agent"), _disconnected(user, "guest"))
    await expect(agent.get_by_label("Devices")).to_contain_text("Fake Default Audio Input")
    await agent.get_by_label("Callee").fill("+4915112345")
    await agent.get_by_role("button", name="Call").click()
    ended = agent.get_by_role("group", name="Call").get_by_label("End")
    await expect(ended).to_contain_text("The connection to the service was lost.", timeout=60_000)

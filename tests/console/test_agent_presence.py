"""The presence of an agent, in the agent's page."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from playwright.async_api import expect

from local.stack import Stack
from tests.console.conftest import OpenPage
from tests.console.pictures import save_picture

ALAN = "0000a1a0-0000-4000-8000-0000000000a3"


@pytest.fixture
async def supervise(console: Stack) -> Any:
    """Requests with a key, whose holders are supervisors: a method, a path, a body; the JSON of the response."""
    tenant = "c0000000-0000-4000-8000-000000000001"

    async def ask(method: str, path: str, body: Any = None) -> Any:
        url = f"{console.host_url}/api/keyed/v1/{path}"
        async with (
            aiohttp.ClientSession() as http,
            http.request(
                method, url, json=body, params={"tenant": tenant}, headers={"x-functions-key": "any"}
            ) as response,
        ):
            assert response.status < 300, await response.text()
            return await response.json() if response.content_length != 0 else None

    return ask


async def test_an_agent_becomes_available_and_away_with_a_reason(open_page: OpenPage, supervise: Any) -> None:
    await supervise("PUT", f"agents/{ALAN}", {})
    page = await open_page("alan")
    presence = page.get_by_role("region", name="Your presence")
    await expect(presence.get_by_role("status")).to_have_text("Away")
    await presence.get_by_role("button", name="Become available").click()
    await expect(presence.get_by_role("status")).to_have_text("Available")
    assert (await supervise("GET", f"agents/{ALAN}"))["state"] == "available"
    await presence.get_by_role("button", name="Change presence").press("Enter")
    await page.get_by_role("menuitem", name="Away: Lunch").press("Enter")
    await expect(presence.get_by_role("status")).to_have_text("Away: Lunch")
    await save_picture(page, "agent-away")
    agent = await supervise("GET", f"agents/{ALAN}")
    assert (agent["state"], agent["reason"]) == ("away", "Lunch")


async def test_a_user_who_is_no_agent_reads_what_to_do(open_page: OpenPage) -> None:
    page = await open_page("felix")
    await expect(page.get_by_text("Ask a supervisor to add you")).to_be_visible()

"""The phone of a page at the emulator's client endpoint: it rings, is answered, and sound goes both ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Dialog, Locator, Page, async_playwright, expect

from emulator import listening
from local.stack import Stack
from shared.service.answering import call_id_of
from tests.console import voices
from tests.console.conftest import OpenPage, executable

RESOURCE, TENANT = "ac5e0000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000001"
GRACE = f"8:acs:{RESOURCE}_{TENANT}_0000c0de-0000-4000-8000-0000000000a2"
CALLER = 300  # hertz: the voice of the scripted caller, who joins first
VOICE = 1000  # of the page's microphone


@pytest.fixture(scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """In place of the fixture of that name: its microphone hears a tone that lasts."""
    async with async_playwright() as playwright:
        path = tmp_path_factory.mktemp("voice") / "tone.wav"
        made = await voices.browser_with_voice(playwright, path, VOICE, asks=True, executable_path=executable())
        yield made
        await made.close()


class Exchange:
    """The telephone network: calls at the emulator, and the API of the app."""

    def __init__(self, http: aiohttp.ClientSession, stack: Stack) -> None:
        self._http, self._stack = http, stack

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        async with self._http.request(method, f"{self._stack.emulator_url}/_emulator/{path}", json=body) as response:
            assert response.ok, await response.text()
            return await response.json()

    async def dial(self, **more: Any) -> str:
        return str((await self.control("POST", "calls", more))["id"])

    async def until(self, call: str, state: str = "connected") -> Any:
        while True:
            found = await self.control("GET", f"calls/{call}")
            if found["state"] == state:
                return found
            await asyncio.sleep(0.05)

    async def ring_agent(self, call: str, raw_id: str = GRACE) -> None:
        """The app rings an agent, as a supervisor's request says."""
        row = await self._row(await self.until(call))
        url, key = f"{self._stack.host_url}/api/keyed/v1/calls/{row}/participants", {"x-functions-key": "any"}
        while True:  # a call that has just connected cannot be controlled yet
            body = {"targets": [{"rawId": raw_id}]}
            async with self._http.post(url, json=body, headers=key) as response:
                if response.status not in (404, 409):
                    assert response.ok, await response.text()
                    return
            await asyncio.sleep(0.1)

    async def _row(self, call: Any) -> str:
        events = [each["event"] for each in (await self.control("GET", "journal?kind=event"))["entries"]]
        at = next(event["time"] for event in events if event["id"] == call["eventId"])
        return call_id_of(call["incomingCallContext"], datetime.fromisoformat(at))

    async def hears(self, call: str, who: str, hertz: int) -> None:
        """Wait until a party of a call hears a tone."""
        while True:
            url = f"{self._stack.emulator_url}/_emulator/calls/{call}/heard/{who}"
            async with self._http.get(url) as response:
                wav = await response.read()
            if listening.heard(wav, {"tone": hertz}):
                return
            await asyncio.sleep(0.2)

    async def hears_nothing(self, call: str, who: str) -> None:
        """Wait until a party of a call has not heard the page for a while."""
        while True:
            url = f"{self._stack.emulator_url}/_emulator/calls/{call}/heard/{who}"
            async with self._http.get(url) as response:
                heard = listening.passages(await response.read(), {"voice": VOICE})
            if heard[-1].names == frozenset() and heard[-1].end - heard[-1].start > 0.5:
                return
            await asyncio.sleep(0.2)


@pytest.fixture
async def exchange(console: Stack) -> AsyncIterator[Exchange]:
    async with aiohttp.ClientSession() as http:
        exchange = Exchange(http, console)
        yield exchange
        await exchange.control("DELETE", "clients")


async def agent_page(
    open_page: OpenPage, user: str = "grace", persona: str = "agent", permissions: Sequence[str] = ("microphone",)
) -> Page:
    page = await open_page(user, "/check", permissions=list(permissions))
    await page.add_init_script(voices.EARS)
    await page.goto(f"/check?persona={persona}")
    await expect(page.get_by_label("Registration")).to_have_text(f"{persona}: ready", timeout=15_000)
    return page


async def rung(page: Page, exchange: Exchange) -> tuple[str, Locator]:
    """A call that rings at the page."""
    call = await exchange.dial()
    await exchange.ring_agent(call)
    ring = page.get_by_role("group", name="Ring")
    await expect(ring).to_be_visible()
    return call, ring


async def talking(page: Page, exchange: Exchange) -> tuple[str, Locator]:
    """A call that the page has answered."""
    call, ring = await rung(page, exchange)
    await ring.get_by_role("button", name="Accept").click()
    shown = page.get_by_role("group", name="Call")
    await expect(shown.get_by_label("State")).to_have_text("Connected")
    await expect(ring).to_have_count(0)
    return call, shown


async def test_a_call_rings_at_the_page_and_both_hear_each_other(open_page: OpenPage, exchange: Exchange) -> None:
    page = await agent_page(open_page)
    _, ring = await rung(page, exchange)
    await expect(ring).to_contain_text("4:+12065551212")
    await expect(ring).to_contain_text("X-Call-Id")
    await ring.get_by_role("button", name="Decline").click()
    await expect(ring).to_have_count(0)
    call, shown = await talking(page, exchange)
    await voices.hears(page, CALLER)
    await exchange.hears(call, "4:+12065551212", VOICE)
    await shown.get_by_role("button", name="Mute").click()
    await expect(shown.get_by_role("button", name="Unmute")).to_be_visible()
    await exchange.hears_nothing(call, "4:+12065551212")
    await shown.get_by_role("button", name="Hold").click()
    await expect(shown.get_by_label("State")).to_have_text("LocalHold")
    await voices.hears(page, 0)
    await shown.get_by_role("button", name="Resume").click()
    await expect(shown.get_by_label("State")).to_have_text("Connected")
    await shown.get_by_role("button", name="Hang up").click()
    await expect(shown.get_by_label("End")).to_have_text("The call has ended. 0/0")


async def test_a_page_that_is_reloaded_in_a_call_warns_and_can_go_on(open_page: OpenPage, exchange: Exchange) -> None:
    page = await agent_page(open_page)
    call, _ = await talking(page, exchange)
    asked: list[str] = []

    async def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", leave)
    await page.reload()
    await expect(page.get_by_label("Registration")).to_have_text("agent: ready", timeout=15_000)
    assert asked == ["beforeunload"]
    assert GRACE not in [each["identifier"]["rawId"] for each in (await exchange.until(call))["participants"]]
    await talking(page, exchange)


async def test_a_connection_that_is_lost_in_a_call_comes_back(open_page: OpenPage, exchange: Exchange) -> None:
    page = await agent_page(open_page)
    _, shown = await talking(page, exchange)
    registration = page.get_by_label("Registration")
    await exchange.control("POST", f"clients/{GRACE}/cut", {"seconds": 2})
    await expect(registration).to_contain_text("disconnected (The connection to the calling service is lost.")
    await shown.get_by_role("button", name="Mute").click()
    await expect(page.get_by_role("alert")).to_contain_text("There is no connection")
    await expect(registration).to_have_text("agent: ready", timeout=15_000)
    await expect(shown.get_by_label("State")).to_have_text("Connected")
    await voices.hears(page, CALLER)
    await exchange.control("POST", f"clients/{GRACE}/expire")
    await expect(registration).to_have_text("agent: ready")
    await shown.get_by_role("button", name="Hang up").click()
    await expect(shown.get_by_label("State")).to_have_text("Disconnected")


async def test_the_second_tab_takes_over_when_the_first_is_closed(open_page: OpenPage) -> None:
    first = await agent_page(open_page)
    second = await first.context.new_page()
    await second.goto("/check")
    registration = second.get_by_label("Registration")
    await expect(registration).to_contain_text("Another tab of this browser takes your calls", timeout=15_000)
    await first.close()
    await expect(registration).to_have_text("agent: ready", timeout=15_000)


async def test_a_microphone_that_is_denied_leaves_the_call_ringing(open_page: OpenPage, exchange: Exchange) -> None:
    page = await agent_page(open_page, permissions=())
    _, ring = await rung(page, exchange)
    await ring.get_by_role("button", name="Accept").click()
    await expect(page.get_by_role("alert")).to_contain_text("Allow the microphone in the browser's settings")
    await expect(ring).to_be_visible()
    await page.context.grant_permissions(["microphone"])
    await ring.get_by_role("button", name="Accept").click()
    await expect(page.get_by_role("group", name="Call").get_by_label("State")).to_have_text("Connected")


async def test_a_guest_calls_a_teams_user_and_they_hear_each_other(open_page: OpenPage) -> None:
    guest = await agent_page(open_page, "grace", "guest")
    user = await agent_page(open_page, "alan", "teamsUser")
    await guest.get_by_label("Callee").fill("8:orgid:0000a1a0-0000-4000-8000-0000000000a3")
    await guest.get_by_role("button", name="Call").click()
    await user.get_by_role("button", name="Accept").click()
    for page in (guest, user):
        await expect(page.get_by_role("group", name="Call").get_by_label("State")).to_have_text("Connected")
        await voices.hears(page, VOICE)
    await user.get_by_role("button", name="Hang up").click()
    await expect(guest.get_by_label("End")).to_have_text("The call has ended. 0/0")


async def test_an_agent_calls_a_number_on_behalf_of_a_resource_account(open_page: OpenPage) -> None:
    page = await agent_page(open_page)
    await page.get_by_label("Callee").fill("+4915112345")
    await page.get_by_label("On behalf of").fill("28:orgid:11111111-1111-4111-8111-111111111111")
    await page.get_by_role("button", name="Call").click()
    shown = page.get_by_role("group", name="Call")
    await expect(shown.get_by_label("Parties")).to_have_text("4:+4915112345 Connected", timeout=15_000)
    await voices.hears(page, 450)
    await shown.get_by_role("button", name="Hang up").click()
    await expect(shown.get_by_label("State")).to_have_text("Disconnected")

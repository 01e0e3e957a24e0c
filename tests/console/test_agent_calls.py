"""A call of a line at the pages of two agents: from the ring to the wrap-up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.console import voices
from tests.console.conftest import OpenWithVoice
from tests.console.pictures import save_picture
from tests.console.switchboard import ALAN, CALLER, GRACE, SUPPORT, Switchboard

GRACE_VOICE, ALAN_VOICE, CALLER_VOICE = 1000, 1400, 300  # hertz; the emulator gives the first party of a call 300
READY = 60_000  # milliseconds until a phone is connected
PLAN: dict[str, Any] = {
    "start": "case",
    "steps": {
        "case": {
            "type": "collect",
            "prompt": {"file": "https://contoso.example/case.wav"},
            "digits": 4,
            "then": "agents",
            "otherwise": "agents",
        },
        "agents": {"type": "ring", "targets": [{"group": "sales"}], "seconds": 60, "left": "bye", "otherwise": "bye"},
        "bye": {"type": "hangUp"},
    },
}


@pytest.fixture
async def sales(switchboard: Switchboard) -> AsyncIterator[None]:
    """A group with Grace alone; Alan is an agent whom she can consult."""
    for agent in (GRACE, ALAN):
        await switchboard.api("PUT", f"agents/{agent}", {})
    await switchboard.api("PUT", "groups/sales", {"name": "Sales", "members": [GRACE], "wrapUpSeconds": 120})
    await switchboard.api("PUT", "customers/C-1001", {"name": "Megan Bowen", "numbers": [CALLER]})
    await switchboard.api("PUT", f"plans/{SUPPORT}", PLAN)
    yield
    await switchboard.api("DELETE", f"plans/{SUPPORT}")


async def ready(page: Page) -> None:
    """Wait until the phone of a page takes calls."""
    await expect(page.get_by_role("button", name="Call", exact=True)).to_be_visible()
    await expect(page.get_by_text("Your client calls on behalf of")).to_be_visible(timeout=READY)


async def enter_the_case(switchboard: Switchboard, emulated: str, call_id: str) -> None:
    """The caller presses four keys, once the plan listens."""

    async def listening() -> Any:
        playing = (await switchboard.api("GET", f"calls/{call_id}/media"))["playing"]
        return playing and playing["name"]

    await switchboard.until(listening, lambda name: name == "Recognize")
    for tone in ("four", "seven", "one", "one"):
        await switchboard.control("POST", f"calls/{emulated}/press", {"tone": tone})


@pytest.mark.usefixtures("sales")
async def test_a_call_is_taken_muted_handed_over_and_wrapped_up(
    switchboard: Switchboard, open_with_voice: OpenWithVoice
) -> None:
    grace, alan = await open_with_voice("grace", GRACE_VOICE), await open_with_voice("alan", ALAN_VOICE)
    await ready(grace)
    await grace.get_by_role("button", name="Become available").click()
    emulated = await switchboard.dial()
    call_id = await switchboard.row_of(emulated)
    await enter_the_case(switchboard, emulated, call_id)

    ring = grace.get_by_role("region", name="Incoming call")
    await expect(ring).to_contain_text("Megan Bowen", timeout=READY)
    await expect(ring).to_contain_text("Support line")
    await expect(ring).to_contain_text("4711")
    await expect(ring.get_by_role("button", name="Accept")).to_be_focused()
    await save_picture(grace, "agent-ring")
    await grace.keyboard.press("Enter")
    call = grace.get_by_role("region", name="Call with Megan Bowen")
    await expect(call.get_by_role("status").first).to_have_text("Connected")
    await voices.hears(grace, CALLER_VOICE)
    await switchboard.until(lambda: switchboard.hears(emulated, f"4:{CALLER}", GRACE_VOICE), bool)

    await grace.keyboard.press("Control+Shift+M")
    await expect(call.get_by_role("button", name="Unmute")).to_be_visible()
    await switchboard.until(lambda: switchboard.hears(emulated, f"4:{CALLER}", GRACE_VOICE), lambda heard: not heard)
    await grace.keyboard.press("Control+Shift+M")

    await consult_alan(grace)
    await save_picture(grace, "agent-consult")
    await alan.get_by_role("button", name="Accept").press("Enter", timeout=READY)
    await expect(grace.get_by_role("region", name="Consulting Alan Turing")).to_be_visible(timeout=READY)
    await voices.hears(alan, GRACE_VOICE)
    await grace.get_by_role("button", name="Hand over and leave").click()

    await wrap_up(grace)
    await voices.hears(alan, CALLER_VOICE)
    await alan.get_by_role("button", name="Hang up").click()
    await expect(alan.get_by_role("region", name="Wrap-up")).to_be_visible()
    await switchboard.control("POST", f"calls/{emulated}/hangup", {})

    found = await switchboard.until(
        lambda: switchboard.api("GET", f"calls/{call_id}"), lambda row: row["endedAt"] is not None
    )
    assert [(each["agent"], each["code"], each["note"]) for each in found["wrapUps"]] == [
        (GRACE, "Passed on", "The case is for Alan.")
    ]
    timeline = (await switchboard.api("GET", f"calls/{call_id}/timeline"))["value"]
    assert "WrapUpWritten" in [each["type"] for each in timeline]


async def consult_alan(page: Page) -> None:
    box = page.get_by_role("combobox", name="Colleague, line or number")
    await box.press_sequentially("alan")
    await page.get_by_role("option", name="Alan Turing").click()
    await page.get_by_role("button", name="Consult first").click()


async def wrap_up(page: Page) -> None:
    card = page.get_by_role("region", name="Wrap-up: Megan Bowen")
    await expect(card).to_be_visible(timeout=READY)
    await expect(card.get_by_label("Outcome")).to_be_focused()
    await card.get_by_label("Outcome").select_option("Passed on")
    await card.get_by_label("Note").fill("The case is for Alan.")
    await save_picture(page, "agent-wrap-up")
    await card.get_by_role("button", name="Save").click()
    await expect(card).to_have_count(0)
    presence = page.get_by_role("region", name="Your presence").get_by_role("status")
    await expect(presence).to_have_text("Available", timeout=READY)

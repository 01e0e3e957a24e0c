"""The page of one call: its ladder, its recording, and what a supervisor does to it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from playwright.async_api import Page, Route, expect

from local.control_scenarios import GRACE
from shared.calls.capabilities import recording_status
from shared.calls.state import CallState
from tests.console.centre import Centre
from tests.console.conftest import OpenPage
from tests.console.pictures import save_picture

SOON = 45_000.0  # milliseconds
DIGEST = """async () => {
  const bytes = await (await fetch(document.querySelector("audio").currentSrc)).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (each) => each.toString(16).padStart(2, "0")).join("");
}"""
SEEK = """async () => {
  const audio = document.querySelector("audio");
  const found = new Promise((resolve) => audio.addEventListener("seeked", resolve, { once: true }));
  audio.currentTime = audio.duration / 2;
  await found;
  return [audio.currentTime, audio.duration];
}"""


async def shown_events(page: Page) -> list[tuple[str, str]]:
    """The times and types of the ladder's events, in its order."""
    found = await page.locator("li[data-event]").evaluate_all(
        "(rows) => rows.map((row) => [row.querySelector('time').dateTime, row.dataset.event])"
    )
    return [(at, event) for at, event in found]


async def callbacks(centre: Centre) -> list[str]:
    """The types of the callbacks that ACS has sent, by the times that it gave them."""
    events: list[dict[str, Any]] = [
        event for each in await centre.system.journal("callback") for event in each["events"]
    ]
    return [each["type"].rpartition(".")[2] for each in sorted(events, key=lambda each: str(each["time"]))]


async def test_the_ladder_has_the_journals_order_and_the_audio_is_the_calls(
    centre: Centre, open_page: OpenPage
) -> None:
    await centre.agent_does(GRACE, behaviour="accept", after=0.2)
    call_id = await centre.dial(**{"from": "+12065550124", "hangs_up_after": 6})
    call = await centre.system.over(call_id)
    page = await open_page("joan", f"/calls/{call_id}")
    await expect(page.get_by_text("RecordingFileStatusUpdated")).to_be_visible(timeout=SOON)
    shown = await shown_events(page)
    assert shown == sorted(shown, key=lambda each: each[0])
    sent = await callbacks(centre)
    drawn = [event for _, event in shown if event in set(sent)]
    assert sorted(drawn) == sorted(sent)
    firm = [event for event in sent if event != "ParticipantsUpdated"]  # comes at the same moment as others
    assert [event for event in drawn if event != "ParticipantsUpdated"] == firm
    await page.get_by_role("button", name="Listen").click()
    (chunk,) = call.recording.chunks
    blob = centre.system.container.clients.container("recordings").get_blob_client(str(chunk.path))
    content = await (await blob.download_blob()).readall()
    await expect(page.get_by_label("Channel")).to_be_visible(timeout=SOON)
    assert await page.evaluate(DIGEST) == hashlib.sha256(content).hexdigest()
    at, duration = await page.evaluate(SEEK)
    assert 0 < at < duration
    await save_picture(page, "call")


async def test_a_supervisor_hangs_up_once_though_the_response_is_lost(centre: Centre, open_page: OpenPage) -> None:
    await centre.agent_does(GRACE, behaviour="no_answer")
    call_id = await centre.dial(**{"from": "+12065550125"})
    await centre.system.until(call_id, lambda call: recording_status(call)[0] == "active")
    page = await open_page("joan", f"/calls/{call_id}")
    lost: list[str] = []

    async def lose(route: Route) -> None:
        if lost or route.request.method != "POST":
            await route.continue_()
            return
        await route.fetch()
        lost.append(route.request.headers["idempotency-key"])
        await route.abort()

    await page.route("**/hang-up", lose)
    await page.get_by_role("button", name="Hang up").click()
    confirm = page.get_by_role("button", name="Hang up for everyone")
    await confirm.click()
    await expect(page.get_by_role("dialog").get_by_text("The API cannot be reached")).to_be_visible(timeout=SOON)
    await confirm.click()
    await expect(page.get_by_role("status").filter(has_text="Ended")).to_be_visible(timeout=SOON)
    await expect(page.get_by_text("HangUp, by Joan Clarke")).to_have_count(1, timeout=SOON)
    call = await centre.system.until(call_id, lambda call: call.state is CallState.ENDED)
    assert len(call.operations.requested) == 1
    assert len(await centre.system.requests("TerminateCall")) == 1


async def test_a_call_of_another_tenant_does_not_exist(centre: Centre, open_page: OpenPage) -> None:
    await centre.agent_does(GRACE, behaviour="no_answer")
    call_id = await centre.dial()
    page = await open_page("fred", f"/calls/{call_id}")
    refusal = page.get_by_text("There is no such call among those that the caller sees.")
    await expect(refusal).to_be_visible(timeout=SOON)
    await page.get_by_role("link", name="All calls").click()
    await expect(page.get_by_text("No call is in progress.")).to_be_visible(timeout=SOON)


async def test_what_people_say_is_read_while_they_talk(centre: Centre, open_page: OpenPage) -> None:
    await centre.agent_does(GRACE, behaviour="no_answer")
    call_id = await centre.dial(**{"from": "+12065550126"})
    blob = centre.system.container.clients.container("transcripts").get_blob_client(f"{call_id}.jsonl")
    await blob.create_append_blob()

    async def say(at: str, text: str, **more: Any) -> None:
        line = {"kind": "said", "id": text, "at": at, "speaker": "4:+12065550126", "text": text, "duration": 2.0}
        await blob.append_block(f"{json.dumps(line | more)}\n".encode())

    await say("2026-11-22T10:00:01Z", "Hello, this is", final=False)
    page = await open_page("joan", f"/calls/{call_id}")
    lines = page.get_by_role("list", name="Lines of the transcript").get_by_role("listitem")
    await expect(lines).to_contain_text(["Hello, this is"], timeout=SOON)
    await say("2026-11-22T10:00:05Z", "I have lost my card.")
    await say("2026-11-22T10:00:01Z", "Hello, this is Megan.")
    await expect(lines).to_contain_text(["Hello, this is Megan.", "I have lost my card."], timeout=SOON)
    await expect(lines).to_have_count(2)
    await centre.caller_hangs_up()

"""The pages of plans: errors at their fields, a trial, saving, versions, and two who edit at once."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from shared.api.parameters import ACCOUNT
from tests.console.centre import PLAN, Centre
from tests.console.conftest import OpenPage
from tests.console.pictures import save_picture

SOON = 15_000.0  # milliseconds


async def opened(page: Page, step: str) -> Locator:
    """The fields of a step."""
    fields = page.get_by_role("group", name=f"Step {step}", exact=True)
    if not await fields.is_visible():
        await page.get_by_role("button", name=f"{step}, ").click()
    return fields


async def test_each_error_of_a_plan_is_shown_at_its_field(centre: Centre, open_page: OpenPage) -> None:
    page = await open_page("ada", f"/plans/{ACCOUNT}")
    save = page.get_by_role("button", name="Save")
    await expect(page.get_by_role("heading", name="Plan of Support line")).to_be_visible(timeout=SOON)
    agents = await opened(page, "agents")
    group = agents.get_by_label("Group")
    await group.fill("not a group!")
    await expect(agents.get_by_text("must be a text of the form")).to_be_visible(timeout=SOON)
    await expect(save).to_be_disabled()
    await group.fill("support")
    seconds = agents.get_by_role("spinbutton", name="Seconds", exact=True)
    await seconds.fill("1")
    await seconds.press("Enter")
    await expect(agents.get_by_text("must be an integer >= 5")).to_be_visible(timeout=SOON)
    await seconds.fill("20")
    await seconds.press("Enter")
    sorry = await opened(page, "sorry")
    await sorry.get_by_label("Text").fill("")
    await expect(sorry.get_by_text("exactly one of text, ssml and file is needed")).to_be_visible(timeout=SOON)
    await sorry.get_by_label("Text").fill("Sorry.")
    await opened(page, "bye")
    await page.get_by_role("button", name="Remove bye").click()
    await expect(sorry.get_by_text('unknown step "bye"')).to_be_visible(timeout=SOON)
    await expect(page.get_by_text("1 error", exact=True).first).to_be_visible(timeout=SOON)
    await expect(save).to_be_disabled()


async def test_a_plan_is_tried_saved_and_restored(centre: Centre, open_page: OpenPage) -> None:
    page = await open_page("ada", f"/plans/{ACCOUNT}")
    before = (await centre.ask("GET", f"plans/{ACCOUNT}"))["version"]
    sorry = await opened(page, "sorry")
    await sorry.get_by_label("Text").fill("We are closed.")
    await page.get_by_role("button", name="Try", exact=True).click()
    await expect(page.get_by_role("list", name="Steps of the trial")).to_contain_text("agents.1", timeout=SOON)
    await save_picture(page, "plan")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text(f"Version {before + 1}", exact=True).first).to_be_visible(timeout=SOON)
    saved = await centre.ask("GET", f"plans/{ACCOUNT}")
    assert saved["plan"]["steps"]["sorry"]["prompt"]["text"] == "We are closed."
    await page.get_by_role("button", name=f"Open version {before}", exact=True).click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text(f"Version {before + 2}", exact=True).first).to_be_visible(timeout=SOON)
    restored = await centre.ask("GET", f"plans/{ACCOUNT}")
    assert restored["plan"]["steps"]["sorry"]["prompt"]["text"] == PLAN["steps"]["sorry"]["prompt"]["text"]


async def test_a_plan_that_another_person_has_changed_is_not_overwritten(centre: Centre, open_page: OpenPage) -> None:
    page = await open_page("ada", f"/plans/{ACCOUNT}")
    sorry = await opened(page, "sorry")
    await sorry.get_by_label("Text").fill("Mine.")
    theirs = PLAN | {"steps": PLAN["steps"] | {"bye": {"type": "hangUp"}, "later": {"type": "hangUp"}}}
    theirs["steps"]["sorry"] = theirs["steps"]["sorry"] | {"then": "later"}
    await centre.ask("PUT", f"plans/{ACCOUNT}", theirs)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The plan has been changed since you opened it.")).to_be_visible(timeout=SOON)
    assert (await centre.ask("GET", f"plans/{ACCOUNT}"))["plan"]["steps"]["sorry"]["then"] == "later"
    await page.get_by_role("button", name="Open the new version").click()
    await expect(page.get_by_role("button", name="later, ")).to_be_visible(timeout=SOON)

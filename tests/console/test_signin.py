"""Signing in to the console and out of it, and what goes wrong there, as the person in front of it sees it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, Route, expect

from local.console import CLIENT_ID
from local.stack import Stack, control
from tests.console.conftest import Axe, NewPage, OpenPage, sign_in

API = "a9100000-0000-4000-8000-0000000000a1"
TOKEN = "**/oauth2/v2.0/token*"
RENEWED_ALWAYS = 200  # seconds: MSAL renews a token that expires within five minutes

Patch = Callable[..., Awaitable[None]]


@pytest.fixture
async def patch(console: Stack) -> AsyncIterator[Patch]:
    """Change contoso's directory, by a section, an entry and its fields. It is restored after the test."""
    undo: list[Any] = []
    async with aiohttp.ClientSession() as http:

        async def change(section: str, entry: str, **fields: Any) -> None:
            old = (await control(http, console, "GET", "directory"))["tenants"]["contoso"][section][entry]
            undo.append({section: {entry: {name: old.get(name) for name in fields}}})
            await control(http, console, "PATCH", "directory", {"tenants": {"contoso": {section: {entry: fields}}}})

        yield change
        for each in reversed(undo):
            await control(http, console, "PATCH", "directory", {"tenants": {"contoso": each}})


async def renewals(console: Stack) -> int:
    async with aiohttp.ClientSession() as http:
        journal = await control(http, console, "GET", "journal?kind=entra.request")
    return sum(each["operation"] == "RefreshToken" and each["status"] == 200 for each in journal["entries"])


async def choose(page: Page, user: str) -> None:
    await page.get_by_role("button", name=f"({user}@").click()


async def returns_to_the_page(page: Page) -> None:
    """The person comes back to the tab, or the device wakes up."""
    await page.evaluate("window.dispatchEvent(new Event('focus'))")


async def test_a_person_signs_in_by_keyboard_and_comes_to_the_address_that_was_opened(
    new_page: NewPage, axe: Axe
) -> None:
    page = await new_page()
    await page.goto("/calls?day=2026-01-02")
    await expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    assert await axe(page) == []
    account = page.get_by_role("button", name="(joan@")
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await account.evaluate("each => each === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Calls", level=1)).to_be_visible()
    assert page.url.endswith("/calls?day=2026-01-02")


async def test_a_reload_and_a_second_tab_ask_nothing(open_page: OpenPage) -> None:
    page = await open_page("joan", "/calls")
    await page.reload()
    await expect(page.get_by_role("heading", name="Calls", level=1)).to_be_visible()
    second = await page.context.new_page()
    await second.goto("/calls")
    await expect(second.get_by_role("heading", name="Calls", level=1)).to_be_visible()


async def test_who_signs_out_is_out_and_can_sign_in_as_another(new_page: NewPage, axe: Axe) -> None:
    page = await new_page()
    await page.goto("/")
    await sign_in(page, "joan")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("link", name="Sign in").click()
    await choose(page, "alan")
    await expect(page.get_by_text("Alan Turing")).to_be_visible()


async def test_a_person_of_another_tenant_has_their_own_tenants_data(new_page: NewPage) -> None:
    page = await new_page()
    await page.goto("/")
    async with page.expect_response(lambda each: "/api/v1/" in each.url and each.request.method == "GET") as response:
        await sign_in(page, "felix")
    assert (await response.value).status < 500
    await expect(page.get_by_text("Felix Hausdorff")).to_be_visible()


async def test_a_refused_consent_is_explained_with_the_clock_of_the_device(
    new_page: NewPage, patch: Patch, axe: Axe
) -> None:
    await patch("apps", CLIENT_ID, delegated=[])
    page = await new_page(color_scheme="dark")
    await page.goto("/")
    await choose(page, "alan")
    await expect(page.get_by_role("heading", name="Permissions requested")).to_be_visible()
    assert await axe(page) == []
    await page.add_init_script("const now = Date.now; Date.now = () => now() + 90 * 60 * 1000;")
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("heading", name="You did not give your consent")).to_be_visible()
    await expect(page.get_by_role("alert")).to_contain_text("The clock of this device is 90 minutes ahead")
    assert await axe(page) == []
    await page.get_by_role("link", name="Sign in again").click()
    await choose(page, "alan")
    await page.get_by_role("button", name="Accept").click()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()


async def test_a_second_factor_is_asked_for_in_the_middle_of_the_work(
    new_page: NewPage, patch: Patch, axe: Axe
) -> None:
    await patch("apps", API, accessTokenLifetime=RENEWED_ALWAYS)
    page = await new_page()
    await page.goto("/calls")
    await sign_in(page, "joan")
    await patch("users", "joan", mfa=True)
    await returns_to_the_page(page)
    await expect(page.get_by_text("Your organization asks for a second factor").first).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("button", name="Sign in again").click()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("heading", name="Calls", level=1)).to_be_visible()
    await returns_to_the_page(page)
    await expect(page.get_by_text("second factor")).to_have_count(0)


async def test_a_token_is_renewed_without_a_question(new_page: NewPage, patch: Patch, console: Stack) -> None:
    await patch("apps", API, accessTokenLifetime=RENEWED_ALWAYS)
    page = await new_page()
    await page.goto("/calls")
    await sign_in(page, "joan")
    before = await renewals(console)
    async with page.expect_response(lambda each: "/oauth2/v2.0/token" in each.url) as response:
        await returns_to_the_page(page)
    assert (await response.value).ok
    assert await renewals(console) > before
    await expect(page.get_by_role("button", name="Sign in again")).to_have_count(0)


async def test_a_sign_in_that_has_expired_is_begun_again_when_the_person_wants_it(
    new_page: NewPage, patch: Patch
) -> None:
    """The refresh token ended after its day, and without a cookie a hidden frame can't help."""
    await patch("apps", API, accessTokenLifetime=RENEWED_ALWAYS)
    page = await new_page()
    await page.goto("/calls")
    await sign_in(page, "joan")
    await page.context.clear_cookies()
    refused = {"error": "invalid_grant", "error_description": "AADSTS700084: expired", "error_codes": [700084]}
    await page.route(TOKEN, lambda route: route.fulfill(status=400, json=refused))
    await returns_to_the_page(page)
    await expect(page.get_by_text("Your sign-in has expired").first).to_be_visible()
    await page.unroute_all()
    await page.get_by_role("button", name="Sign in again").click()
    await choose(page, "joan")
    await expect(page.get_by_role("heading", name="Calls", level=1)).to_be_visible()


async def test_a_token_that_the_api_refuses_is_replaced_once(new_page: NewPage) -> None:
    tokens: list[str] = []

    async def refuse_the_first(route: Route) -> None:
        tokens.append(route.request.headers["authorization"])
        allow = {"Access-Control-Allow-Origin": "*", "WWW-Authenticate": 'Bearer error="invalid_token"'}
        await (route.fulfill(status=401, headers=allow, json={}) if len(tokens) == 1 else route.continue_())

    page = await new_page()
    await page.goto("/calls")
    await page.route("**/api/v1/calls/live*", refuse_the_first)
    async with page.expect_response(lambda each: "/calls/live" in each.url and each.ok):
        await choose(page, "joan")
    assert len(set(tokens)) == 2


async def test_who_has_no_role_learns_what_to_ask_for(new_page: NewPage, patch: Patch, axe: Axe) -> None:
    page = await new_page()
    await page.goto("/")
    await sign_in(page, "norma")
    await expect(page.get_by_role("heading", name="You have no role yet")).to_be_visible()
    await expect(page.get_by_text(API)).to_be_visible()
    assert await axe(page) == []
    await patch("apps", API, roles={"norma": ["Supervisor"]})
    await page.get_by_role("button", name="I have a role now").click()
    await expect(page.get_by_role("link", name="Calls")).to_be_visible()


async def test_an_address_that_is_not_registered_is_refused_by_entra(
    new_page: NewPage, patch: Patch, console: Stack
) -> None:
    async def of_contoso(route: Route) -> None:
        config = json.dumps(await (await route.fetch()).json())
        await route.fulfill(body=config.replace("/organizations", "/contoso.com"))

    await patch("apps", CLIENT_ID, spaRedirectUris=["https://console.contoso.com/signin.html"])
    page = await new_page()
    await page.route("**/config.json", of_contoso)
    await page.goto("/")
    await expect(page.get_by_text("AADSTS50011")).to_be_visible()


async def test_the_back_button_of_entras_page_starts_the_sign_in_again(new_page: NewPage) -> None:
    page = await new_page()
    await page.goto("/signin.html")
    await page.get_by_role("link", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    await choose(page, "joan")
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()


async def test_an_entra_that_cannot_be_reached_is_named(new_page: NewPage) -> None:
    page = await new_page()
    await page.route(TOKEN, lambda route: route.abort())
    await page.goto("/")
    await choose(page, "joan")
    await expect(page.get_by_role("heading", name="Microsoft Entra can't be reached")).to_be_visible()


async def test_the_endpoints_of_an_authority_are_found_over_tls(new_page: NewPage, console: Stack) -> None:
    """As in Azure, where the settings have no endpoints."""

    async def without_endpoints(route: Route) -> None:
        if route.request.method == "HEAD":
            return await route.continue_()
        config = await (await route.fetch()).json()
        del config["authorityMetadata"]
        return await route.fulfill(json=config)

    page = await new_page()
    await page.route("**/config.json", without_endpoints)
    await page.goto("/")
    await expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    assert page.url.startswith(f"https://localhost:{console.ports.tls}/")
    await sign_in(page, "joan")

"""The web console in a real browser, with the whole system behind it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Playwright, StorageState, async_playwright

from local import browser as browsers
from local.console import CLIENT_ID
from local.control_scenarios import GRACE
from local.stack import Ports, Stack, allow_agents, copy_accounts
from shared.api.parameters import ACCOUNT
from tests.api.conftest import Client
from tests.console import voices
from tests.console.centre import Centre, opened
from tests.console.switchboard import Switchboard
from tests.system.conftest import of

# A microphone without a device: a tone, and no question for permission.
FLAGS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--no-sandbox")

AXE = Path(__file__).parents[2] / "console/node_modules/axe-core/axe.min.js"
Axe = Callable[[Page], Awaitable[list[str]]]


def executable() -> str:
    """The browser; without one the tests are skipped, but not in continuous integration."""
    try:
        return browsers.find()
    except browsers.NoBrowserError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


OpenPage = Callable[..., Awaitable[Page]]
NewPage = Callable[..., Awaitable[Page]]
OpenWithVoice = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def console(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The system with the built console, its resource accounts copied."""
    import aiohttp  # noqa: PLC0415  # reads SSL_CERT_FILE when it is imported

    settings = {"API_REQUESTS_PER_MINUTE": "100000", "HOLD_MUSIC": "https://contoso.example/hold.wav"}
    logs = tmp_path_factory.mktemp("logs")
    async with Stack(ports=Ports.free(), settings=settings, logs=logs, console=True) as stack:
        async with aiohttp.ClientSession() as http:
            await copy_accounts(http, stack)
            await allow_agents(http, stack, CLIENT_ID)
        yield stack


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        yield made
        await made.close()


@pytest.fixture(scope="session")
def signed_in() -> dict[str, StorageState]:
    """By user: the cookies of a browser in which the user has signed in, with which the next sign-in asks nothing."""
    return {}


@pytest.fixture
async def new_page(console: Stack, browser: Browser) -> AsyncIterator[NewPage]:
    """An empty page in a browser of its own for each call; it takes options of Playwright's contexts.

    ``logged`` gets the lines of the browser's console. An error of a page fails the test.
    """
    errors: list[str] = []
    contexts = []

    async def make(logged: list[str] | None = None, **options: Any) -> Page:
        context = await browser.new_context(base_url=console.console_url, ignore_https_errors=True, **options)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: logged.append(message.text) if logged is not None else None)
        return page

    yield make
    for context in contexts:
        await context.close()
    assert errors == []


@pytest.fixture
async def open_page(new_page: NewPage, signed_in: dict[str, StorageState]) -> OpenPage:
    """A browser of its own for each call: a user, who signs in, and an address; returns the page when it is shown."""

    async def open_as(user: str, path: str = "/", **options: Any) -> Page:
        page = await new_page(**{"storage_state": signed_in.get(user)} | options)
        await page.goto(path)
        await sign_in(page, user)
        signed_in[user] = await page.context.storage_state()
        return page

    return open_as


async def sign_in(page: Page, user: str) -> None:
    """Choose the user's account where Entra asks, and wait for the console."""
    account, shown = page.get_by_role("button", name=f"({user}@"), page.get_by_role("button", name="Sign out")
    await account.or_(shown).first.wait_for()
    if await account.is_visible():
        await account.click()
        await shown.wait_for()


@pytest.fixture
async def centre(console: Stack) -> AsyncIterator[Centre]:
    """A line with a plan that rings Grace. Its calls are hung up afterwards, so that she is free for the next test."""
    import aiohttp  # noqa: PLC0415  # as above

    async with aiohttp.ClientSession() as http, of(console, http) as system:
        await allow_agents(http, console, CLIENT_ID)  # `of` has reset the emulator, which forgets who may call
        centre = await opened(system, Client(console, http))
        yield centre
        await centre.caller_hangs_up()
        await system.idle()
        await centre.ask("DELETE", f"plans/{ACCOUNT}")
        await centre.ask("PUT", f"agents/{GRACE}/presence", {"state": "away"})


@pytest.fixture(scope="session")
def axe() -> Axe:
    """What axe finds in a page: a line for each violation, with the element."""
    source = AXE.read_text()

    async def check(page: Page) -> list[str]:
        await page.evaluate(source)
        # Fluent UI's focus traps are hidden elements that take the focus for a moment: no person meets them.
        found = await page.evaluate("axe.run({ exclude: [['[data-tabster-dummy]']] }, { resultTypes: ['violations'] })")
        return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]

    return check


@pytest.fixture
async def switchboard(console: Stack) -> AsyncIterator[Switchboard]:
    import aiohttp  # noqa: PLC0415  # as above

    async with aiohttp.ClientSession() as http:
        yield Switchboard(http, console)


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as made:
        yield made


@pytest.fixture(scope="session")
async def with_voice(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    """Browsers by the tone that their microphone hears, in hertz."""
    made: dict[int, Browser] = {}
    folder: Path = tmp_path_factory.mktemp("voices")

    async def browser(hertz: int) -> Browser:
        if hertz not in made:
            path = folder / f"{hertz}.wav"
            made[hertz] = await voices.browser_with_voice(playwright, path, hertz, executable_path=executable())
        return made[hertz]

    yield browser
    for each in made.values():
        await each.close()


@pytest.fixture
async def open_with_voice(console: Stack, with_voice: Any) -> AsyncIterator[OpenWithVoice]:
    """As ``open_page``, with a microphone that hears a tone, and a speaker that is listened to."""
    contexts, errors = [], []

    async def open_as(user: str | None, hertz: int, path: str = "/", **options: Any) -> Page:
        browser: Browser = await with_voice(hertz)
        context = await browser.new_context(base_url=console.console_url, ignore_https_errors=True, **options)
        contexts.append(context)
        await context.add_init_script(voices.EARS)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(path)
        if user:
            await sign_in(page, user)
        return page

    yield open_as
    for context in contexts:
        await context.close()
    assert errors == []

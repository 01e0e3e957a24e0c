"""The emulated Entra as a single-page application uses it: the authorization endpoint, codes, refresh tokens."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from emulator.clock import Clock
from emulator.entra.codes import RefreshTokens, SignIn
from emulator.entra.errors import EntraError
from emulator.server import Emulator
from tests.emulator.client import Control
from tests.emulator.test_entra import API, CONTOSO, secure, secure_control

__all__ = ["secure", "secure_control"]

CONSOLE = "c0501e00-0000-4000-8000-0000000000c2"
REDIRECT = "http://localhost:4280/signin.html"
ORIGIN = {"Origin": "http://localhost:4280"}
OWN = f"api://{API}/access_as_user"
ACS = "https://auth.msft.communication.azure.com"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Answer:
    status: int
    text: str
    redirected: dict[str, str] = field(default_factory=dict)

    @property
    def number(self) -> str:
        """The AADSTS number of a refusal."""
        found = re.search(r"AADSTS(\d+)", self.redirected.get("error_description", "") or self.text)
        return found[1] if found else ""


@dataclass
class Browser:
    """A browser with cookies that follows no redirection, and the page's requests for tokens."""

    emulator: Emulator
    http: aiohttp.ClientSession

    async def authorize(self, chosen: dict[str, str] | None = None, **changes: str) -> Answer:
        query = {
            "client_id": CONSOLE,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": f"{OWN} openid profile offline_access",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "nonce": "n-1",
            "state": "s&1",
        } | changes
        method = "GET" if chosen is None else "POST"
        url = f"{self.emulator.url}/organizations/oauth2/v2.0/authorize"
        async with self.http.request(method, url, params=query, data=chosen, allow_redirects=False) as answer:
            fragment = urlsplit(answer.headers.get("Location", "")).fragment
            redirected = {name: values[0] for name, values in parse_qs(fragment).items()}
            return Answer(answer.status, await answer.text(), redirected)

    async def token(self, headers: dict[str, str] | None = None, **form: str) -> dict[str, Any]:
        given = {"client_id": CONSOLE, "scope": OWN} | form
        url = f"{self.emulator.url}/organizations/oauth2/v2.0/token"
        async with self.http.post(url, data=given, headers=ORIGIN if headers is None else headers) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            body: dict[str, Any] = await answer.json()
            return body

    async def redeem(self, code: str, headers: dict[str, str] | None = None, /, **changes: str) -> dict[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return await self.token(headers, **(form | changes))

    async def code(self, account: str = "contoso.grace", **changes: str) -> str:
        return (await self.authorize({"account": account}, **changes)).redirected["code"]


@pytest.fixture
async def browser(secure: Emulator, secure_control: Control) -> AsyncIterator[Browser]:
    # Cookies of an IP address, as the emulator's is here, are kept only by an unsafe jar.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield Browser(secure, http)


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def error_of(answer: dict[str, Any]) -> int:
    return int(answer["error_codes"][0])


async def test_an_account_is_chosen_and_the_page_gets_tokens(browser: Browser) -> None:
    asked = await browser.authorize()
    assert (asked.status, "grace@contoso.com" in asked.text, "felix@fabrikam.com" in asked.text) == (200, True, True)
    granted = await browser.authorize({"account": "contoso.grace"})
    assert (granted.status, granted.redirected["state"]) == (302, "s&1")
    tokens = await browser.redeem(granted.redirected["code"])
    identity, access = claims_of(tokens["id_token"]), claims_of(tokens["access_token"])
    assert (identity["nonce"], identity["aud"], identity["name"]) == ("n-1", CONSOLE, "Grace Hopper")
    assert (access["aud"], access["scp"], access["roles"]) == (API, "access_as_user", ["Agent"])
    info = claims_of(f".{tokens['client_info']}.")
    assert (info["uid"], info["utid"]) == (identity["oid"], CONTOSO)


async def test_the_cookie_signs_in_without_a_question_until_the_sign_out(browser: Browser) -> None:
    await browser.code()
    assert "code" in (await browser.authorize()).redirected
    assert "code" in (await browser.authorize(prompt="none", login_hint="grace@contoso.com")).redirected
    for prompt in ("login", "select_account"):
        assert (await browser.authorize(prompt=prompt)).status == 200
    left = {"post_logout_redirect_uri": REDIRECT, "logout_hint": "grace@contoso.com"}
    url = f"{browser.emulator.url}/organizations/oauth2/v2.0/logout"
    async with browser.http.get(url, params=left, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, REDIRECT)
    refused = await browser.authorize(prompt="none")
    assert (refused.redirected["error"], refused.number) == ("login_required", "50058")


async def test_two_accounts_are_a_question_unless_one_is_hinted(browser: Browser) -> None:
    await browser.code()
    await browser.code("fabrikam.felix")
    assert (await browser.authorize()).status == 200
    assert "code" in (await browser.authorize(login_hint="felix@fabrikam.com")).redirected


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("http://localhost:61234/signin.html", ""),  # the port does not matter
        ("http://localhost:4280/other.html", "50011"),
        ("http://127.0.0.1:4280/signin.html", "50011"),
        ("https://evil.example/signin.html", "50011"),
    ],
)
async def test_only_registered_redirect_uris_are_redirected_to(browser: Browser, uri: str, number: str) -> None:
    answer = await browser.authorize(redirect_uri=uri)
    assert (answer.status, answer.number) == (400 if number else 200, number)


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"code_verifier": "w" * 43}, 501481),
        ({"code_verifier": ""}, 9002325),
        ({"redirect_uri": "http://localhost:4281/signin.html"}, 500112),
        ({"code": "unknown"}, 9002313),
        ({"scope": f"{OWN} {ACS}/Teams.ManageCalls"}, 28000),
    ],
)
async def test_a_code_is_redeemed_by_its_own_request_only(
    browser: Browser, changes: dict[str, str], number: int
) -> None:
    assert error_of(await browser.redeem(await browser.code(), **changes)) == number


async def test_a_code_is_redeemed_once_and_from_a_page(browser: Browser) -> None:
    code = await browser.code()
    assert error_of(await browser.redeem(code, {})) == 9002327
    assert "access_token" in await browser.redeem(code)
    assert error_of(await browser.redeem(code)) == 54005
    assert error_of(await browser.redeem(await browser.code(), client_id=API)) == 9002326


async def test_a_refresh_token_is_for_every_resource_the_client_may_use(browser: Browser) -> None:
    tokens = await browser.redeem(await browser.code())
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    renewed = await browser.token(**form, scope=f"{ACS}/TeamsExtension.ManageCalls")
    access = claims_of(renewed["access_token"])
    assert (access["aud"], "TeamsExtension.ManageCalls" in access["scp"]) == (ACS, True)
    assert renewed["refresh_token"] != tokens["refresh_token"]
    refused = await browser.token(**form, scope="Mail.Read")
    assert (error_of(refused), refused["suberror"]) == (65001, "consent_required")


def test_a_pages_refresh_token_ends_after_a_day_however_often_it_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    times = [datetime(2026, 1, 1, tzinfo=UTC)]
    clock = Clock()
    monkeypatch.setattr(clock, "now", lambda: times[-1])
    tokens, sign_in = RefreshTokens(clock), SignIn(CONTOSO, "grace", CONSOLE)
    first, _ = tokens.issue(sign_in, page=True)
    times.append(times[0] + timedelta(hours=23))
    _, end = tokens.redeem(first, CONSOLE, CONTOSO)
    second, _ = tokens.issue(sign_in, page=True, expires=end)
    times.append(times[0] + timedelta(hours=25))
    with pytest.raises(EntraError, match="AADSTS700084"):
        tokens.redeem(second, CONSOLE, CONTOSO)


async def test_consent_is_asked_for_once_and_can_be_refused(browser: Browser) -> None:
    who, scope = {"account": "contoso.grace"}, {"scope": "openid Mail.Read"}
    assert "Mail.Read" in (await browser.authorize(who, **scope)).text
    refused = await browser.authorize(who | {"consent": "declined"}, **scope)
    assert (refused.redirected["error"], refused.number) == ("access_denied", "65004")
    assert "code" in (await browser.authorize(who | {"consent": "accepted"}, **scope)).redirected
    assert "code" in (await browser.authorize(who, **scope)).redirected
    assert (await browser.authorize({"account": "contoso.alan"}, **scope)).status == 200
    silent = await browser.authorize(None, scope="Files.Read", prompt="none")
    assert silent.redirected["error"] == "consent_required"


async def test_a_second_factor_is_asked_for_and_holds_for_what_follows(
    browser: Browser, secure_control: Control
) -> None:
    first = await browser.redeem(await browser.code())
    await secure_control("PATCH", "directory", {"tenants": {"contoso": {"users": {"grace": {"mfa": True}}}}})
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    refused = await browser.token(**form)
    assert (error_of(refused), refused["error"], "capolids" in refused["claims"]) == (
        50076,
        "interaction_required",
        True,
    )
    silent = await browser.authorize(prompt="none")
    assert silent.number == "50076"
    assert "Approve" in (await browser.authorize()).text
    granted = await browser.authorize({"account": "contoso.grace", "factor": "approved"})
    tokens = await browser.redeem(granted.redirected["code"])
    assert "access_token" in await browser.token(**form | {"refresh_token": tokens["refresh_token"]})
    exchange = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "requested_token_use": "on_behalf_of",
        "client_id": API,
        "client_secret": "emulator-client-secret",
        "scope": "https://graph.microsoft.com/.default",
    }
    url = f"{browser.emulator.url}/{CONTOSO}/oauth2/v2.0/token"
    async with browser.http.post(url, data=exchange | {"assertion": tokens["access_token"]}) as strong:
        assert strong.status == 200
    async with browser.http.post(url, data=exchange | {"assertion": first["access_token"]}) as weak:
        assert error_of(await weak.json()) == 50076


async def test_a_tenant_without_the_app_is_not_offered(browser: Browser) -> None:
    assert "sam@stranger.example" not in (await browser.authorize()).text
    url = f"{browser.emulator.url}/stranger/oauth2/v2.0/authorize"
    async with browser.http.get(url, params={"client_id": CONSOLE, "redirect_uri": REDIRECT}) as answer:
        assert (answer.status, "AADSTS700016" in await answer.text()) == (400, True)

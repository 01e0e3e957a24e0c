"""The authorization endpoint: which account signs in, a second factor, consent, and the code for the client.

The pages keep no state: each form repeats what was chosen before it. Microsoft Learn, "OAuth 2.0 authorization code
flow", "OpenID Connect on the Microsoft identity platform".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.directory import Directory
from emulator.entra import clients
from emulator.entra.clients import ScopeRequest
from emulator.entra.codes import SignIn
from emulator.entra.errors import CANCELLED, CONSENT, EntraError
from emulator.entra.grants import ANY_TENANT, Grants

MFA_REQUIRED, NOT_SIGNED_IN = 50076, 50058


@dataclass(frozen=True)
class Account:
    """A user that may sign in. ``key`` names them in forms and in the cookie: the tenant's name and the user's."""

    key: str
    tenant: dict[str, Any]
    user: dict[str, Any]

    @property
    def name(self) -> str:
        return self.key.partition(".")[2]

    def hinted(self, hint: str) -> bool:
        return hint.lower() in (self.user["userPrincipalName"].lower(), self.user["id"])


@dataclass(frozen=True)
class Question:
    """What a page asks: ``account``, ``factor`` or ``consent``."""

    what: str
    app: str
    accounts: Sequence[Account]
    scopes: Sequence[str] = ()


@dataclass(frozen=True)
class Granted:
    code: str
    account: Account


class Authorization:
    """A request of a client. Raises EntraError for one that may not be answered by a redirection.

    ``query`` is the client's, ``chosen`` what the user did in the pages, ``remembered`` are the accounts of the cookie.
    """

    def __init__(
        self, directory: Directory, grants: Grants, url: Callable[[], str], which: str, query: Mapping[str, str]
    ) -> None:
        self._directory, self._grants, self._url, self._query = directory, grants, url, query
        self._client = query.get("client_id", "")
        self._tenants = self._known(which)

    def _known(self, which: str) -> dict[str, dict[str, Any]]:
        """The tenants whose users may sign in: those that have the app, with the redirect URI."""
        tenants = self._directory.data["tenants"]
        of_one = {name: each for name, each in tenants.items() if which in (name, each["id"], each["domain"])}
        of = tenants if which in ANY_TENANT else of_one
        if not of:
            raise EntraError(90002)
        found = {name: each for name, each in of.items() if self._client in each["apps"]}
        if not found:
            raise EntraError(700016)
        uri = self._query.get("redirect_uri", "")
        fits = {name: each for name, each in found.items() if clients.redirects_to(each["apps"][self._client], uri)}
        if not fits:
            raise EntraError(50011)
        return fits

    def answer(self, chosen: Mapping[str, str], remembered: Sequence[str]) -> Question | Granted:
        """What to ask next, or a code. Raises EntraError for a refusal, which the client is redirected with."""
        asked = ScopeRequest.of(self._query.get("scope", ""), self._url())
        account = self._account(chosen, remembered)
        if account is None:
            return self._ask("account", self._offered())
        sign_in = SignIn(account.tenant["id"], account.name, self._client, strong=chosen.get("factor") == "approved")
        if chosen.get("consent") == "declined":
            raise EntraError(CANCELLED)
        if chosen.get("consent") == "accepted":
            self._grants.consent(sign_in, asked)
        return self._checked(sign_in, asked, account) or self._code(sign_in, account)

    def _checked(self, sign_in: SignIn, asked: ScopeRequest, account: Account) -> Question | None:
        try:
            self._grants.check(sign_in, asked)
        except EntraError as refused:
            if self._query.get("prompt") == "none":
                raise
            if refused.number == MFA_REQUIRED:
                return self._ask("factor", [account])
            if refused.number == CONSENT:
                return self._ask("consent", [account], asked.scopes)
            raise
        return None

    def _code(self, sign_in: SignIn, account: Account) -> Granted:
        query = self._query
        code = self._grants.codes.issue(
            sign_in,
            redirect_uri=query["redirect_uri"],
            challenge=query.get("code_challenge", "") if query.get("code_challenge_method") == "S256" else "",
            nonce=query.get("nonce", ""),
        )
        return Granted(code, account)

    def _account(self, chosen: Mapping[str, str], remembered: Sequence[str]) -> Account | None:
        """The one chosen, or else the only one signed in that fits. Raises EntraError where no page may ask."""
        hint, prompt = self._query.get("login_hint", ""), self._query.get("prompt", "")
        offered = self._offered()
        if "account" in chosen:
            return next((each for each in offered if each.key == chosen["account"]), None)
        fits = [each for each in offered if each.key in remembered and (not hint or each.hinted(hint))]
        if len(fits) == 1 and prompt not in ("login", "select_account"):
            return fits[0]
        if prompt == "none":
            raise EntraError(NOT_SIGNED_IN)
        return None

    def _offered(self) -> list[Account]:
        everyone = [
            Account(f"{name}.{user}", tenant, tenant["users"][user])
            for name, tenant in self._tenants.items()
            for user in tenant["users"]
        ]
        hinted = [each for each in everyone if each.hinted(self._query.get("login_hint", ""))]
        return hinted or everyone

    def _ask(self, what: str, accounts: Sequence[Account], scopes: Sequence[str] = ()) -> Question:
        app = next(iter(self._tenants.values()))["apps"][self._client]
        return Question(what, app["displayName"], accounts, scopes)

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from shared.directory.caller import Caller
from shared.directory.directory import Directory
from shared.directory.identities import SCOPES
from tests.directory.fixtures import ALAN, API, CONTOSO, FABRIKAM, GRACE, SignedIn, token_for, upstream_error
from tests.emulator.client import Control
from tests.support import AUDIENCE

TEAMS = "https://auth.msft.communication.azure.com"
TEAMS_SCOPES = "Teams.ManageCalls Teams.ManageChats"
ENDLESS = jwt.encode(
    {"tid": CONTOSO, "oid": GRACE, "azp": API, "x": "x" * 20_000}, "a key of the test, and long enough"
)
UNKNOWN = f"8:acs:{AUDIENCE}_00000000-0000-4000-8000-000000000000"


def minutes_left(expires_on: datetime) -> float:
    return (expires_on - datetime.now(UTC)) / timedelta(minutes=1)


# -- Users of ACS ----------------------------------------------------------------------------------------------


async def test_an_acs_user_from_creation_to_deletion(directory: Directory) -> None:
    identities = directory.identities
    user = await identities.create()
    assert user.id.startswith(f"8:acs:{AUDIENCE}_")
    assert user.token is None
    first = await identities.issue(user.id, ["voip", "chat"], 60)
    assert minutes_left(first.expires_on) == pytest.approx(60, abs=1)
    second = await identities.issue(user.id, ["voip"])
    assert minutes_left(second.expires_on) == pytest.approx(24 * 60, abs=1)
    await identities.revoke(user.id)
    assert (await identities.issue(user.id, ["voip"])).token != first.token
    await identities.delete(user.id)
    error = await upstream_error(identities.issue(user.id, ["voip"]))
    assert (error.entry.source, error.entry.status) == ("ACS", 404)
    assert "Check the id" in error.entry.remedy


async def test_a_user_can_be_created_with_a_token(directory: Directory) -> None:
    user = await directory.identities.create(SCOPES, 1440)
    assert user.token
    assert minutes_left(user.token.expires_on) == pytest.approx(1440, abs=1)


async def test_a_token_has_the_requested_scopes(directory: Directory, control: Control) -> None:
    user = await directory.identities.create(["voip.join"])
    await directory.identities.issue(user.id, ["voip", "chat", "voip"])
    made, issued = await control.journal("acs.request")
    assert made["body"]["createTokenWithScopes"] == ["voip.join"]
    assert issued["body"]["scopes"] == ["chat", "voip"]


@pytest.mark.parametrize(
    ("scopes", "minutes"),
    [(["voip"], 59), (["voip"], 1441), (["voip", "admin"], 60), (["VOIP"], 60), ([], 59)],
)
async def test_invalid_scopes_and_lifetimes_are_refused_without_a_request(
    directory: Directory, control: Control, scopes: list[str], minutes: int
) -> None:
    assert (await upstream_error(directory.identities.create(scopes, minutes))).code == "NotValid"
    assert (await upstream_error(directory.identities.issue(UNKNOWN, scopes, minutes))).code == "NotValid"
    assert not await control.journal("acs.request")


@pytest.mark.parametrize(
    "id",
    [
        "",
        "../x",
        f"{UNKNOWN}/..",
        f"{UNKNOWN}?",
        "4:+15551234",
        f"8:orgid:{GRACE}",
        f"8:acs:{AUDIENCE}_{CONTOSO}_{GRACE}",
    ],
)
async def test_only_ids_of_acs_users_are_sent(directory: Directory, control: Control, id: str) -> None:
    identities = directory.identities
    for ask in (identities.issue(id, ["voip"]), identities.revoke(id), identities.delete(id)):
        assert (await upstream_error(ask)).code == "NotValid"
    assert not await control.journal("acs.request")


async def test_a_user_of_another_resource_is_not_found(directory: Directory) -> None:
    other = UNKNOWN.replace(AUDIENCE, CONTOSO)
    error = await upstream_error(directory.identities.issue(other, ["voip"]))
    assert (error.code, error.entry.status) == ("IdentityNotOwned", 404)


@pytest.mark.parametrize(("status", "answered"), [(401, 502), (403, 403), (429, 429), (500, 503), (503, 503)])
async def test_errors_of_acs_have_a_remedy(directory: Directory, control: Control, status: int, answered: int) -> None:
    operation = {"operation": "CommunicationIdentityCreate"}
    await control.fault(where="acs", match=operation, do="status", status=status, retry_after=60)
    async with asyncio.timeout(20):
        error = await upstream_error(directory.identities.create())
    assert (error.status, error.entry.status, error.retry_after) == (status, answered, 60)
    assert error.entry.remedy


# -- Teams users -----------------------------------------------------------------------------------------------


async def test_a_teams_user_gets_a_token_to_call_with(
    directory: Directory, signed_in: SignedIn, control: Control
) -> None:
    caller, entra = await signed_in("grace"), await token_for(control, "grace", audience=TEAMS, scopes=TEAMS_SCOPES)
    token = await directory.identities.teams_token(caller, entra)
    assert token.token
    assert token.expires_on > datetime.now(UTC)


@pytest.mark.parametrize(
    "other", [{"user": "alan"}, {"user": "felix", "tenant": "fabrikam"}], ids=["a colleague", "another tenant"]
)
async def test_a_token_of_another_user_is_not_sent(
    directory: Directory, signed_in: SignedIn, control: Control, other: dict[str, Any]
) -> None:
    entra = await token_for(control, **other, audience=TEAMS, scopes=TEAMS_SCOPES)
    error = await upstream_error(directory.identities.teams_token(await signed_in("grace"), entra))
    assert (error.code, error.entry.status) == ("OtherCaller", 403)
    assert not await control.journal("acs.request")


async def test_the_same_user_id_in_another_tenant_is_another_user(
    directory: Directory, signed_in: SignedIn, control: Control
) -> None:
    caller = await signed_in("grace")
    entra = await token_for(control, "grace", audience=TEAMS, scopes=TEAMS_SCOPES)
    guest = Caller("user", FABRIKAM, caller.id, caller.roles)
    assert (await upstream_error(directory.identities.teams_token(guest, entra))).code == "OtherCaller"


@pytest.mark.parametrize("token", ["", "no token", "a.b.c", "e30.e30.", "e30.W10.x", ENDLESS, "." * 50], ids=range(7))
async def test_a_malformed_token_is_not_sent(
    directory: Directory, signed_in: SignedIn, control: Control, token: str
) -> None:
    assert (await upstream_error(directory.identities.teams_token(await signed_in("grace"), token))).code == "NotValid"
    assert not await control.journal("acs.request")


async def test_a_token_for_another_resource_is_refused_by_acs(
    directory: Directory, signed_in: SignedIn, control: Control
) -> None:
    caller = await signed_in("grace")
    error = await upstream_error(directory.identities.teams_token(caller, await token_for(control, "grace")))
    assert (error.code, error.entry.status) == ("InvalidAccessToken", 400)
    assert "Teams.ManageCalls" in error.entry.remedy


@pytest.mark.parametrize("claim", ["appid", "azp"])  # of tokens of version 1, and of version 2
async def test_acs_gets_the_app_of_the_token_and_verifies_the_signature(
    directory: Directory, signed_in: SignedIn, control: Control, claim: str
) -> None:
    forged = jwt.encode({"tid": CONTOSO, "oid": GRACE, claim: API}, "a key that is long enough, of the test")
    error = await upstream_error(directory.identities.teams_token(await signed_in("grace"), forged))
    assert error.code == "InvalidAccessToken"
    (sent,) = await control.journal("acs.request", operation="CommunicationIdentityExchangeTeamsUserAccessToken")
    assert (sent["body"]["appId"], sent["body"]["userId"]) == (API, GRACE)


@pytest.mark.parametrize("kind", ["app", "key"])
async def test_only_users_have_a_teams_identity(directory: Directory, control: Control, kind: Any) -> None:
    entra = await token_for(control, "alan", audience=TEAMS, scopes=TEAMS_SCOPES)
    caller = Caller(kind, CONTOSO, ALAN, frozenset({"Administrator"}))
    assert (await upstream_error(directory.identities.teams_token(caller, entra))).code == "NeedsUser"


async def test_tokens_are_in_no_log_no_repr_and_no_error(
    directory: Directory, signed_in: SignedIn, control: Control, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caller, entra = await signed_in("grace"), await token_for(control, "grace", audience=TEAMS, scopes=TEAMS_SCOPES)
    user = await directory.identities.create(["voip"])
    teams = await directory.identities.teams_token(caller, entra)
    wrong = await token_for(control, "grace")
    error = await upstream_error(directory.identities.teams_token(caller, wrong))
    assert user.token
    texts = [caplog.text, repr(user), repr(teams), repr(caller), str(error), repr(error)]
    for secret in (user.token.token, teams.token, entra, wrong, caller.assertion):
        assert secret
        assert not any(secret in text or secret.rpartition(".")[2] in text for text in texts)
    assert error.__cause__ is None
    assert error.__suppress_context__

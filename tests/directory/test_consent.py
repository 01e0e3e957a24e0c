from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from shared.directory import acs_errors
from shared.directory.directory import Directory
from shared.directory.models import AccessAssignment
from tests.directory.fixtures import ALAN, CONTOSO, FABRIKAM, NEW_LINE, STRANGER, upstream_error
from tests.emulator.client import Control
from tests.parts import opened
from tests.support import Servers, hang

CLIENT, OTHER_CLIENT = "c11e0000-0000-4000-8000-000000000001", "c11e0000-0000-4000-8000-000000000002"
GRANT = {"operation": "CreateOrReplaceAssignment"}


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with Servers() as servers:
        yield servers


@asynccontextmanager
async def elsewhere(environment: dict[str, str], url: str) -> AsyncIterator[Directory]:
    """A directory whose ACS is at this URL."""
    async with opened(environment | {"ACS_ENDPOINT": url}) as parts:
        yield parts.directory


async def test_consent_for_a_resource_account_is_granted_read_and_revoked(directory: Directory) -> None:
    access, assignment = directory.consent, AccessAssignment(CONTOSO, NEW_LINE, "resourceAccount")
    assert await access.grant(CONTOSO, NEW_LINE, "resourceAccount") == (assignment, True)
    assert await access.grant(CONTOSO.upper(), NEW_LINE.upper(), "resourceAccount") == (assignment, False)
    assert await access.get(CONTOSO, NEW_LINE) == assignment
    await access.revoke(CONTOSO, NEW_LINE)
    for gone in (access.get(CONTOSO, NEW_LINE), access.revoke(CONTOSO, NEW_LINE)):
        error = await upstream_error(gone)
        assert (error.entry.source, error.entry.status) == ("ACS", 404)


async def test_consent_for_a_user_names_client_apps(directory: Directory) -> None:
    access = directory.consent
    first, new = await access.grant(CONTOSO, ALAN, "user", [CLIENT])
    assert (first, new) == (AccessAssignment(CONTOSO, ALAN, "user", (CLIENT,)), True)
    both, new = await access.grant(CONTOSO, ALAN, "user", [OTHER_CLIENT, CLIENT, CLIENT.upper()])
    assert (set(both.client_ids), new) == ({CLIENT, OTHER_CLIENT}, False)
    assert await access.get(CONTOSO, ALAN) == both


async def test_the_other_spelling_is_sent_when_acs_rejects_the_first(directory: Directory, control: Control) -> None:
    await control.fault(where="acs", match=GRANT, do="status", status=400, times=1)
    assignment, new = await directory.consent.grant(CONTOSO, NEW_LINE, "resourceAccount")
    assert (assignment.kind, new) == ("resourceAccount", True)
    assert await directory.consent.get(CONTOSO, NEW_LINE) == assignment


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_errors_of_acs_for_an_assignment_have_a_remedy(
    directory: Directory, control: Control, status: int
) -> None:
    await control.fault(where="acs", match=GRANT, do="status", status=status)
    error = await upstream_error(directory.consent.grant(CONTOSO, NEW_LINE, "resourceAccount"))
    assert (error.entry.source, error.status) == ("ACS", status)
    assert error.entry.remedy


async def test_assignments_of_one_tenant_are_not_those_of_another(directory: Directory) -> None:
    await directory.consent.grant(CONTOSO, ALAN, "user", [CLIENT])
    assert (await upstream_error(directory.consent.get(FABRIKAM, ALAN))).entry.status == 404


@pytest.mark.parametrize("tenant", [STRANGER, "", "..", f"{CONTOSO}/..", "common"])
async def test_a_tenant_that_is_not_configured_gets_no_consent(
    directory: Directory, control: Control, tenant: str
) -> None:
    access = directory.consent
    for ask in (access.get(tenant, ALAN), access.grant(tenant, ALAN, "user", [CLIENT]), access.revoke(tenant, ALAN)):
        assert (await upstream_error(ask)).code == "OtherTenant"
    assert not await control.journal("acs.request")


@pytest.mark.parametrize(
    ("object_id", "kind", "clients"),
    [
        ("", "user", [CLIENT]),
        ("../..", "user", [CLIENT]),
        (f"{ALAN}?x=", "user", [CLIENT]),
        (ALAN, "user", []),
        (ALAN, "user", ["everything"]),
        (NEW_LINE, "resourceAccount", [CLIENT]),
        (NEW_LINE, "group", []),
    ],
)
async def test_an_invalid_assignment_is_refused_without_a_request(
    directory: Directory, control: Control, object_id: str, kind: Any, clients: list[str]
) -> None:
    assert (await upstream_error(directory.consent.grant(CONTOSO, object_id, kind, clients))).code == "NotValid"
    assert not await control.journal("acs.request")


# -- ACS as it should not be -----------------------------------------------------------------------------------


async def test_an_unreachable_acs_is_reported(directory: Directory, control: Control) -> None:
    await control.fault(where="acs", do="drop")
    for ask in (directory.consent.get(CONTOSO, ALAN), directory.identities.create(["voip"])):
        error = await upstream_error(ask)
        assert (error.code, error.entry.status) == ("Unreachable", 503)


async def test_a_hanging_acs_is_reported(
    environment: dict[str, str], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acs_errors, "SECONDS", 0.3)
    async with elsewhere(environment, await servers.start(hang)) as directory:
        for ask in (directory.consent.get(CONTOSO, ALAN), directory.identities.create(["voip"])):
            error = await upstream_error(ask)
            assert (error.code, error.entry.status) == ("TimedOut", 504)


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"principalType": 5}', '{"identity": null}'])
async def test_an_unexpected_response_is_a_502(environment: dict[str, str], servers: Servers, body: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        status = 200 if request.method == "GET" else 201
        return web.Response(text=body, status=status, content_type="application/json")

    async with elsewhere(environment, await servers.start(answer)) as directory:
        for ask in (directory.consent.get(CONTOSO, ALAN), directory.identities.create(["voip"])):
            error = await upstream_error(ask)
            assert (error.code, error.entry.status) == ("UnexpectedResponse", 502)

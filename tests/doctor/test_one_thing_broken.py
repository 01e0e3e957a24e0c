"""One fault at a time: its check alone is wrong, with the remedy; the checks that need it are unseen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.storage.queue.aio import QueueClient

from local.stack import provision
from shared.doctor.report import Owner
from tests.doctor.conftest import ACCOUNT, CONTOSO, FABRIKAM, World, unseen, wrong
from tests.parts import opened
from tests.support import closed_port

OTHER = "99999999-9999-4999-8999-999999999999"
API = "a9100000-0000-4000-8000-0000000000a1"
SUBSCRIBE = "azd hooks run postdeploy"
WRONG_KEY = "d3Jvbmc="

Break = Callable[[World], Awaitable[Any]]
Settings = dict[str, str | None]


@dataclass
class Case:
    """``about`` and ``command`` are parts of the finding; ``unseen``: the checks that need the failing one."""

    check: str
    about: str
    command: str
    unseen: set[str] = field(default_factory=set)
    owner: Owner = Owner.AZURE
    settings: Settings = field(default_factory=dict)
    breaks: Break | None = None


def resubscribed(name: str, **changed: Any) -> Break:
    async def breaks(world: World) -> None:
        await world.subscribe(name, **changed)

    return breaks


async def without_subscription(world: World) -> None:
    await world.unsubscribe("call_connected")


async def without_queue(world: World) -> None:
    storage = world.stack.ports.storage()
    world.healing.append(lambda: provision(storage))
    async with QueueClient.from_connection_string(storage, "wakes") as queue:
        await queue.delete_queue()


async def with_a_web_site_for_acs(world: World) -> Settings:
    return {"ACS_ENDPOINT": await world.servers.start(404)}


async def served_by_another_server(world: World) -> Settings:
    return {"CALLBACK_BASE_URL": await world.servers.start(200)}


async def without_assignment(world: World) -> None:
    async with opened(world.healthy) as parts:
        await parts.directory.consent.revoke(CONTOSO, ACCOUNT)


def patched(**account: Any) -> Break:
    """Change the resource account in the directory."""

    async def breaks(world: World) -> None:
        change = {"tenants": {"contoso": {"resourceAccounts": {"support": account}}}}
        await world.control("PATCH", "directory", change)

    return breaks


async def without_consent(world: World) -> None:
    app: dict[str, Any] = {"application": []}
    await world.control("PATCH", "directory", {"tenants": {"contoso": {"apps": {API: app}}}})


ACS = {"acs-resource-id", "resource-accounts"}
STEPS = {"acs-link", "access-assignment", "number", "licence"}
CASES = {
    "a setting is missing": Case(
        "settings", "ACS_RESOURCE_ID", "immutableResourceId", ACS, settings={"ACS_RESOURCE_ID": None}
    ),
    "a setting is malformed": Case(
        "settings", "EVENTS_TOPIC_ENDPOINT", "--settings EVENTS_TOPIC_ENDPOINT=", {"topic"},
        settings={"EVENTS_TOPIC_ENDPOINT": "call-events"},
    ),
    "a choice is unknown": Case(
        "settings", "RECORDING_CHANNELS", "--setting-names RECORDING_CHANNELS",
        settings={"RECORDING_CHANNELS": "three"},
    ),
    "one of several accounts cannot be read": Case(
        "settings", "RESOURCE_ACCOUNTS", "", settings={"RESOURCE_ACCOUNTS": f"{ACCOUNT},support@contoso.com"}
    ),
    "the ACS key is wrong": Case(
        "acs", "ACS_ACCESS_KEY", "--settings ACS_ACCESS_KEY=", ACS, settings={"ACS_ACCESS_KEY": WRONG_KEY}
    ),
    "ACS is unreachable": Case(
        "acs", "ACS_ENDPOINT", "--settings ACS_ENDPOINT=", ACS, settings={"ACS_ENDPOINT": closed_port()}
    ),
    "the server at ACS_ENDPOINT is not ACS": Case("acs", "", "ACS_ENDPOINT", ACS, breaks=with_a_web_site_for_acs),
    "the ACS resource is another": Case(
        "acs-resource-id", "ACS_RESOURCE_ID", "az communication list", {"resource-accounts"},
        settings={"ACS_RESOURCE_ID": OTHER},
    ),
    "a table is missing": Case(
        "storage", "table nosuch", "az storage table create --name nosuch", settings={"CALLS_TABLE": "nosuch"}
    ),
    "the queue is missing": Case(
        "storage", "queue wakes", "az storage queue create --name wakes", breaks=without_queue
    ),
    "a container is missing": Case(
        "storage", "container nosuch", "az storage container create --name nosuch",
        settings={"QUARANTINE_CONTAINER": "nosuch"},
    ),
    "the recordings' own container is missing": Case(
        "storage", "container nosuch of RECORDING_CONTAINER_URL",
        "az storage container create --name nosuch --account-name elsewhere ",
        settings={"RECORDING_CONTAINER_URL": "https://elsewhere.blob.core.windows.net/nosuch"},
    ),
    "the topic's key is wrong": Case(
        "topic", "EVENTS_TOPIC_KEY", "--settings EVENTS_TOPIC_KEY=", settings={"EVENTS_TOPIC_KEY": WRONG_KEY}
    ),
    "a subscription is missing": Case("subscriptions", "call_connected", SUBSCRIBE, breaks=without_subscription),
    "incoming calls are tried too often": Case(
        "subscriptions", "incoming_call", SUBSCRIBE, breaks=resubscribed("incoming_call", max_attempts=30)
    ),
    "a subscription is another function's": Case(
        "subscriptions", "call_connected", SUBSCRIBE,
        breaks=resubscribed("call_connected", function="call_progressed"),
    ),
    "a subscription delivers another schema": Case(
        "subscriptions", "incoming_call", SUBSCRIBE, breaks=resubscribed("incoming_call", schema="eventgrid")
    ),
    "a subscription is for other events": Case(
        "subscriptions", "incoming_call", SUBSCRIBE, breaks=resubscribed("incoming_call", event_types=["Other"])
    ),
    "there is no dead-letter destination": Case(
        "subscriptions", "recording_file_ready", SUBSCRIBE,
        breaks=resubscribed("recording_file_ready", dead_letter=False),
    ),
    "nothing listens at the callback URL": Case(
        "callback-url", "", "--settings CALLBACK_BASE_URL=", settings={"CALLBACK_BASE_URL": closed_port()}
    ),
    "unsigned callbacks are accepted": Case(
        "callback-url", "", "--settings CALLBACK_BASE_URL=", breaks=served_by_another_server
    ),
    "the signing keys are unreachable": Case(
        "signing-keys", "", "CALLBACK_TOKEN_KEYS_URL", settings={"CALLBACK_TOKEN_KEYS_URL": closed_port()}
    ),
    "the client's secret is wrong": Case(
        "sign-in", CONTOSO, "--settings API_CLIENT_SECRET=", {"subscriptions", "graph", "resource-accounts"},
        settings={"API_CLIENT_SECRET": "wrong"},
    ),
    "one of several tenants is unknown": Case(
        "sign-in", OTHER, f'--settings API_TENANTS="{CONTOSO},{FABRIKAM}"', {"graph"},
        settings={"API_TENANTS": f"{CONTOSO},{OTHER},{FABRIKAM}"},
    ),
    "the home tenant is unknown": Case(
        "sign-in", OTHER, f'--settings API_TENANTS="$(az account show --query tenantId --output tsv),{CONTOSO}"',
        {"graph", "subscriptions"}, settings={"API_TENANTS": f"{OTHER},{CONTOSO}"},
    ),
    "a tenant is named by its domain": Case(
        "settings", "API_TENANTS", "", {"sign-in", "graph", "resource-accounts", "subscriptions"},
        settings={"API_TENANTS": f"{CONTOSO},fabrikam.com"},
    ),
    "there is no consent to Graph": Case(
        "graph", CONTOSO, f"az ad app permission admin-consent --id {API}", {"resource-accounts", *STEPS}, Owner.TEAMS,
        breaks=without_consent,
    ),
    "the resource account does not exist": Case(
        "resource-accounts", OTHER, "New-CsOnlineApplicationInstance ", STEPS, Owner.TEAMS,
        settings={"RESOURCE_ACCOUNTS": OTHER},
    ),
    "the resource account is linked to another ACS resource": Case(
        "acs-link", ACCOUNT, f"Set-CsOnlineApplicationInstance -Identity {ACCOUNT} -App", set(), Owner.TEAMS,
        breaks=patched(acsResourceId=OTHER),
    ),
    "the resource account is not linked": Case(
        "acs-link", ACCOUNT, f"Sync-CsOnlineApplicationInstance -ObjectId {ACCOUNT}", set(), Owner.TEAMS,
        breaks=patched(acsResourceId=None),
    ),
    "there is no access assignment": Case(
        "access-assignment", ACCOUNT, f"/v1/tenants/{CONTOSO}/access-assignments/{ACCOUNT}", breaks=without_assignment
    ),
    "the resource account has no number": Case(
        "number", ACCOUNT, f"Set-CsPhoneNumberAssignment -Identity {ACCOUNT}", set(), Owner.TEAMS,
        breaks=patched(phoneNumber=None),
    ),
    "the resource account has no licence": Case(
        "licence", ACCOUNT, f"Set-MgUserLicense -UserId {ACCOUNT}", set(), Owner.TEAMS, breaks=patched(licenses=[])
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_only_the_failing_check_is_wrong(world: World, name: str) -> None:
    case = CASES[name]
    changed = (case.breaks and await case.breaks(world)) or {}
    report = await world.diagnose(**(case.settings | changed))
    found = wrong(report)
    assert {each.check for each in found} == {case.check}, found
    assert not report.healthy
    assert case.about in found[0].about
    assert case.command in found[0].command
    assert case.command or not found[0].command
    assert found[0].remedy
    assert found[0].owner is case.owner
    assert unseen(report) == case.unseen

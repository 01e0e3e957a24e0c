"""One thing is broken at a time: that link alone is wrong, with what mends it; what stands on it can't be seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.storage.queue.aio import QueueClient

from local.stack import provision
from shared.doctor.report import Who
from tests.doctor.conftest import ACCOUNT, CONTOSO, FABRIKAM, World, unseen, wrong
from tests.parts import parts_of
from tests.support import closed_port

OTHER = "99999999-9999-4999-8999-999999999999"
API = "a9100000-0000-4000-8000-0000000000a1"
SUBSCRIBE = "azd hooks run postdeploy"
WRONG_KEY = "d3Jvbmc="

Break = Callable[[World], Awaitable[Any]]
Settings = dict[str, str | None]


@dataclass
class Case:
    """``about`` and ``command`` are parts of the finding; ``unseen``, the links that stand on the broken one."""

    link: str
    about: str
    command: str
    unseen: set[str] = field(default_factory=set)
    who: Who = Who.AZURE
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


async def served_by_somebody_else(world: World) -> Settings:
    return {"CALLBACK_BASE_URL": await world.servers.start(200)}


async def without_assignment(world: World) -> None:
    app = parts_of(world.healthy)
    await app.directory.consent.revoke(CONTOSO, ACCOUNT)
    await app.close()


def patched(**account: Any) -> Break:
    """The resource account is otherwise in the directory."""

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
    "a choice is none of those there are": Case(
        "settings", "RECORDING_CHANNELS", "--setting-names RECORDING_CHANNELS",
        settings={"RECORDING_CHANNELS": "three"},
    ),
    "one of several accounts cannot be read": Case(
        "settings", "RESOURCE_ACCOUNTS", "", settings={"RESOURCE_ACCOUNTS": f"{ACCOUNT},support@contoso.com"}
    ),
    "the ACS key is wrong": Case(
        "acs", "ACS_ACCESS_KEY", "--settings ACS_ACCESS_KEY=", ACS, settings={"ACS_ACCESS_KEY": WRONG_KEY}
    ),
    "ACS is not reached": Case(
        "acs", "ACS_ENDPOINT", "--settings ACS_ENDPOINT=", ACS, settings={"ACS_ENDPOINT": closed_port()}
    ),
    "what answers for ACS has no such page": Case("acs", "", "ACS_ENDPOINT", ACS, breaks=with_a_web_site_for_acs),
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
    "dead letters are not kept": Case(
        "subscriptions", "recording_file_ready", SUBSCRIBE,
        breaks=resubscribed("recording_file_ready", dead_letter=False),
    ),
    "nobody serves the callback URL": Case(
        "callback-url", "", "--settings CALLBACK_BASE_URL=", settings={"CALLBACK_BASE_URL": closed_port()}
    ),
    "somebody takes unsigned callbacks": Case(
        "callback-url", "", "--settings CALLBACK_BASE_URL=", breaks=served_by_somebody_else
    ),
    "the signing keys are not reached": Case(
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
    "our own tenant is unknown": Case(
        "sign-in", OTHER, f'--settings API_TENANTS="$(az account show --query tenantId --output tsv),{CONTOSO}"',
        {"graph", "subscriptions"}, settings={"API_TENANTS": f"{OTHER},{CONTOSO}"},
    ),
    "a tenant is named by its domain": Case(
        "settings", "API_TENANTS", "", {"sign-in", "graph", "resource-accounts", "subscriptions"},
        settings={"API_TENANTS": f"{CONTOSO},fabrikam.com"},
    ),
    "nobody consented to Graph": Case(
        "graph", CONTOSO, f"az ad app permission admin-consent --id {API}", {"resource-accounts", *STEPS}, Who.TEAMS,
        breaks=without_consent,
    ),
    "the resource account is unknown": Case(
        "resource-accounts", OTHER, "New-CsOnlineApplicationInstance ", STEPS, Who.TEAMS,
        settings={"RESOURCE_ACCOUNTS": OTHER},
    ),
    "the resource account is linked to another ACS resource": Case(
        "acs-link", ACCOUNT, f"Set-CsOnlineApplicationInstance -Identity {ACCOUNT} -App", set(), Who.TEAMS,
        breaks=patched(acsResourceId=OTHER),
    ),
    "the resource account is not linked": Case(
        "acs-link", ACCOUNT, f"Sync-CsOnlineApplicationInstance -ObjectId {ACCOUNT}", set(), Who.TEAMS,
        breaks=patched(acsResourceId=None),
    ),
    "nobody granted the access assignment": Case(
        "access-assignment", ACCOUNT, f"/v1/tenants/{CONTOSO}/access-assignments/{ACCOUNT}", breaks=without_assignment
    ),
    "the resource account has no number": Case(
        "number", ACCOUNT, f"Set-CsPhoneNumberAssignment -Identity {ACCOUNT}", set(), Who.TEAMS,
        breaks=patched(phoneNumber=None),
    ),
    "the resource account has no licence": Case(
        "licence", ACCOUNT, f"Set-MgUserLicense -UserId {ACCOUNT}", set(), Who.TEAMS, breaks=patched(licenses=[])
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_that_link_alone_is_named(world: World, name: str) -> None:
    case = CASES[name]
    changed = (case.breaks and await case.breaks(world)) or {}
    report = await world.diagnose(**(case.settings | changed))
    found = wrong(report)
    assert {each.link for each in found} == {case.link}, found
    assert not report.healthy
    assert case.about in found[0].about
    assert case.command in found[0].command
    assert case.command or not found[0].command
    assert found[0].remedy
    assert found[0].who is case.who
    assert unseen(report) == case.unseen

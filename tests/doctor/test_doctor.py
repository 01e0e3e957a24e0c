"""The doctor on a healthy platform, on behalf of callers, and as a command."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from local.stack import LOCAL, ROOT
from shared.directory.caller import Caller
from shared.doctor import checks, teams
from shared.doctor.topic import PROBE
from tests.doctor.conftest import ACCOUNT, CONTOSO, FABRIKAM, World, unseen, wrong
from tests.infra.powershell import Script
from tests.parts import opened
from tests.support import closed_port, hang

FRONT_DESK = "11111111-1111-4111-8111-111111111121"  # fabrikam's


async def test_on_a_healthy_platform_all_is_fine(world: World) -> None:
    report = await world.diagnose()
    assert report.healthy
    assert {each.status for each in report.findings} == {"fine"}, [f for f in report.findings if f.status != "fine"]
    assert {each.about for each in report.findings if each.check in {"sign-in", "graph"}} == {CONTOSO, FABRIKAM}
    subscribed = {each["function"] for each in LOCAL["subscriptions"]}
    assert {each.about for each in report.findings if each.check == "subscriptions"} == subscribed - {"client_call"}


async def test_calls_between_clients_need_a_subscription_if_they_are_wanted(world: World) -> None:
    report = await world.diagnose(CLIENT_CALLS="on")
    (found,) = [each for each in report.findings if each.about == "client_call"]
    assert (found.check, found.status) == ("subscriptions", "fine")


async def stored(world: World) -> dict[str, Any]:
    """All rows, blobs and messages."""
    storage = world.stack.ports.storage()
    found: dict[str, Any] = {}
    async with TableServiceClient.from_connection_string(storage) as tables:
        async for table in tables.list_tables():
            found[table.name] = [dict(each) async for each in tables.get_table_client(table.name).list_entities()]
    async with BlobServiceClient.from_connection_string(storage) as blobs:
        async for container in blobs.list_containers():
            client = blobs.get_container_client(container.name)
            found[container.name] = [name async for name in client.list_blob_names()]
    async with (
        QueueServiceClient.from_connection_string(storage) as queues,
        queues.get_queue_client("wakes") as wakes,
    ):
        found["wakes"] = (await wakes.get_queue_properties()).approximate_message_count
    return found


async def test_nothing_is_changed_permanently(world: World) -> None:
    before = await stored(world)
    report = await world.diagnose()
    while not (await world.control("GET", "idle"))["idle"]:  # noqa: ASYNC110  # it is asked over HTTP
        await asyncio.sleep(0.01)
    assert report.healthy
    assert await stored(world) == before
    journal = (await world.control("GET", "journal"))["entries"]
    published = [each["event"]["type"] for each in journal if each["kind"] == "event"]
    assert published == [PROBE]
    assert not [each for each in journal if each["kind"].startswith("eventgrid.deliver")]
    operations = [each.get("operation") for each in journal]
    assert [operations.count(f"CommunicationIdentity{what}") for what in ("Create", "Delete")] == [1, 1]


async def test_an_administrator_sees_their_own_tenant(world: World) -> None:
    """Graph is asked on behalf of the caller. What a person may not see there is unseen, not wrong."""
    report = await world.diagnose(await caller(world, "contoso", "ada"))
    assert report.healthy
    assert {each.about for each in report.findings if each.check in {"sign-in", "graph"}} == {CONTOSO}
    assert unseen(report) == {"licence"}


async def caller(world: World, tenant: str, user: str) -> Caller:
    token = (await world.control("POST", "entra/tokens", {"tenant": tenant, "user": user}))["token"]
    async with opened(world.healthy) as parts:
        return await parts.directory.token_validator.validate(f"Bearer {token}")


async def test_a_customers_administrator_sees_only_accounts_of_their_tenant(world: World) -> None:
    fred = await caller(world, "fabrikam", "fred")
    others = "99999999-9999-4999-8999-999999999999"
    report = await world.diagnose(fred, RESOURCE_ACCOUNTS=f"{ACCOUNT},{FRONT_DESK},{others}")
    assert {each.about for each in report.findings} == {FABRIKAM, FRONT_DESK}
    report = await world.diagnose(fred, RESOURCE_ACCOUNTS=f"{ACCOUNT},{others}")
    assert [(each.check, each.about) for each in report.findings][2:] == [("resource-accounts", FABRIKAM)]
    assert unseen(report) == {"resource-accounts"}


async def test_for_a_customer_no_internal_check_runs(world: World) -> None:
    def refused() -> int:
        return (world.stack.logs / "host.log").read_text().count("callback refused")

    before = refused()
    report = await world.diagnose(await caller(world, "fabrikam", "fred"), RESOURCE_ACCOUNTS="linked")
    assert report.healthy
    journal = (await world.control("GET", "journal"))["entries"]
    assert not [each for each in journal if each["kind"] == "event"], "the probe of the topic"
    assert refused() == before


async def test_a_tenant_without_lines_is_reported(world: World) -> None:
    """As wrong to its own administrator; as unseen to the home tenant's, while another tenant has lines."""
    unlinked = {"resourceAccounts": {"front-desk": {"acsResourceId": None}}}
    await world.control("PATCH", "directory", {"tenants": {"fabrikam": unlinked}})
    report = await world.diagnose(await caller(world, "fabrikam", "fred"), RESOURCE_ACCOUNTS="linked")
    assert [(each.check, each.about) for each in wrong(report)] == [("resource-accounts", FABRIKAM)]
    report = await world.diagnose(RESOURCE_ACCOUNTS="linked")
    found = [each for each in report.findings if each.check == "resource-accounts" and each.about == FABRIKAM]
    assert [each.status for each in found] == ["unseen"]
    lines = {name: {"acsResourceId": None} for name in ("support", "sales")}
    await world.control("PATCH", "directory", {"tenants": {"contoso": {"resourceAccounts": lines}}})
    report = await world.diagnose(RESOURCE_ACCOUNTS="linked")
    assert {(each.check, each.about) for each in wrong(report)} == {
        ("resource-accounts", CONTOSO),
        ("resource-accounts", FABRIKAM),
    }


async def test_commands_contain_only_valid_ids(world: World) -> None:
    """Responses of Graph are not trusted: commands are pasted into a shell."""
    evil = {"resourceAccounts": {"support": {"appId": "x; Remove-MgUser -UserId y", "acsResourceId": None}}}
    await world.control("PATCH", "directory", {"tenants": {"contoso": evil}})
    report = await world.diagnose()
    assert "Remove-MgUser" not in str(report)
    assert "resource-accounts" in unseen(report)


async def test_without_a_list_all_linked_accounts_are_checked(world: World) -> None:
    report = await world.diagnose(RESOURCE_ACCOUNTS="linked")
    checked = {each.about for each in report.findings if each.check == "number"}
    assert checked == {ACCOUNT, "11111111-1111-4111-8111-111111111112", "11111111-1111-4111-8111-111111111121"}
    assert {each.about for each in wrong(report) if each.check == "number"} == {"11111111-1111-4111-8111-111111111112"}


async def test_a_missing_permission_is_unseen_not_wrong(world: World) -> None:
    """Owner may not read subscriptions can't say that something is wrong with them."""
    await world.control("POST", "faults", {"where": "arm", "do": "status", "status": 403})
    report = await world.diagnose()
    assert report.healthy
    assert unseen(report) == {"subscriptions"}
    roles = [each.command for each in report.findings if each.check == "subscriptions"]
    assert [role in found for role, found in zip(('"Reader"', "EventSubscription Reader"), roles, strict=True)] == [
        True
    ] * 2


async def test_a_misconfigured_app_is_reported_by_the_check_of_the_settings_alone(world: World) -> None:
    """One fault is one finding."""

    async def misconfigured(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return web.Response(status=401)
        return web.json_response({"status": "misconfigured", "settings": ["RECORDING"]}, status=503)

    report = await world.diagnose(CALLBACK_BASE_URL=await world.servers.start(misconfigured), RECORDING="yes")
    assert {each.check for each in wrong(report)} == {"settings"}
    (finding,) = wrong(report)
    assert finding.remedy.endswith("Until then the default holds.")


async def test_a_hanging_server_is_given_up_in_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", tuple(check._replace(seconds=check.seconds / 5) for check in checks.CHECKS))
    slow = await world.servers.start(hang)
    began = time.monotonic()
    report = await world.diagnose(CALLBACK_BASE_URL=slow)
    assert time.monotonic() - began < 2
    assert {each.check for each in wrong(report)} == {"callback-url"}


async def test_the_command(world: World) -> None:
    """Exit status and JSON, for a healthy and a broken platform."""
    environment = os.environ | world.healthy
    healthy, broken = await asyncio.gather(
        command(environment, "--json"), command(environment | {"CALLS_TABLE": "nosuch"})
    )
    found = json.loads(healthy[1])
    assert [each for each in found["findings"] if each["status"] == "wrong"] == []
    assert healthy[0] == 0
    assert broken[0] == 1
    assert "✗ storage            table nosuch: it does not exist" in broken[1]
    assert "$ az storage table create --name nosuch" in broken[1]


def recipe(target: str) -> str:
    command = ["make", "--no-print-directory", "-n", target, "JSON=yes"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603


async def test_make_doctor_prints_the_report_of_the_running_app(world: World) -> None:
    """The same question, the same answer: as the diagnosis route of the app, whatever its settings are."""
    printed = recipe("doctor").rpartition("-m shared.doctor ")[2]
    arguments = printed.replace("http://127.0.0.1:7071", world.stack.host_url)
    status, printed = await command(dict(os.environ), *arguments.split())
    async with world.http.get(
        f"{world.stack.host_url}/api/keyed/v1/diagnosis", headers={"x-functions-key": "any"}
    ) as got:
        route = await got.json()
    found = json.loads(printed)
    assert [(f["check"], f["about"], f["status"]) for f in found["findings"]] == [
        (f["check"], f["about"], f["status"]) for f in route["findings"]
    ]
    assert status == (0 if route["healthy"] else 1)


async def test_an_app_that_does_not_respond_is_reported() -> None:
    status, printed = await command(dict(os.environ), "--api", closed_port())
    assert status == 2
    assert printed.startswith("no report from http://")


@pytest.mark.parametrize("values", ["[]", '"x"', "null", '{"A": 1}x', "5"])
async def test_a_file_without_settings_is_reported(tmp_path: Path, values: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(f'{{"Values": {values}}}')
    status, found = await command(dict(os.environ), "--settings", str(path))
    assert status == 2
    assert found.startswith(f"no settings can be read from {path}: ")
    assert found.count("\n") == 1


async def command(environment: dict[str, str], *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shared.doctor", *arguments,
        env=environment, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    found, _ = await process.communicate()
    return process.returncode, found.decode()


CMDLETS = json.loads((ROOT / "tests/infra/cmdlets.json").read_text())["cmdlets"]
COMMANDS = (
    teams.create(),
    teams.link(ACCOUNT, "", ACCOUNT),
    teams.number(ACCOUNT),
    teams.licence(ACCOUNT),
    teams.see_licence(ACCOUNT),
)


@pytest.mark.parametrize("pasted", COMMANDS, ids=lambda pasted: pasted.partition(" ")[0])
def test_cmdlets_are_as_documented(pasted: str) -> None:
    """The doctor's cmdlets parse as PowerShell, and their parameters are documented."""
    script = Script("pasted", pasted)
    assert not script.errors
    called = [each for each in script.commands if each.name != "Read-Host"]
    assert called
    for each in called:
        known = CMDLETS[each.name]
        assert set(each.given) <= set(known["parameters"]), each.name
        assert set(known["mandatory"]) <= set(each.given), each.name

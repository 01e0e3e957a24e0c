"""The infrastructure, checked without a compiler; and mutations that the checks find."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from local.stack import ROOT
from shared.platform.settings.setting import SetBy
from shared.platform.settings.table import TABLE
from tests.infra.checks import CHECKS
from tests.infra.project import Infra
from tests.infra.security import check_settings

DEPLOYED = {name for name, each in TABLE.items() if each.set_by in {SetBy.OPERATOR, SetBy.DEPLOYMENT}}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_infrastructure(check: Callable[[Infra], list[str]]) -> None:
    assert check(Infra(ROOT)) == []


def test_the_settings_that_are_deployed_are_those_that_the_code_reads() -> None:
    assert check_settings(Infra(ROOT), DEPLOYED) == []


# -- Mutations -----------------------------------------------------------------------------------------------

FUNCTION, MAIN = "infra/modules/function.bicep", "infra/main.bicep"
TOPIC, CALLS = "infra/modules/topic-subscriptions.bicep", "infra/modules/call-storage.bicep"
MUTATIONS = {
    "a function's name is wrong": (
        "infra/local.json", '"function": "call_connected"', '"function": "call_conected"',
        "there is no function call_conected",
    ),
    "a function has no subscription": (
        "function_app.py", "async def call_progressed(", "async def call_over(",
        "nothing is subscribed for call_over",
    ),
    "the ready function's name is wrong": (
        FUNCTION, "'function:incoming_call'", "'function:incomingCall'",
        "always-ready instances of incomingCall, which is no function",
    ),
    "no instance is ready for incoming calls": (
        MAIN, "param alwaysReadyIncomingCall int = 1", "param alwaysReadyIncomingCall int = 0",
        "no instance is always ready for incoming_call",
    ),
    "a setting is missing": (
        MAIN, "      ACS_RESOURCE_ID: communication.outputs.immutableId\n", "", "ACS_RESOURCE_ID is read by the code",
    ),
    "a chosen setting is not handed on": (
        "infra/main.parameters.json", '        "RECORDING": "${RECORDING}",\n', "", "RECORDING is read by the code",
    ),
    "chosen settings are not handed on": (MAIN, "union(appSettings, {", "union({}, {", "the chosen settings are lost"),
    "a setting is misspelt": (
        MAIN, "      EVENTS_TOPIC_ID: topic", "      EVENT_TOPIC_ID: topic", "EVENT_TOPIC_ID is set",
    ),
    "a setting is a key": (
        MAIN, "EVENTS_TOPIC_ENDPOINT: topic.outputs.endpoint",
        "EVENTS_TOPIC_ENDPOINT: topic.outputs.endpoint\n      EVENTS_TOPIC_KEY: 'key'", "EVENTS_TOPIC_KEY is set, and",
    ),
    "the identity of a connection is missing": (
        FUNCTION, "  CALL_STORAGE__credential: 'managedidentity'\n", "", "CALL_STORAGE__credential is missing",
    ),
    "a subscription has no dead letters, locally": (
        "infra/local.json", '"max_attempts": 2,', '"max_attempts": 2, "dead_letter": false,', "has no dead letters",
    ),
    "subscriptions have no dead letters": (
        TOPIC, "deadLetterWithResourceIdentity: {", "deadLetterNothing: {", "deadLetterWithResourceIdentity",
    ),
    "dead letters are written without identity": (
        TOPIC, "identity: { type: 'SystemAssigned' }", "identity: { type: 'UserAssigned' }", "deadLetterWithResource",
    ),
    "a subscription has the default retries": (
        "infra/local.json", '"max_attempts": 2,\n      "ttl_minutes": 1', '"name": "incoming_call"',
        "incoming_call has no retry policy of its own",
    ),
    "incoming calls are tried for a day": (
        "infra/local.json", '"max_attempts": 2,\n      "ttl_minutes": 1', '"max_attempts": 30, "ttl_minutes": 1440',
        "incoming_call is tried 30 times in 1440 minutes",
    ),
    "subscriptions have the default retries": (TOPIC, "      retryPolicy: {", "      retries: {", "retryPolicy"),
    "a retry policy falls back on a default": (
        TOPIC, "maxDeliveryAttempts: each.max_attempts", "maxDeliveryAttempts: each.?max_attempts ?? 30",
        "retryPolicy.maxDeliveryAttempts",
    ),
    "events come in another schema": (TOPIC, "'CloudEventSchemaV1_0'", "'EventGridSchema'", "eventDeliverySchema"),
    "two functions get the same event": (
        "infra/local.json", '"event_types": ["Microsoft.Communication.CallConnected"]',
        '"event_types": ["Microsoft.Communication.RecordingStateChanged"]', "another function gets as well",
    ),
    "an event comes to the function for all others as well": (
        "infra/local.json", '        "Microsoft.Communication.CallConnected",\n', "", "exactly what no other function",
    ),
    "events for other applications wake the function for all others": (
        "infra/local.json", '["Microsoft.Communication.", "TeamsPhone.Media."]', '["Microsoft.Communication.", "T"]',
        "exactly what no other function",
    ),
    "a role is for one more topic": (
        "infra/modules/topic.bicep", "var eventGridEventSubscriptionReader = '2414bbcf-6497-4faf-8c65-045460748405'",
        "var eventGridEventSubscriptionReader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'", "Reader is too much for",
    ),
    "a role is too wide": (
        CALLS, "var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'",
        "var storageTableDataContributor = 'b24988ac-6180-42a0-ab88-20f7382dd24c'",  # Contributor
        "a role that is not in the table is too much",
    ),
    "a role's name is another's": (
        CALLS, "var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'",
        "var storageBlobDataContributor = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'",  # Storage Blob Data Owner
        "Storage Blob Data Owner is too much",
    ),
    "a role's scope is too wide": (CALLS, "  scope: storage::tables::calls\n", "  scope: storage\n", "is too much for"),
    "a role has no reason": (CALLS, "// Role: the app archives recordings.\n", "", "no comment gives the reason"),
    "a key is an output": (
        CALLS, "output id string = storage.id", "output id string = storage.listKeys().keys[0].value", "uses listKeys",
    ),
    "a secret is an output": (
        "infra/modules/monitoring.bicep", "output workspaceId string = workspace.id",
        "output workspaceId string = workspace.id\noutput all string = insights.properties.ConnectionString",
        "output all looks like a secret",
    ),
    "storage takes keys": (CALLS, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "allowSharedKeyAccess"),
    "passwords open the deployment": (FUNCTION, "allow: false", "allow: true", "allow of no"),
    "a property that Flex Consumption refuses is set": (
        FUNCTION, "      http20Enabled: true\n", "      ftpsState: 'Disabled'\n",
        "Flex Consumption refuses siteConfig.ftpsState",
    ),
    "a property is set that may not be accepted": (
        FUNCTION, "      http20Enabled: true\n", "      numberOfWorkers: 2\n",
        "no known deployment sets siteConfig.numberOfWorkers",
    ),
    "an app setting that Flex Consumption refuses is set": (
        FUNCTION, "  AZURE_CLIENT_ID: identityClientId\n",
        "  AZURE_CLIENT_ID: identityClientId\n  FUNCTIONS_WORKER_RUNTIME: 'python'\n",
        "Flex Consumption refuses the app setting FUNCTIONS_WORKER_RUNTIME",
    ),
    "the worker's packages come first": (
        FUNCTION, "  PYTHON_ISOLATE_WORKER_DEPENDENCIES: '1'\n", "",
        "the worker's azure-functions comes before the app's",
    ),
    "a deployment is named after a topic of any name": (
        "infra/subscriptions.bicep", "'acs-subscriptions-${uniqueString(systemTopicName, functionAppName)}'",
        "'subscriptions-of-${systemTopicName}'", "the name of fromCommunication can exceed 64 characters",
    ),
    "a storage account's name grows with the environment's": (
        MAIN, "var callStorageName = 'stcalls${token}'", "var callStorageName = 'stcalls${environmentName}'",
        "the name of storage can exceed 24 characters",
    ),
    "http is allowed": (FUNCTION, "httpsOnly: true", "httpsOnly: false", "httpsOnly"),
    "a file is no Bicep": (FUNCTION, "param name string\n", "param name = = string\n", "cannot be parsed"),
    "a name is misspelt": (FUNCTION, "serverFarmId: plan.id", "serverFarmId: plann.id", "plann is not declared"),
    "a function of Bicep is misspelt": (FUNCTION, "union(settings", "unoin(settings", "there is no function unoin"),
    "a parameter is not given": (
        MAIN, "    httpConcurrency: httpConcurrency\n", "", "module app: httpConcurrency is missing",
    ),
    "a parameter is given that is not taken": (
        MAIN, "    httpConcurrency: httpConcurrency\n", "    concurrency: httpConcurrency\n", "takes no concurrency",
    ),
    "an output that does not exist is read": (
        MAIN, "topic.outputs.endpoint", "topic.outputs.endPoint", "topic.bicep has no output endPoint",
    ),
    "a module does not exist": (MAIN, "'modules/topic.bicep'", "'modules/topics.bicep'", "there is no modules/topics"),
    "a parameter cannot be set": (
        "infra/main.parameters.json", '    "speech": { "value": "${SPEECH=false}" },\n', "", "speech cannot be set",
    ),
    "azd and Bicep have other defaults": (
        "infra/main.parameters.json", "${SPEECH=false}", "${SPEECH=true}", "speech is 'true' by default",
    ),
    "the hook reads a missing output": (
        MAIN, "output EVENTS_TOPIC_NAME string", "output TOPIC_NAME string", "EVENTS_TOPIC_NAME is no output",
    ),
    "a container is not created": (CALLS, "names.containers[2]", "names.containers[1]", "not all containers"),
    "old versions of recordings are kept": (
        CALLS, "      containerDeleteRetentionPolicy:",
        "      isVersioningEnabled: immutableDays > 0\n      containerDeleteRetentionPolicy:", "never deleted",
    ),
    "a table is not created": (CALLS, "names.tables[1]", "names.tables[0]", "not all tables"),
    "the word linked is treated as an account": (
        "infra/subscriptions.bicep", "== 'linked' ? ''", "== 'linked' ? resourceAccounts",
        "the word linked as an account",
    ),
    "a query does not exist": (
        "infra/modules/alerts.bicep", "queries/alert-lost.kql", "queries/alert-gone.kql", "alert-gone.kql to load",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MUTATIONS)
def test_a_mutation_is_found(what: str, tmp_path: Path) -> None:
    name, old, new, expected = MUTATIONS[what]
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    shutil.copy(ROOT / "function_app.py", tmp_path)
    source = (tmp_path / name).read_text()
    assert old in source, "the mutation does not apply"
    (tmp_path / name).write_text(source.replace(old, new, 1))
    infra = Infra(tmp_path)
    problems = check_syntax_first(infra) or [
        *(problem for check in CHECKS for problem in check(infra)),
        *check_settings(infra, DEPLOYED),
    ]
    assert any(expected in problem for problem in problems), problems


def check_syntax_first(infra: Infra) -> list[str]:
    """Files that cannot be parsed cannot be checked further."""
    return CHECKS[0](infra)


# -- The hook ------------------------------------------------------------------------------------------------

OUTPUTS = {
    "FUNCTION_APP_NAME": "func-x",
    "FUNCTION_APP_HOST": "func-x.azurewebsites.net",
    "AZURE_RESOURCE_GROUP": "rg-x",
    "EVENTS_TOPIC_NAME": "evgt-x",
    "ACS_SYSTEM_TOPIC_NAME": "evgst-x",
    "ACS_RESOURCE_GROUP": "rg-acs",
    "CALL_STORAGE_NAME": "stx",
    "DEADLETTERS_CONTAINER": "deadletters",
}


# What ``az functionapp function list --query '[].name' --output tsv`` prints.
LISTED = f"printf 'func-x/%s\\r\\n' {' '.join(sorted(Infra(ROOT).event_functions))} health api"


class Hook:
    """``postdeploy.sh`` with scripted ``az`` and ``curl``, which record their arguments."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.script("az", LISTED)
        self.script("curl", "exit 0")

    def script(self, tool: str, does: str) -> None:
        path = self._folder / tool
        path.write_text(f'#!/bin/sh\necho "{tool} $*" >> "{self._folder}/requests"\n{does}\n')
        path.chmod(0o755)

    def run(self, **changed: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self._folder}:/usr/bin:/bin", "HEALTH_SECONDS": "1", "HEALTH_PAUSE": "1"}
        script = str(ROOT / "infra/hooks/postdeploy.sh")
        return subprocess.run(  # noqa: S603
            ["/bin/sh", script], env=environment | OUTPUTS | changed, capture_output=True, text=True, check=False
        )

    @property
    def requests(self) -> list[str]:
        path = self._folder / "requests"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def hook(tmp_path: Path) -> Hook:
    return Hook(tmp_path)


@pytest.mark.parametrize("function", sorted(Infra(ROOT).event_functions))
def test_the_hook_names_a_function_that_azure_does_not_list(hook: Hook, function: str) -> None:
    hook.script("az", LISTED.replace(f" {function}", ""))
    done = hook.run(HEALTH_SECONDS="0")
    assert done.returncode == 1
    assert f"{function} is missing" in done.stderr
    assert not any("deployment" in line for line in hook.requests)


def test_the_hook_waits_for_health_and_for_each_function_and_subscribes(hook: Hook) -> None:
    done = hook.run(RESOURCE_ACCOUNTS="a,b")
    assert done.returncode == 0, done.stderr
    assert hook.requests[0].endswith("https://func-x.azurewebsites.net/api/health")
    assert sum("functionapp function list" in line for line in hook.requests) == 1
    assert "subscriptions.bicep" in hook.requests[-1]
    assert "resourceAccounts=a,b" in hook.requests[-1]
    assert "systemTopicResourceGroup=rg-acs" in hook.requests[-1]


def test_the_hook_waits_until_the_app_is_healthy(hook: Hook, tmp_path: Path) -> None:
    hook.script("curl", f'[ -e "{tmp_path}/tried" ] || {{ touch "{tmp_path}/tried"; exit 22; }}')
    assert hook.run().returncode == 0
    assert [line.split()[0] for line in hook.requests[:2]] == ["curl", "curl"]


@pytest.mark.parametrize(
    ("tool", "does", "why"),
    [
        ("curl", "exit 22", "the app is not healthy"),
        ("az", "exit 1", "Azure does not list every function"),
        ("az", f'{LISTED}; case "$*" in *deployment*) exit 1;; esac', "the subscriptions could not be created"),
    ],
)
def test_a_failing_hook_stops_the_deployment(hook: Hook, tool: str, does: str, why: str) -> None:
    hook.script(tool, does)
    done = hook.run()
    assert done.returncode == 1
    assert why in done.stderr
    assert "NOT FINISHED" in done.stderr


def test_the_hook_shows_the_output_of_the_last_attempt(hook: Hook) -> None:
    hook.script("az", "echo \"Please run 'az login' to setup account.\" >&2; exit 1")
    assert "Please run 'az login'" in hook.run().stderr


def test_the_deadline_is_the_same_for_an_app_that_hangs(hook: Hook, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    hook.script("date", f"cat {clock}")
    for tool, seconds in (("curl", 30), ("sleep", 5)):
        hook.script(tool, f"echo $(($(cat {clock}) + {seconds})) > {clock}; [ {tool} = sleep ]")
    assert hook.run(HEALTH_SECONDS="100").returncode == 1
    assert int(clock.read_text()) == 100


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_hook_names_a_missing_variable(hook: Hook, name: str) -> None:
    done = hook.run(**{name: ""})
    assert done.returncode == 1
    assert f"{name} is not set" in done.stderr
    assert hook.requests == []

"""Checks of the infrastructure. Each returns a list of problems, so that mutations can show that it finds them.

A new role or platform setting needs an entry in ``ROLES`` or ``SETTINGS_OF_THE_PLATFORM``, with its reason.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from tree_sitter import Node

from tests.infra.bicep import File, Module, Object, Resource, object_of, string_of, text_of, walk

# Built-in roles that may be assigned at all: "Azure built-in roles" of Microsoft's documentation.
ROLE_NAMES = {
    "09976791-48a7-449e-bb21-39d1a415f350": "Communication and Email Service Owner",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "2414bbcf-6497-4faf-8c65-045460748405": "EventGrid EventSubscription Reader",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "a97b65f3-24c7-4388-baec-2e87135dc908": "Cognitive Services User",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": "Storage Queue Data Message Sender",
    "d5a91429-5739-47e2-a06b-3470a27159e7": "EventGrid Data Sender",
}

# (file, principal, scope) → roles.
ROLES = {
    ("monitoring.bicep", "appPrincipalId", "insights"): {"Monitoring Metrics Publisher"},
    ("host-storage.bicep", "appPrincipalId", "storage"): {"Storage Blob Data Owner"},
    ("call-storage.bicep", "appPrincipalId", "storage::tables::calls"): {"Storage Table Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::tables::directory"): {"Storage Table Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::blobs::recordings"): {"Storage Blob Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::blobs::quarantine"): {"Storage Blob Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::queues::wakes"): {"Storage Queue Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::queues::poison"): {"Storage Queue Data Message Sender"},
    ("call-storage.bicep", "operatorId", "storage::tables::calls"): {"Storage Table Data Contributor"},
    ("call-storage.bicep", "operatorId", "storage::blobs::quarantine"): {"Storage Blob Data Contributor"},
    ("call-storage.bicep", "operatorId", "storage::blobs::deadLetters"): {"Storage Blob Data Contributor"},
    ("call-storage.bicep", "operatorId", "storage::blobs::recordings"): {"Storage Blob Data Reader"},
    ("communication.bicep", "appPrincipalId", "communication"): {"Communication and Email Service Owner"},
    # There is no narrower built-in role to read a system topic's subscriptions; Reader exposes no key.
    ("communication.bicep", "appPrincipalId", "topic"): {"Reader"},
    ("topic.bicep", "appPrincipalId", "topic"): {"EventGrid Data Sender", "EventGrid EventSubscription Reader"},
    ("dead-letters.bicep", "systemTopicPrincipalId", "storage::blobs::container"): {"Storage Blob Data Contributor"},
    ("dead-letters.bicep", "topicPrincipalId", "storage::blobs::container"): {"Storage Blob Data Contributor"},
    ("speech.bicep", "communicationPrincipalId", "speech"): {"Cognitive Services User"},
}

# Settings that are read by the platform or by SDKs, not by the app.
SETTINGS_OF_THE_PLATFORM = {
    "AzureWebJobsStorage__accountName": "the Functions host's storage",
    "AzureWebJobsStorage__credential": "the same",
    "AzureWebJobsStorage__clientId": "the same",
    "CALL_STORAGE__credential": "the queue trigger's connection",
    "CALL_STORAGE__clientId": "the same",
    "AZURE_CLIENT_ID": "azure-identity",
    "AZURE_TOKEN_CREDENTIALS": "azure-identity",
    "PYTHON_ISOLATE_WORKER_DEPENDENCIES": "the Python worker: the app's packages come before its own",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "the Functions host, before a request reaches the app",
    "AzureFunctionsJobHost__telemetryMode": "the Functions host, in place of host.json",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "the Functions host",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "the Functions host, with local authentication off",
}

# Event Grid: "Delivery and retry" (1 to 30 attempts, 1 to 1440 minutes to live); for IncomingCall "Lowest latency best
# practices for Teams Phone extensibility". A late answer is useless; a late record of a call is as good as a timely
# one; a function that starts something in a call (the recording) is useless once most calls have ended.
HOURS = 60
POLICIES = {
    "incoming_call": (2, 1),
    "recording_file_ready": (30, 24 * HOURS),  # as long as ACS keeps the file
    "call_connected": (30, 4 * HOURS),
    "start_recording_failed": (30, 4 * HOURS),
    "recording_state_changed": (30, 24 * HOURS),
    "call_progressed": (30, 24 * HOURS),
}
PROBE = "TeamsPhone.Doctor.Probe"  # the doctor publishes it to test the topic; no function handles it
FILTER_VALUES = 25  # of all advanced filters of a subscription: "Understand event filtering"


class Infra:
    """The infrastructure and the functions of the project's folder, or of a copy of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = {path.name: File(path) for path in sorted((root / "infra").rglob("*.bicep"))}
        self.local: dict[str, Any] = json.loads((root / "infra/local.json").read_text())
        self.parameters: dict[str, Any] = json.loads((root / "infra/main.parameters.json").read_text())["parameters"]

    @cached_property
    def event_functions(self) -> set[str]:
        """The functions of function_app.py with an Event Grid trigger."""
        return self.functions("event_grid_trigger")

    def functions(self, *triggers: str) -> set[str]:
        """The functions of function_app.py with one of these triggers."""
        tree = ast.parse((self.root / "function_app.py").read_text())
        return {
            node.name
            for node in tree.body
            if isinstance(node, ast.AsyncFunctionDef)
            and any(name in ast.unparse(decorator) for decorator in node.decorator_list for name in triggers)
        }

    @property
    def settings(self) -> dict[str, str]:
        """The Function App's settings and what they are set to: those that are chosen, and those that Bicep sets."""
        own = self.files["main.bicep"].modules["app"].params.at("settings")
        platform = self.files["function.bicep"].variables["platformSettings"]
        nodes = {**_set_by_bicep(own).properties, **object_of(platform).properties}
        chosen: dict[str, str] = self.parameters["appSettings"]["value"]
        return chosen | {name: text_of(node) for name, node in nodes.items()}

    def resources(self, kind: str) -> Iterator[tuple[File, Resource]]:
        for file in self.files.values():
            yield from ((file, each) for each in file.resources if each.type == kind and not each.existing)


def _set_by_bicep(node: Node | None) -> Object:
    """The object that is merged over the chosen settings."""
    assert node is not None
    return next(object_of(each) for each in walk(node) if each.type == "object" and each.named_children)


# -- Completeness --------------------------------------------------------------------------------------------


def check_syntax(infra: Infra) -> list[str]:
    return [error for file in infra.files.values() for error in file.errors()]


def check_names(infra: Infra) -> list[str]:
    """Every name is declared, every parameter and variable is used, every loaded file exists."""
    problems = [problem for file in infra.files.values() for problem in (*file.unresolved(), *file.unused())]
    for file in infra.files.values():
        problems += [
            f"{file.name}: there is no {name} to load"
            for name in _loaded(file)
            if not (file.path.parent / name).exists()
        ]
    return problems


def _loaded(file: File) -> Iterator[str]:
    for node in walk(file.root):
        if node.type == "call_expression" and text_of(node.named_children[0]).startswith("load"):
            yield string_of(node.named_children[1].named_children[0])


def check_modules(infra: Infra) -> list[str]:
    """Modules exist, get all required parameters and no others, and have the outputs that are read."""
    problems, reached = [], {"main.bicep", "subscriptions.bicep"}
    for file in infra.files.values():
        for module in file.modules.values():
            target = infra.files.get(Path(module.path).name)
            if target is None or not (file.path.parent / module.path).exists():
                problems.append(f"{file.name}: there is no {module.path}")
                continue
            reached.add(target.name)
            problems += _params_of(file, module, target)
        for symbol, output in file.outputs_read():
            target = infra.files.get(Path(file.modules[symbol].path).name)
            if target is not None and output not in target.outputs:
                problems.append(f"{file.name}: {target.name} has no output {output}")
    return problems + [f"no module deploys {name}" for name in infra.files.keys() - reached]


def _params_of(file: File, module: Module, target: File) -> list[str]:
    given = set(module.params.properties)
    needed = {name for name, param in target.params.items() if param.default is None}
    where = f"{file.name}, module {module.symbol}"
    return [f"{where}: {name} is missing" for name in sorted(needed - given)] + [
        f"{where}: {target.name} takes no {name}" for name in sorted(given - set(target.params))
    ]


def check_parameters(infra: Infra) -> list[str]:
    """Parameters are described, can be set with azd, and have the same defaults there and in Bicep."""
    problems = [
        f"{file.name}: parameter {param.name} is not described"
        for file in infra.files.values()
        for param in file.params.values()
        if not param.decorators.get("description")
    ]
    declared = infra.files["main.bicep"].params
    problems += [f"main.parameters.json: main.bicep takes no {name}" for name in infra.parameters.keys() - declared]
    problems += [f"main.parameters.json: {name} cannot be set" for name in declared.keys() - infra.parameters.keys()]
    for name in declared.keys() & infra.parameters.keys():
        default = declared[name].default
        if default is None:
            continue
        _, _, given = str(infra.parameters[name]["value"]).strip("${}").partition("=")
        if given != string_of(default):
            problems.append(f"main.parameters.json: {name} is {given!r} by default, in main.bicep {string_of(default)}")
    return problems


def check_second_step(infra: Infra) -> list[str]:
    """The hook reads outputs of the first step, and passes parameters of the second."""
    problems = []
    outputs = set(infra.files["main.bicep"].outputs)
    for hook in ("postdeploy.sh", "postdeploy.ps1"):
        text = (infra.root / "infra/hooks" / hook).read_text()
        given = dict(re.findall(r"(\w+)=\"?\$(?:env:)?\{?(\w+)", text[text.index("--parameters") :]))
        taken = infra.files["subscriptions.bicep"].params
        problems += [f"{hook}: subscriptions.bicep takes no {name}" for name in given.keys() - taken]
        problems += [
            f"{hook}: {name} is not given" for name, p in taken.items() if p.default is None and name not in given
        ]
        chosen = {"RESOURCE_ACCOUNTS"}  # a choice of the user's, in azd's environment like an output
        problems += [f"{hook}: {name} is no output" for name in set(given.values()) - outputs - chosen]
        problems += [f"{hook} does not check {name}" for name in set(given.values()) - chosen if text.count(name) < 2]
    if "azd-service-name': 'app'" not in infra.files["function.bicep"].source.decode():
        problems.append("azd does not find the service app: function.bicep lacks its tag")
    return problems


# -- Subscriptions -------------------------------------------------------------------------------------------


def check_subscriptions(infra: Infra) -> list[str]:
    """Every subscription has an existing function, and every event type is delivered to exactly one."""
    problems = []
    subscribed = [each.get("function") for each in infra.local["subscriptions"]]
    problems += [f"there is no function {name}" for name in subscribed if name not in infra.event_functions]
    problems += [f"nothing is subscribed for {name}" for name in infra.event_functions - set(subscribed)]
    for each in infra.local["subscriptions"]:
        name = each["function"]
        policy = (each.get("max_attempts"), each.get("ttl_minutes"))
        if None in policy:
            problems.append(f"{name} has no retry policy of its own")
        elif policy != POLICIES.get(name):
            problems.append(f"{name} is tried {policy[0]} times in {policy[1]} minutes, which POLICIES does not say")
        if not each.get("dead_letter", True):
            problems.append(f"{name} has no dead letters")
        if each.get("schema", "cloudevents") != "cloudevents":
            problems.append(f"{name} does not get CloudEvents")
        others = {t for other in infra.local["subscriptions"] if other is not each and other["topic"] == each["topic"]
                  for t in other.get("event_types", [])}  # fmt: skip
        if set(each.get("event_types", [])) & others:
            problems.append(f"{name} gets events that another function gets as well")
        if "event_types_except" in each and set(each["event_types_except"]) != others | {PROBE}:
            problems.append(f"{name} does not get exactly what no other function gets")
        if len(each.get("event_types_except", [])) > FILTER_VALUES:
            problems.append(f"{name} needs more filter values than Event Grid takes")
    return problems


def check_event_subscriptions(infra: Infra) -> list[str]:
    """In Bicep, retry policy, dead letters and schema of each subscription are set, with the values of local.json."""
    problems, found = [], 0
    for kind in ("topics", "systemTopics"):
        for file, each in infra.resources(f"Microsoft.EventGrid/{kind}/eventSubscriptions"):
            found += 1
            problems += [f"{file.name}: {what}" for what in _event_subscription(each.body)]
    if found < 2:
        problems.append("one of the topics has no subscriptions")
    text = infra.files["subscriptions.bicep"].source.decode()
    topics = set(re.findall(r"each\.topic == '([\w-]+)'", text))
    if "var named = toLower(trim(resourceAccounts)) == 'linked' ? '' : resourceAccounts" not in text:
        problems.append("subscriptions.bicep treats the word linked as an account")
    problems += [
        f"subscriptions of {topic} are not deployed" for topic in {t["name"] for t in infra.local["topics"]} - topics
    ]
    return problems


def _event_subscription(body: Object) -> Iterator[str]:
    wanted = {
        ("retryPolicy", "maxDeliveryAttempts"): "each.max_attempts",
        ("retryPolicy", "eventTimeToLiveInMinutes"): "each.ttl_minutes",
        ("eventDeliverySchema",): "'CloudEventSchemaV1_0'",
        ("destination", "endpointType"): "'AzureFunction'",
        ("destination", "properties", "resourceId"): "'${functionAppId}/functions/${each.function}'",
        ("deadLetterWithResourceIdentity", "identity", "type"): "'SystemAssigned'",
        ("deadLetterWithResourceIdentity", "deadLetterDestination", "endpointType"): "'StorageBlob'",
        ("deadLetterWithResourceIdentity", "deadLetterDestination", "properties", "resourceId"): "storageId",
        ("deadLetterWithResourceIdentity", "deadLetterDestination", "properties", "blobContainerName"):
            "deadLettersContainer",
    }  # fmt: skip
    for path, value in wanted.items():
        if body.text("properties", *path) != value:
            yield f"{'.'.join(path)} of a subscription is not {value}"


# -- Settings ------------------------------------------------------------------------------------------------


def check_settings(infra: Infra, read: set[str]) -> list[str]:
    """The app's settings are those that the code reads, ``read``, and those of the platform; none is a secret."""
    deployed = set(infra.settings)
    problems = [f"{name} is read by the code and not set" for name in sorted(read - deployed)]
    extra = deployed - read - set(SETTINGS_OF_THE_PLATFORM)
    problems += [f"{name} is set, and nothing reads it" for name in sorted(extra)]
    problems += [f"{name} is missing" for name in sorted(set(SETTINGS_OF_THE_PLATFORM) - deployed)]
    if not infra.files["main.bicep"].modules["app"].params.text("settings").startswith("union(appSettings, {"):
        problems.append("the chosen settings are lost")
    for name, value in infra.settings.items():
        if re.search(r"listKeys|AccountKey|SharedAccess|sharedKey", value):
            problems.append(f"{name} is set to a secret")
    return problems


# -- Security ------------------------------------------------------------------------------------------------


def check_roles(infra: Infra) -> list[str]:
    """Every role assignment is in the table and has its reason above it; every entry of the table is assigned."""
    problems, seen = [], set()
    for file, each in infra.resources("Microsoft.Authorization/roleAssignments"):
        where = f"{file.name}, {each.symbol}"
        definition = each.body.text("properties", "roleDefinitionId")
        variable = re.fullmatch(
            r"subscriptionResourceId\('Microsoft.Authorization/roleDefinitions', (\w+)\)", definition
        )
        value = file.variables.get(variable[1]) if variable else None
        role = ROLE_NAMES.get(string_of(value)) if value is not None else None
        place = (file.name, each.body.text("properties", "principalId"), each.body.text("scope"))
        if role is None or role not in ROLES.get(place, set()):
            problems.append(f"{where}: {role or 'a role that is not in the table'} is too much for {place[1:]}")
        if variable and role and variable[1].lower() != re.sub(r"\W", "", role).lower():
            problems.append(f"{where}: the role is {role}, and the variable is called {variable[1]}")
        if not each.comment.startswith("Role:"):
            problems.append(f"{where}: no comment gives the reason")
        if variable and variable[1] not in each.body.text("name"):
            problems.append(f"{where}: its name does not depend on its role, so a change of the role would fail")
        seen.add((place, role))
    allowed = {(place, role) for place, roles in ROLES.items() for role in roles}
    return problems + [f"the table allows {role} at {place}, which is not assigned" for place, role in allowed - seen]


OPENERS = ("listKeys", "listSecrets", "listAccountSas", "primaryKey", "@secure", "getSecret")


def check_secrets(infra: Infra) -> list[str]:
    """No key or secret is read, so no output can contain one."""
    problems = []
    for file in infra.files.values():
        text = file.source.decode()
        problems += [f"{file.name} uses {word}" for word in OPENERS if word in text]
        for name, node in file.outputs.items():
            if re.search(r"key|secret|password|token|connectionstring", f"{name} {text_of(node)}", re.IGNORECASE):
                problems.append(f"{file.name}: output {name} looks like a secret")
    return problems


HARDENED = {
    "Microsoft.Storage/storageAccounts": {
        "allowSharedKeyAccess": "false",
        "allowBlobPublicAccess": "false",
        "minimumTlsVersion": "'TLS1_2'",
        "supportsHttpsTrafficOnly": "true",
    },
    "Microsoft.Web/sites": {
        "httpsOnly": "true",
        "siteConfig.minTlsVersion": "'1.2'",
        "functionAppConfig.deployment.storage.authentication.type": "'UserAssignedIdentity'",
        "functionAppConfig.scaleAndConcurrency.triggers.http.perInstanceConcurrency": "httpConcurrency",
        "functionAppConfig.scaleAndConcurrency.alwaysReady": (
            "concat(readyHttp, readyIncomingCall, readyCallConnected, readyWakeCall)"
        ),
    },
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"allow": "false"},
    "Microsoft.EventGrid/topics": {"disableLocalAuth": "true", "inputSchema": "'CloudEventSchemaV1_0'"},
    "Microsoft.Communication/communicationServices": {"disableLocalAuth": "true"},
    "Microsoft.Insights/components": {"DisableLocalAuth": "true"},
    "Microsoft.CognitiveServices/accounts": {"disableLocalAuth": "true"},
    "Microsoft.BotService/botServices": {"disableLocalAuth": "true"},
}


def check_hardening(infra: Infra) -> list[str]:
    problems = []
    for kind, wanted in HARDENED.items():
        found = list(infra.resources(kind))
        if not found:
            problems.append(f"there is no {kind}")
        for file, each in found:
            problems += [
                f"{file.name}: {path} of {each.symbol} is not {value}"
                for path, value in wanted.items()
                if each.body.text("properties", *path.split(".")) != value
            ]
    policies = {each.body.text("name") for _, each in infra.resources(
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies")}  # fmt: skip
    if policies != {"'ftp'", "'scm'"}:
        problems.append("basic authentication is not off for FTP and SCM")
    return problems


def check_always_ready(infra: Infra) -> list[str]:
    """Callbacks and incoming calls have always-ready instances, under names that the platform accepts."""
    file, params = infra.files["function.bicep"], infra.files["main.bicep"].params
    entries = re.findall(r"{ name: '([\w:]+)', instanceCount: (\w+) }", file.source.decode())
    counts = {name.removeprefix("function:"): count for name, count in entries}
    unknown = counts.keys() - infra.functions("event_grid_trigger", "queue_trigger", "timer_trigger") - {"http"}
    problems = [f"always-ready instances of {name}, which is no function" for name in sorted(unknown)]
    for name in ("http", "incoming_call"):
        default = params[counts[name]].default if counts.get(name) in params else None
        if default is None or int(text_of(default)) < 1:
            problems.append(f"no instance is always ready for {name}")
    return problems


def check_storage_names(infra: Infra) -> list[str]:
    """All tables, queues and containers of local.json, which the local platform uses, are created."""
    names = infra.files["call-storage.bicep"].variables
    problems = []
    for kind in ("tables", "queues", "containers"):
        used = {int(index) for node in names.values() for index in re.findall(rf"names\.{kind}\[(\d)\]", text_of(node))}
        if used != set(range(len(infra.local["storage"][kind]))):
            problems.append(f"not all {kind} of local.json are created")
    return problems


def check_versions(infra: Infra) -> list[str]:
    """Deleted blobs are gone after soft deletion: versions would stay, since no rule deletes them."""
    return [
        f"{file.name}: old versions of blobs are never deleted"
        for file, each in infra.resources("Microsoft.Storage/storageAccounts/blobServices")
        if each.body.text("properties", "isVersioningEnabled") not in {"", "false"}
    ]


CHECKS = (
    check_syntax,
    check_names,
    check_modules,
    check_parameters,
    check_second_step,
    check_subscriptions,
    check_event_subscriptions,
    check_roles,
    check_secrets,
    check_hardening,
    check_always_ready,
    check_storage_names,
    check_versions,
)

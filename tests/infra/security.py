"""Roles, secrets, settings and hardening.

A new role or platform setting needs an entry in ``ROLES`` or ``SETTINGS_OF_THE_PLATFORM``, with its reason.
"""

from __future__ import annotations

import re

from tests.infra.bicep import string_of, text_of
from tests.infra.project import Infra

# Built-in roles that may be assigned at all: "Azure built-in roles" of Microsoft's documentation.
ROLE_NAMES = {
    "09976791-48a7-449e-bb21-39d1a415f350": "Communication and Email Service Owner",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "2414bbcf-6497-4faf-8c65-045460748405": "EventGrid EventSubscription Reader",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "76199698-9eea-4c19-bc75-cec21354c6b6": "Storage Table Data Reader",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "a97b65f3-24c7-4388-baec-2e87135dc908": "Cognitive Services User",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": "Storage Queue Data Message Sender",
    "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": "Storage Blob Delegator",
    "d5a91429-5739-47e2-a06b-3470a27159e7": "EventGrid Data Sender",
}

# (file, principal, scope) → roles.
ROLES = {
    ("monitoring.bicep", "appPrincipalId", "insights"): {"Monitoring Metrics Publisher"},
    ("host-storage.bicep", "appPrincipalId", "storage"): {"Storage Blob Data Owner"},
    ("call-storage.bicep", "appPrincipalId", "storage::tables::calls"): {"Storage Table Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::tables::callsIndex"): {"Storage Table Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::tables::directory"): {"Storage Table Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::tables::customers"): {"Storage Table Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::tables::agents"): {"Storage Table Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::tables::plans"): {"Storage Table Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::blobs::recordings"): {"Storage Blob Data Contributor"},
    ("call-storage.bicep", "appPrincipalId", "storage::blobs::transcripts"): {"Storage Blob Data Reader"},
    # A user delegation key is the account's; it allows nothing by itself.
    ("call-storage.bicep", "appPrincipalId", "storage"): {"Storage Blob Delegator"},
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
    # The media service has an identity of its own.
    ("media.bicep", "identity.properties.principalId", "storage::tables::calls"): {"Storage Table Data Reader"},
    ("media.bicep", "identity.properties.principalId", "storage::blobs::transcripts"): {
        "Storage Blob Data Contributor"
    },
    ("media.bicep", "identity.properties.principalId", "topic"): {"EventGrid Data Sender"},
    ("media.bicep", "identity.properties.principalId", "registry"): {"AcrPull"},
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


CHECKS = (check_roles, check_secrets, check_hardening)

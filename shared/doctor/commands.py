"""Shell commands that apply a remedy.

Resources whose names the app does not know are named by azd's variables, which
``eval "$(azd env get-values | sed 's/^/export /')"`` exports into a shell.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from shared.platform.settings import Settings, azure_variable

GROUP = '"$AZURE_RESOURCE_GROUP"'
SUBSCRIBE = "azd hooks run postdeploy"

# The sources of the values of settings.
SOURCES = {
    "ACS_RESOURCE_ID": "$ACS_IMMUTABLE_ID",
    "CALLBACK_BASE_URL": "https://$(az functionapp show {app} --query defaultHostName --output tsv)",
    "EVENTS_TOPIC_ENDPOINT": (
        '$(az eventgrid topic show --name "$EVENTS_TOPIC_NAME" --resource-group "$AZURE_RESOURCE_GROUP"'
        " --query endpoint --output tsv)"
    ),
    "EVENTS_TOPIC_ID": (
        '$(az eventgrid topic show --name "$EVENTS_TOPIC_NAME" --resource-group "$AZURE_RESOURCE_GROUP"'
        " --query id --output tsv)"
    ),
    "ACS_SYSTEM_TOPIC_ID": (
        '$(az eventgrid system-topic show --name "$ACS_SYSTEM_TOPIC_NAME" --resource-group "$ACS_RESOURCE_GROUP"'
        " --query id --output tsv)"
    ),
    "CALL_STORAGE__tableServiceUri": "https://$CALL_STORAGE_NAME.table.core.windows.net",
    "CALL_STORAGE__blobServiceUri": "https://$CALL_STORAGE_NAME.blob.core.windows.net",
    "CALL_STORAGE__queueServiceUri": "https://$CALL_STORAGE_NAME.queue.core.windows.net",
    "API_TENANTS": "$(az account show --query tenantId --output tsv)",
}


def app() -> str:
    """The options that name the Function App, which Azure provides in the environment."""
    name = azure_variable("WEBSITE_SITE_NAME") or '"$FUNCTION_APP_NAME"'
    return f"--name {name} --resource-group {azure_variable('WEBSITE_RESOURCE_GROUP') or GROUP}"


def set_setting(name: str) -> str:
    value = SOURCES.get(name, f"${name}").replace("{app}", app())
    return f'az functionapp config appsettings set {app()} --settings {name}="{value}"'


def remove_setting(name: str) -> str:
    return f"az functionapp config appsettings delete {app()} --setting-names {name}"


def without_tenant(settings: Settings, tenant: str) -> str:
    """Set API_TENANTS to the other tenants. The home tenant, which is first, is replaced by the subscription's."""
    home, *others = settings.api_tenants
    left = [SOURCES["API_TENANTS"] if tenant == home else home, *(each for each in others if each != tenant)]
    return f'az functionapp config appsettings set {app()} --settings API_TENANTS="{",".join(left)}"'


def resource_id_of_acs(settings: Settings) -> str:
    """Set ACS_RESOURCE_ID to that of the resource at ACS_ENDPOINT."""
    host = urlsplit(settings.acs_endpoint).hostname or ""
    found = f"$(az communication list --query \"[?hostName=='{host}'].immutableResourceId | [0]\" --output tsv)"
    return f'az functionapp config appsettings set {app()} --settings ACS_RESOURCE_ID="{found}"'


def give_role(role: str, scope: str) -> str:
    """Assign a role to the app's identity. ``scope`` is a resource id, or a shell expression for one."""
    return f'az role assignment create --assignee {identity()} --role "{role}" --scope "{scope}"'


def identity() -> str:
    known = azure_variable("AZURE_CLIENT_ID")
    if re.fullmatch(r"[0-9a-fA-F-]{36}", known):
        return known
    return f'"$(az functionapp identity show {app()} --query "userAssignedIdentities.*.clientId | [0]" --output tsv)"'


def get_identity() -> str:
    if not azure_variable("WEBSITE_SITE_NAME"):
        return "az login"
    id = f"$(az identity list --resource-group {GROUP} --query '[0].id' --output tsv)"
    return f'az functionapp identity assign {app()} --identities "{id}"'


def acs_scope(settings: Settings) -> str:
    host = urlsplit(settings.acs_endpoint).hostname or ""
    return f"$(az communication list --query \"[?hostName=='{host}'].id | [0]\" --output tsv)"


def topic_scope(settings: Settings) -> str:
    return settings.events_topic_id or SOURCES["EVENTS_TOPIC_ID"]


STORAGE_SCOPE = (
    '$(az storage account show --name "$CALL_STORAGE_NAME" --resource-group "$AZURE_RESOURCE_GROUP"'
    " --query id --output tsv)"
)


def create_storage(kind: str, name: str, account: str = "") -> str:
    """``kind`` is table, queue or container; ``account`` is set if it is not the calls' storage account."""
    named = account or '"$CALL_STORAGE_NAME"'
    return f"az storage {kind} create --name {name} --account-name {named} --auth-mode login"


# -- Entra, and the app's own API ------------------------------------------------------------------------------------


def consent(settings: Settings, tenant: str) -> str:
    """How an administrator of the tenant consents: by a command in the home tenant, by a web page in a customer's."""
    if tenant == settings.api_tenants[0]:
        return f"az ad app permission admin-consent --id {settings.api_client_id}"
    return f"{settings.authority}/{tenant}/adminconsent?client_id={settings.api_client_id}"


def federate(settings: Settings) -> str:
    """Add a federated credential for the app's managed identity to the API's registration."""
    credential = {
        "name": "teams-phone-functions",
        "issuer": f"{settings.authority}/{settings.api_tenants[0]}/v2.0",
        "subject": "SUBJECT",
        "audiences": ["api://AzureADTokenExchange"],
    }
    subject = f"'\"$(az ad sp show --id {identity()} --query id --output tsv)\"'"
    given = json.dumps(credential).replace("SUBJECT", subject)
    return f"az ad app federated-credential create --id {settings.api_client_id} --parameters '{given}'"


def assign(settings: Settings, tenant: str, account: str) -> str:
    """Create the access assignment by the app's own API: with a key if keys may do that, else as the logged-in user."""
    token = f"az account get-access-token --scope {settings.api_client_id}/.default --query accessToken --output tsv"
    header, prefix = f'"Authorization: Bearer $({token})"', "api"
    if "Administrator" in settings.api_key_roles:
        header = f'"x-functions-key: $(az functionapp keys list {app()} --query functionKeys.default --output tsv)"'
        prefix = "api/keyed"
    url = f"{settings.callback_base_url}/{prefix}/v1/tenants/{tenant}/access-assignments/{account}"
    body = '{"kind": "resourceAccount"}'
    return f"curl -X PUT '{url}' -H {header} -H 'Content-Type: application/json' -d '{body}'"

"""What Azure refuses although the published types allow it: properties of a hosting plan, and names that are too long.

Flex Consumption refuses site properties and app settings with *The following site configuration property … for Flex
Consumption sites is invalid* (ARM error 51021). Seen in deployments: microsoft/azure-pipelines-tasks#21032 (ftpsState,
use32BitWorkerProcess, netFrameworkVersion, functionsRuntimeScaleMonitoringEnabled) and, with the scaling properties,
linuxFxVersion and windowsFxVersion, pull request 345 of Azure/terraform-azurerm-avm-res-web-site. The app settings are
those of "Flex Consumption plan deprecations" in the app settings reference of Azure Functions.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from tests.infra.bicep import File, object_of, text_of
from tests.infra.project import Infra

FLEX_REFUSES_IN_SITE_CONFIG = {
    *("alwaysOn", "ftpsState", "functionAppScaleLimit", "functionsRuntimeScaleMonitoringEnabled", "linuxFxVersion"),
    *("minimumElasticInstanceCount", "netFrameworkVersion", "preWarmedInstanceCount", "use32BitWorkerProcess"),
    "windowsFxVersion",
}
# Those that deployments are known to set: the site_config block of azurerm_function_app_flex_consumption, in
# website/docs/r/function_app_flex_consumption.html.markdown of hashicorp/terraform-provider-azurerm.
FLEX_ACCEPTS_IN_SITE_CONFIG = {"cors", "http20Enabled", "minTlsVersion", "remoteDebuggingEnabled", "scmMinTlsVersion"}
FLEX_REFUSES_AS_SETTING = {
    *("ENABLE_ORYX_BUILD", "FUNCTIONS_EXTENSION_VERSION", "FUNCTIONS_WORKER_PROCESS_COUNT", "FUNCTIONS_WORKER_RUNTIME"),
    *("FUNCTIONS_WORKER_RUNTIME_VERSION", "FUNCTIONS_MAX_HTTP_CONCURRENCY", "SCM_DO_BUILD_DURING_DEPLOYMENT"),
    *("WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_CONTENTOVERVNET", "WEBSITE_CONTENTSHARE"),
    *("WEBSITE_DNS_SERVER", "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT", "WEBSITE_NODE_DEFAULT_VERSION"),
    *("WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_SKIP_CONTENTSHARE_VALIDATION", "WEBSITE_VNET_ROUTE_ALL"),
}

# "Naming rules and restrictions for Azure resources" of Microsoft's documentation. Deployments: Bicep's modules.
NAME_LENGTHS = {
    "Microsoft.App/containerApps": 32,
    "Microsoft.App/managedEnvironments": 60,
    "Microsoft.BotService/botServices": 64,
    "Microsoft.CognitiveServices/accounts": 64,
    "Microsoft.Communication/communicationServices": 63,
    "Microsoft.EventGrid/systemTopics": 128,
    "Microsoft.EventGrid/topics": 50,
    "Microsoft.Insights/actionGroups": 260,
    "Microsoft.Insights/components": 260,
    "Microsoft.Insights/diagnosticSettings": 260,
    "Microsoft.ManagedIdentity/userAssignedIdentities": 128,
    "Microsoft.Network/networkSecurityGroups": 80,
    "Microsoft.Network/virtualNetworks": 64,
    "Microsoft.OperationalInsights/workspaces": 63,
    "Microsoft.Resources/resourceGroups": 90,
    "Microsoft.Storage/storageAccounts": 24,
    "Microsoft.Web/serverfarms": 60,
    "Microsoft.Web/staticSites": 40,
    "Microsoft.Web/sites": 32,  # 60, but the host's id is its first 32 characters and has to be unique in the storage
}
DEPLOYMENT_NAME_LENGTH = 64

# Bicep functions whose result has a fixed length.
RESULT_LENGTHS = {"guid": 36, "uniqueString": 13}


def check_flex_consumption(infra: Infra) -> list[str]:
    problems = []
    for file, each in infra.resources("Microsoft.Web/sites"):
        node = each.body.at("properties", "siteConfig")
        properties = object_of(node).properties if node is not None else {}
        problems += [
            f"{file.name}: Flex Consumption refuses siteConfig.{name}"
            for name in sorted(FLEX_REFUSES_IN_SITE_CONFIG & set(properties))
        ]
        problems += [
            f"{file.name}: no known deployment sets siteConfig.{name} on Flex Consumption"
            for name in sorted(set(properties) - FLEX_ACCEPTS_IN_SITE_CONFIG - FLEX_REFUSES_IN_SITE_CONFIG)
        ]
    refused = FLEX_REFUSES_AS_SETTING & set(infra.settings)
    return problems + [f"Flex Consumption refuses the app setting {name}" for name in sorted(refused)]


def check_python(infra: Infra) -> list[str]:
    """Up to Python 3.12 the app's packages come before the worker's only with a setting; from 3.13 on they always do.

    "PYTHON_ISOLATE_WORKER_DEPENDENCIES" in the app settings reference; Azure/azure-functions-python-worker#1642.
    """
    text = infra.files["function.bicep"]
    sites = [each for each in text.resources if each.type == "Microsoft.Web/sites"]
    version = sites[0].body.text("properties", "functionAppConfig", "runtime", "version").strip("'")
    isolated = infra.settings.get("PYTHON_ISOLATE_WORKER_DEPENDENCIES") == "'1'"
    old = tuple(int(part) for part in version.split(".")) < (3, 13)
    return [f"Python {version}: the worker's azure-functions comes before the app's"] if old and not isolated else []


def check_name_lengths(infra: Infra) -> list[str]:
    problems = []
    for file in infra.files.values():
        names = [
            (each.symbol, NAME_LENGTHS.get(each.type), each.body.at("name"))
            for each in file.resources
            if not each.existing
        ]
        names += [(each.symbol, DEPLOYMENT_NAME_LENGTH, each.body.at("name")) for each in file.modules.values()]
        for symbol, limit, node in names:
            longest = max_length(infra, file, node) if node is not None else None
            if limit is not None and (longest is None or longest > limit):
                problems.append(f"{file.name}: the name of {symbol} can exceed {limit} characters")
    return problems


def max_length(infra: Infra, file: File, node: Node) -> int | None:
    """The most characters that an expression can have; None if nothing limits it."""
    if node.type == "string":
        return _sum(max_length(infra, file, child) for child in node.named_children)
    if node.type in {"string_content", "escape_sequence"}:
        return len(text_of(node))
    if node.type == "interpolation":
        return max_length(infra, file, node.named_children[0])
    if node.type == "ternary_expression":
        return _most(max_length(infra, file, child) for child in node.named_children[1:])
    if node.type == "call_expression":
        return _of_call(infra, file, node)
    return _of_name(infra, file, text_of(node)) if node.type == "identifier" else None


def _of_call(infra: Infra, file: File, node: Node) -> int | None:
    function = text_of(node.named_children[0])
    if function in RESULT_LENGTHS:
        return RESULT_LENGTHS[function]
    arguments = node.named_children[1].named_children
    return max_length(infra, file, arguments[0]) if function in {"toLower", "replace"} else None


def _of_name(infra: Infra, file: File, name: str) -> int | None:
    """Of a variable its value's; of a module's parameter the longest value given; of others their ``@maxLength``."""
    if name in file.variables:
        return max_length(infra, file, file.variables[name])
    param = file.params.get(name)
    if param is None:
        return None
    if given := list(_values_given(infra, file, name)):
        return _most(max_length(infra, *each) for each in given)
    return int(param.decorators["maxLength"]) if "maxLength" in param.decorators else None


def _values_given(infra: Infra, file: File, name: str) -> Iterator[tuple[File, Node]]:
    for caller in infra.files.values():
        for module in caller.modules.values():
            node = module.params.at(name)
            if module.path.endswith(f"/{file.name}") and node is not None:
                yield caller, node


def _sum(lengths: Iterator[int | None]) -> int | None:
    known = list(lengths)
    return None if None in known else sum(each or 0 for each in known)


def _most(lengths: Iterator[int | None]) -> int | None:
    known = list(lengths)
    return None if None in known or not known else max(each or 0 for each in known)


CHECKS = (check_flex_consumption, check_python, check_name_lengths)

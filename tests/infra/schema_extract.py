"""Writes ``schema.json``: the published properties of the resource types that ``infra/`` deploys.

    python -m tests.infra.schema_extract

The source is Microsoft's management packages on PyPI (MIT licence), generated from the API specifications of the
resource providers. pip downloads them into a temporary folder; their modules are parsed, not imported. Only objects
that the Bicep files use are written, each with all of its properties: run this after one was added.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from local.stack import ROOT
from tests.infra.project import Infra
from tests.infra.schema import SCHEMA, Schema, check_bodies


class Source(NamedTuple):
    """Where a resource's body is modelled: package, folder of the API version (if there are several), class."""

    package: str
    folder: str
    model: str


WEB, STORAGE, EVENTGRID = "azure-mgmt-web==8.0.0", "azure-mgmt-storage==23.0.0", "azure-mgmt-eventgrid==10.4.0"
MONITOR, NETWORK, DNS = "azure-mgmt-monitor==6.0.2", "azure-mgmt-network==28.1.0", "azure-mgmt-privatedns==1.2.0"
BOT, INSIGHTS = "azure-mgmt-botservice==2.0.0", "azure-mgmt-applicationinsights==4.1.0"
ACCOUNT = "Microsoft.Storage/storageAccounts"
APPS, REGISTRY = "azure-mgmt-appcontainers==3.2.0", "azure-mgmt-containerregistry==14.0.0"
SOURCES = {
    "Microsoft.App/containerApps": Source(APPS, "", "ContainerApp"),
    "Microsoft.App/managedEnvironments": Source(APPS, "", "ManagedEnvironment"),
    "Microsoft.Authorization/roleAssignments": Source(
        "azure-mgmt-authorization==4.0.0", "v2022_04_01", "RoleAssignmentCreateParameters"
    ),
    "Microsoft.BotService/botServices": Source(BOT, "", "Bot"),
    "Microsoft.BotService/botServices/channels": Source(BOT, "", "BotChannel"),
    "Microsoft.CognitiveServices/accounts": Source("azure-mgmt-cognitiveservices==13.6.0", "", "Account"),
    "Microsoft.Communication/communicationServices": Source(
        "azure-mgmt-communication==2.2.0", "", "CommunicationServiceResource"
    ),
    "Microsoft.ContainerRegistry/registries": Source(REGISTRY, "v2025_04_01", "Registry"),
    "Microsoft.EventGrid/systemTopics": Source(EVENTGRID, "", "SystemTopic"),
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": Source(EVENTGRID, "", "EventSubscription"),
    "Microsoft.EventGrid/topics": Source(EVENTGRID, "", "Topic"),
    "Microsoft.EventGrid/topics/eventSubscriptions": Source(EVENTGRID, "", "EventSubscription"),
    "Microsoft.Insights/actionGroups": Source(MONITOR, "v2023_01_01", "ActionGroupResource"),
    "Microsoft.Insights/components": Source(INSIGHTS, "v2020_02_02", "ApplicationInsightsComponent"),
    "Microsoft.Insights/diagnosticSettings": Source(MONITOR, "v2021_05_01_preview", "DiagnosticSettingsResource"),
    "Microsoft.Insights/metricAlerts": Source(MONITOR, "v2018_03_01", "MetricAlertResource"),
    "Microsoft.Insights/scheduledQueryRules": Source(MONITOR, "v2022_08_01_preview", "ScheduledQueryRuleResource"),
    "Microsoft.Insights/workbooks": Source(INSIGHTS, "v2023_06_01", "Workbook"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": Source("azure-mgmt-msi==7.0.0", "v2023_01_31", "Identity"),
    "Microsoft.Network/networkSecurityGroups": Source(NETWORK, "", "NetworkSecurityGroup"),
    "Microsoft.Network/privateDnsZones": Source(DNS, "", "PrivateZone"),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": Source(DNS, "", "VirtualNetworkLink"),
    "Microsoft.Network/privateEndpoints": Source(NETWORK, "", "PrivateEndpoint"),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": Source(NETWORK, "", "PrivateDnsZoneGroup"),
    "Microsoft.Network/virtualNetworks": Source(NETWORK, "", "VirtualNetwork"),
    "Microsoft.OperationalInsights/workspaces": Source("azure-mgmt-loganalytics==13.1.0", "", "Workspace"),
    "Microsoft.Resources/resourceGroups": Source(
        "azure-mgmt-resource==23.3.0", "resources/v2024_07_01", "ResourceGroup"
    ),
    ACCOUNT: Source(STORAGE, "", "StorageAccountCreateParameters"),
    f"{ACCOUNT}/blobServices": Source(STORAGE, "", "BlobServiceProperties"),
    f"{ACCOUNT}/blobServices/containers": Source(STORAGE, "", "BlobContainer"),
    f"{ACCOUNT}/blobServices/containers/immutabilityPolicies": Source(STORAGE, "", "ImmutabilityPolicy"),
    f"{ACCOUNT}/managementPolicies": Source(STORAGE, "", "ManagementPolicy"),
    f"{ACCOUNT}/queueServices": Source(STORAGE, "", "QueueServiceProperties"),
    f"{ACCOUNT}/queueServices/queues": Source(STORAGE, "", "StorageQueue"),
    f"{ACCOUNT}/tableServices": Source(STORAGE, "", "TableServiceProperties"),
    f"{ACCOUNT}/tableServices/tables": Source(STORAGE, "", "Table"),
    "Microsoft.Web/serverfarms": Source(WEB, "v2024_04_01", "AppServicePlan"),
    "Microsoft.Web/sites": Source(WEB, "v2024_04_01", "Site"),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": Source(
        WEB, "v2024_04_01", "CsmPublishingCredentialsPoliciesEntity"
    ),
    "Microsoft.Web/sites/config": Source(WEB, "v2024_04_01", "StringDictionary"),  # appsettings
    "Microsoft.Web/staticSites": Source(WEB, "v2024_04_01", "StaticSiteARMResource"),
}


def extract() -> Schema:
    """All that the packages publish of the sources; more than is written."""
    schema: Schema = {"resources": {}, "objects": {}}
    with tempfile.TemporaryDirectory() as folder:
        clients = {package: _download(package, Path(folder)) for package in {each.package for each in SOURCES.values()}}
        for package, place in {(each.package, each.folder) for each in SOURCES.values()}:
            schema["objects"] |= _objects(clients[package] / place / "models", _prefix(package, place))
        for kind, (package, place, model) in SOURCES.items():
            version = _api_version(clients[package] / place)
            schema["resources"][kind] = {"api_version": version, "model": f"{_prefix(package, place)} {model}"}
    return schema


def _prefix(package: str, folder: str) -> str:
    """Names of packages and versions keep models of the same name apart."""
    return f"{package.removeprefix('azure-mgmt-').replace('==', '-')}/{folder}".rstrip("/")


def _download(package: str, folder: Path) -> Path:
    """The folder of a package's client, such as ``azure/mgmt/web``."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    target = folder / package
    subprocess.run([*pip, "--only-binary", ":all:", "--dest", str(target), package], check=True)  # noqa: S603
    with zipfile.ZipFile(next(target.glob("*.whl"))) as wheel:
        wheel.extractall(target)
    return target / "azure/mgmt" / package.removeprefix("azure-mgmt-").partition("==")[0]


def _api_version(place: Path) -> str:
    """The version that a folder is named for; of a package without such folders, that of most of its operations."""
    if named := re.fullmatch(r"v(\d{4})_(\d\d)_(\d\d)(_preview)?", place.name):
        return f"{named[1]}-{named[2]}-{named[3]}{(named[4] or '').replace('_', '-')}"
    operations = "".join(path.read_text() for path in (place / "operations").glob("*.py"))
    versions: list[str] = re.findall(r'"(\d{4}-\d\d-\d\d(?:-preview)?)"', operations)
    return Counter(versions).most_common(1)[0][0]


def _objects(models: Path, prefix: str) -> dict[str, Any]:
    """Every class of a module of models, by its name: properties, and subtypes by their discriminator."""
    enums = dict(_enums(ast.parse(next(models.glob("*_enums.py")).read_text()))) if _has_enums(models) else {}
    found: dict[str, Any] = {}
    for node in ast.parse((models / "_models_py3.py").read_text()).body:
        if isinstance(node, ast.ClassDef):
            found |= _object(node, prefix, enums)
    return found


def _has_enums(models: Path) -> bool:
    return any(models.glob("*_enums.py"))


def _enums(module: ast.Module) -> Iterator[tuple[str, list[str]]]:
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            values = [each.value for each in node.body if isinstance(each, ast.Assign)]
            yield node.name, [str(each.value) for each in values if isinstance(each, ast.Constant)]


def _object(node: ast.ClassDef, prefix: str, enums: dict[str, list[str]]) -> dict[str, Any]:
    """A class, and an object of its own for each flattened level (``properties.siteConfig`` is in ``properties``)."""
    literals = {
        target.id: ast.literal_eval(each.value)
        for each in node.body
        if isinstance(each, ast.Assign) and isinstance(target := each.targets[0], ast.Name) and target.id[0] == "_"
    }
    rules = literals.get("_validation", {})
    kinds = dict(re.findall(r":vartype (\w+): (?:str|list\[str) or\s+~[\w.]+\.(\w+)", ast.get_docstring(node) or ""))
    found: dict[str, Any] = {f"{prefix} {node.name}": {"properties": {}}}
    for attribute, entry in literals.get("_attribute_map", {}).items():
        described = _property(entry["type"], prefix, rules.get(attribute, {}), enums.get(kinds.get(attribute, ""), []))
        _place(found, f"{prefix} {node.name}", re.split(r"(?<!\\)\.", entry["key"]), described)
    for attribute, subtypes in literals.get("_subtype_map", {}).items():
        key = literals["_attribute_map"][attribute]["key"].replace("\\.", ".")
        models = {value: f"{prefix} {name}" for value, name in subtypes.items()}
        found[f"{prefix} {node.name}"]["subtypes"] = {"by": key, "models": models}
    return found


def _property(kind: str, prefix: str, rules: dict[str, Any], values: list[str]) -> dict[str, Any]:
    marks = {name: True for name, rule in (("required", "required"), ("read_only", "readonly")) if rules.get(rule)}
    return _type(kind, prefix, values) | marks


def _type(kind: str, prefix: str, values: list[str]) -> dict[str, Any]:
    """``[str]`` is an array, ``{Model}`` a map; a name with a capital letter is a model."""
    if kind[0] in "[{":
        return {"type": "array" if kind[0] == "[" else "map", "items": _type(kind[1:-1], prefix, values)}
    if kind[0].isupper():
        return {"type": "object", "model": f"{prefix} {kind}"}
    scalars = {"bool": "boolean", "int": "integer", "long": "integer", "float": "integer", "object": "any"}
    return {"type": scalars.get(kind, "string")} | ({"values": values} if values else {})


def _place(found: dict[str, Any], owner: str, path: list[str], described: dict[str, Any]) -> None:
    """Add a property at its path, with the objects in between."""
    *levels, name = (part.replace("\\.", ".") for part in path)
    for level in levels:
        properties = found[owner]["properties"]
        entry = properties.setdefault(level, {"type": "object", "model": f"{owner}.{level}"})
        entry |= {"required": True} if described.get("required") and not described.get("read_only") else {}
        owner = entry["model"]
        found.setdefault(owner, {"properties": {}})
    found[owner]["properties"][name] = described


def _one_line_each(schema: Schema) -> str:
    parts = []
    for part, entries in schema.items():
        lines = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items()]
        parts.append(f' "{part}": {{\n' + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> int:
    whole, used = extract(), set[str]()
    problems = check_bodies(Infra(ROOT), whole, used)
    written: Schema = {
        "resources": dict(sorted(whole["resources"].items())),
        "objects": {name: whole["objects"][name] for name in sorted(used)},
    }
    SCHEMA.write_text(_one_line_each(written))
    sys.stdout.write("".join(f"{each}\n" for each in problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

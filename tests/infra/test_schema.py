"""Errors that a compiler would find, seeded into the Bicep files: the check against the published models finds them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree_sitter import Node

from local.stack import ROOT
from tests.infra.bicep import File, text_of, walk
from tests.infra.project import Infra
from tests.infra.schema import NEAREST_VERSION, check_bodies, check_types, published

FUNCTION, STORAGE, BOT = "function.bicep", "call-storage.bicep", "bot.bicep"
MUTATIONS = {
    "a required property is missing": (BOT, "        isEnabled: true\n", "", "isEnabled is required"),
    "the discriminator is missing": (
        "topic-subscriptions.bicep", "endpointType: 'AzureFunction'\n", "\n", "endpointType is required",
    ),
    "all properties of a resource are missing": (
        "identity.bicep", "  location: location\n", "", "location is required",
    ),
    "a read-only property is set": (
        FUNCTION, "    httpsOnly: true\n", "    httpsOnly: true\n    defaultHostName: name\n",
        "properties.defaultHostName: is read-only",
    ),
    "a value is not in the enumeration": (STORAGE, "kind: 'StorageV2'", "kind: 'StorageV4'", "is none of Storage,"),
    "a value in one branch is not in the enumeration": (
        STORAGE, "keySource: 'Microsoft.Keyvault'", "keySource: 'Microsoft.Vault'", "is none of Microsoft.Storage",
    ),
    "a truth value is a text": (FUNCTION, "httpsOnly: true", "httpsOnly: 'true'", "is of the type string, not boolean"),
    "a number is a text": (
        FUNCTION, "instanceMemoryMB: instanceMemory", "instanceMemoryMB: location",
        "is of the type string, not integer",
    ),
    "an object is a list": (
        FUNCTION, "http: { perInstanceConcurrency: httpConcurrency }",
        "http: [{ perInstanceConcurrency: httpConcurrency }]", "is of the type array, not object",
    ),
    "an entry of a variable is misspelt": (
        FUNCTION, "[{ name: 'http', instanceCount:", "[{ name: 'http', instances:", "there is no instances",
    ),
    "a property is another subtype's": (
        "system-topic-subscriptions.bicep", "          maxEventsPerBatch: 1\n",
        "          maxEventsPerBatch: 1\n          endpointUrl: ''\n", "there is no endpointUrl",
    ),
    "an API version does not exist": (
        STORAGE, "storageAccounts@2024-01-01'", "storageAccounts@2024-02-30'", "API version 2024-02-30",
    ),
    "a resource type is unknown": (
        BOT, "'Microsoft.BotService/botServices@", "'Microsoft.BotService/bots@",
        "the schema has no Microsoft.BotService/bots",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MUTATIONS)
def test_a_mutation_is_found(what: str, tmp_path: Path) -> None:
    name, old, new, expected = MUTATIONS[what]
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    path = tmp_path / "infra/modules" / name
    assert old in path.read_text(), "the mutation does not apply"
    path.write_text(path.read_text().replace(old, new, 1))
    problems = check_types(Infra(tmp_path))
    assert any(expected in problem for problem in problems), problems


def misspellings(file: File) -> Iterator[tuple[str, bytes]]:
    """Each property of each resource in turn, misspelt: its place, and the source of the file."""
    for declaration in file.root.named_children:
        for node in walk(declaration) if declaration.type == "resource_declaration" else ():
            key = node.named_children[0] if node.type == "object_property" else None
            if key is not None and key.type == "identifier" and not in_call(node):
                where = f"{file.name}:{node.start_point[0] + 1} {text_of(key)}"
                yield where, file.source[: key.end_byte] + b"Zz" + file.source[key.end_byte :]


def in_call(node: Node) -> bool:
    """Whether a node is part of an argument: of ``string()``, whose text no type describes."""
    return node.parent is not None and (node.type == "call_expression" or in_call(node.parent))


def test_every_misspelt_property_is_found(tmp_path: Path) -> None:
    infra, schema, tried, passed = Infra(ROOT), published(), 0, []
    for file in list(infra.files.values()):
        for where, source in misspellings(file):
            path = tmp_path / file.name
            path.write_bytes(source)
            infra.files = {file.name: File(path)}
            tried += 1
            if not check_bodies(infra, schema, set()):
                passed.append(where)
    assert tried > 300
    assert passed == []


def test_no_object_of_the_schema_is_unused() -> None:
    used = set[str]()
    check_bodies(Infra(ROOT), published(), used)
    assert used == set(published()["objects"])


def test_the_versions_that_are_not_published_are_deployed() -> None:
    deployed = {(each.type, each.api_version) for file in Infra(ROOT).files.values() for each in file.resources}
    for kind, nearest in NEAREST_VERSION.items():
        assert published()["resources"][kind]["api_version"] == nearest
        assert (kind, nearest) not in deployed
